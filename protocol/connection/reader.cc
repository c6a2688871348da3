#include "protocol/connection/reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "alloc/slice.h"
#include "protocol/connection/whole_bytes.h"
#include "protocol/wire/command.h"
#include "protocol/wire/zmtp10.h"

namespace monocoque {
namespace {

// A command's buffer larger than this goes once the command was dealt with.
constexpr std::size_t kRestingCommandBytes = 1024;

// What a message of many parts may take in wire form: its bodies and a header for each.
std::uint64_t MostGathered(const Limits& limits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t bodies = limits.max_message_bytes;
  const std::uint64_t parts = limits.max_parts;
  return parts < (kMost - bodies) / frame::kLongHeaderBytes
             ? bodies + parts * frame::kLongHeaderBytes
             : kMost;
}

}  // namespace

Reader::Reader(const Limits& limits, BudgetPtr budget, std::shared_ptr<SlabPool> pool)
    : long_max_(std::min(limits.max_frame_bytes, limits.max_message_bytes)),
      fast_end_(
          static_cast<std::size_t>(std::min<std::uint64_t>(frame::kMaxShortBody, long_max_) + 1)),
      limits_(limits),
      budget_(std::move(budget)),
      pool_(std::move(pool)) {}

void Reader::set_framing(Framing framing) {
  framing_ = framing;
  // The fast ways know frames of 2.0 on: no size is one for them.
  if (framing == Framing::kZmtp10 || framing == Framing::kRaw) fast_end_ = long_max_ = 0;
}

void Reader::set_grouped() {
  grouped_ = true;
  // The fast ways do not count parts.
  fast_end_ = long_max_ = 0;
}

Reader::Result Reader::Fail(std::string_view sentence) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(sentence);
  DropGather();
  gathering_ = true;  // an error is for good: shuts the fast ways
  return Result::kError;
}

FrameParse Reader::ParseAt(std::size_t offset, FrameHeader* out) const {
  std::array<std::uint8_t, zmtp10::kLongHeaderBytes> copy;
  Bytes octets = input_.SpanAt(offset);
  if (octets.size() < copy.size()) {
    octets = Bytes(copy.data(), input_.CopyOut(offset, copy));
  }
  return framing_ == Framing::kZmtp10 ? zmtp10::ParseFrameHeader(octets, out)
                                      : ParseFrameHeader(octets, out);
}

Reader::Result Reader::Header(std::size_t offset, std::size_t parts, std::uint64_t bytes,
                              FrameHeader* out, std::string_view* violation) const {
  const FrameParse parsed = ParseAt(offset, out);
  if (parsed == FrameParse::kNeedMore) return Result::kNeedData;
  *violation = FrameViolation(parsed);
  if (!violation->empty()) return Result::kError;
  if (out->command()) {
    if (framing_ == Framing::kZmtp20) {
      *violation = "command frame from a peer of ZMTP 2.0";
    } else if (out->body_bytes > limits_.most_command_bytes()) {
      *violation = "command larger than the limit";
    } else {
      return Result::kCommand;
    }
  } else if (grouped_ &&
             (parts == 0 ? !out->more() || out->body_bytes > command::kMaxGroup : out->more())) {
    *violation = "a message that is not a group and a body";
  } else if (out->body_bytes > limits_.max_frame_bytes) {
    *violation = "frame larger than the limit";
  } else if (out->body_bytes > limits_.max_message_bytes ||
             bytes > limits_.max_message_bytes - out->body_bytes) {
    *violation = "message larger than the limit";
  } else if (parts >= limits_.max_parts) {
    *violation = "message of more parts than the limit";
  } else {
    return Result::kMessage;
  }
  return Result::kError;
}

Reader::Result Reader::TakeCommand(std::size_t offset, const FrameHeader& header) {
  const auto size = static_cast<std::size_t>(header.body_bytes);
  if (input_.size() - offset < header.header_bytes + size) return Result::kNeedData;
  command_position_ = input_.position() + offset;
  command_.resize(size);
  std::array<std::uint8_t, 512> piece;
  for (std::size_t at = 0; at < size;) {
    const std::size_t count =
        input_.CopyOut(offset + header.header_bytes + at,
                       MutableBytes(piece).first(std::min(piece.size(), size - at)));
    command_.replace(at, count, AsText(Bytes(piece).first(count)));
    at += count;
  }
  return Result::kCommand;
}

void Reader::DropFromCommand() {
  const std::uint64_t front = input_.position();
  input_.Truncate(command_position_ > front ? static_cast<std::size_t>(command_position_ - front)
                                            : 0);
}

// One whole long frame without MORE, in one piece and within the limits: shared with its block.
// False if the front is anything else.
bool Reader::TakeLong(Message* out) {
  const Bytes front = input_.contiguous();
  if (front.size() < frame::kLongHeaderBytes || front[0] != frame::kLong || gathering_)
    return false;
  std::uint64_t size = 0;
  for (std::size_t i = 1; i < frame::kLongHeaderBytes; ++i) size = size << 8 | front[i];
  if (size <= inline_max_ || size > long_max_ || size > front.size() - frame::kLongHeaderBytes) {
    return false;
  }
  const auto body = static_cast<std::size_t>(size);
  out->SetSharedBody(input_.Share(frame::kLongHeaderBytes, body));
  input_.Advance(frame::kLongHeaderBytes + body);
  ++taken_;
  return true;
}

// What lies in one piece is one message.
Reader::Result Reader::TakeRaw(Message* out) {
  const Bytes front = input_.contiguous();
  const std::uint64_t most = std::max<std::uint64_t>(limits_.max_message_bytes, 1);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(front.size(), most));
  if (size <= inline_max_) {
    out->SetInlineBody(front.data(), size, front.size());
  } else {
    out->SetSharedBody(input_.Share(0, size));
  }
  input_.Advance(size);
  ++taken_;
  CountRaw();
  return Result::kMessage;
}

Reader::Result Reader::NextSlow(Message* out) {
  if (TakeLong(out)) return Result::kMessage;
  for (;;) {
    if (!status_.ok()) return Result::kError;
    if (in_frame_) {
      if (const auto done = ContinueGather(out)) return *done;
      continue;
    }
    if (input_.empty()) return Result::kNeedData;
    if (framing_ == Framing::kRaw) return TakeRaw(out);
    FrameHeader header;
    std::string_view violation;
    const Result kind = Header(0, gather_count_, gather_bytes_, &header, &violation);
    if (kind == Result::kError) return Fail(violation);
    if (kind == Result::kNeedData) return kind;
    if (kind == Result::kCommand) {
      // One that LookAhead handed out is only passed over.
      const bool handed_out = position() < seen_position_;
      if (TakeCommand(0, header) == Result::kNeedData) return Result::kNeedData;
      const std::size_t total = header.header_bytes + static_cast<std::size_t>(header.body_bytes);
      input_.Skip(total);
      if (!handed_out) return Result::kCommand;
      passed_bytes_ -= total;
      continue;
    }
    if (!gathering_) {
      const auto taken = header.more() ? TakeContiguousParts(out) : TakeSingle(header, out);
      if (taken) return *taken;
    }
    if (!BeginGather(header)) return Result::kNoMemory;
  }
}

// Nothing if the frame has to be gathered.
std::optional<Reader::Result> Reader::TakeSingle(const FrameHeader& header, Message* out) {
  const auto size = static_cast<std::size_t>(header.body_bytes);
  const std::size_t total = header.header_bytes + size;
  const Bytes front = input_.contiguous();
  if (front.size() >= total) {
    if (size <= inline_max_) {
      out->SetInlineBody(front.data() + header.header_bytes, size,
                         front.size() - header.header_bytes);
    } else {
      out->SetSharedBody(input_.Share(header.header_bytes, size));
    }
    input_.Advance(total);
    ++taken_;
    return Result::kMessage;
  }
  if (size > inline_max_) return TakeApart(header, out);
  if (input_.size() < total) return Result::kNeedData;
  std::array<std::uint8_t, Message::kInlineBytes> body;
  input_.CopyOut(header.header_bytes, MutableBytes(body).first(size));
  out->SetInlineBody(body.data(), size, size);
  input_.Skip(total);
  ++taken_;
  return Result::kMessage;
}

// A body in a piece of its own, as one that comes by reference from within the process: shared as
// it is. Nothing if it does not lie so.
std::optional<Reader::Result> Reader::TakeApart(const FrameHeader& header, Message* out) {
  const auto size = static_cast<std::size_t>(header.body_bytes);
  if (input_.SpanAt(header.header_bytes).size() < size) return std::nullopt;
  input_.Skip(header.header_bytes);
  return ShareBody(size, out);
}

// It lies at the front, in one piece.
Reader::Result Reader::ShareBody(std::size_t size, Message* out) {
  out->SetSharedBody(input_.Share(0, size));
  input_.Advance(size);
  ++taken_;
  return Result::kMessage;
}

// Nothing if the parts do not all lie in the front piece.
std::optional<Reader::Result> Reader::TakeContiguousParts(Message* out) {
  if (framing_ == Framing::kZmtp10) return std::nullopt;  // wire form is that of 2.0
  const std::size_t front = input_.contiguous().size();
  std::size_t at = 0;
  std::uint64_t bytes = 0;
  FrameHeader header;
  std::size_t parts = 0;
  do {
    std::string_view violation;
    const Result kind = Header(at, parts++, bytes, &header, &violation);
    if (kind == Result::kError) return Fail(violation);
    if (kind != Result::kMessage || front - at < header.header_bytes ||
        front - at - header.header_bytes < header.body_bytes) {
      return std::nullopt;
    }
    at += header.header_bytes + static_cast<std::size_t>(header.body_bytes);
    bytes += header.body_bytes;
  } while (header.more());
  out->SetWireParts(input_.Share(0, at), inline_max_);
  input_.Advance(at);
  ++taken_;
  return Result::kMessage;
}

BlockPtr Reader::Acquire(std::size_t bytes, Budget* budget) const {
  return pool_ != nullptr ? pool_->AcquireAtLeast(bytes, budget) : Block::Allocate(bytes, budget);
}

bool Reader::Reserve(std::size_t bytes) {
  if (gather_ && gather_->capacity() >= bytes) return true;
  BlockPtr block = Acquire(bytes, budget_.get());
  if (!block && reserved()) block = Acquire(bytes, reserve_);
  if (!block) return false;
  if (gathered_ > 0) std::copy_n(gather_->data(), gathered_, block->data());
  gather_ = std::move(block);
  return true;
}

// The frame's header is off the input then; false if memory is refused, and nothing changed.
bool Reader::BeginGather(const FrameHeader& header) {
  const bool parts = gather_parts_ || header.more();
  const std::size_t head = parts ? FrameHeaderBytes(header.body_bytes) : 0;
  const std::uint64_t whole = std::min(header.body_bytes, WholeBytes(budget_.get()));
  const std::uint64_t here =
      std::max<std::uint64_t>(whole, std::min<std::uint64_t>(header.body_bytes, input_.size()));
  std::size_t want = gathered_ + head + static_cast<std::size_t>(here);
  // A message of many parts grows by doubling; a single body has its exact size.
  if (gather_ && want > gather_->capacity()) {
    const std::uint64_t doubled = gather_->capacity() * std::uint64_t{2};
    want = std::max(want, static_cast<std::size_t>(std::min(doubled, MostGathered(limits_))));
  }
  if (!Reserve(want)) return false;
  gathering_ = in_frame_ = true;
  gather_parts_ = parts;
  gather_last_ = !header.more();
  ++gather_count_;
  gather_bytes_ += header.body_bytes;
  if (parts) {
    const std::uint8_t flags = header.more() ? frame::kMore : std::uint8_t{0};
    gathered_ +=
        EncodeFrameHeader(flags, header.body_bytes,
                          MutableBytes(gather_->data(), gather_->capacity()).subspan(gathered_));
  }
  lacking_ = header.body_bytes;
  input_.Skip(header.header_bytes);
  return true;
}

// Nothing if the frame is complete and the message goes on.
std::optional<Reader::Result> Reader::ContinueGather(Message* out) {
  // What has not begun may yet come in one piece.
  if (gathered_ == 0 && gather_last_ && input_.contiguous().size() >= lacking_) {
    const auto size = static_cast<std::size_t>(lacking_);
    DropGather();
    return ShareBody(size, out);
  }
  while (lacking_ > 0) {
    const Bytes front = input_.contiguous();
    if (front.empty()) return Result::kNeedData;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(front.size(), lacking_));
    if (gathered_ + count > gather_->capacity()) {
      const std::uint64_t rest = gathered_ + lacking_;
      const std::uint64_t doubled =
          std::max<std::uint64_t>(gather_->capacity() * 2, gathered_ + count);
      if (!Reserve(static_cast<std::size_t>(std::min(rest, doubled)))) return Result::kNoMemory;
    }
    std::copy_n(front.data(), count, gather_->data() + gathered_);
    gathered_ += count;
    lacking_ -= count;
    input_.Advance(count);
  }
  in_frame_ = false;
  if (!gather_last_) return std::nullopt;
  return EmitGathered(out);
}

Reader::Result Reader::EmitGathered(Message* out) {
  const std::uint8_t* data = gather_->data();
  Slice octets(std::move(gather_), data, gathered_);
  if (gather_parts_) {
    out->SetWireParts(std::move(octets), inline_max_);
  } else {
    out->SetSharedBody(std::move(octets));
  }
  DropGather();
  ++taken_;
  return Result::kMessage;
}

void Reader::Drop() {
  input_.Clear();
  if (status_.ok()) DropGather();
}

void Reader::Compact() {
  input_.Compact(pool_.get(), budget_.get());
  if (command_.capacity() > kRestingCommandBytes) std::string().swap(command_);
}

void Reader::DropGather() {
  gather_ = BlockPtr();
  gathering_ = in_frame_ = gather_parts_ = gather_last_ = false;
  gathered_ = gather_count_ = 0;
  lacking_ = gather_bytes_ = 0;
}

// Continues where the last look ended, or behind what was taken meanwhile. False if the message
// being gathered is not all there.
bool Reader::CatchUp() {
  const std::uint64_t next_header = position() + lacking_;
  if (seen_position_ >= next_header && seen_ >= taken_) return true;
  const bool ends_message = in_frame_ && gather_last_;
  if (ends_message && input_.size() < lacking_) return false;
  seen_position_ = next_header;
  seen_ = taken_ + (ends_message ? 1 : 0);
  seen_parts_ = ends_message ? 0 : gather_count_;
  seen_bytes_ = ends_message ? 0 : gather_bytes_;
  return true;
}

// The fast way over whole one-part messages in short frames that lie in one piece.
void Reader::PassShortFrames(std::size_t* max_frames, std::size_t max_messages) {
  if (seen_parts_ > 0) return;
  const Bytes span = input_.SpanAt(static_cast<std::size_t>(seen_position_ - position()));
  const std::size_t most = std::min(*max_frames, max_messages - ahead());
  std::size_t at = 0;
  std::size_t count = 0;
  while (count < most && span.size() - at >= frame::kShortHeaderBytes && span[at] == 0) {
    const std::size_t size = span[at + 1];
    if (size >= fast_end_ || size > span.size() - at - frame::kShortHeaderBytes) break;
    at += frame::kShortHeaderBytes + size;
    ++count;
  }
  seen_position_ += at;
  seen_ += count;
  *max_frames -= count;
}

Reader::Result Reader::LookAhead(std::size_t* max_frames, std::size_t max_messages) {
  if (framing_ == Framing::kRaw) {
    CountRaw();
    return Result::kNeedData;
  }
  if (!status_.ok() || !CatchUp()) return status_.ok() ? Result::kNeedData : Result::kError;
  while (*max_frames > 0 && ahead() < max_messages) {
    PassShortFrames(max_frames, max_messages);
    if (*max_frames == 0 || ahead() >= max_messages) break;
    const std::uint64_t distance = seen_position_ - position();
    if (distance >= input_.size()) return Result::kNeedData;
    const auto offset = static_cast<std::size_t>(distance);
    FrameHeader header;
    std::string_view violation;
    const Result kind = Header(offset, seen_parts_, seen_bytes_, &header, &violation);
    if (kind == Result::kNeedData) return kind;
    if (kind == Result::kError) {
      ahead_violation_ = violation;
      return kind;
    }
    const std::uint64_t total = header.header_bytes + header.body_bytes;
    if (input_.size() - offset < total) return Result::kNeedData;
    if (kind == Result::kCommand && keeps_order_ && ahead() > 0) return Result::kNeedData;
    --*max_frames;
    if (kind == Result::kCommand) {
      TakeCommand(offset, header);
      seen_position_ += total;
      if (offset == 0) {
        input_.Skip(static_cast<std::size_t>(total));
      } else {
        passed_bytes_ += static_cast<std::size_t>(total);
      }
      return Result::kCommand;
    }
    seen_position_ += total;
    ++seen_parts_;
    seen_bytes_ += header.body_bytes;
    if (!header.more()) {
      ++seen_;
      seen_parts_ = 0;
      seen_bytes_ = 0;
    }
  }
  return Result::kNeedData;
}

std::size_t Reader::wanted() const {
  const std::uint64_t next = std::max(seen_position_, position() + lacking_) - position();
  std::uint64_t wanted = 0;
  if (next > input_.size()) {
    wanted = next - input_.size();
  } else if (!in_frame_ || seen_position_ >= position() + lacking_) {
    FrameHeader header;
    const FrameParse parsed = ParseAt(static_cast<std::size_t>(next), &header);
    wanted = FrameWants(parsed, header, input_.size() - next);
  }
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(wanted, std::numeric_limits<std::size_t>::max()));
}

std::size_t Reader::lacking() const {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(lacking_, std::numeric_limits<std::size_t>::max()));
}

absl::StatusOr<ReadWindow> Reader::PrepareDirect() {
  if (gathered_ == gather_->capacity()) {
    const std::uint64_t rest = gathered_ + lacking_;
    const std::uint64_t doubled = static_cast<std::uint64_t>(gather_->capacity()) * 2;
    if (!Reserve(static_cast<std::size_t>(std::min(rest, doubled)))) {
      return absl::UnavailableError("");
    }
  }
  const std::uint64_t room = std::min<std::uint64_t>(gather_->capacity() - gathered_, lacking_);
  return ReadWindow(gather_, gathered_, static_cast<std::size_t>(room));
}

void Reader::CommitDirect(std::size_t bytes) {
  gathered_ += bytes;
  lacking_ -= bytes;
  direct_ += bytes;
}

}  // namespace monocoque
