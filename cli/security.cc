#include "cli/security.h"

#include <unistd.h>

#include <cstddef>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "adapters/auth/curve_key_store.h"
#include "adapters/auth/key_file.h"
#include "adapters/auth/password_hash.h"
#include "adapters/auth/password_store.h"
#include "adapters/auth/secret_file.h"
#include "adapters/sodium/crypto.h"
#include "cli/text.h"
#include "protocol/mechanism/curve_keys.h"

namespace monocoque::cli {
namespace {

struct Flag {
  std::string_view name;
  bool SecurityArgs::* value;
};
constexpr Flag kFlags[] = {{"--plain-server", &SecurityArgs::plain_server},
                           {"--curve-server", &SecurityArgs::curve_server},
                           {"--allow-any-key", &SecurityArgs::allow_any_key}};

struct Option {
  std::string_view name;
  std::optional<std::string> SecurityArgs::* value;
};
constexpr Option kOptions[] = {{"--plain-username", &SecurityArgs::plain_username},
                               {"--plain-password-file", &SecurityArgs::plain_password_file},
                               {"--plain-users", &SecurityArgs::plain_users},
                               {"--curve-key", &SecurityArgs::curve_key},
                               {"--curve-server-key", &SecurityArgs::curve_server_key},
                               {"--zap-domain", &SecurityArgs::zap_domain}};
constexpr std::string_view kAllowKey = "--allow-key";

constexpr std::size_t kMaxPlainBytes = 255;
constexpr std::size_t kMaxPasswordFileBytes = 4096;
constexpr std::size_t kMaxDomainBytes = 255;

absl::Status Wrong(std::string_view why) { return absl::InvalidArgumentError(why); }

bool IsPlainClient(const SecurityArgs& args) {
  return args.plain_username.has_value() || args.plain_password_file.has_value();
}
bool IsPlain(const SecurityArgs& args) {
  return IsPlainClient(args) || args.plain_server || args.plain_users.has_value();
}
bool IsCurve(const SecurityArgs& args) {
  return args.curve_key.has_value() || args.curve_server_key.has_value() || args.curve_server ||
         !args.allow_keys.empty() || args.allow_any_key;
}

absl::Status CheckPlain(const SecurityArgs& args) {
  if (IsPlainClient(args) && (args.plain_server || args.plain_users)) {
    return Wrong(
        "--plain-username is for the client and --plain-server for the server; give one of them");
  }
  if (args.plain_server && !args.plain_users)
    return Wrong("--plain-server wants --plain-users FILE");
  if (args.plain_users && !args.plain_server) return Wrong("--plain-users is for --plain-server");
  if (!IsPlainClient(args)) return absl::OkStatus();
  if (!args.plain_username) return Wrong("--plain-password-file wants --plain-username NAME");
  if (!args.plain_password_file) return Wrong("--plain-username wants --plain-password-file FILE");
  if (args.plain_username->size() > kMaxPlainBytes) {
    return Wrong("--plain-username: at most 255 octets");
  }
  return absl::OkStatus();
}

absl::Status CheckCurve(const SecurityArgs& args) {
  if (args.curve_server && args.curve_server_key) {
    return Wrong(
        "--curve-server-key is for the client and --curve-server for the server; give one of them");
  }
  if (!args.curve_server && (!args.allow_keys.empty() || args.allow_any_key)) {
    return Wrong("--allow-key and --allow-any-key are for --curve-server");
  }
  if (!args.allow_keys.empty() && args.allow_any_key) {
    return Wrong("--allow-key and --allow-any-key exclude each other");
  }
  if (!args.curve_key) {
    return Wrong(absl::StrCat(args.curve_server ? "--curve-server" : "--curve-server-key",
                              " wants --curve-key FILE; monocoque keygen makes one"));
  }
  if (!args.curve_server && !args.curve_server_key) {
    return Wrong("--curve-key wants --curve-server-key KEY, or --curve-server");
  }
  return absl::OkStatus();
}

// What is wrong with the file of this option.
absl::Status Of(std::string_view option, const absl::Status& why) {
  return absl::Status(why.code(), absl::StrCat(option, " ", why.message()));
}

std::string Domain(const SecurityArgs& args) { return args.zap_domain.value_or(""); }

absl::Status LoadPlain(const SecurityArgs& args, Security* out) {
  if (args.plain_server) {
    absl::StatusOr<std::vector<PasswordUser>> users = ReadUsersFile(*args.plain_users);
    if (!users.ok()) return Of("--plain-users", users.status());
    if (users->empty()) {
      out->notes.push_back(absl::StrCat("nobody is let in: there is no user in ",
                                        Escape(*args.plain_users),
                                        "; monocoque passwd makes a line"));
    }
    absl::StatusOr<std::shared_ptr<PasswordStore>> store = PasswordStore::Create(*std::move(users));
    if (!store.ok()) return store.status();
    out->authenticator = *std::move(store);
    out->mechanism = PlainServer{.domain = Domain(args)};
    return absl::OkStatus();
  }
  absl::StatusOr<SecretText> password = ReadPassword(*args.plain_password_file, &out->notes);
  if (!password.ok()) return Of("--plain-password-file", password.status());
  out->mechanism = PlainClient{.username = *args.plain_username, .password = *std::move(password)};
  return absl::OkStatus();
}

// "keys/ada.pub" is ada.
std::string UserOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return std::string(absl::StripSuffix(path, ".pub"));
}

// What is a key, or else a file. Whoever mistakes one key for the other shows a secret: what is
// neither is not repeated.
absl::StatusOr<PublicKey> ServerKey(const std::string& said) {
  // The file first: a path may look like a key, and no key is the name of a file.
  if (access(said.c_str(), F_OK) == 0) {
    absl::StatusOr<PublicKey> key = ReadPublicKey(said);
    return key.ok() ? key : Of("--curve-server-key", key.status());
  }
  if (absl::StatusOr<PublicKey> key = ParsePublicKey(said); key.ok()) return key;
  return Wrong(
      "--curve-server-key wants the server's public key, 40 characters as in its .pub file, or "
      "that file; what stands there is neither");
}

absl::Status LoadCurve(const SecurityArgs& args, Security* out) {
  const std::shared_ptr<const Crypto> crypto = sodium::MakeCrypto();
  if (crypto == nullptr) return absl::InternalError("libsodium cannot be used on this machine");
  const absl::StatusOr<CurveKeyPair> keys = ReadKeyPair(*args.curve_key, *crypto);
  if (!keys.ok()) return Of("--curve-key", keys.status());
  if (!args.curve_server) {
    const absl::StatusOr<PublicKey> server_key = ServerKey(*args.curve_server_key);
    if (!server_key.ok()) return server_key.status();
    out->mechanism = CurveClient{.server_key = *server_key, .keys = *keys, .crypto = crypto};
    out->hint = "is --curve-server-key its key?";
    return absl::OkStatus();
  }
  const auto store = std::make_shared<CurveKeyStore>();
  for (const std::string& path : args.allow_keys) {
    const absl::StatusOr<PublicKey> key = ReadPublicKey(path);
    if (!key.ok()) return Of(kAllowKey, key.status());
    store->Allow(*key, UserOf(path));
  }
  if (store->size() == 0 && !args.allow_any_key) {
    out->notes.emplace_back(
        "nobody is let in: give --allow-key FILE for each client, or --allow-any-key");
  }
  out->authenticator = store;
  out->mechanism = CurveServer{
      .keys = *keys, .crypto = crypto, .domain = Domain(args), .allow_any_key = args.allow_any_key};
  return absl::OkStatus();
}

}  // namespace

bool SetSecurityFlag(SecurityArgs* args, std::string_view word) {
  for (const Flag& flag : kFlags) {
    if (flag.name != word) continue;
    args->*flag.value = true;
    return true;
  }
  return false;
}

bool IsSecurityOption(std::string_view option) {
  SecurityArgs nowhere;
  return SetSecurityOption(&nowhere, option, "");
}

bool SetSecurityOption(SecurityArgs* args, std::string_view option, std::string_view value) {
  if (option == kAllowKey) {
    args->allow_keys.emplace_back(value);
    return true;
  }
  for (const Option& known : kOptions) {
    if (known.name != option) continue;
    args->*known.value = std::string(value);
    return true;
  }
  return false;
}

absl::Status CheckSecurity(const SecurityArgs& args) {
  const bool plain = IsPlain(args);
  const bool curve = IsCurve(args);
  if (plain && curve) return Wrong("PLAIN and CURVE exclude each other: a peer speaks one of them");
  if (args.zap_domain) {
    if (args.zap_domain->empty()) return Wrong("--zap-domain wants a name");
    if (args.zap_domain->size() > kMaxDomainBytes) {
      return Wrong("--zap-domain: at most 255 octets");
    }
    if (IsPlainClient(args) || args.curve_server_key) {
      return Wrong("--zap-domain is for servers: clients ask nobody who comes in");
    }
    if (args.allow_any_key) {
      return Wrong("--zap-domain and --allow-any-key exclude each other: nobody is asked");
    }
  }
  if (plain) return CheckPlain(args);
  return curve ? CheckCurve(args) : absl::OkStatus();
}

absl::StatusOr<Security> LoadSecurity(const SecurityArgs& args) {
  Security security;
  absl::Status loaded;
  if (IsPlain(args)) {
    loaded = LoadPlain(args, &security);
  } else if (IsCurve(args)) {
    loaded = LoadCurve(args, &security);
  } else if (args.zap_domain) {
    security.mechanism = NullMechanism{.domain = Domain(args)};
    security.notes.emplace_back(
        "nobody is let in: --zap-domain has peers judged, and without --plain-server or "
        "--curve-server nothing is known of them");
  }
  if (!loaded.ok()) return loaded;
  return security;
}

absl::StatusOr<SecretText> ReadPassword(const std::string& path, std::vector<std::string>* notes) {
  const absl::StatusOr<SecretFile> file = SecretFile::Read(path, kMaxPasswordFileBytes);
  if (!file.ok()) return file.status();
  // As written on other systems too.
  const std::string_view line =
      absl::StripSuffix(file->text().substr(0, file->text().find('\n')), "\r");
  if (line.empty()) {
    return FileError(absl::StatusCode::kInvalidArgument, path,
                     "the password, its first line, is empty");
  }
  if (line.size() > kMaxPlainBytes) {
    return FileError(absl::StatusCode::kInvalidArgument, path,
                     "the password, its first line, has more than 255 octets");
  }
  if (file->others_can_read()) {
    notes->push_back(absl::StrCat(Escape(path), ": others than its owner can read this password; ",
                                  "chmod 600 ", Escape(path)));
  }
  return SecretText(std::string(line));
}

}  // namespace monocoque::cli
