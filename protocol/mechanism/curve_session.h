#ifndef MONOCOQUE_PROTOCOL_MECHANISM_CURVE_SESSION_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_CURVE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "alloc/bytes.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/wire/frame.h"

namespace monocoque {

// The boxes of one CURVE link in traffic (RFC 26, MESSAGE): a frame's body is "\7MESSAGE", a short
// nonce, a tag, and sealed: one octet of inner flags and the data. Nonces of each direction
// strictly increase; gaps are allowed (V-7).
//
// Thread-compatible. The keys are zeroed when it dies.
class CurveSession {
 public:
  // In front of what is sealed: name, nonce, tag.
  static constexpr std::size_t kHeadBytes = 32;
  // What a body is longer than its data.
  static constexpr std::size_t kOverheadBytes = kHeadBytes + 1;
  // Inner flags (V-13).
  static constexpr std::uint8_t kMore = 0x01;
  static constexpr std::uint8_t kCommand = 0x02;
  static constexpr std::uint8_t kReserved = 0xfc;

  enum class Opened {
    kOk,
    kNoMessage,  // the head is not that of MESSAGE
    kReplayed,   // its nonce is not above the last one
    kForged,     // the box does not open
  };

  // `shared`: what both short-term keys come to. `sent` and `received`: the last nonces of the
  // handshake.
  CurveSession(std::shared_ptr<const Crypto> crypto, const SecretKey& shared, bool as_server,
               std::uint64_t sent, std::uint64_t received);
  CurveSession(const CurveSession&) = delete;
  CurveSession& operator=(const CurveSession&) = delete;

  // Octets of the frame for so much data.
  static constexpr std::size_t FrameBytes(std::size_t data_bytes) {
    return FrameHeaderBytes(data_bytes + kOverheadBytes) + kOverheadBytes + data_bytes;
  }
  // So many more frames have a nonce (V-9).
  bool CanSeal(std::size_t frames) const {
    return frames <= std::numeric_limits<std::uint64_t>::max() - sent_;
  }
  // Writes the frame to `out`, which has room for FrameBytes, and returns how many octets it took.
  // Only if CanSeal(1).
  std::size_t Seal(std::uint8_t flags, Bytes data, MutableBytes out);

  // Does a body with this head (kHeadBytes) follow what was opened last? Costs no cryptography.
  Opened Judge(Bytes head) const;
  // Opens what lies behind a head that was judged: inner flags and data to `out`, which has as many
  // octets as `sealed` and may be the same place.
  Opened Open(Bytes head, Bytes sealed, MutableBytes out);
  // The same with a frame that we sealed ourselves.
  bool OpenOwn(Bytes head, Bytes sealed, MutableBytes out) const;

 private:
  std::shared_ptr<const Crypto> crypto_;
  SecretKey out_key_;
  SecretKey in_key_;
  std::uint64_t sent_;
  std::uint64_t received_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_CURVE_SESSION_H_
