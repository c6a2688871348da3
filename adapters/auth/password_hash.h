#ifndef MONOCOQUE_ADAPTERS_AUTH_PASSWORD_HASH_H_
#define MONOCOQUE_ADAPTERS_AUTH_PASSWORD_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace monocoque {

// What guessing one password costs whoever has its hash, and verifying it costs us.
struct PasswordCost {
  std::uint64_t passes = 2;
  std::size_t memory_bytes = std::size_t{64} << 20;
};

// A user and the hash of the password, as libsodium's crypto_pwhash_str makes it (Argon2id).
struct PasswordUser {
  std::string name;
  std::string hash;
};

// A new hash, with a salt of its own. Resource exhausted if there is not so much memory.
absl::StatusOr<std::string> HashPassword(std::string_view password, const PasswordCost& cost = {});
enum class PasswordCheck {
  kFits,
  kDiffers,
  kNoMemory,  // there is not as much as the hash costs: nobody can say now
};
// In a time that depends on the hash's cost, not on what differs. Of a hash with several lanes, or
// another salt than libsodium makes, lack of memory looks like another password.
PasswordCheck CheckPassword(const std::string& hash, std::string_view password);

// A name that can stand in a users' file: 1 to 255 octets, no blank, no control character, no # in
// front. Invalid argument otherwise.
absl::Status CheckUserName(std::string_view name);
// A users' file: lines NAME HASH; empty lines, and lines that begin with #, say nothing. Invalid
// argument, with the number of the line and nothing of a hash.
absl::StatusOr<std::vector<PasswordUser>> ParseUsersFile(std::string_view text);
// The same, read; errors begin with the path. Permission denied if everybody may change the file.
absl::StatusOr<std::vector<PasswordUser>> ReadUsersFile(const std::string& path);

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_AUTH_PASSWORD_HASH_H_
