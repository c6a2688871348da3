#ifndef MONOCOQUE_PROTOCOL_CONNECTION_OPTIONS_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_OPTIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "protocol/connection/heartbeat.h"
#include "protocol/drive/mark.h"
#include "protocol/drive/peer_process.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {

// What one connection needs to know. It counts from the connection's creation on.
struct ConnectionOptions {
  // Ours; told to the peer, and the peer's must fit it. STREAM: there is no greeting and no
  // handshake, octets come and go as they are.
  SocketType socket_type = SocketType::kDealer;
  // Security; both sides need the same.
  MechanismOptions mechanism;
  // Where the peer is, without a port: for the authenticator.
  std::string peer_address;
  // And whose process, if it is a local one: for the authenticator and for peer().
  std::optional<PeerProcess> peer_process;
  // Sent as Identity by REQ, DEALER and ROUTER: 0 to 255 octets, not led by a zero octet.
  std::string routing_id;
  // Further properties of ours, names beginning with "X-" (M-14), each once; no more of them than
  // `limits` let a peer tell.
  std::vector<std::pair<std::string, std::string>> properties;
  // PUB, XPUB: of a message of several parts that is a subscription, only the first part is one;
  // otherwise each part that begins with 0 or 1.
  bool only_first_subscribe = false;
  // From the transport's beginning to the end of the handshake, in all (G-11). Zero: no deadline.
  absl::Duration handshake_timeout = absl::Seconds(30);
  // Over, with something still to be written: how long the peer may take nothing of it before it is
  // given up. Each write that is done gives it that time anew. Zero: no deadline. See Linger.
  absl::Duration closing_timeout = absl::Seconds(30);
  // Serve peers of ZMTP 1.0 and 2.0, which know no mechanism, no heartbeats and, 1.0, no socket
  // types. libzmq serves both, and refuses them as we do where a mechanism or a ZAP domain asks
  // peers who they are. Whatever does not begin with the octet ff counts as 1.0, an HTTP request
  // too: not served, it is closed at once; served, it ends at a deadline or a limit, or passes for
  // messages.
  bool serve_zmtp_1 = true;
  bool serve_zmtp_2 = true;
  HeartbeatOptions heartbeat;
  Limits limits;
  // Messages accepted by Send and not yet handed to a batch.
  Mark send_mark;
  // Messages received and not yet taken: reached, reading pauses.
  Mark receive_mark = {.messages = 65536, .bytes = 8 * 1024 * 1024};
};

// What the options of a connection and those of a socket's links have in common.
struct CommonOptions {
  SocketType socket_type;
  std::string_view routing_id;
  const MechanismOptions& mechanism;
  absl::Duration handshake_timeout;
  absl::Duration closing_timeout;
  const HeartbeatOptions& heartbeat;
  const Limits& limits;
  const std::vector<std::pair<std::string, std::string>>& properties;
};

// Refuses, with a sentence, what could only do harm: times below zero, limits that no peer could
// keep, properties that none would take or whose name is none (M-14); of a STREAM, whatever its
// peers, who speak no ZMTP, know nothing of. The mechanism has a check of its own.
absl::Status CheckCommon(const CommonOptions& options);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_OPTIONS_H_
