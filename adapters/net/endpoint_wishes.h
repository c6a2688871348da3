#ifndef MONOCOQUE_ADAPTERS_NET_ENDPOINT_WISHES_H_
#define MONOCOQUE_ADAPTERS_NET_ENDPOINT_WISHES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/net/endpoint_names.h"
#include "adapters/pump.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"

namespace monocoque::net {

// What a user wishes of a socket of the core as a whole: its endpoints, by their texts, and its
// end. The same on all adapters, whatever moves the octets. After a wish a turn is due.
//
// Thread rule: the socket's thread. Machine and pump outlive it.
class EndpointWishes {
 public:
  EndpointWishes(monocoque::Socket* machine, Pump<monocoque::Socket>* pump)
      : machine_(*machine), pump_(*pump) {}
  EndpointWishes(const EndpointWishes&) = delete;
  EndpointWishes& operator=(const EndpointWishes&) = delete;

  // Listens before it returns: the bound endpoint, with the port that the system chose. `options`:
  // for its links; null: those of the socket.
  absl::StatusOr<std::string> Bind(std::string_view text, const LinkOptions* options, Instant now);
  absl::Status Connect(std::string_view text, const LinkOptions* options, Instant now);
  // The way back: with the text that Bind gave, and that Connect got.
  absl::Status Unbind(std::string_view bound, Instant now);
  absl::Status Disconnect(std::string_view text, Instant now);
  // What came of a Listen action: the bound endpoint, or why there is none. Within the action.
  void OnListen(ListenerId listener, const absl::StatusOr<Endpoint>& bound, Instant now);

  // Ends the socket: what was sent is written for at most `linger`.
  void StartClose(absl::Duration linger, Instant now);
  // Once it is over: deadline exceeded if something that should have been sent was not; or, if all
  // that was lost was so because dialers gave up, and all did, why the last did.
  absl::Status CloseResult() const;

 private:
  monocoque::Socket& machine_;
  Pump<monocoque::Socket>& pump_;
  // What Bind waits for: the outcome of the Listen action, which is run at once.
  ListenerId listening_;
  absl::StatusOr<std::string> listen_result_;
  // By the text that Bind gave and Connect got.
  EndpointNames<ListenerId> bound_;
  EndpointNames<DialerId> connected_;
  std::optional<SocketStats> before_;  // what is none of the close's doing
  std::uint64_t forsaken_ = 0;         // what a socket without hope had lost by that before
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_ENDPOINT_WISHES_H_
