#include "alloc/shared_log.h"

#include <utility>

namespace monocoque {

bool SharedLog::Roll() {
  BlockPtr slab = pool_->Acquire(budget_.get());
  if (!slab) return false;
  data_ = slab->data();
  size_ = slab->capacity();
  end_ = 0;
  lease_ = BlockLease(std::move(slab));
  return true;
}

void SharedLog::Rest() {
  lease_ = BlockLease();
  data_ = nullptr;
  size_ = end_ = 0;
}

}  // namespace monocoque
