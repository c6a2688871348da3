#include "cli/keys.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/auth/key_file.h"
#include "adapters/auth/password_hash.h"
#include "adapters/net/host.h"
#include "adapters/sodium/crypto.h"
#include "alloc/secret.h"
#include "cli/ending.h"
#include "cli/output.h"
#include "cli/security.h"
#include "cli/text.h"
#include "protocol/mechanism/curve_keys.h"

namespace monocoque::cli {
namespace {

constexpr std::string_view kKeygen = "keygen";
constexpr std::string_view kPasswd = "passwd";

int Usage(std::string_view why) {
  Complain(absl::StrCat(why, "; see monocoque --help"));
  return kUsage;
}

int Fail(const absl::Status& why) {
  Complain(why.message());
  return kFailed;
}

// What stands behind the command's name: one option with its value, and words.
struct Words {
  std::optional<std::string> value;
  std::vector<std::string> others;
};

// An error is a usage error.
absl::StatusOr<Words> Read(const std::vector<std::string_view>& words, std::string_view option) {
  Words read;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == option && i + 1 < words.size()) {
      read.value = std::string(words[++i]);
    } else if (absl::StartsWith(word, absl::StrCat(option, "="))) {
      read.value = std::string(word.substr(option.size() + 1));
    } else if (word == option) {
      return absl::InvalidArgumentError(absl::StrCat(option, " wants a value"));
    } else if (absl::StartsWith(word, "-")) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown option \"", Escape(word), "\" for ", words[0]));
    } else {
      read.others.emplace_back(word);
    }
  }
  return read;
}

int Keygen(const std::vector<std::string_view>& words) {
  const absl::StatusOr<Words> read = Read(words, "--out");
  if (!read.ok()) return Usage(read.status().message());
  if (!read->others.empty()) {
    return Usage(absl::StrCat("unexpected word \"", Escape(read->others[0]), "\""));
  }
  if (!read->value || read->value->empty()) return Usage("keygen wants --out PREFIX");
  const std::shared_ptr<const Crypto> crypto = sodium::MakeCrypto();
  if (crypto == nullptr) {
    return Fail(absl::InternalError("libsodium cannot be used on this machine"));
  }
  net::OsEntropy entropy;
  const absl::Status wrote = WriteKeyFiles(*read->value, CurveKeyPair::Generate(*crypto, &entropy));
  if (!wrote.ok()) return Fail(wrote);
  const std::string prefix = Escape(*read->value);
  Note(absl::StrCat("wrote ", prefix, ".key, which stays secret, and ", prefix, ".pub"));
  return kDone;
}

int Passwd(const std::vector<std::string_view>& words) {
  const absl::StatusOr<Words> read = Read(words, "--password-file");
  if (!read.ok()) return Usage(read.status().message());
  if (!read->value || read->others.empty()) {
    return Usage("passwd wants --password-file FILE and NAME");
  }
  if (read->others.size() > 1) {
    return Usage(absl::StrCat("unexpected word \"", Escape(read->others[1]), "\""));
  }
  const std::string& name = read->others[0];
  if (absl::Status fits = CheckUserName(name); !fits.ok()) return Usage(fits.message());
  std::vector<std::string> notes;
  const absl::StatusOr<SecretText> password = ReadPassword(*read->value, &notes);
  if (!password.ok()) {
    return Fail(absl::Status(password.status().code(),
                             absl::StrCat("--password-file ", password.status().message())));
  }
  for (const std::string& note : notes) Complain(note);
  const absl::StatusOr<std::string> hash = HashPassword(password->text());
  if (!hash.ok()) return Fail(hash.status());
  const std::string line = absl::StrCat(name, " ", *hash, "\n");
  std::fwrite(line.data(), 1, line.size(), stdout);
  if (std::fflush(stdout) == 0) return kDone;
  return Fail(absl::UnavailableError("stdout takes nothing"));
}

}  // namespace

bool IsKeysCommand(const std::vector<std::string_view>& words) {
  return !words.empty() && (words[0] == kKeygen || words[0] == kPasswd);
}

int RunKeysCommand(const std::vector<std::string_view>& words) {
  return words[0] == kKeygen ? Keygen(words) : Passwd(words);
}

}  // namespace monocoque::cli
