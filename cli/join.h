#ifndef MONOCOQUE_CLI_JOIN_H_
#define MONOCOQUE_CLI_JOIN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/args.h"
#include "cli/host.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {

// What the command line says about a socket of this type.
SocketOptions OptionsOf(const Args& args, SocketType type);

// Binds and connects the socket, in this order, and tells each endpoint that it bound.
absl::Status Join(HostSocket* socket, const std::vector<Args::Place>& places);

// The ways in which peers may still come to a socket: its listeners, and its dialers that have not
// given up.
class Ways {
 public:
  explicit Ways(std::size_t count) : count_(count) {}

  // Of a dialer that gives up, the peer having refused us for good: what to say about it. Empty:
  // the event is another one.
  std::string Lost(const SocketEvent& event);
  // Nobody can come any more.
  bool none() const { return count_ == 0; }

 private:
  std::size_t count_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_JOIN_H_
