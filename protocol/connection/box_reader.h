#ifndef MONOCOQUE_PROTOCOL_CONNECTION_BOX_READER_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_BOX_READER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/byte_queue.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// Opens what an encrypted link brings, in front of the Reader: takes MESSAGE frames (RFC 26) off
// what was received, and gives the frames that they stand for, one behind the other in blocks of
// the pool, so that the Reader finds them as on a plain link.
//
// A box is opened once it is all there, never before. While a large one comes, it is gathered where
// it will be opened.
//
// Thread-compatible. Invariant: every octet received is at rest in received(), in the gathered box,
// or was opened and given.
class BoxReader {
 public:
  enum class Result {
    kOpened,    // as many frames as were asked for: there may be more
    kNeedData,  // no whole box is left
    kNoMemory,  // the budget refuses the block that the next box needs; try again later
    kError,     // the peer broke the protocol: see violation(); for good
  };

  // `pool` may not be null; `budget` may, and is charged for what is opened.
  BoxReader(std::unique_ptr<CurveSession> session, const Limits& limits,
            std::shared_ptr<SlabPool> pool, BudgetPtr budget);
  BoxReader(const BoxReader&) = delete;
  BoxReader& operator=(const BoxReader&) = delete;

  // Asked for memory where the budget refuses it; null: nobody is.
  void set_reserve(Budget* reserve) { reserve_ = reserve; }

  CurveSession* session() { return session_.get(); }
  const CurveSession* session() const { return session_.get(); }
  // What is received goes here.
  ByteQueue& received() { return received_; }

  // Opens up to `max_frames` boxes into `out`.
  Result Open(std::size_t max_frames, ByteQueue* out);
  std::string_view violation() const { return violation_; }

  // How many octets to read so that none come that lie behind the box under way; 0 if it is all
  // here.
  std::size_t wanted() const;
  // Octets held that are not opened yet.
  std::size_t stored_bytes() const { return received_.size() + gathered_; }
  // Lets blocks go that are kept for little, at a turn's end.
  void Compact() { received_.Compact(pool_.get(), budget_.get()); }
  // Throws away what is here: nothing more is opened.
  void Drop();

 private:
  // The frame at the front.
  struct Box {
    std::size_t header_bytes = 0;
    std::size_t data_bytes = 0;
    std::array<std::uint8_t, CurveSession::kHeadBytes> head;

    std::size_t total_bytes() const {
      return header_bytes + CurveSession::kOverheadBytes + data_bytes;
    }
    std::size_t sealed_bytes() const { return 1 + data_bytes; }
    // The frame it stands for.
    std::size_t opened_bytes() const { return FrameHeaderBytes(data_bytes) + data_bytes; }
  };

  BlockPtr Acquire(std::size_t bytes) const;
  Result Next(ByteQueue* out);
  FrameParse ParseFront(FrameHeader* out) const;
  Result Front(Box* box);
  Result OpenFront(const Box& box, ByteQueue* out);
  Result BeginGather(const Box& box);
  Result Gather(ByteQueue* out);
  Result Unseal(const Box& box, Bytes sealed, MutableBytes frame);
  bool Reserve(std::size_t bytes, ByteQueue* out);
  void Give(ByteQueue* out);
  Result Fail(std::string_view sentence);

  std::unique_ptr<CurveSession> session_;
  const std::uint64_t max_data_bytes_;
  std::shared_ptr<SlabPool> pool_;
  BudgetPtr budget_;
  Budget* reserve_ = nullptr;
  ByteQueue received_;
  std::string_view violation_;

  // Opened frames that are not given yet: [given_, opened_) of the block.
  BlockPtr block_;
  std::size_t given_ = 0;
  std::size_t opened_ = 0;

  // The box that is gathered: `gathered_` sealed octets are in its block, behind room for the
  // header of the frame.
  BlockPtr gather_;
  Box gathering_;
  std::size_t gathered_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_BOX_READER_H_
