#ifndef MONOCOQUE_CLI_DEMO_H_
#define MONOCOQUE_CLI_DEMO_H_

namespace monocoque::cli {

// Real sockets of several patterns, those of one adapter with those of another, talk over loopback
// TCP and a Unix socket, printing what crosses; ends by itself. Exit code 0 only if everything
// arrived.
int RunDemo();

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_DEMO_H_
