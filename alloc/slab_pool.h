#ifndef MONOCOQUE_ALLOC_SLAB_POOL_H_
#define MONOCOQUE_ALLOC_SLAB_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "alloc/block.h"
#include "alloc/budget.h"

namespace monocoque {

struct SlabPoolOptions {
  // Octets of one slab. Larger slabs mean fewer, larger writes and reads; a slab is the unit in
  // which memory is charged to a budget. Sockets and connections ask for 5 KiB at least, and 1 GiB
  // at most.
  std::size_t slab_bytes = 64 * 1024;
  // Slabs kept for reuse, and of each smaller size, of which there are seven, as many blocks as
  // have room in so many slabs; those beyond it go back to the heap. What hundreds of links have in
  // use at once should fit.
  std::size_t max_idle_slabs = 256;
  // False: every slab comes from the heap and goes back to it at once, so that AddressSanitizer and
  // Valgrind see each life of each slab.
  bool pooling = true;
};

// Blocks of one size, reused: slabs; and, for what is smaller and stands alone, blocks of a half, a
// quarter and so on of a slab. What rests in the pool is poisoned for AddressSanitizer.
//
// Thread rule: Acquire belongs to one thread at a time (the loop's); slabs come back from any
// thread, by one compare-and-swap, without a lock. The pool lives as long as its last slab.
// Invariant: idle() <= max_idle_slabs + what other threads gave back since the last Acquire.
class SlabPool {
 public:
  static std::shared_ptr<SlabPool> Create(const SlabPoolOptions& options = {});

  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // A slab charged to `budget` (may be null), its octets undefined. Null if the budget refuses or
  // memory is out: the caller waits and loses nothing.
  BlockPtr Acquire(Budget* budget) { return AcquireOf(0, budget); }
  // The smallest block that holds `bytes` octets; from the heap if that is more than a slab.
  // Charged and refused as a slab.
  BlockPtr AcquireAtLeast(std::size_t bytes, Budget* budget);

  const SlabPoolOptions& options() const { return options_; }
  std::size_t slab_bytes() const { return options_.slab_bytes; }
  // Slabs at rest that the owner's thread knows of.
  std::size_t idle() const { return resting_[0].count; }
  // Slabs and smaller blocks that exist now, in use or at rest.
  std::size_t live() const { return static_cast<std::size_t>(live_.load()); }

 private:
  // A block of size class n has slab_bytes >> n octets.
  static constexpr std::size_t kSizeClasses = 8;

  struct Resting {
    Block* first = nullptr;
    std::size_t count = 0;
  };

  ~SlabPool();
  explicit SlabPool(const SlabPoolOptions& options) : options_(options) {}

  static void Return(Block* block, void* pool);
  BlockPtr AcquireOf(std::size_t size_class, Budget* budget);
  Block* Make(std::size_t bytes);
  void Free(Block* block);
  void CollectReturned();
  void Unref();

  const SlabPoolOptions options_;
  Resting resting_[kSizeClasses];          // the owner's thread alone
  std::atomic<Block*> returned_{nullptr};  // pushed by any thread, taken whole by the owner's
  std::atomic<std::int64_t> live_{0};
  std::atomic<std::int64_t> refs_{1};  // the handle's and one for each slab that is out
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_SLAB_POOL_H_
