#ifndef MONOCOQUE_CLI_ROLE_H_
#define MONOCOQUE_CLI_ROLE_H_

#include "cli/args.h"

namespace monocoque::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kTimedOut = 3;

// Plays one role over stdin and stdout until it is done; returns the exit code. Errors are one line
// on stderr.
int RunRole(const Args& args);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_ROLE_H_
