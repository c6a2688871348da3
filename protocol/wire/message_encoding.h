#ifndef MONOCOQUE_PROTOCOL_WIRE_MESSAGE_ENCODING_H_
#define MONOCOQUE_PROTOCOL_WIRE_MESSAGE_ENCODING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc/bytes.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/message.h"

namespace monocoque {

// Octets that EncodeMessage may touch behind what it writes: small bodies are copied by one move of
// fixed size.
inline constexpr std::size_t kEncodeSlackBytes = Message::kInlineBytes;

// Writes `prefix` (frames in wire form, each with MORE) and the message's frames to `out` (RFC 37,
// Framing), which has room for both and kEncodeSlackBytes more. Returns how many octets it took.
inline std::size_t EncodeMessage(const Message& message, Bytes prefix, MutableBytes out) {
  const Payload& payload = message.payload();
  const Bytes content = payload.bytes();
  std::size_t at = 0;
  if (!prefix.empty()) [[unlikely]] {
    std::ranges::copy(prefix, out.begin());
    at = prefix.size();
  }
  if (!message.multipart()) [[likely]] {
    at += EncodeFrameHeader(0, content.size(), out.subspan(at));
  }
  if (payload.is_inline()) [[likely]] {
    std::memcpy(out.data() + at, content.data(), Message::kInlineBytes);
  } else {
    std::memcpy(out.data() + at, content.data(), content.size());
  }
  return at + content.size();
}

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_MESSAGE_ENCODING_H_
