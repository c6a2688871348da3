#include "protocol/wire/zmtp10.h"

#include <algorithm>

namespace monocoque::zmtp10 {
namespace {

// Calls `visit(more, body)` for each frame of `wire`, whole frames of 2.0.
template <typename Visit>
void ForEachFrame(Bytes wire, Visit& visit) {
  FrameHeader header;
  while (monocoque::ParseFrameHeader(wire, &header) == FrameParse::kOk &&
         header.body_bytes <= wire.size() - header.header_bytes) {
    const auto size = static_cast<std::size_t>(header.body_bytes);
    visit(header.more(), wire.subspan(header.header_bytes, size));
    wire = wire.subspan(header.header_bytes + size);
  }
}

template <typename Visit>
void ForEachFrame(const Message& message, Bytes prefix, Visit visit) {
  ForEachFrame(prefix, visit);
  if (message.multipart()) {
    ForEachFrame(message.payload().bytes(), visit);
  } else {
    visit(false, message.payload().bytes());
  }
}

}  // namespace

FrameParse ParseFrameHeader(Bytes bytes, FrameHeader* out) {
  if (bytes.empty()) return FrameParse::kNeedMore;
  std::uint64_t length = bytes[0];
  std::size_t flags_at = 1;
  if (bytes[0] == kLong) {
    flags_at = kLongHeaderBytes - 1;
    if (bytes.size() < flags_at) return FrameParse::kNeedMore;
    length = 0;
    for (std::size_t i = 1; i < flags_at; ++i) length = length << 8 | bytes[i];
  }
  if (length == 0) return FrameParse::kZeroLength;
  if (length >> 63 != 0) return FrameParse::kSizeTooLarge;
  if (bytes.size() <= flags_at) return FrameParse::kNeedMore;
  const auto flags = static_cast<std::uint8_t>(bytes[flags_at] & frame::kMore);
  *out = {flags, flags_at + 1, length - 1};
  return FrameParse::kOk;
}

std::size_t EncodeFrameHeader(bool more, std::uint64_t body_bytes, MutableBytes out) {
  const std::uint64_t length = body_bytes + 1;
  std::size_t at = 0;
  if (body_bytes <= kMaxShortBody) {
    out[at++] = static_cast<std::uint8_t>(length);
  } else {
    out[at++] = kLong;
    for (int shift = 56; shift >= 0; shift -= 8) {
      out[at++] = static_cast<std::uint8_t>(length >> shift);
    }
  }
  out[at++] = more ? frame::kMore : std::uint8_t{0};
  return at;
}

std::size_t MessageBytes(const Message& message, Bytes prefix) {
  std::size_t total = 0;
  ForEachFrame(message, prefix, [&](bool /*more*/, Bytes body) {
    total += FrameHeaderBytes(body.size()) + body.size();
  });
  return total;
}

std::size_t EncodeMessage(const Message& message, Bytes prefix, MutableBytes out) {
  std::size_t at = 0;
  ForEachFrame(message, prefix, [&](bool more, Bytes body) {
    at += EncodeFrameHeader(more, body.size(), out.subspan(at));
    std::ranges::copy(body, out.subspan(at).begin());
    at += body.size();
  });
  return at;
}

}  // namespace monocoque::zmtp10
