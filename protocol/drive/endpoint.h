#ifndef MONOCOQUE_PROTOCOL_DRIVE_ENDPOINT_H_
#define MONOCOQUE_PROTOCOL_DRIVE_ENDPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace monocoque {

enum class Transport {
  kTcp,     // tcp://host:port
  kIpc,     // ipc://path, ipc://@name
  kInproc,  // inproc://name
  kSim,     // sim://name, in the simulator
};

// Where to listen or to dial: the parsed text, nothing looked up.
struct Endpoint {
  Transport transport = Transport::kTcp;

  // tcp. A host is a name, an interface, a numeric address without brackets, or "*".
  std::string host;
  std::uint16_t port = 0;
  bool any_port = false;  // "*" or 0: the system chooses
  // tcp, to dial from: empty: any.
  std::string source_host;
  std::uint16_t source_port = 0;

  // ipc: a path, or behind "@" a name in the abstract namespace; inproc and sim: a name.
  std::string path;
  bool abstract = false;
  // ipc to listen at: "*", a path that the adapter makes.
  bool any_path = false;

  // "tcp://127.0.0.1:5555": parses back to the same. A path or name may hold any octet: escape it
  // before it reaches a terminal.
  std::string ToString() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// The grammar that listening and dialing share. Unimplemented for a transport that is not here,
// otherwise InvalidArgument: one sentence that quotes the text, escaped, and says what to do.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

// What only one of the two may say: a wildcard, a source address ...
absl::Status CheckForBind(const Endpoint& endpoint);
absl::Status CheckForConnect(const Endpoint& endpoint);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_ENDPOINT_H_
