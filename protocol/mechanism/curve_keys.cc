#include "protocol/mechanism/curve_keys.h"

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "protocol/mechanism/z85.h"

namespace monocoque {

CurveKeyPair CurveKeyPair::Generate(const Crypto& crypto, Entropy* entropy) {
  SecretKey secret;
  entropy->Fill(secret.mutable_bytes());
  return FromSecret(crypto, secret);
}

CurveKeyPair CurveKeyPair::FromSecret(const Crypto& crypto, const SecretKey& secret) {
  return {crypto.PublicOf(secret), secret};
}

absl::StatusOr<PublicKey> ParsePublicKey(std::string_view text) {
  PublicKey key;
  if (absl::Status parsed = ParseZ85(text, key); !parsed.ok()) return parsed;
  return key;
}

absl::StatusOr<SecretKey> ParseSecretKey(std::string_view text) {
  SecretKey key;
  if (absl::Status parsed = ParseZ85(text, key.mutable_bytes()); !parsed.ok()) return parsed;
  return key;
}

std::string FormatKey(const PublicKey& key) { return *EncodeZ85(key); }
std::string RevealKey(const SecretKey& key) { return *EncodeZ85(key.bytes()); }

}  // namespace monocoque
