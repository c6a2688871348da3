#include "adapters/auth/password_hash.h"

#include <sodium.h>

#include <array>
#include <cerrno>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "adapters/auth/secret_file.h"
#include "alloc/bytes.h"
#include "alloc/secret.h"

namespace monocoque {
namespace {

constexpr std::size_t kMaxNameBytes = 255;
// Of a users' file: a hundred thousand users.
constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

// A hash that libsodium can verify, whatever it cost.
bool IsHash(const std::string& text) {
  return text.size() < crypto_pwhash_STRBYTES && text.find('\0') == std::string::npos &&
         crypto_pwhash_str_needs_rehash(text.c_str(), crypto_pwhash_OPSLIMIT_MIN,
                                        crypto_pwhash_MEMLIMIT_MIN) >= 0;
}

// What stands in a hash. crypto_pwhash_str_verify says the same of a wrong password and of lack of
// memory; crypto_pwhash, which is what it does with this, does not.
struct HashParts {
  static constexpr std::size_t kMaxBytes = 64;

  int algorithm = crypto_pwhash_ALG_ARGON2ID13;
  std::uint64_t passes = 0;
  std::size_t memory_bytes = 0;
  std::array<std::uint8_t, crypto_pwhash_SALTBYTES> salt{};
  std::array<std::uint8_t, kMaxBytes> hash{};
  std::size_t bytes = 0;  // of the hash
};

// The number behind `name`.
template <typename Number>
bool ReadNumber(std::string_view text, std::string_view name, Number* out) {
  return absl::ConsumePrefix(&text, name) && absl::SimpleAtoi(text, out);
}

// False if there are more octets than `out` has.
bool ReadBase64(std::string_view text, MutableBytes out, std::size_t* bytes) {
  return sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, bytes,
                           nullptr, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
}

// $argon2id$v=19$m=65536,t=2,p=1$SALT$HASH; none if crypto_pwhash would make no such hash.
std::optional<HashParts> Parse(std::string_view text) {
  const std::vector<std::string_view> fields = absl::StrSplit(text, '$');
  if (fields.size() != 6 || !fields[0].empty() || fields[2] != "v=19") return std::nullopt;
  HashParts parts;
  if (fields[1] == "argon2i") {
    parts.algorithm = crypto_pwhash_ALG_ARGON2I13;
  } else if (fields[1] != "argon2id") {
    return std::nullopt;
  }
  const std::vector<std::string_view> costs = absl::StrSplit(fields[3], ',');
  std::uint32_t kibibytes = 0;
  if (costs.size() != 3 || !ReadNumber(costs[0], "m=", &kibibytes) ||
      !ReadNumber(costs[1], "t=", &parts.passes) || costs[2] != "p=1") {
    return std::nullopt;
  }
  parts.memory_bytes = std::size_t{kibibytes} * 1024;
  const std::uint64_t least = parts.algorithm == crypto_pwhash_ALG_ARGON2I13
                                  ? crypto_pwhash_argon2i_OPSLIMIT_MIN
                                  : crypto_pwhash_argon2id_OPSLIMIT_MIN;
  if (parts.passes < least || parts.memory_bytes < crypto_pwhash_MEMLIMIT_MIN) return std::nullopt;
  std::size_t salt_bytes = 0;
  if (!ReadBase64(fields[4], parts.salt, &salt_bytes) || salt_bytes != parts.salt.size() ||
      !ReadBase64(fields[5], parts.hash, &parts.bytes) || parts.bytes < crypto_pwhash_BYTES_MIN) {
    return std::nullopt;
  }
  return parts;
}

absl::Status ReadLine(std::string_view line, absl::flat_hash_set<std::string>* names,
                      std::vector<PasswordUser>* out) {
  const std::size_t end = line.find_first_of(" \t");
  PasswordUser user{std::string(line.substr(0, end)), ""};
  if (absl::Status fits = CheckUserName(user.name); !fits.ok()) return fits;
  if (end != std::string_view::npos) {
    user.hash = std::string(absl::StripLeadingAsciiWhitespace(line.substr(end)));
  }
  if (!IsHash(user.hash)) {
    return absl::InvalidArgumentError("behind the name stands no hash of a password");
  }
  if (!names->insert(user.name).second) {
    return absl::InvalidArgumentError("a second line for the same name");
  }
  out->push_back(std::move(user));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> HashPassword(std::string_view password, const PasswordCost& cost) {
  if (sodium_init() < 0) return absl::InternalError("libsodium cannot be used on this machine");
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str(hash.data(), password.data(), password.size(), cost.passes,
                        cost.memory_bytes) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are no ", cost.memory_bytes, " octets of memory to hash a password"));
  }
  return std::string(hash.data());
}

PasswordCheck CheckPassword(const std::string& hash, std::string_view password) {
  const std::optional<HashParts> parts = Parse(hash);
  if (!parts) {
    const int fits = crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size());
    return fits == 0 ? PasswordCheck::kFits : PasswordCheck::kDiffers;
  }
  std::array<std::uint8_t, HashParts::kMaxBytes> made;
  errno = 0;
  const int trouble =
      crypto_pwhash(made.data(), parts->bytes, password.data(), password.size(), parts->salt.data(),
                    parts->passes, parts->memory_bytes, parts->algorithm);
  if (trouble != 0) {
    return errno == ENOMEM ? PasswordCheck::kNoMemory : PasswordCheck::kDiffers;
  }
  const bool fits =
      SameSecret(Bytes(made).first(parts->bytes), Bytes(parts->hash).first(parts->bytes));
  Wipe(made);
  return fits ? PasswordCheck::kFits : PasswordCheck::kDiffers;
}

absl::Status CheckUserName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError("a user's name has 1 to 255 octets");
  }
  if (name.front() == '#') {
    return absl::InvalidArgumentError("a user's name does not begin with #");
  }
  for (const char c : name) {
    if (c == ' ' || absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError("a user's name has no blanks and no control characters");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PasswordUser>> ParseUsersFile(std::string_view text) {
  std::vector<PasswordUser> users;
  absl::flat_hash_set<std::string> names;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = absl::StripAsciiWhitespace(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (absl::Status read = ReadLine(line, &names, &users); !read.ok()) {
      return absl::Status(read.code(), absl::StrCat("line ", number, ": ", read.message()));
    }
  }
  return users;
}

absl::StatusOr<std::vector<PasswordUser>> ReadUsersFile(const std::string& path) {
  const absl::StatusOr<SecretFile> file = SecretFile::Read(path, kMaxFileBytes);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::vector<PasswordUser>> users = ParseUsersFile(file->text());
  if (!users.ok()) return FileError(users.status().code(), path, users.status().message());
  if (absl::Status trusted = file->CheckTrusted(path); !trusted.ok()) return trusted;
  return users;
}

}  // namespace monocoque
