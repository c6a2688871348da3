#ifndef MONOCOQUE_PROTOCOL_CONNECTION_WRITER_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_WRITER_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/byte_chain.h"
#include "alloc/bytes.h"
#include "alloc/payload.h"
#include "alloc/ring_queue.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/connection/reader.h"
#include "protocol/drive/host.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/message.h"
#include "protocol/wire/message_encoding.h"

namespace monocoque {

// Encodes messages and commands into the chain of what a link has to write (RFC 37, Framing). Small
// bodies are copied, one move of fixed size for those that lie inside their message; larger ones
// are referenced. What has not begun when the link dies can be taken out again as messages.
//
// Thread-compatible. Invariant: as ByteChain's.
class Writer {
 public:
  // Bodies up to this size are copied behind their header; beyond, a reference is cheaper.
  static constexpr std::size_t kCopyBytes = 2048;
  static_assert(kLeastSlabBytes >= 2 * kCopyBytes + frame::kLongHeaderBytes);

  Writer(std::shared_ptr<SlabPool> pool, BudgetPtr budget)
      : chain_(std::move(pool), budget), budget_(std::move(budget)) {}

  // Asked for memory where the budget refuses it; null: nobody is.
  void set_reserve(Budget* reserve) {
    reserve_ = reserve;
    chain_.set_reserve(reserve);
  }

  // Appends a message behind `prefix`: frames in wire form, each with MORE (an envelope). False if
  // memory is refused; then nothing was appended.
  bool Append(const Message& message, Bytes prefix) {
    const Payload& payload = message.payload();
    if (payload.is_inline() && !message.multipart() && prefix.empty()) [[likely]] {
      const MutableBytes room = chain_.Prepare(frame::kShortHeaderBytes + Message::kInlineBytes);
      if (room.size() < frame::kShortHeaderBytes + Message::kInlineBytes) return false;
      chain_.BeginMessage();
      chain_.Commit(EncodeMessage(message, {}, room));
      chain_.EndMessage();
      return true;
    }
    return AppendSlow(message, prefix);
  }

  // As Append, in frames of ZMTP 1.0.
  bool AppendZmtp10(const Message& message, Bytes prefix);

  // As Append, the octets of its parts and no frames. Nothing if there are none.
  bool AppendRawMessage(const Message& message);

  // As Append, each frame in a box of its own. Also false when nonces run out.
  bool AppendSealed(const Message& message, Bytes prefix, CurveSession* session);
  // A complete frame that is no message, in a box.
  bool AppendSealedRaw(Bytes frame, CurveSession* session);

  // Appends whole messages that somebody encoded already, by reference.
  void AppendEncoded(Slice frames, std::size_t messages) {
    chain_.AppendSlice(std::move(frames), messages);
    chain_.EndMessage();
  }

  // Appends octets that are no message: a piece of the handshake, a complete command frame.
  bool AppendRaw(Bytes octets) { return chain_.AppendCopy(octets); }

  // Append comes soon.
  void PrefetchState() const { chain_.PrefetchState(); }
  void PrefetchRoom() const { chain_.PrefetchRoom(); }

  std::size_t unfilled_messages() const { return chain_.unfilled_messages(); }
  std::size_t unfilled_bytes() const { return chain_.unfilled_bytes(); }
  bool in_flight() const { return chain_.in_flight(); }
  // Octets that the transport has not taken, those in flight included.
  std::size_t unwritten_bytes() const { return chain_.bytes(); }
  // Nothing to write and nothing being written.
  bool drained() const { return chain_.bytes() == 0; }

  bool Fill(TransmitBatch* batch, std::size_t max_bytes) { return chain_.Fill(batch, max_bytes); }
  void Return(TransmitBatch batch, std::size_t written) {
    batch.Clear();
    spare_ = std::move(batch);
    chain_.Pop(written);
    if (raw_sizes_ != nullptr) [[unlikely]]
      CountRawWritten(written);
  }
  // The list of an earlier batch, to be filled again without an allocation.
  TransmitBatch TakeSpare() { return std::move(spare_); }

  // After the link's end, with no batch in flight: the next message that had not begun, in order,
  // with its prefix as its first parts. False when there are no more. Commands are left out.
  // `framing`: what was appended; `session`: what sealed it, or null.
  bool TakeUnsent(Message* out, Framing framing, const CurveSession* session);
  // Messages that had begun and were cut off by the link's end; complete once TakeUnsent said
  // false.
  std::size_t cut_messages() const { return cut_; }

 private:
  bool AppendSlow(const Message& message, Bytes prefix);
  // A block of its own for so many octets; null if memory is refused.
  BlockPtr Allocate(std::size_t size);
  // A message of `size` octets that `encode` writes to the room it is given: in the slab, or in a
  // block of its own.
  template <typename Encode>
  bool AppendWhole(std::size_t size, Encode encode);
  void RecallUnsent();
  void RecallSealed(const CurveSession& session);
  void RecallRaw();
  bool TakeUnsentRaw(Message* out);
  void CountRawWritten(std::size_t written);
  // One message: `prefix`, `header` and the body, each of which may be empty.
  bool AppendPieces(Bytes prefix, Bytes header, const Payload& body);

  ByteChain chain_;
  BudgetPtr budget_;
  Budget* reserve_ = nullptr;
  TransmitBatch spare_;
  std::unique_ptr<Reader> unsent_;
  std::size_t begun_ = 0;  // octets in unsent_ that had been written
  std::size_t cut_ = 0;
  // Sizes of the raw messages that were not written in full, which no header tells; and how much of
  // the first was. Null until there is one.
  std::unique_ptr<RingQueue<std::size_t>> raw_sizes_;
  std::size_t raw_begun_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_WRITER_H_
