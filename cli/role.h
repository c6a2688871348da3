#ifndef MONOCOQUE_CLI_ROLE_H_
#define MONOCOQUE_CLI_ROLE_H_

#include "cli/args.h"

namespace monocoque::cli {

// Plays one role over stdin and stdout until it is done; returns the exit code. Errors are one line
// on stderr.
int RunRole(const Args& args);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_ROLE_H_
