#ifndef MONOCOQUE_TESTS_GOLDEN_OPTIONS_H_
#define MONOCOQUE_TESTS_GOLDEN_OPTIONS_H_

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
};

// False, and nothing changes: there is no such option here.
bool ApplyOption(const OptionSetting& option, SubjectOptions* out);

}  // namespace monocoque::golden

#endif  // MONOCOQUE_TESTS_GOLDEN_OPTIONS_H_
