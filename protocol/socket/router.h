#ifndef MONOCOQUE_PROTOCOL_SOCKET_ROUTER_H_
#define MONOCOQUE_PROTOCOL_SOCKET_ROUTER_H_

#include <cstddef>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/routing_table.h"

namespace monocoque {

// ROUTER (RFC 28): each peer has a routing id, its own Identity or one we make; messages come with
// it and go by it.
class RouterPattern final : public Pattern {
 public:
  explicit RouterPattern(SocketCore* core) : Pattern(core), table_(core) {}

  absl::Status CheckConnect(const LinkOptions& options) override;
  void OnPeerMade(Peer* peer, const LinkOptions& options) override;
  absl::Status Admit(Peer* peer, Instant now) override;
  void OnPeerDown(Peer* peer, bool gone) override;

  bool CanSend() const override { return true; }
  absl::Status Send(Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override;
  std::size_t routing_id_bytes(const Peer& peer) const override { return peer.routing_id.size(); }
  PeerId FindPeer(Bytes routing_id) const override { return table_.Find(routing_id); }

 private:
  // The id of a peer that finished a handshake.
  Slice ChooseId(const Peer& peer);
  // The peer is about to get another id than it had.
  static void Rename(Peer* peer);

  RoutingTable table_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_ROUTER_H_
