#ifndef MONOCOQUE_PROTOCOL_WIRE_FRAME_H_
#define MONOCOQUE_PROTOCOL_WIRE_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "alloc/bytes.h"

namespace monocoque {

// Frames of ZMTP 2.0, 3.0 and 3.1 (RFC 37, Framing): flags, a size of one or eight octets, the
// body.
namespace frame {

inline constexpr std::uint8_t kMore = 0x01;
inline constexpr std::uint8_t kLong = 0x02;
inline constexpr std::uint8_t kCommand = 0x04;
inline constexpr std::uint8_t kReserved = 0xf8;

inline constexpr std::size_t kShortHeaderBytes = 2;
inline constexpr std::size_t kLongHeaderBytes = 9;
inline constexpr std::size_t kMaxShortBody = 255;

}  // namespace frame

// How the frames of one stream look: chosen once, by the peer's version.
enum class Framing {
  kZmtp10,  // see zmtp10.h
  kZmtp20,  // as here, and all of them messages'
  kZmtp30,  // and commands
  kRaw,     // none: octets of a peer that speaks no ZMTP, in whatever pieces they come
};

struct FrameHeader {
  std::uint8_t flags = 0;
  std::size_t header_bytes = 0;
  std::uint64_t body_bytes = 0;

  bool more() const { return (flags & frame::kMore) != 0; }
  bool command() const { return (flags & frame::kCommand) != 0; }
};

enum class FrameParse {
  kOk,
  kNeedMore,       // the header is not complete
  kReservedFlags,  // F-6
  kMoreOnCommand,  // F-7
  kSizeTooLarge,   // F-5: the top bit of an eight-octet size is set
  kZeroLength,     // ZMTP 1.0 alone: a length that does not even count the flags
};

// What is wrong, for an error's sentence; empty for kOk and kNeedMore.
std::string_view FrameViolation(FrameParse result);

// Reads a header off the front of `bytes`. Looks at no limit: that is the reader's business. Flags
// are judged as soon as their octet is there, the size when it is complete.
FrameParse ParseFrameHeader(Bytes bytes, FrameHeader* out);

// How many octets to read, of a frame of which `here` are here, so that none of the next one's come
// with them: its rest; or, of a header that is not complete, what it has at least. 0: none before
// it was looked at, because all of it is here, or something is wrong with it.
constexpr std::uint64_t FrameWants(FrameParse parsed, const FrameHeader& header,
                                   std::uint64_t here) {
  std::uint64_t whole = 0;
  if (parsed == FrameParse::kOk) whole = header.header_bytes + header.body_bytes;
  if (parsed == FrameParse::kNeedMore) {
    // One of 1.0 may be an octet longer.
    whole = here < frame::kShortHeaderBytes  ? frame::kShortHeaderBytes
            : here < frame::kLongHeaderBytes ? frame::kLongHeaderBytes
                                             : here + 1;
  }
  return whole > here ? whole - here : 0;
}

// Octets of the header that a body of this size gets: short up to 255, long beyond (F-2, F-4).
constexpr std::size_t FrameHeaderBytes(std::uint64_t body_bytes) {
  return body_bytes <= frame::kMaxShortBody ? frame::kShortHeaderBytes : frame::kLongHeaderBytes;
}

// Writes the header for a body of `body_bytes` to `out` (at least FrameHeaderBytes of it) and
// returns how many octets it took. `flags`: kMore or kCommand; LONG is set here, from the size.
inline std::size_t EncodeFrameHeader(std::uint8_t flags, std::uint64_t body_bytes,
                                     MutableBytes out) {
  if (body_bytes <= frame::kMaxShortBody) [[likely]] {
    out[0] = flags;
    out[1] = static_cast<std::uint8_t>(body_bytes);
    return frame::kShortHeaderBytes;
  }
  out[0] = static_cast<std::uint8_t>(flags | frame::kLong);
  for (std::size_t i = 0; i < 8; ++i) {
    out[1 + i] = static_cast<std::uint8_t>(body_bytes >> (56 - 8 * i));
  }
  return frame::kLongHeaderBytes;
}

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_FRAME_H_
