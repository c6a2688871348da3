#ifndef MONOCOQUE_PROTOCOL_SOCKET_SERVER_H_
#define MONOCOQUE_PROTOCOL_SOCKET_SERVER_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/single_part.h"

namespace monocoque {

// Peers by number: each has one of 32 bits, never zero, chosen here and never on the wire
// (SERVER-2). Messages come with it, as a routing id of four octets, and go by it. Nobody's number
// is not found, and a full peer unavailable: nothing is dropped (SERVER-4, SERVER-5). A dialer's
// peer has its number from Connect on and keeps it over its links.
class NumberedPattern : public Pattern {
 public:
  explicit NumberedPattern(SocketCore* core);

  void OnPeerMade(Peer* peer, const LinkOptions& options) override;
  absl::Status Admit(Peer* peer, Instant now) override;
  void OnPeerDown(Peer* peer, bool gone) override;

  bool CanSend() const override { return true; }
  absl::Status Send(Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override;
  std::size_t routing_id_bytes(const Peer& peer) const override { return peer.routing_id.size(); }
  PeerId FindPeer(Bytes routing_id) const override;

 private:
  // Gives the peer a number.
  void Register(Peer* peer);

  // The numbers are ours, so that nobody can choose them to collide.
  absl::flat_hash_map<std::uint32_t, PeerId> table_;
  std::uint32_t next_ = 0;
};

// SERVER (RFC 41) and PEER (RFC 51).
using ServerPattern = SinglePart<NumberedPattern>;
using PeerPattern = SinglePart<NumberedPattern>;

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_SERVER_H_
