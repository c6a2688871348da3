#ifndef MONOCOQUE_CLI_PICK_H_
#define MONOCOQUE_CLI_PICK_H_

#include <memory>
#include <optional>
#include <string>

#include "cli/host.h"

namespace monocoque::cli {

// The host that roles and proxies are played on: the one that was asked for, usable or not. Where
// none was, io_uring's, or libuv's where io_uring is forbidden: that is said on stderr.
std::unique_ptr<Host> PickHost(const std::optional<std::string>& adapter);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_PICK_H_
