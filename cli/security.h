#ifndef MONOCOQUE_CLI_SECURITY_H_
#define MONOCOQUE_CLI_SECURITY_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/zap.h"
#include "alloc/secret.h"
#include "protocol/mechanism/options.h"

namespace monocoque::cli {

// What the command line says about security, as it stands there.
struct SecurityArgs {
  std::optional<std::string> plain_username;
  std::optional<std::string> plain_password_file;
  bool plain_server = false;
  std::optional<std::string> plain_users;
  std::optional<std::string> curve_key;
  std::optional<std::string> curve_server_key;
  bool curve_server = false;
  std::vector<std::string> allow_keys;
  bool allow_any_key = false;
  std::optional<std::string> zap_domain;
};

// An option without a value: false if it is none of ours.
bool SetSecurityFlag(SecurityArgs* args, std::string_view word);
// An option with one: false if it is none of ours. An option that stands twice has its last value;
// --allow-key has all.
bool IsSecurityOption(std::string_view option);
bool SetSecurityOption(SecurityArgs* args, std::string_view option, std::string_view value);
// Whether what was said fits together; a sentence otherwise. Reads no file.
absl::Status CheckSecurity(const SecurityArgs& args);

// What a socket is given.
struct Security {
  MechanismOptions mechanism;
  std::shared_ptr<Authenticator> authenticator;
  // What whoever started us should know: sentences.
  std::vector<std::string> notes;
  // A client's: what to look at when a server ends the handshake without a word; empty: nothing.
  std::string hint;
};

// Reads what the arguments name. An error says which option and file, and shows no key and no
// password.
absl::StatusOr<Security> LoadSecurity(const SecurityArgs& args);

// The first line of a file, without its end. `notes`: a sentence if others can read it.
absl::StatusOr<SecretText> ReadPassword(const std::string& path, std::vector<std::string>* notes);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_SECURITY_H_
