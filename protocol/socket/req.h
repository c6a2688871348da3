#ifndef MONOCOQUE_PROTOCOL_SOCKET_REQ_H_
#define MONOCOQUE_PROTOCOL_SOCKET_REQ_H_

#include "absl/status/status.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"

namespace monocoque {

// REQ (RFC 28): one request, then one reply from the peer that got it, in strict alternation. An
// empty delimiter goes in front of each request and is taken off each reply.
class ReqPattern final : public Pattern {
 public:
  using Pattern::Pattern;

  void OnPeerDown(Peer* peer, bool gone) override;
  bool CanSend() const override { return !waiting_ && core_.AnyPeerCanTake(); }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override;
  void Taken() override { waiting_ = false; }
  absl::Status ReceiveStatus() const override;

 private:
  // Throws away what came before the request: unsolicited by definition (REQ-7).
  void DropStale(Instant now);
  // Strips the delimiter. False: the message is to be dropped, and the peer was dealt with.
  bool Open(Message* message, Instant now);
  absl::Status CheckTurn() const;

  PeerId asked_;  // who got the last request
  bool waiting_ = false;
  bool abandoned_ = false;  // the peer that got it is gone for good: no reply can come
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_REQ_H_
