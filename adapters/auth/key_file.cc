#include "adapters/auth/key_file.h"

#include <unistd.h>

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adapters/auth/secret_file.h"
#include "alloc/secret.h"

namespace monocoque {
namespace {

// Room for comments.
constexpr std::size_t kMaxFileBytes = 4096;
constexpr unsigned kOwnerAlone = 0600;
constexpr unsigned kEverybodyReads = 0644;

// What a line of it says; the text of the key is the rest.
absl::Status ReadLine(std::string_view line, bool* has_public, KeyFile* out) {
  const std::size_t end = line.find_first_of(" \t");
  const std::string_view word = line.substr(0, end);
  const std::string_view key =
      end == std::string_view::npos ? "" : absl::StripLeadingAsciiWhitespace(line.substr(end));
  if (word == "public") {
    if (*has_public) return absl::InvalidArgumentError("a second public key");
    const absl::StatusOr<PublicKey> parsed = ParsePublicKey(key);
    if (!parsed.ok()) return parsed.status();
    out->public_key = *parsed;
    *has_public = true;
    return absl::OkStatus();
  }
  if (word == "secret") {
    if (out->secret_key) return absl::InvalidArgumentError("a second secret key");
    const absl::StatusOr<SecretKey> parsed = ParseSecretKey(key);
    if (!parsed.ok()) return parsed.status();
    out->secret_key = *parsed;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("neither \"public KEY\" nor \"secret KEY\"");
}

absl::StatusOr<KeyFile> Parse(const std::string& path, const SecretFile& file) {
  absl::StatusOr<KeyFile> parsed = ParseKeyFile(file.text());
  if (!parsed.ok()) return FileError(parsed.status().code(), path, parsed.status().message());
  return parsed;
}

}  // namespace

absl::StatusOr<KeyFile> ParseKeyFile(std::string_view text) {
  KeyFile file;
  bool has_public = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = absl::StripAsciiWhitespace(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (absl::Status read = ReadLine(line, &has_public, &file); !read.ok()) {
      return absl::Status(read.code(), absl::StrCat("line ", number, ": ", read.message()));
    }
  }
  if (!has_public) return absl::InvalidArgumentError("no line \"public KEY\"");
  return file;
}

absl::StatusOr<CurveKeyPair> ReadKeyPair(const std::string& path, const Crypto& crypto) {
  const absl::StatusOr<SecretFile> file = SecretFile::Read(path, kMaxFileBytes);
  if (!file.ok()) return file.status();
  const absl::StatusOr<KeyFile> parsed = Parse(path, *file);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->secret_key) {
    return FileError(absl::StatusCode::kInvalidArgument, path,
                     "no line \"secret KEY\"; the file that ends in .key has it");
  }
  if (file->others_can_read()) {
    return FileError(absl::StatusCode::kPermissionDenied, path,
                     absl::StrCat("others than its owner can read this secret key; it may be known "
                                  "already. Make new keys, or: chmod 600 ",
                                  absl::CHexEscape(path)));
  }
  if (file->others_can_change()) {
    return FileError(absl::StatusCode::kPermissionDenied, path,
                     absl::StrCat("others than its owner can change this secret key; it may not be "
                                  "the one that was made. Make new keys, or: chmod 600 ",
                                  absl::CHexEscape(path)));
  }
  const CurveKeyPair keys = CurveKeyPair::FromSecret(crypto, *parsed->secret_key);
  if (keys.public_key != parsed->public_key) {
    return FileError(absl::StatusCode::kInvalidArgument, path,
                     "the public key is not the one that belongs to the secret key");
  }
  return keys;
}

absl::StatusOr<PublicKey> ReadPublicKey(const std::string& path) {
  const absl::StatusOr<SecretFile> file = SecretFile::Read(path, kMaxFileBytes);
  if (!file.ok()) return file.status();
  const absl::StatusOr<KeyFile> parsed = Parse(path, *file);
  if (!parsed.ok()) return parsed.status();
  if (parsed->secret_key) {
    return FileError(absl::StatusCode::kInvalidArgument, path,
                     "holds a secret key, which is its owner's alone; give the file that ends in "
                     ".pub");
  }
  if (absl::Status trusted = file->CheckTrusted(path); !trusted.ok()) return trusted;
  return parsed->public_key;
}

absl::Status WriteKeyFiles(const std::string& prefix, const CurveKeyPair& keys) {
  const std::string pub = absl::StrCat(prefix, ".pub");
  const std::string shown = absl::StrCat("public ", FormatKey(keys.public_key), "\n");
  if (absl::Status wrote = WriteNewFile(pub, kEverybodyReads, shown); !wrote.ok()) return wrote;
  std::string secret = RevealKey(keys.secret_key);
  std::string text;
  text.reserve(shown.size() + secret.size() + sizeof("secret \n"));
  text.append(shown).append("secret ").append(secret).append("\n");
  absl::Status wrote = WriteNewFile(absl::StrCat(prefix, ".key"), kOwnerAlone, text);
  Wipe(&text);
  Wipe(&secret);
  if (!wrote.ok()) unlink(pub.c_str());
  return wrote;
}

}  // namespace monocoque
