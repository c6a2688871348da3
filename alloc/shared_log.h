#ifndef MONOCOQUE_ALLOC_SHARED_LOG_H_
#define MONOCOQUE_ALLOC_SHARED_LOG_H_

#include <cstddef>
#include <memory>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"

namespace monocoque {

// Octets that are written once and read by many: one slab at a time, appended at the end, of which
// ranges are handed out as slices. Readers keep their place as an offset into the slab at hand;
// before the slab is changed (Roll) they take what they still lack of it.
//
// Thread-compatible. Invariant: end() + room() == the slab's size, or both are 0 without one.
class SharedLog {
 public:
  SharedLog(std::shared_ptr<SlabPool> pool, BudgetPtr budget)
      : pool_(std::move(pool)), budget_(std::move(budget)) {}

  // Octets in the slab at hand, and how many more it holds.
  std::size_t end() const { return end_; }
  std::size_t room() const { return size_ - end_; }
  // The largest piece that a fresh slab holds.
  std::size_t slab_bytes() const { return pool_->slab_bytes(); }

  // Where the next octets go; room() of them. Commit says how many were written, and they do not
  // change after that.
  MutableBytes Prepare() { return {data_ + end_, room()}; }
  void Commit(std::size_t count) { end_ += count; }

  // The octets [from, to) of the slab at hand, shared: no copy, and mostly no atomic operation.
  Slice Range(std::size_t from, std::size_t to) {
    return Slice(BlockPtr(lease_.Take()), data_ + from, to - from);
  }

  // Goes on in a fresh slab, at offset 0. False if the budget refuses or memory is out: then
  // nothing changed.
  bool Roll();
  // Lets the slab go; without a reader's slice it is free again.
  void Rest();

 private:
  std::shared_ptr<SlabPool> pool_;
  BudgetPtr budget_;
  BlockLease lease_;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t end_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_SHARED_LOG_H_
