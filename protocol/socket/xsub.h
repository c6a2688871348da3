#ifndef MONOCOQUE_PROTOCOL_SOCKET_XSUB_H_
#define MONOCOQUE_PROTOCOL_SOCKET_XSUB_H_

#include "absl/status/status.h"
#include "protocol/socket/sub.h"

namespace monocoque {

// XSUB (RFC 29): SUB whose application sends its subscriptions as messages: 1 or 0 and the prefix
// (XSUB-4); all other messages go to all publishers, and never wait (XSUB-3). What comes is not
// filtered (XSUB-6).
class XSubPattern final : public SubPattern {
 public:
  using SubPattern::SubPattern;

  bool CanSend() const override { return true; }
  absl::Status SendStatus() const override { return absl::OkStatus(); }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override { return core_.ReceiveFair(out, now); }

 private:
  absl::Status CheckParts(const Message& message) const;
  // Does what the part asks for, if it is a subscription or a cancellation.
  void TakeSubscription(Bytes part, Instant now);
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_XSUB_H_
