#ifndef MONOCOQUE_PROTOCOL_SOCKET_REP_H_
#define MONOCOQUE_PROTOCOL_SOCKET_REP_H_

#include "absl/status/status.h"
#include "alloc/slice.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"

namespace monocoque {

// REP (RFC 28): one request, then its reply, in strict alternation. The envelope, up to and
// including the first empty part, is kept, hidden, and put in front of the reply unchanged.
//
// A reply goes out on the link its request came on, or is dropped and counted: over a reconnect the
// asker is gone (REP-6), though it was dialed, and a REQ there would take a late reply for the one
// to its next request.
class RepPattern final : public Pattern {
 public:
  using Pattern::Pattern;

  void OnPeerMade(Peer* peer, const LinkOptions& options) override;
  void OnPeerDown(Peer* peer, bool gone) override;
  bool CanSend() const override;
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override;
  void Taken() override { replying_ = true; }
  absl::Status ReceiveStatus() const override;

 private:
  // Who the reply goes to; null: nobody.
  Peer* Asker() const;
  // Takes the envelope off into envelope_. False: there is none, or nothing behind it.
  bool TakeEnvelope(Message* message);

  PeerId asker_;
  bool asker_here_ = false;  // the link that the request came on still stands
  Slice envelope_;           // frames in wire form, the last one the delimiter
  bool replying_ = false;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_REP_H_
