#include "adapters/auth/password_hash.h"

#include <sodium.h>

#include <array>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/auth/secret_file.h"

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

bool PasswordFits(const std::string& hash, std::string_view password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
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
  return users;
}

}  // namespace monocoque
