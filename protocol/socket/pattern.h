#ifndef MONOCOQUE_PROTOCOL_SOCKET_PATTERN_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PATTERN_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "protocol/connection/event.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/core.h"
#include "protocol/socket/options.h"
#include "protocol/socket/parts.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {

// The rules of one socket type (RFC 28 to 31, 41, 48, 49, 51, 52): who gets what is sent, what is
// made of what is received, who may be a peer. Called by Socket, works on SocketCore; holds no link
// and no octets of its own.
class Pattern {
 public:
  explicit Pattern(SocketCore* core) : core_(*core) {}
  virtual ~Pattern() = default;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // May there be a dialer with these options? Not OK: Connect refuses.
  virtual absl::Status CheckConnect(const LinkOptions& /*options*/) { return absl::OkStatus(); }
  // A dialer's peer was made; it may queue.
  virtual void OnPeerMade(Peer* /*peer*/, const LinkOptions& /*options*/) {}
  // `peer` finished a handshake. Not OK: it is refused with ERROR and `why`. Called before the peer
  // can be sent to, and again for each new link of a dialer's peer.
  virtual absl::Status Admit(Peer* /*peer*/, Instant /*now*/) { return absl::OkStatus(); }
  // The same, admitted: `link` may be told things that are no messages, before any message goes out
  // on it.
  virtual void OnPeerReady(Peer* /*peer*/, Link* /*link*/, Instant /*now*/) {}
  // The peer subscribed, cancelled, joined or left.
  virtual void OnSubscription(Peer* /*peer*/, const ConnectionEvent& /*event*/, Instant /*now*/) {}
  // The peer's link is about to write: what the pattern holds for it goes to its connection now.
  virtual void Gather(Peer* /*peer*/) {}
  // Something of what the peer's link holds was handed to the transport.
  virtual void OnRoom(Peer* /*peer*/) {}
  // What Gather would bring for this peer's link.
  virtual Unsent Ungathered(const Peer& /*peer*/) const { return {}; }
  // Octets that Gather would bring, for the link that has most.
  virtual std::size_t pending_bytes() const { return 0; }
  // Once a turn, after the links were looked at.
  virtual void Process(Instant /*now*/) {}
  // The peer's link is over. `gone`: so is the peer, or its dialer gave up, and all that it sent
  // was taken; told again when such a peer goes.
  virtual void OnPeerDown(Peer* /*peer*/, bool /*gone*/) {}
  // Something that was sent to the peer was lost with its link.
  virtual void OnLost(Peer* /*peer*/) {}

  virtual bool CanSend() const { return core_.AnyPeerCanTake(); }
  // OK if CanSend; otherwise unavailable, or why it never can.
  virtual absl::Status SendStatus() const {
    return CanSend() ? absl::OkStatus() : absl::UnavailableError("");
  }
  virtual absl::Status Send(Message* message, Instant now) = 0;
  // After `peer` was looked up; patterns whose rules fix the destination refuse.
  virtual absl::Status SendTo(Peer* peer, Message* message, Instant now);

  // The next message for the application. It may rest in the socket; Taken follows when it is
  // handed out, and only then the pattern's state moves.
  virtual bool Receive(Message* out, Instant now) { return core_.ReceiveFair(out, now); }
  virtual void Taken() {}
  // It would be given out if it came now: what was asked for may have changed since it came.
  virtual bool Wants(const Message& /*message*/) { return true; }
  // What Receive gave last and was not taken yet is still to be had; not if the application went on
  // without it.
  virtual bool KeepsShown() const { return true; }
  // Why Receive said false.
  virtual absl::Status ReceiveStatus() const { return absl::UnavailableError(""); }
  // Octets that this peer's messages will carry as routing id; room is left for them.
  virtual std::size_t routing_id_bytes(const Peer& /*peer*/) const { return 0; }
  // Whatever comes in is dropped by rule, and counted (PUSH-5).
  virtual bool drops_input() const { return false; }
  // The application takes no more: what waits for it is let go.
  virtual void OnClose() {}
  virtual PeerId FindPeer(Bytes /*routing_id*/) const { return PeerId(); }

  // DISH: messages of this group are wanted, or no more so.
  virtual absl::Status Join(std::string_view group, Instant now);
  virtual absl::Status Leave(std::string_view group, Instant now);
  // SUB, XSUB, XPUB in manual mode: for messages that begin with `prefix`, or for no more of them.
  virtual absl::Status Subscribe(Bytes prefix, Instant now);
  virtual absl::Status Unsubscribe(Bytes prefix, Instant now);
  // XPUB in manual mode: on behalf of this peer.
  virtual absl::Status SubscribeFor(Peer* peer, Bytes prefix, Instant now);
  virtual absl::Status UnsubscribeFor(Peer* peer, Bytes prefix, Instant now);
  // Distinct prefixes that are subscribed to here, or groups joined.
  virtual std::size_t topics() const { return 0; }

 protected:
  // Failed preconditions of a pattern of one direction.
  absl::Status OnlySends() const;
  absl::Status OnlyReceives() const;

  SocketCore& core_;
};

// Null for a type that is not built yet.
std::unique_ptr<Pattern> MakePattern(SocketType type, SocketCore* core);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PATTERN_H_
