#ifndef MONOCOQUE_FUZZ_PLAIN_GREETING_H_
#define MONOCOQUE_FUZZ_PLAIN_GREETING_H_

#include <algorithm>
#include <cstddef>

#include "alloc/bytes.h"
#include "protocol/wire/greeting.h"

namespace monocoque::fuzz {

inline constexpr std::size_t kGreetingBytes = 64;

struct PlainGreeting {
  PeerVersion version = PeerVersion::kUnknown;
  std::size_t taken = 0;  // octets that were needed to know, or that belong to the greeting
};

// RFC 37, Version Negotiation, over the whole stream at once.
inline PlainGreeting ReadGreeting(Bytes stream) {
  if (stream.empty()) return {};
  if (stream[0] != 0xff) return {PeerVersion::kZmtp10, 1};
  if (stream.size() < 10) return {PeerVersion::kUnknown, stream.size()};
  if (stream[9] % 2 == 0) return {PeerVersion::kZmtp10, 10};
  if (stream.size() < 11) return {PeerVersion::kUnknown, 10};
  if (stream[10] == 0) return {PeerVersion::kRevision0, 11};
  if (stream[10] < 3) return {PeerVersion::kZmtp20, 11};
  if (stream.size() < 12) return {PeerVersion::kUnknown, 11};
  const bool zmtp30 = stream[10] == 3 && stream[11] == 0;
  return {zmtp30 ? PeerVersion::kZmtp30 : PeerVersion::kZmtp31,
          std::min(stream.size(), kGreetingBytes)};
}

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_PLAIN_GREETING_H_
