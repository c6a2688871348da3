#ifndef MONOCOQUE_PROTOCOL_SOCKET_EVENT_H_
#define MONOCOQUE_PROTOCOL_SOCKET_EVENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "protocol/connection/peer_info.h"
#include "protocol/drive/ids.h"

namespace monocoque {

// Something that happened to a socket. Fields that do not belong to a kind are empty.
struct SocketEvent {
  enum class Kind {
    kListening,            // listener, endpoint: the bound one
    kListenFailed,         // listener, endpoint, status
    kUnlistened,           // listener, endpoint: accepts no more
    kAcceptFailed,         // listener, status: descriptors are out, or it has max_pending_links;
                           // accepting goes on later
    kAccepted,             // listener, link, endpoint: the remote one
    kDialing,              // dialer, link, endpoint: an attempt begins
    kDialFailed,           // dialer, link, endpoint, status; kRetry follows or kGaveUp
    kConnected,            // dialer, link, endpoint: the transport stands, no handshake yet
    kReady,                // link, peer, peer_info: the handshake is done
    kClosed,               // link, peer, peer_info, status: why; was_ready; lost_messages. Once
                           // nothing is left to write: kRetry or kGaveUp may come before it
    kRetry,                // dialer, delay: until the next attempt
    kGaveUp,               // dialer, endpoint, status: no further attempt by itself
    kSubscriptionRefused,  // link, peer, endpoint, status: the link's first; stats count them all
    kDropsBegan,           // link, peer: at its mark, what it would get is dropped
    kDropsEnded,           // link, peer: it has room again, or is gone; dropped_messages
  };

  Kind kind = Kind::kListening;
  ListenerId listener;
  DialerId dialer;
  LinkId link;
  PeerId peer;
  std::string endpoint;
  absl::Status status;
  absl::Duration delay;
  // kClosed: messages that were cut in the middle, or died unsent with their accepted peer.
  std::uint64_t lost_messages = 0;
  // kDropsEnded: since kDropsBegan.
  std::uint64_t dropped_messages = 0;
  // kClosed: the handshake had been finished; otherwise it failed, or was cut off.
  bool was_ready = false;
  // What the peer told so far: version, mechanism, type, identity, properties.
  std::shared_ptr<const PeerInfo> peer_info;

  // One line for a log; nothing a peer sent is in it unescaped.
  std::string ToString() const;
};

// "listening", "closed" ...
const char* SocketEventName(SocketEvent::Kind kind);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_EVENT_H_
