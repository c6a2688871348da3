#include "protocol/connection/writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "alloc/block.h"
#include "protocol/wire/zmtp10.h"

namespace monocoque {
namespace {

// What we encoded ourselves is read back without limits.
Limits NoLimits() {
  Limits limits;
  limits.max_frame_bytes = limits.max_message_bytes = std::numeric_limits<std::uint64_t>::max();
  limits.max_parts = limits.max_command_bytes = std::numeric_limits<std::size_t>::max();
  return limits;
}

// Calls `visit` with the inner flags and the data of each frame of a message behind `prefix`.
template <typename Visit>
void VisitFrames(const Message& message, Bytes prefix, Visit&& visit) {
  const auto walk = [&visit](Bytes frames) {
    FrameHeader header;
    while (ParseFrameHeader(frames, &header) == FrameParse::kOk) {
      const auto size = static_cast<std::size_t>(header.body_bytes);
      visit(header.more() ? CurveSession::kMore : std::uint8_t{0},
            frames.subspan(header.header_bytes, size));
      frames = frames.subspan(header.header_bytes + size);
    }
  };
  walk(prefix);
  if (message.multipart()) {
    walk(message.payload().bytes());
  } else {
    visit(std::uint8_t{0}, message.payload().bytes());
  }
}

std::size_t CopyTo(Bytes from, MutableBytes to) {
  std::ranges::copy(from, to.begin());
  return from.size();
}

}  // namespace

bool Writer::AppendSlow(const Message& message, Bytes prefix) {
  const Payload& payload = message.payload();
  std::array<std::uint8_t, frame::kLongHeaderBytes> header;
  const std::size_t size = message.multipart() ? 0 : EncodeFrameHeader(0, payload.size(), header);
  return AppendPieces(prefix, Bytes(header).first(size), payload);
}

bool Writer::AppendPieces(Bytes prefix, Bytes header, const Payload& body) {
  const Bytes content = body.bytes();
  // What is borrowed must be copied anyway: to the slab, if it has room for it.
  const std::size_t all = prefix.size() + header.size() + content.size();
  const bool copied =
      content.size() <= kCopyBytes || (body.borrowed() && all <= chain_.slab_bytes());
  Slice shared;
  if (!copied) {
    shared = body.borrowed() ? chain_.CopyAside(content) : body.ToSlice();
    if (shared.size() != content.size()) return false;
  }
  Slice envelope;
  if (prefix.size() > kCopyBytes) {
    envelope = chain_.CopyAside(prefix);
    if (envelope.size() != prefix.size()) return false;
  }
  // Room is asked for before anything is appended, so that a refusal leaves nothing behind.
  const std::size_t want =
      header.size() + (copied ? content.size() : 0) + (envelope.empty() ? prefix.size() : 0);
  MutableBytes out;
  if (want > 0) {
    out = chain_.Prepare(want);
    if (out.size() < want) return false;
  }
  const bool begins_here = envelope.empty() && want > 0;
  if (!envelope.empty()) chain_.AppendSlice(std::move(envelope), 1);
  if (begins_here) chain_.BeginMessage();
  std::size_t at = 0;
  if (begins_here) at = CopyTo(prefix, out);
  at += CopyTo(header, out.subspan(at));
  if (copied) CopyTo(content, out.subspan(at));
  chain_.Commit(want);
  if (!copied) {
    const bool begins = want == 0 && prefix.empty();
    chain_.AppendSlice(std::move(shared), begins ? 1 : 0);
  }
  chain_.EndMessage();
  return true;
}

BlockPtr Writer::Allocate(std::size_t size) {
  BlockPtr block = Block::Allocate(size, budget_.get());
  if (!block && reserve_ != nullptr) block = Block::Allocate(size, reserve_);
  return block;
}

template <typename Encode>
bool Writer::AppendWhole(std::size_t size, Encode encode) {
  if (const MutableBytes out = chain_.Prepare(size); !out.empty()) {
    chain_.BeginMessage();
    encode(out);
    chain_.Commit(size);
  } else {
    BlockPtr block = Allocate(size);
    if (!block) return false;
    encode(MutableBytes(block->data(), size));
    const std::uint8_t* data = block->data();
    chain_.AppendSlice(Slice(std::move(block), data, size), 1);
  }
  chain_.EndMessage();
  return true;
}

bool Writer::AppendZmtp10(const Message& message, Bytes prefix) {
  if (!message.multipart() && prefix.empty()) {
    const Payload& payload = message.payload();
    std::array<std::uint8_t, zmtp10::kLongHeaderBytes> header;
    const std::size_t size = zmtp10::EncodeFrameHeader(false, payload.size(), header);
    return AppendPieces({}, Bytes(header).first(size), payload);
  }
  return AppendWhole(zmtp10::MessageBytes(message, prefix),
                     [&](MutableBytes out) { zmtp10::EncodeMessage(message, prefix, out); });
}

bool Writer::AppendRawMessage(const Message& message) {
  const std::size_t size = message.total_bytes();
  if (size == 0) return true;
  const bool appended = message.multipart()
                            ? AppendWhole(size,
                                          [&](MutableBytes out) {
                                            VisitFrames(message, {}, [&](std::uint8_t, Bytes part) {
                                              out = out.subspan(CopyTo(part, out));
                                            });
                                          })
                            : AppendPieces({}, {}, message.payload());
  if (!appended) return false;
  if (raw_sizes_ == nullptr) raw_sizes_ = std::make_unique<RingQueue<std::size_t>>();
  raw_sizes_->push_back(size);
  return true;
}

void Writer::CountRawWritten(std::size_t written) {
  raw_begun_ += written;
  while (!raw_sizes_->empty() && raw_begun_ >= raw_sizes_->front()) {
    raw_begun_ -= raw_sizes_->take_front();
  }
  if (raw_sizes_->empty()) raw_sizes_->Rest();
}

bool Writer::AppendSealed(const Message& message, Bytes prefix, CurveSession* session) {
  std::size_t bytes = 0;
  std::size_t frames = 0;
  VisitFrames(message, prefix, [&](std::uint8_t, Bytes data) {
    bytes += CurveSession::FrameBytes(data.size());
    ++frames;
  });
  if (!session->CanSeal(frames)) return false;
  return AppendWhole(bytes, [&](MutableBytes out) {
    VisitFrames(message, prefix, [&](std::uint8_t flags, Bytes data) {
      out = out.subspan(session->Seal(flags, data, out));
    });
  });
}

bool Writer::AppendSealedRaw(Bytes frame, CurveSession* session) {
  FrameHeader header;
  if (ParseFrameHeader(frame, &header) != FrameParse::kOk || !session->CanSeal(1)) return false;
  const Bytes data = frame.subspan(header.header_bytes);
  std::vector<std::uint8_t> sealed(CurveSession::FrameBytes(data.size()));
  session->Seal(header.command() ? CurveSession::kCommand : std::uint8_t{0}, data, sealed);
  return AppendRaw(sealed);
}

void Writer::RecallUnsent() {
  ByteChain::Unsent piece;
  while (chain_.TakeUnsent(&piece)) {
    if (piece.cut) ++cut_;
    begun_ += piece.begun;
    if (piece.octets.empty()) break;
    unsent_->input().Append(std::move(piece.octets));
  }
}

// What we sealed we can open again: frames whose message had not begun take the place of their
// boxes.
void Writer::RecallSealed(const CurveSession& session) {
  ByteQueue boxes;
  while (!unsent_->input().empty()) {
    const std::size_t here = unsent_->input().contiguous().size();
    boxes.Append(unsent_->input().Share(0, here));
    unsent_->input().Advance(here);
  }
  bool begun = false;  // the message that the next frame belongs to
  bool inside = false;
  std::array<std::uint8_t, frame::kLongHeaderBytes> octets;
  FrameHeader header;
  while (ParseFrameHeader(Bytes(octets).first(boxes.CopyOut(0, octets)), &header) ==
         FrameParse::kOk) {
    if (!inside) begun = boxes.position() < begun_;
    std::vector<std::uint8_t> box(static_cast<std::size_t>(header.body_bytes));
    boxes.Skip(header.header_bytes);
    boxes.CopyOut(0, box);
    boxes.Skip(box.size());
    if (box.size() < CurveSession::kOverheadBytes) continue;
    const MutableBytes content = MutableBytes(box).subspan(CurveSession::kHeadBytes);
    if (!session.OpenOwn(Bytes(box).first(CurveSession::kHeadBytes), content, content)) continue;
    if ((content[0] & CurveSession::kCommand) != 0) continue;
    inside = (content[0] & CurveSession::kMore) != 0;
    if (begun) {
      if (!inside && boxes.position() > begun_) ++cut_;
      continue;
    }
    const std::size_t head =
        EncodeFrameHeader(inside ? frame::kMore : std::uint8_t{0}, content.size() - 1, octets);
    unsent_->input().Append(Slice::Copy(Bytes(octets).first(head)));
    unsent_->input().Append(Slice::Copy(content.subspan(1)));
  }
  begun_ = 0;
}

// Of octets without frames the sizes say what had not begun: the last of them, in whole messages.
void Writer::RecallRaw() {
  cut_ = 0;
  if (raw_begun_ > 0) {
    raw_sizes_->pop_front();
    ++cut_;
  }
  std::size_t left = 0;
  for (std::size_t i = 0; i < raw_sizes_->size(); ++i) left += (*raw_sizes_)[i];
  ByteQueue& octets = unsent_->input();
  octets.Skip(octets.size() - std::min(octets.size(), left));
}

bool Writer::TakeUnsentRaw(Message* out) {
  if (raw_sizes_ == nullptr || raw_sizes_->empty()) return false;
  ByteQueue& octets = unsent_->input();
  // Each lies in one piece, as it was appended.
  const std::size_t size = std::min(raw_sizes_->take_front(), octets.contiguous().size());
  *out = Message(octets.Share(0, size));
  octets.Advance(size);
  return true;
}

bool Writer::TakeUnsent(Message* out, Framing framing, const CurveSession* session) {
  if (unsent_ == nullptr) {
    unsent_ = std::make_unique<Reader>(NoLimits(), BudgetPtr());
    unsent_->set_framing(framing);
    RecallUnsent();
    if (session != nullptr) RecallSealed(*session);
    if (raw_sizes_ != nullptr) RecallRaw();
  }
  if (framing == Framing::kRaw) return TakeUnsentRaw(out);
  for (;;) {
    const std::uint64_t start = unsent_->input().position();
    const Reader::Result result = unsent_->Next(out);
    if (result == Reader::Result::kCommand) continue;
    if (result != Reader::Result::kMessage) return false;
    if (start >= begun_) return true;
    if (unsent_->input().position() > begun_) ++cut_;
    out->Clear();
  }
}

}  // namespace monocoque
