#ifndef MONOCOQUE_CLI_ARGS_H_
#define MONOCOQUE_CLI_ARGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/security.h"
#include "cli/text.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {

// What the command line asks for.
struct Args {
  enum class Mode { kRole, kProxy, kDemo, kHelp, kVersion };

  struct Place {
    bool bind;
    std::string endpoint;
  };

  // One side of a proxy.
  struct Side {
    SocketType type = SocketType::kPull;
    std::vector<Place> places;
  };

  Mode mode = Mode::kRole;
  SocketType role = SocketType::kPull;
  std::vector<Place> places;  // in the order given
  std::vector<std::string> subscriptions;
  std::vector<std::string> groups;
  std::optional<std::uint64_t> count;
  absl::Duration timeout = absl::InfiniteDuration();
  std::string identity;
  std::optional<std::string> reply;
  bool echo = false;
  absl::Duration interval = absl::ZeroDuration();
  Format format = Format::kText;
  bool raw = false;
  std::optional<std::uint64_t> hwm;
  absl::Duration linger = absl::InfiniteDuration();
  std::optional<std::string> adapter;
  SecurityArgs security;
  // Of the proxy.
  Side frontend;
  Side backend;
  std::vector<Place> capture;
};

// An error is a usage error: one line.
absl::StatusOr<Args> ParseArgs(const std::vector<std::string_view>& words);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_ARGS_H_
