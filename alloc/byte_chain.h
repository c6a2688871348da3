#ifndef MONOCOQUE_ALLOC_BYTE_CHAIN_H_
#define MONOCOQUE_ALLOC_BYTE_CHAIN_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/prefetch.h"
#include "alloc/ring_queue.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"

namespace monocoque {

// What a link has still to write: octets copied into a chain of blocks, a slab each but for the
// first, which may be smaller, and slices referenced between them, with enough of the message
// boundaries kept that what has not begun can be found again.
//
// Written at the back (Prepare/Commit, AppendSlice), filled into batches from the front; what a
// batch holds stays at the front until Pop says how much of it was written.
//
// Thread-compatible. Invariant: filled_bytes() <= bytes(); at most one batch is filled at a time.
class ByteChain {
 public:
  ByteChain(std::shared_ptr<SlabPool> pool, BudgetPtr budget)
      : pool_(std::move(pool)), budget_(std::move(budget)) {}

  // Octets that Prepare can have room for at most.
  std::size_t slab_bytes() const { return pool_->slab_bytes(); }
  // Asked for a slab where the budget refuses one; null: nobody is.
  void set_reserve(Budget* reserve) { reserve_ = reserve; }

  // Room for at least `count` octets behind what was appended; empty if `count` is more than a slab
  // holds, the budget refuses or memory is out. Commit says how many were used. Calls that fail
  // leave the chain as it was.
  MutableBytes Prepare(std::size_t count) {
    if (room() >= count && slab_) [[likely]]
      return {write_, room()};
    return PrepareSlow(count);
  }
  void Commit(std::size_t count) {
    write_ += count;
    bytes_ += count;
  }
  // Appends octets by reference. `messages` begin in it, the first at its first octet; with none it
  // goes on with what was appended before.
  void AppendSlice(Slice slice, std::size_t messages = 0);
  // A copy that is to be appended as a slice, in a slab where it fits into one. Empty if the budget
  // refuses or memory is out.
  Slice CopyAside(Bytes bytes);
  // Copies octets of any length; false if memory ran out (then nothing was appended).
  bool AppendCopy(Bytes bytes);

  // Between Prepare and Commit: the next octet is the first of a message. EndMessage: the last one
  // was appended.
  void BeginMessage() {
    if (open_messages_++ == 0) open_boundary_ = static_cast<std::size_t>(write_ - open_);
    in_message_ = true;
  }
  void EndMessage() {
    in_message_ = false;
    if (!open_continues_) [[likely]]
      return;
    open_continues_ = false;
    open_tail_ = static_cast<std::size_t>(write_ - open_);
  }

  // Prepare and Commit come soon: what they read first; then, once that is here, the room itself.
  void PrefetchState() const { PrefetchTwo(&slab_); }
  void PrefetchRoom() const { PrefetchTwo(write_); }

  // Octets appended and not yet written in full, those in flight included.
  std::size_t bytes() const { return bytes_; }
  // Octets that no batch holds yet, and the messages that begin in them.
  std::size_t unfilled_bytes() const { return bytes_ - filled_bytes_; }
  std::size_t unfilled_messages() const { return closed_messages_ + open_messages_; }
  bool in_flight() const { return filled_segments_ > 0; }

  // Moves whole segments, up to `max_bytes` but at least one, into `batch`; false if there is
  // nothing or a batch is in flight.
  bool Fill(TransmitBatch* batch, std::size_t max_bytes);

  // The batch is back: `written` octets of it left for good. What is left of it becomes the front
  // again.
  void Pop(std::size_t written);

  // A piece of what has not left, after the link's end.
  struct Unsent {
    Slice octets;           // the first piece begins at a message, the others follow it
    std::size_t begun = 0;  // so many of these octets had been written: messages in them had begun
    bool cut = false;       // a message begun in front of this piece was not written in full
  };
  // Hands the pieces over, in order, with no batch in flight; false when there are no more, and no
  // slab is held then.
  bool TakeUnsent(Unsent* out);

  // Frees a slab that holds nothing to write: an idle link has none.
  void Rest();

 private:
  static constexpr std::size_t kNoBoundary = static_cast<std::size_t>(-1);

  struct Segment {
    Slice octets;
    std::size_t messages;  // that begin in it
    std::size_t boundary;  // of the first of them, from the segment's begin
    std::size_t tail;      // octets at its begin that belong to a message from before
  };

  std::size_t room() const { return static_cast<std::size_t>(limit_ - write_); }
  std::size_t NextBlockBytes() const;
  BlockPtr Acquire(std::size_t count);
  MutableBytes PrepareSlow(std::size_t count);
  void CloseOpen();

  // The slab being written to; [open_, write_) is not yet a segment.
  BlockPtr slab_;
  std::uint8_t* open_ = nullptr;
  std::uint8_t* write_ = nullptr;
  std::uint8_t* limit_ = nullptr;
  std::size_t open_messages_ = 0;
  std::size_t open_boundary_ = kNoBoundary;
  std::size_t bytes_ = 0;
  std::size_t filled_bytes_ = 0;
  std::size_t filled_segments_ = 0;
  std::size_t closed_messages_ = 0;  // in segments not filled
  bool open_continues_ = false;      // it began within a message, which is not at its end
  bool in_message_ = false;
  bool unsent_found_ = false;

  std::size_t open_tail_ = 0;      // where the message that open_continues_ tells of ended
  std::size_t front_written_ = 0;  // octets of the front segment that are gone
  // A burst is what goes through the chain between two times that it is empty. Octets copied in
  // this one, as far as they are segments, and in the last.
  std::size_t copied_ = 0;
  std::size_t copied_last_ = 0;
  RingQueue<Segment> segments_;
  std::shared_ptr<SlabPool> pool_;
  BudgetPtr budget_;
  Budget* reserve_ = nullptr;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_BYTE_CHAIN_H_
