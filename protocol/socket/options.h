#ifndef MONOCOQUE_PROTOCOL_SOCKET_OPTIONS_H_
#define MONOCOQUE_PROTOCOL_SOCKET_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "protocol/connection/heartbeat.h"
#include "protocol/drive/backoff.h"
#include "protocol/drive/mark.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// What one link follows. The socket has a default for all; each Bind and Connect may bring its own.
// Counts for the next Bind or Connect.
struct LinkOptions {
  // From dialing or accepting to the end of the handshake, in all (libzmq: HANDSHAKE_IVL, and
  // CONNECT_TIMEOUT). Zero: no deadline.
  absl::Duration handshake_timeout = absl::Seconds(30);
  // PING and PONG; off by default (libzmq: HEARTBEAT_IVL, HEARTBEAT_TIMEOUT, HEARTBEAT_TTL).
  HeartbeatOptions heartbeat;
  // Pauses between the attempts of a dialer (libzmq: RECONNECT_IVL, RECONNECT_IVL_MAX).
  BackoffOptions reconnect;
  // Sizes that the peer may choose (libzmq: MAXMSGSIZE).
  Limits limits;
  // Properties told to the peer, names beginning with "X-" (libzmq: METADATA).
  std::vector<std::pair<std::string, std::string>> properties;
};

// The rules of one socket. Counts from its creation on, unless a field says otherwise.
struct SocketOptions {
  // Our name to a ROUTER: 1 to 255 octets not led by a zero octet; empty: none. Sent by REQ, DEALER and
  // ROUTER (libzmq: ROUTING_ID).
  std::string routing_id;
  // Messages sent and not yet handed to the transport, for each peer (libzmq: SNDHWM). Reached, the peer
  // takes no more until half of it is gone or a write is done.
  Mark send_mark;
  // Messages received and not yet taken, for each peer; reached, its link is not read (libzmq: RCVHWM).
  Mark receive_mark = {.messages = 65536, .bytes = 8 * 1024 * 1024};
  // Octets of all blocks that the socket's links hold together, for what is received and for what is to
  // be sent.
  std::int64_t budget_bytes = std::int64_t{1} << 40;
  // ROUTER: Send to a routing id that nobody has fails with not-found, to a peer at its mark with
  // unavailable; otherwise such a message is dropped and counted (libzmq: ROUTER_MANDATORY).
  bool router_mandatory = false;
  // ROUTER: a peer that comes with a routing id in use takes it over, and the old link is closed;
  // otherwise the newcomer is refused (libzmq: ROUTER_HANDOVER).
  bool router_handover = false;
  LinkOptions link;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_OPTIONS_H_
