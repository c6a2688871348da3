#ifndef MONOCOQUE_PROTOCOL_SOCKET_OPTIONS_H_
#define MONOCOQUE_PROTOCOL_SOCKET_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alloc/budget.h"
#include "protocol/connection/heartbeat.h"
#include "protocol/drive/backoff.h"
#include "protocol/drive/mark.h"
#include "protocol/drive/retry.h"
#include "protocol/drive/transport_options.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {

// Who keeps a routing id that a second peer comes with (ROUTER-8).
enum class RoutingIdClash {
  kRefuseNewcomer,  // with ERROR; the one who has it stays
  kHandOver,        // the newcomer gets it, and the old link is closed
};

// What one link follows. The socket has a default for all, which it was made with; each Bind and
// Connect may bring its own in its place. Neither changes afterwards.
struct LinkOptions {
  // Security: none by default. Both sides need the same; who is its client and who its server is
  // told here, whoever listens. STREAM knows none.
  MechanismOptions mechanism;
  // From dialing or accepting to the end of the handshake, in all (libzmq: HANDSHAKE_IVL). Zero: no
  // deadline. STREAM: for dialing alone. See TransportOptions::connect_timeout too.
  absl::Duration handshake_timeout = absl::Seconds(30);
  // A link that Disconnect, Unbind or a refusal ended, with something still to be written: how long
  // its peer may take nothing of it. Then it is cut, and what is left is lost and counted. Each
  // write that is done, of up to half a MiB, gives it that time anew. Zero: no deadline. Of a
  // socket that closes the linger time counts instead (libzmq: LINGER, for these ends too).
  absl::Duration closing_timeout = absl::Seconds(30);
  // Serve peers of ZMTP 1.0 and 2.0 where no security asks who they are (B-4, B-5), as libzmq
  // always does; see ConnectionOptions. A 1.0 peer of PUB or XPUB gets everything.
  bool serve_zmtp_1 = true;
  bool serve_zmtp_2 = true;
  // PING and PONG; off by default, and never on STREAM (libzmq: HEARTBEAT_IVL, HEARTBEAT_TIMEOUT,
  // HEARTBEAT_TTL).
  HeartbeatOptions heartbeat;
  // Pauses between the attempts of a dialer (libzmq: RECONNECT_IVL, RECONNECT_IVL_MAX).
  BackoffOptions reconnect;
  // After which ends a dialer tries again, and after which it gives up for good, as by default
  // where the peer breaks the protocol, does not fit or refuses (libzmq: RECONNECT_STOP).
  RetryRules retry;
  // Connect: messages wait only for a link that stands. Without one the peer takes none, and what
  // was not sent is lost with the link; otherwise it waits for the next (libzmq: IMMEDIATE).
  bool immediate = false;
  // Connect, on ROUTER and STREAM: the routing id of whoever is dialed, known before the handshake,
  // so that messages may wait for it; what the peer calls itself does not count. As
  // SocketOptions::routing_id (libzmq: CONNECT_ROUTING_ID).
  std::string connect_routing_id;
  // Bind: links that were accepted and have not finished their handshake (STREAM has none), and
  // those that are over while something they brought waits to be received. With so many no more are
  // accepted until there are fewer; the event kAcceptFailed tells. Whoever was accepted already is
  // closed, and may come again. At least 1. Default 1024: more than come at a time; handshakes take
  // some 10 MiB at worst, what waits to be received `receive_mark` for each.
  std::size_t max_pending_links = 1024;
  // Octets of all blocks that one link holds, within the socket's budget; at least 1.
  std::int64_t budget_bytes = Budget::kUnlimited;
  // Sizes that the peer may choose (libzmq: MAXMSGSIZE).
  Limits limits;
  // Properties told to the peer, names beginning with "X-", each once (libzmq: METADATA). No more,
  // in number and octets, than `limits` let a peer tell.
  std::vector<std::pair<std::string, std::string>> properties;
  // The transport beneath: what to ask of the system, whom to let in, a proxy.
  TransportOptions transport;
};

// The rules of one socket, for its life.
struct SocketOptions {
  // Our name to a ROUTER: 1 to 255 octets not led by a zero octet; empty: none. Sent by REQ, DEALER
  // and ROUTER (libzmq: ROUTING_ID).
  std::string routing_id;
  // Messages sent and not yet handed to the transport, for each peer (libzmq: SNDHWM). Reached, the
  // peer takes no more until some of it is handed over.
  Mark send_mark;
  // Messages received and not yet taken, for each peer; reached, its link is not read. Of a peer
  // that was dialed it counts over reconnects, too (libzmq: RCVHWM).
  Mark receive_mark = {.messages = 65536, .bytes = 8 * 1024 * 1024};
  // Octets of all blocks that the socket's links hold together, for what is received and for what
  // is to be sent; at least 1.
  std::int64_t budget_bytes = Budget::kUnlimited;
  // REQ: a request may be sent while the reply to the last one is out; that one is given up and its
  // reply dropped. With req_correlate, or a late reply of the same peer is taken for the new one
  // (libzmq: REQ_RELAXED).
  bool req_relaxed = false;
  // REQ: each request carries a number in front of its delimiter, and a reply counts only with the
  // same (libzmq: REQ_CORRELATE).
  bool req_correlate = false;
  // ROUTER: Send to a routing id that nobody has fails with not-found, to a peer at its mark with
  // unavailable; otherwise such a message is dropped and counted (libzmq: ROUTER_MANDATORY).
  bool router_mandatory = false;
  // ROUTER: what happens to a peer that comes with a routing id in use (libzmq: ROUTER_HANDOVER).
  RoutingIdClash router_id_clash = RoutingIdClash::kRefuseNewcomer;
  // ROUTER: each link that comes to stand, or is over, shows as an empty message with the peer's
  // routing id, in front of what comes on it, or behind (libzmq: ROUTER_NOTIFY).
  bool router_notify_connect = false;
  bool router_notify_disconnect = false;
  // STREAM: a peer that comes, and one that is gone, shows as an empty message with its routing id,
  // in front of what it says, or behind; not one whose link we end (libzmq: STREAM_NOTIFY).
  bool stream_notify = true;
  // REQ, DEALER, ROUTER: an empty message goes out first on each link, so that a ROUTER there knows
  // of us (libzmq: PROBE_ROUTER).
  bool probe_router = false;
  // ROUTER, DEALER, CLIENT, SERVER, PEER: goes out first on each link; empty: none (libzmq:
  // HELLO_MSG).
  std::string hello_message;
  // ROUTER, SERVER, PEER: received, as if sent by it, when an accepted peer is gone, behind all
  // that it did send; not when we close; empty: none (libzmq: DISCONNECT_MSG).
  std::string disconnect_message;
  // DEALER, CLIENT, PEER: received, as if sent by it, when the link to a peer that was dialed is
  // lost; not when we close; empty: none (libzmq: HICCUP_MSG).
  std::string hiccup_message;
  // PUB, XPUB, RADIO: Send fails with unavailable, and sends to nobody, while one of those who
  // would get the message is at its mark; otherwise it is dropped for that one and counted (libzmq:
  // XPUB_NODROP). Not with conflate, which drops by its nature.
  bool xpub_nodrop = false;
  // XPUB: every subscription shows, not just the first of a prefix (libzmq: XPUB_VERBOSE).
  bool xpub_verbose = false;
  // XPUB: every subscription and every cancellation shows (libzmq: XPUB_VERBOSER).
  bool xpub_verboser = false;
  // XPUB: what peers subscribe to shows and takes no effect; the application subscribes for them
  // (libzmq: XPUB_MANUAL).
  bool xpub_manual = false;
  // XPUB in manual mode: the message sent after Subscribe goes to the peer that was subscribed
  // alone (libzmq: XPUB_MANUAL_LAST_VALUE).
  bool xpub_manual_last_value = false;
  // PUB, XPUB: the first message to each peer, before it subscribed to anything; empty: none
  // (libzmq: XPUB_WELCOME_MSG).
  std::string xpub_welcome_message;
  // PUB, XPUB, SUB: what does not match is sent, or received, and what matches is not. Both sides
  // need it (libzmq: INVERT_MATCHING).
  bool invert_matching = false;
  // XSUB: publishers hear of each cancellation, not just of the last of a prefix (libzmq:
  // XSUB_VERBOSE_UNSUBSCRIBE).
  bool xsub_verbose_unsubscribe = false;
  // PUB, XPUB, XSUB: of a message of several parts that is a subscription, the first part alone is
  // one (libzmq: ONLY_FIRST_SUBSCRIBE).
  bool only_first_subscribe = false;
  // PUB, SUB, PUSH, PULL, DEALER: only the newest message is kept, for each peer, of those to be
  // sent, and of those received (libzmq: CONFLATE).
  bool conflate = false;
  LinkOptions link;
};

// Refuses, with a sentence, what cannot be, has no meaning for a socket of this type, or could only
// do harm.
absl::Status CheckOptions(SocketType type, const SocketOptions& options);
// The same for what one Bind or Connect brings to a socket of these options.
absl::Status CheckOptions(SocketType type, const LinkOptions& options,
                          const SocketOptions& socket = {});

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_OPTIONS_H_
