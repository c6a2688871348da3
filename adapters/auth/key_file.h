#ifndef MONOCOQUE_ADAPTERS_AUTH_KEY_FILE_H_
#define MONOCOQUE_ADAPTERS_AUTH_KEY_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/mechanism/curve_keys.h"

namespace monocoque {

// CURVE keys in files, as text:
//
//     public Z85      in PREFIX.key and PREFIX.pub
//     secret Z85      in PREFIX.key alone
//
// Empty lines, and lines that begin with #, say nothing. No error shows anything of a key.

struct KeyFile {
  PublicKey public_key{};
  std::optional<SecretKey> secret_key;
};

// A file's text. Invalid argument, with the number of the line or that the public key lacks.
// Whether the keys belong together is not looked at.
absl::StatusOr<KeyFile> ParseKeyFile(std::string_view text);

// PREFIX.key. Permission denied if its group, or everybody, may read or change it; invalid argument
// if the public key is not the secret's, or the file is none of these.
absl::StatusOr<CurveKeyPair> ReadKeyPair(const std::string& path, const Crypto& crypto);
// PREFIX.pub. A file with a secret in it is refused: whoever wants the public key has no business
// with it. Permission denied if everybody may change it.
absl::StatusOr<PublicKey> ReadPublicKey(const std::string& path);

// Makes PREFIX.key, for its owner alone, and PREFIX.pub: both or neither, and never over a file
// that is there (already exists).
absl::Status WriteKeyFiles(const std::string& prefix, const CurveKeyPair& keys);

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_AUTH_KEY_FILE_H_
