#ifndef MONOCOQUE_PROTOCOL_WIRE_ZMTP10_H_
#define MONOCOQUE_PROTOCOL_WIRE_ZMTP10_H_

#include <cstddef>
#include <cstdint>

#include "alloc/bytes.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/message.h"

namespace monocoque {

// Frames of ZMTP 1.0 (RFC 13): a length of one or nine octets, the flags, the body. The length
// counts the flags. There are no commands, and of the flags only MORE means something.
namespace zmtp10 {

inline constexpr std::uint8_t kLong = 0xff;  // eight octets of length follow
inline constexpr std::size_t kShortHeaderBytes = 2;
inline constexpr std::size_t kLongHeaderBytes = 10;
inline constexpr std::size_t kMaxShortBody = 253;

// As ParseFrameHeader, for a header of 1.0: never kReservedFlags or kMoreOnCommand, but kZeroLength
// as soon as the length is there.
FrameParse ParseFrameHeader(Bytes bytes, FrameHeader* out);

constexpr std::size_t FrameHeaderBytes(std::uint64_t body_bytes) {
  return body_bytes <= kMaxShortBody ? kShortHeaderBytes : kLongHeaderBytes;
}

// Writes the header for a body of `body_bytes` to `out` (at least FrameHeaderBytes of it) and
// returns how many octets it took.
std::size_t EncodeFrameHeader(bool more, std::uint64_t body_bytes, MutableBytes out);

// What EncodeMessage will write.
std::size_t MessageBytes(const Message& message, Bytes prefix);
// Writes `prefix` (frames in wire form, which is that of 2.0, each with MORE) and the message as
// frames of 1.0 to `out`, which has room for MessageBytes. Returns how many octets it took.
std::size_t EncodeMessage(const Message& message, Bytes prefix, MutableBytes out);

}  // namespace zmtp10
}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_ZMTP10_H_
