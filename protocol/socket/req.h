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
  void Taken() override;
  // Takes what came, so that a peer that breaks the rules is found although nobody receives. The
  // reply is kept for Receive; what is unsolicited, or from somebody else, is dropped (REQ-7).
  void Process(Instant now) override;
  absl::Status ReceiveStatus() const override;

 private:
  // Strips the delimiter. False: the message is to be dropped, and the peer was dealt with.
  bool Open(Message* message, Instant now);
  void DropReply();
  absl::Status CheckTurn() const;

  PeerId asked_;  // who got the last request
  bool waiting_ = false;
  Message reply_;  // of asked_, while has_reply_
  bool has_reply_ = false;
  bool abandoned_ = false;  // the peer that got it is gone for good: no reply can come
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_REQ_H_
