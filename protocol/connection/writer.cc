#include "protocol/connection/writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

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
  const bool copied = content.size() <= kCopyBytes;
  Slice envelope;
  if (prefix.size() > kCopyBytes) {
    envelope = Slice::Copy(prefix);
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
    chain_.AppendSlice(body.ToSlice(), begins ? 1 : 0);
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
  const std::size_t size = zmtp10::MessageBytes(message, prefix);
  if (const MutableBytes out = chain_.Prepare(size); !out.empty()) {
    chain_.BeginMessage();
    chain_.Commit(zmtp10::EncodeMessage(message, prefix, out));
  } else {
    BlockPtr block = Block::Allocate(size, budget_.get());
    if (!block) return false;
    zmtp10::EncodeMessage(message, prefix, MutableBytes(block->data(), size));
    const std::uint8_t* data = block->data();
    chain_.AppendSlice(Slice(std::move(block), data, size), 1);
  }
  chain_.EndMessage();
  return true;
}

bool Writer::TakeUnsent(Message* out, Framing framing) {
  if (unsent_ == nullptr) {
    unsent_ = std::make_unique<Reader>(NoLimits(), BudgetPtr());
    unsent_->set_framing(framing);
    ByteChain::Unsent piece;
    while (chain_.TakeUnsent(&piece)) {
      if (piece.cut) ++cut_;
      begun_ += piece.begun;
      if (piece.octets.empty()) break;
      unsent_->input().Append(std::move(piece.octets));
    }
  }
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
