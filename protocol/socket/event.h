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
    kAcceptFailed,         // listener, status: descriptors are out, say; accepting goes on later
    kAccepted,             // listener, link, endpoint: the remote one
    kDialFailed,           // dialer, link, endpoint, status; kRetry follows or kGaveUp
    kConnected,            // dialer, link, endpoint: the transport stands, no handshake yet
    kReady,                // link, peer, peer_info: the handshake is done
    kClosed,               // link, peer, status: why the link is over; lost: messages gone with it
    kRetry,                // dialer, delay: until the next attempt
    kSubscriptionRefused,  // link, peer, endpoint, status
    kGaveUp,               // dialer, endpoint, status: no further attempt by itself
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
  std::shared_ptr<const PeerInfo> peer_info;

  // One line for a log; nothing a peer sent is in it unescaped.
  std::string ToString() const;
};

// "listening", "closed" ...
const char* SocketEventName(SocketEvent::Kind kind);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_EVENT_H_
