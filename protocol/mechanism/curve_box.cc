#include "protocol/mechanism/curve_box.h"

#include <algorithm>

namespace monocoque {
namespace {

// The derived key and the octets left of a nonce in two parts.
struct Lock {
  Lock(const Crypto& crypto, const SecretKey& key, std::string_view prefix, Bytes rest) {
    std::ranges::copy(AsBytes(prefix), nonce.begin());
    std::ranges::copy(rest, nonce.begin() + static_cast<std::ptrdiff_t>(prefix.size()));
    crypto.Derive(key, Bytes(nonce).first(crypto::kPrefixBytes), &derived);
  }
  Bytes counter() const { return Bytes(nonce).subspan(crypto::kPrefixBytes); }

  std::array<std::uint8_t, crypto::kNonceBytes> nonce{};
  SecretKey derived;
};

}  // namespace

ShortNonce EncodeShortNonce(std::uint64_t value) {
  ShortNonce octets;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  }
  return octets;
}

std::uint64_t ReadShortNonce(Bytes octets) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < curve::kShortNonceBytes; ++i) value = value << 8 | octets[i];
  return value;
}

void AppendBox(const Crypto& crypto, const SecretKey& key, std::string_view prefix, Bytes rest,
               Bytes content, std::string* out) {
  const Lock lock(crypto, key, prefix, rest);
  std::string box(crypto::kTagBytes + content.size(), '\0');
  crypto.Seal(lock.derived, lock.counter(), {}, content, AsMutableBytes(&box));
  out->append(box);
}

bool OpenBox(const Crypto& crypto, const SecretKey& key, std::string_view prefix, Bytes rest,
             Bytes box, MutableBytes content) {
  const Lock lock(crypto, key, prefix, rest);
  return crypto.Open(lock.derived, lock.counter(), box.first(crypto::kTagBytes),
                     box.subspan(crypto::kTagBytes), content);
}

}  // namespace monocoque
