#ifndef MONOCOQUE_ALLOC_BLOCK_H_
#define MONOCOQUE_ALLOC_BLOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "alloc/budget.h"

namespace monocoque {

class BlockPtr;

// Memory with a reference count. The count is atomic, because slices cross threads; the hot paths
// take and give references in bulk (BlockLease), one atomic operation for many slices.
//
// A block is charged to one Budget node, whole, from its making until its last reference is gone.
// Nobody writes to octets that a Slice shows.
//
// Thread rule: Ref and Unref from any thread; the octets belong to whoever holds the only
// reference.
class Block {
 public:
  // What happens when the last reference is gone. `arg` is the owner's; runs on any thread.
  using ReleaseFn = void (*)(Block* block, void* arg);

  // A block of its own on the heap. Null if `budget` refuses or memory is out. `budget` may be
  // null.
  static BlockPtr Allocate(std::size_t capacity, Budget* budget);

  // A block over memory of somebody else's. `release(arg)` runs once, on any thread, when the last
  // reference dies. Null if memory for the header is out (then `release` is not called).
  static BlockPtr Adopt(std::uint8_t* data, std::size_t capacity, void (*release)(void* arg),
                        void* arg);

  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }

  void Ref(std::int64_t count = 1) { refs_.fetch_add(count, std::memory_order_relaxed); }
  void Unref(std::int64_t count = 1) {
    if (refs_.fetch_sub(count, std::memory_order_acq_rel) == count) Released();
  }
  // True if the caller holds the only reference: it may write again.
  bool unique() const { return refs_.load(std::memory_order_acquire) == 1; }

  bool charged() const { return budget_ != nullptr; }
  bool charged_to(const Budget& budget) const { return budget_ == &budget; }
  // For the only holder of a block that is charged to nobody: charges it without asking.
  void ChargeTo(Budget* budget);

 private:
  friend class SlabPool;

  Block(std::uint8_t* data, std::size_t capacity, ReleaseFn release, void* arg)
      : data_(data), capacity_(capacity), release_(release), arg_(arg) {}
  ~Block() = default;

  void Released();
  void Discharge();

  std::atomic<std::int64_t> refs_{1};
  std::uint8_t* data_;
  std::size_t capacity_;
  ReleaseFn release_;
  void* arg_;
  Budget* budget_ = nullptr;
  void (*hook_)(void*) = nullptr;  // Adopt's
  Block* next_ = nullptr;          // the pool's list of resting slabs
};

// Owns one reference of a block.
class BlockPtr {
 public:
  BlockPtr() = default;
  explicit BlockPtr(Block* adopt) : block_(adopt) {}
  BlockPtr(const BlockPtr& other) : block_(other.block_) {
    if (block_ != nullptr) block_->Ref();
  }
  BlockPtr(BlockPtr&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockPtr& operator=(BlockPtr other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockPtr() {
    if (block_ != nullptr) block_->Unref();
  }

  Block* get() const { return block_; }
  Block* operator->() const { return block_; }
  explicit operator bool() const { return block_ != nullptr; }
  // Gives the reference to the caller, who owes an Unref.
  Block* release() { return std::exchange(block_, nullptr); }

 private:
  Block* block_ = nullptr;
};

// References of one block, taken in bulk and handed out one at a time without an atomic operation.
// What was not handed out goes back in one. Not thread-safe itself; the references it gives are.
class BlockLease {
 public:
  BlockLease() = default;
  explicit BlockLease(BlockPtr block) : block_(block.release()), left_(1) {}
  BlockLease(BlockLease&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), left_(std::exchange(other.left_, 0)) {}
  BlockLease& operator=(BlockLease&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(left_, other.left_);
    return *this;
  }
  ~BlockLease() { Retire(); }

  Block* block() const { return block_; }
  // One reference for the caller.
  Block* Take() {
    if (left_ == 1) [[unlikely]] {
      block_->Ref(kBulk);
      left_ += kBulk;
    }
    --left_;
    return block_;
  }
  void Retire() {
    if (block_ != nullptr) std::exchange(block_, nullptr)->Unref(std::exchange(left_, 0));
  }

 private:
  static constexpr std::int64_t kBulk = 4096;

  Block* block_ = nullptr;
  std::int64_t left_ = 0;  // references held; one is kept back, so that the block stays alive
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_BLOCK_H_
