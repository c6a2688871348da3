#ifndef MONOCOQUE_PROTOCOL_MECHANISM_CURVE_KEYS_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_CURVE_KEYS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "protocol/drive/entropy.h"
#include "protocol/mechanism/crypto.h"

namespace monocoque {

// Who a CURVE peer is. The secret half is zeroed when it dies.
struct CurveKeyPair {
  PublicKey public_key{};
  SecretKey secret_key;

  // A new one.
  static CurveKeyPair Generate(const Crypto& crypto, Entropy* entropy);
  static CurveKeyPair FromSecret(const Crypto& crypto, const SecretKey& secret);
};

// Keys as 40 characters of Z85. Invalid argument otherwise, with a sentence that shows nothing of
// the text.
absl::StatusOr<PublicKey> ParsePublicKey(std::string_view text);
absl::StatusOr<SecretKey> ParseSecretKey(std::string_view text);
std::string FormatKey(const PublicKey& key);
// For whoever keeps the secret: the text is theirs to wipe.
std::string RevealKey(const SecretKey& key);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_CURVE_KEYS_H_
