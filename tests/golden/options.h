#ifndef MONOCOQUE_TESTS_GOLDEN_OPTIONS_H_
#define MONOCOQUE_TESTS_GOLDEN_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "protocol/socket/options.h"
#include "tests/golden/zv.h"

namespace monocoque::golden {

// What the options of a recorded libzmq socket are here.
struct SubjectOptions {
  SocketOptions socket;
  // For Close.
  absl::Duration linger = absl::InfiniteDuration();
  // Made before the first connection.
  std::vector<std::string> subscriptions;
  // libzmq has an option each for what makes one mechanism here.
  bool plain_server = false;
  bool curve_server = false;
  std::optional<std::string> username, password;
  std::string public_key, secret_key, server_key;
  std::string zap_domain;
};

// Makes the mechanism of what was set. Without a handler of ZAP, libzmq's CURVE server lets in
// everybody.
void SetMechanism(bool zap_handler, SubjectOptions* out);

// False, and nothing changes: there is no such option here.
bool ApplyOption(const OptionSetting& option, SubjectOptions* out);

}  // namespace monocoque::golden

#endif  // MONOCOQUE_TESTS_GOLDEN_OPTIONS_H_
