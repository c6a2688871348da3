#ifndef MONOCOQUE_PROTOCOL_CONNECTION_READER_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/byte_queue.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "protocol/drive/action.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

namespace monocoque {

// Cuts received octets into messages and commands (RFC 37, Framing; RFC 15; RFC 13), or takes them
// as they come (kRaw).
//
// Two places in the stream move: Next() takes messages off the front, LookAhead() walks over frames
// that are not taken yet, so that a command does not wait behind an application that does not
// receive. A command is handed out once, by whichever comes to it first.
//
// A small body is copied into its Message, a larger one shares the block it arrived in. What
// arrives in several pieces is gathered in a block of its own, whole up to WholeBytes, beyond that
// growing as octets arrive: a size field alone takes no memory (SEC-3). So are all messages of
// several parts in frames of 1.0: a message keeps its parts in frames of 2.0.
//
// Thread-compatible. Invariant: every octet appended is at rest in input(), in the gathered
// message, or was handed out.
class Reader {
 public:
  enum class Result {
    kMessage,
    kCommand,   // command() holds its body
    kNeedData,  // nothing complete is left
    kNoMemory,  // the budget refuses the block that the next message needs; try again later
    kError,     // the peer broke the framing: see status() and ahead_violation()
  };

  // `budget` (may be null) is charged for gathered messages. Their blocks come from `pool`, or from
  // the heap without one.
  Reader(const Limits& limits, BudgetPtr budget, std::shared_ptr<SlabPool> pool = nullptr);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Asked for memory where the budget refuses it, for the next message and none behind it; null:
  // nobody is.
  void set_reserve(Budget* reserve) {
    reserve_ = reserve;
    reserved_at_ = taken_;
  }
  // It may be asked: the message that it was given for was not taken yet.
  bool reserved() const { return reserve_ != nullptr && reserved_at_ == taken_; }

  // Before the first frame is looked at; kZmtp30 if it is not called.
  void set_framing(Framing framing);

  // LookAhead hands out no command behind messages that were not taken: these may say the same in
  // another form. Before the first frame is looked at.
  void set_keeps_order() { keeps_order_ = true; }

  // Each message is two frames, a group of up to 255 octets and a body: anything else breaks the
  // rules (J-4). Before the first frame is looked at.
  void set_grouped();

  ByteQueue& input() { return input_; }
  const ByteQueue& input() const { return input_; }

  // Messages will get an attribute of `bytes` octets: less of their body lies inside, so that it
  // fits without an allocation.
  void LeaveRoom(std::size_t bytes) {
    inline_max_ =
        Message::kInlineBytes - (bytes <= Slice::kInlineBytes ? bytes : Slice::kInlineBytes);
  }

  // The next message or command. The fast way is one short frame that lies in one piece.
  Result Next(Message* out) {
    const Bytes front = input_.contiguous();
    if (front.size() >= frame::kShortHeaderBytes && front[0] == 0 && !gathering_) [[likely]] {
      const std::size_t size = front[1];
      if (size < fast_end_ && size <= front.size() - frame::kShortHeaderBytes) [[likely]] {
        if (size <= inline_max_) [[likely]] {
          out->SetInlineBody(front.data() + frame::kShortHeaderBytes, size,
                             front.size() - frame::kShortHeaderBytes);
        } else {
          out->SetSharedBody(input_.Share(frame::kShortHeaderBytes, size));
        }
        input_.Advance(frame::kShortHeaderBytes + size);
        ++taken_;
        return Result::kMessage;
      }
    }
    return NextSlow(out);
  }

  // Looks at up to `*max_frames` frames beyond what was looked at, taking none off but commands at
  // the front; counts them down. kCommand: one was found, it is not handed out again. kNeedData:
  // all was seen, or the count is used up, or `max_messages` whole messages lie ahead untaken.
  Result LookAhead(std::size_t* max_frames, std::size_t max_messages);

  // The body of the command found last; valid until the next call.
  Bytes command() const { return AsBytes(command_); }
  // The command found last breaks the protocol: it and all that lies behind it are thrown away.
  // Messages in front of it can still be taken.
  void DropFromCommand();
  const absl::Status& status() const { return status_; }
  // What LookAhead found when it returned kError. Messages in front of it can still be taken;
  // Next() fails when it gets there.
  std::string_view ahead_violation() const { return ahead_violation_; }

  // Whole messages taken so far, and known to lie ahead of that.
  std::uint64_t taken() const { return taken_; }
  std::size_t ahead() const {
    return seen_ > taken_ ? static_cast<std::size_t>(seen_ - taken_) : 0;
  }
  // Nothing is here that LookAhead has not come to.
  bool saw_all() const {
    return framing_ == Framing::kRaw || seen_position_ >= position() + input_.size();
  }
  // Lets blocks go that are kept for little, at a turn's end.
  void Compact();
  // All that was not taken is thrown away, of a message that is not whole, too.
  void Drop();
  // Octets held for messages not yet taken.
  std::size_t stored_bytes() const { return input_.size() + gathered_; }
  // Of these, commands that LookAhead handed out, behind what it may not take off.
  std::size_t passed_bytes() const { return passed_bytes_; }
  // In the middle of a message, or of a frame: what has arrived of it is lost if the stream ends
  // here.
  bool in_message() const { return gathering_ || !input_.empty(); }

  // How many octets to read so that none come that lie behind the frame under way. 0: LookAhead, or
  // Next, has something to do first.
  std::size_t wanted() const;
  // How many octets the frame that is being gathered still lacks; 0 if none is.
  std::size_t lacking() const;
  // A window on the gathering block, for reading the lacking octets straight into place. Only with
  // empty input and lacking() > 0.
  absl::StatusOr<ReadWindow> PrepareDirect();
  bool owns(const ReadWindow& window) const { return gather_ && window.block() == gather_.get(); }
  // The first `bytes` octets of a window from PrepareDirect were filled.
  void CommitDirect(std::size_t bytes);

 private:
  Result NextSlow(Message* out);
  FrameParse ParseAt(std::size_t offset, FrameHeader* out) const;
  bool TakeLong(Message* out);
  Result TakeRaw(Message* out);
  void CountRaw() { seen_ = taken_ + input_.pieces(); }
  Result Fail(std::string_view sentence);
  // Parses the header `offset` octets behind the front and judges it by the limits; `parts` and
  // `bytes` are what the message under way has already. kError: `violation` says why.
  Result Header(std::size_t offset, std::size_t parts, std::uint64_t bytes, FrameHeader* out,
                std::string_view* violation) const;
  // Copies the body into command_, if it is all there; takes nothing off.
  Result TakeCommand(std::size_t offset, const FrameHeader& header);
  std::optional<Result> TakeSingle(const FrameHeader& header, Message* out);
  std::optional<Result> TakeApart(const FrameHeader& header, Message* out);
  Result ShareBody(std::size_t size, Message* out);
  std::optional<Result> TakeContiguousParts(Message* out);
  bool BeginGather(const FrameHeader& header);
  std::optional<Result> ContinueGather(Message* out);
  BlockPtr Acquire(std::size_t bytes, Budget* budget) const;
  bool Reserve(std::size_t bytes);
  Result EmitGathered(Message* out);
  void DropGather();
  // Where in the stream the front of input_ is: what was read directly never was in it.
  std::uint64_t position() const { return input_.position() + direct_; }
  bool CatchUp();
  void PassShortFrames(std::size_t* max_frames, std::size_t max_messages);

  // Bodies that need no look at the limits: in long frames up to the one, in short ones below the
  // other.
  std::uint64_t long_max_;
  std::size_t fast_end_;
  std::size_t inline_max_ = Message::kInlineBytes;  // larger bodies are shared
  std::uint64_t taken_ = 0;
  bool gathering_ = false;  // a message: a single body, or frames in wire form
  bool grouped_ = false;
  bool keeps_order_ = false;
  Framing framing_ = Framing::kZmtp30;
  ByteQueue input_;  // what each message needs ends in here

  const Limits limits_;
  BudgetPtr budget_;
  Budget* reserve_ = nullptr;
  std::uint64_t reserved_at_ = 0;  // the count of messages taken when it was given
  std::shared_ptr<SlabPool> pool_;
  std::uint64_t direct_ = 0;  // octets read straight into a message's own block

  // The message being gathered.
  bool in_frame_ = false;      // a frame was begun and is not complete
  bool gather_parts_ = false;  // wire form
  bool gather_last_ = false;   // the frame under way is the message's last
  BlockPtr gather_;
  std::size_t gathered_ = 0;      // octets in the block
  std::uint64_t lacking_ = 0;     // octets of the frame under way that are not there yet
  std::size_t gather_count_ = 0;  // frames begun
  std::uint64_t gather_bytes_ = 0;

  // LookAhead's place: the stream position of the next header, and the message it is in.
  std::uint64_t seen_position_ = 0;
  std::uint64_t seen_ = 0;  // whole messages up to there
  std::size_t seen_parts_ = 0;
  std::uint64_t seen_bytes_ = 0;
  std::size_t passed_bytes_ = 0;

  std::string_view ahead_violation_;
  std::string command_;
  std::uint64_t command_position_ = 0;  // of its frame, in the stream
  absl::Status status_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_READER_H_
