#ifndef MONOCOQUE_PROTOCOL_WIRE_GREETING_H_
#define MONOCOQUE_PROTOCOL_WIRE_GREETING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "alloc/bytes.h"

namespace monocoque {

// The first 64 octets each way (RFC 37, Greeting): signature 10, version 2, mechanism 20, as-server
// 1, filler 31.
namespace greeting {

inline constexpr std::size_t kBytes = 64;
inline constexpr std::size_t kSignatureBytes = 10;
inline constexpr std::size_t kMechanismBytes = 20;
inline constexpr std::uint8_t kMajor = 3;
inline constexpr std::uint8_t kMinor = 1;

}  // namespace greeting

// What the peer speaks, told by its first octets alone, once, and never revised (B-7).
enum class PeerVersion {
  kUnknown,    // not enough octets yet
  kZmtp10,     // unversioned
  kRevision0,  // nothing that was ever defined
  kZmtp20,
  kZmtp30,
  kZmtp31,  // or anything later: 3.1 is spoken to it (B-1)
};

// Our greeting goes out in three stages, so that an older peer is never sent what it would
// misunderstand (G-2, B-6). Each function appends one stage.
//
// At once, asking nobody (G-1): ff, the length of our identity + 1 (G-4), 7f.
void AppendGreetingSignature(std::string* out, std::size_t identity_bytes);
// When the peer's signature is there and versioned: our major version.
void AppendGreetingMajor(std::string* out);
// When the peer's major version is there: minor version, mechanism, as-server, filler. `mechanism`
// has at most 20 octets.
void AppendGreetingRest(std::string* out, std::string_view mechanism, bool as_server);
// In place of that, to a peer of 2.0 (RFC 15): the octet of our socket type and our identity, of at
// most 255 octets, as a frame. A peer of 1.0 (RFC 13) gets nothing but the identity's octets: to it
// our signature is the header of their frame.
void AppendGreetingZmtp20(std::string* out, std::uint8_t socket_type, std::string_view identity);

// Reads the peer's greeting in any segmentation (G-9). Looks at no padding and no filler (G-5).
//
// Invariant: received() never goes beyond what the decision so far needs: the octets of an older
// peer that follow its greeting stay with the caller.
class GreetingReader {
 public:
  // Takes octets off the front of `bytes` and returns how many.
  std::size_t Consume(Bytes bytes);

  std::size_t received() const { return received_; }
  // The signature is complete, and the peer is versioned: our major version may go out.
  bool versioned() const {
    return received_ >= greeting::kSignatureBytes && version_ != PeerVersion::kZmtp10;
  }
  // Known from the eleventh octet on for old peers, from the twelfth for 3.x; at the first or the
  // tenth for 1.0.
  PeerVersion version() const { return version_; }
  // What was taken so far; of a peer of 1.0 the first octets of its identity's frame.
  Bytes octets() const { return Bytes(octets_).first(received_); }
  // All 64 octets of a 3.x greeting are there.
  bool complete() const { return received_ == greeting::kBytes; }

  std::uint8_t major() const { return octets_[10]; }
  std::uint8_t minor() const { return octets_[11]; }
  // All 20 octets, zeros included (G-7); valid once complete().
  std::string_view mechanism_field() const {
    return AsText(Bytes(octets_).subspan(12, greeting::kMechanismBytes));
  }
  bool as_server() const { return octets_[32] != 0; }

 private:
  void Detect();

  std::array<std::uint8_t, greeting::kBytes> octets_{};
  std::size_t received_ = 0;
  PeerVersion version_ = PeerVersion::kUnknown;
};

// A mechanism's name as the field's 20 octets.
std::string MechanismField(std::string_view name);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_GREETING_H_
