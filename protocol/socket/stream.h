#ifndef MONOCOQUE_PROTOCOL_SOCKET_STREAM_H_
#define MONOCOQUE_PROTOCOL_SOCKET_STREAM_H_

#include <cstddef>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/routing_table.h"

namespace monocoque {

// STREAM (T-4): raw octets with peers that speak no ZMTP, each under a routing id that we make, or
// whoever dials gives. What is received is what came in one piece; what is sent goes out as it is,
// parts behind each other. An empty message received says that the peer came or is gone; one that
// is sent ends its link once what went before is written, and its dialer too. Nobody's id is not
// found, and a full peer unavailable: nothing is dropped. A dialer's peer has its id from Connect
// on and keeps it over its links.
class StreamPattern final : public Pattern {
 public:
  explicit StreamPattern(SocketCore* core) : Pattern(core), table_(core) {}

  absl::Status CheckConnect(const LinkOptions& options) override;
  void OnPeerMade(Peer* peer, const LinkOptions& options) override;
  absl::Status Admit(Peer* peer, Instant now) override;
  void OnPeerDown(Peer* peer, bool gone) override;

  bool CanSend() const override { return true; }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override;
  std::size_t routing_id_bytes(const Peer& peer) const override { return peer.routing_id.size(); }
  PeerId FindPeer(Bytes routing_id) const override { return table_.Find(routing_id); }

 private:
  RoutingTable table_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_STREAM_H_
