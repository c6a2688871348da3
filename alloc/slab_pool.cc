#include "alloc/slab_pool.h"

#include <new>
#include <utility>

#include "alloc/poison.h"

namespace monocoque {
namespace {

constexpr std::size_t kHeaderBytes = (sizeof(Block) + 63) / 64 * 64;

}  // namespace

std::shared_ptr<SlabPool> SlabPool::Create(const SlabPoolOptions& options) {
  return std::shared_ptr<SlabPool>(new SlabPool(options), [](SlabPool* pool) { pool->Unref(); });
}

SlabPool::~SlabPool() {
  CollectReturned();
  for (Resting& resting : resting_) {
    while (resting.first != nullptr) {
      Block* block = resting.first;
      resting.first = block->next_;
      Free(block);
    }
  }
}

void SlabPool::Unref() {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

Block* SlabPool::Make(std::size_t bytes) {
  void* memory = ::operator new(kHeaderBytes + bytes, std::align_val_t{64}, std::nothrow);
  if (memory == nullptr) return nullptr;
  live_.fetch_add(1, std::memory_order_relaxed);
  auto* octets = static_cast<std::uint8_t*>(memory) + kHeaderBytes;
  return new (memory) Block(octets, bytes, &SlabPool::Return, this);
}

void SlabPool::Free(Block* block) {
  Unpoison(block->data_, block->capacity_);
  block->~Block();
  ::operator delete(block, std::align_val_t{64});
  live_.fetch_sub(1, std::memory_order_relaxed);
}

// The last reference of a slab is gone, on whatever thread.
void SlabPool::Return(Block* block, void* pool) {
  auto* self = static_cast<SlabPool*>(pool);
  if (!self->options_.pooling) {
    self->Free(block);
  } else {
    Poison(block->data_, block->capacity_);
    Block* head = self->returned_.load(std::memory_order_relaxed);
    do {
      block->next_ = head;
    } while (!self->returned_.compare_exchange_weak(head, block, std::memory_order_release,
                                                    std::memory_order_relaxed));
  }
  self->Unref();
}

void SlabPool::CollectReturned() {
  Block* block = returned_.exchange(nullptr, std::memory_order_acquire);
  while (block != nullptr) {
    Block* next = block->next_;
    std::size_t size_class = 0;
    while (options_.slab_bytes >> size_class > block->capacity_) ++size_class;
    Resting& resting = resting_[size_class];
    if (resting.count < options_.max_idle_slabs << size_class) {
      block->next_ = std::exchange(resting.first, block);
      ++resting.count;
    } else {
      Free(block);
    }
    block = next;
  }
}

BlockPtr SlabPool::AcquireAtLeast(std::size_t bytes, Budget* budget) {
  if (bytes > options_.slab_bytes) return Block::Allocate(bytes, budget);
  std::size_t size_class = 0;
  while (size_class + 1 < kSizeClasses && options_.slab_bytes >> (size_class + 1) >= bytes) {
    ++size_class;
  }
  return AcquireOf(size_class, budget);
}

BlockPtr SlabPool::AcquireOf(std::size_t size_class, Budget* budget) {
  const std::size_t capacity = options_.slab_bytes >> size_class;
  const auto bytes = static_cast<std::int64_t>(capacity);
  if (budget != nullptr && !budget->TryCharge(bytes)) return BlockPtr();
  if (returned_.load(std::memory_order_relaxed) != nullptr) CollectReturned();
  Resting& resting = resting_[size_class];
  Block* block = resting.first;
  if (block != nullptr) {
    resting.first = block->next_;
    --resting.count;
    Unpoison(block->data_, block->capacity_);
    block->next_ = nullptr;
    block->refs_.store(1, std::memory_order_relaxed);
  } else {
    block = Make(capacity);
    if (block == nullptr) {
      if (budget != nullptr) budget->Release(bytes);
      return BlockPtr();
    }
  }
  if (budget != nullptr) {
    budget->Ref();
    block->budget_ = budget;
  }
  refs_.fetch_add(1, std::memory_order_relaxed);
  return BlockPtr(block);
}

}  // namespace monocoque
