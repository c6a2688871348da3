#ifndef MONOCOQUE_ALLOC_BYTE_QUEUE_H_
#define MONOCOQUE_ALLOC_BYTE_QUEUE_H_

#include <cstddef>
#include <cstdint>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/ring_queue.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"

namespace monocoque {

// Received octets at rest: a queue of pieces of blocks, read from the front without a copy. Pieces
// that lie behind each other in one block are joined. References for what is shared out of it are
// taken in bulk, so that a message costs no atomic operation.
//
// Thread-compatible. Invariant: size() == contiguous().size() + what the later pieces hold.
class ByteQueue {
 public:
  ByteQueue() = default;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;
  ~ByteQueue() { Clear(); }

  // Takes the slice in; an inline one is copied into a block of its own. Empty slices leave no
  // trace.
  void Append(Slice slice);

  bool empty() const { return cur_ == end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - cur_) + behind_; }
  // Octets taken off the front since the beginning.
  std::uint64_t position() const {
    return piece_position_ + static_cast<std::uint64_t>(cur_ - begin_);
  }

  // How many pieces the octets lie in.
  std::size_t pieces() const { return empty() ? 0 : 1 + pieces_.size(); }

  // The front, as far as it is contiguous; empty only if the queue is empty.
  Bytes contiguous() const { return {cur_, static_cast<std::size_t>(end_ - cur_)}; }

  // The octets from `offset` behind the front on, as far as they are contiguous; empty past the
  // end.
  Bytes SpanAt(std::size_t offset) const;

  // Takes `count` octets off; at most contiguous().size(). The fast way.
  void Advance(std::size_t count) {
    cur_ += count;
    if (cur_ == end_) [[unlikely]]
      NextPiece();
  }
  // Takes off any number up to size().
  void Skip(std::size_t count);
  // Keeps the first `size` octets and throws away what lies behind them.
  void Truncate(std::size_t size);

  // A share of the front piece: the octets from `offset` on, within contiguous().
  Slice Share(std::size_t offset, std::size_t count) {
    return Slice(BlockPtr(lease_.Take()), cur_ + offset, count);
  }

  // Copies octets from `offset` behind the front, without taking them off; returns how many were
  // there to copy.
  std::size_t CopyOut(std::size_t offset, MutableBytes out) const;

  // If the octets at rest fill less than a quarter of the blocks they keep alive, copies them into
  // a block of their own, from `pool` or else from the heap, and lets the others go. It is charged
  // to `budget` (may be null): where that refuses, what is charged to it makes room first, and what
  // is not stays where it is.
  void Compact(SlabPool* pool = nullptr, Budget* budget = nullptr);

  void Clear();

 private:
  struct Piece {
    Block* block;  // one reference
    const std::uint8_t* begin;
    const std::uint8_t* end;
  };

  void Open(Piece piece);
  void NextPiece();

  // The front piece, opened for reading.
  const std::uint8_t* cur_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  const std::uint8_t* begin_ = nullptr;
  BlockLease lease_;
  std::uint64_t piece_position_ = 0;  // of begin_
  std::size_t behind_ = 0;
  RingQueue<Piece> pieces_;  // those behind the front
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_BYTE_QUEUE_H_
