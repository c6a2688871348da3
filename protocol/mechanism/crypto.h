#ifndef MONOCOQUE_PROTOCOL_MECHANISM_CRYPTO_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_CRYPTO_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "alloc/bytes.h"
#include "alloc/secret.h"

namespace monocoque {

namespace crypto {

inline constexpr std::size_t kKeyBytes = 32;
// Of a box's nonce: what the protocol fixes or draws first, and what is left.
inline constexpr std::size_t kPrefixBytes = 16;
inline constexpr std::size_t kCounterBytes = 8;
inline constexpr std::size_t kNonceBytes = kPrefixBytes + kCounterBytes;
// What a box is longer than its content.
inline constexpr std::size_t kTagBytes = 16;
// Of a box's content: what may be given apart from the rest.
inline constexpr std::size_t kMaxHeadBytes = 32;

}  // namespace crypto

using PublicKey = std::array<std::uint8_t, crypto::kKeyBytes>;
using SecretKey = Secret<crypto::kKeyBytes>;

// The cryptography of CURVE (NaCl's crypto_box and crypto_secretbox: Curve25519, XSalsa20,
// Poly1305), brought by whoever makes the sockets: the core has none. A box with a nonce is made in
// two steps, Derive and Seal, because all boxes of one direction share the nonce's first 16 octets:
// the first step is done once.
//
// Draws no randomness. Thread rule: stateless; any thread.
class Crypto {
 public:
  virtual ~Crypto() = default;

  // The public key of the pair that `secret` belongs to.
  virtual PublicKey PublicOf(const SecretKey& secret) const = 0;
  // What both sides of a box come to. False, and nothing is to be boxed, if `theirs` is one of
  // those with which everybody would come to the same: all zeros.
  virtual bool Agree(const PublicKey& theirs, const SecretKey& ours, SecretKey* shared) const = 0;
  // The key of all boxes under `key` whose nonces begin with these kPrefixBytes.
  virtual void Derive(const SecretKey& key, Bytes prefix, SecretKey* derived) const = 0;

  // Under a derived key. Writes kTagBytes and what `head` (at most kMaxHeadBytes) and `body` became
  // to `out`, which has just so many octets and none in common with either.
  virtual void Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
                    MutableBytes out) const = 0;
  // The content of the box `tag` and `sealed` to `out`, of sealed.size() octets, which may be those
  // of `sealed` themselves. False: nobody with the key made it, and `out` is untouched.
  virtual bool Open(const SecretKey& derived, Bytes counter, Bytes tag, Bytes sealed,
                    MutableBytes out) const = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_CRYPTO_H_
