#ifndef MONOCOQUE_CLI_PROXY_H_
#define MONOCOQUE_CLI_PROXY_H_

#include "cli/args.h"

namespace monocoque::cli {

// Stands between two sockets until a signal or the timeout; returns the exit code. Errors are one
// line on stderr.
int RunProxy(const Args& args);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_PROXY_H_
