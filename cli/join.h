#ifndef MONOCOQUE_CLI_JOIN_H_
#define MONOCOQUE_CLI_JOIN_H_

#include <vector>

#include "absl/status/status.h"
#include "cli/args.h"
#include "cli/host.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {

// What the command line says about a socket of this type.
SocketOptions OptionsOf(const Args& args, SocketType type);

// Binds and connects the socket, in this order, and tells each endpoint that it bound.
absl::Status Join(HostSocket* socket, const std::vector<Args::Place>& places);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_JOIN_H_
