#ifndef MONOCOQUE_PROTOCOL_SOCKET_REP_H_
#define MONOCOQUE_PROTOCOL_SOCKET_REP_H_

#include "absl/status/status.h"
#include "alloc/slice.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/pattern.h"

namespace monocoque {

// REP (RFC 28): one request, then its reply, in strict alternation. The envelope, up to and
// including the first empty part, is kept, hidden, and put in front of the reply unchanged.
class RepPattern final : public Pattern {
 public:
  using Pattern::Pattern;

  bool CanSend() const override { return replying_; }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override;
  void Taken() override { replying_ = true; }
  absl::Status ReceiveStatus() const override;

 private:
  // Takes the envelope off into envelope_. False: there is none, or nothing behind it.
  bool TakeEnvelope(Message* message);

  PeerId asker_;
  Slice envelope_;  // frames in wire form, the last one the delimiter
  bool replying_ = false;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_REP_H_
