#ifndef MONOCOQUE_PROTOCOL_SOCKET_PAIR_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PAIR_H_

#include "absl/status/status.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/single_part.h"

namespace monocoque {

// PAIR (RFC 31): one peer at a time. While it has a finished handshake, a second is refused with
// ERROR; once it is gone, the next may come (PAIR-1, PAIR-4).
class PairPattern : public Pattern {
 public:
  using Pattern::Pattern;

  void OnPeerMade(Peer* peer, const LinkOptions& options) override;
  absl::Status Admit(Peer* peer, Instant now) override;
  void OnPeerDown(Peer* peer, bool gone) override;

  bool CanSend() const override;
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;

 private:
  PeerId peer_;         // where messages go
  bool ready_ = false;  // it has a finished handshake
};

// CHANNEL (RFC 52): the same with single parts.
using ChannelPattern = SinglePart<PairPattern>;

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PAIR_H_
