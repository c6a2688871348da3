#ifndef MONOCOQUE_PROTOCOL_SOCKET_PIPELINE_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PIPELINE_H_

#include "absl/status/status.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/single_part.h"

namespace monocoque {

// PUSH (RFC 30): to its peers by turns; takes nothing when none can. Input is read and dropped
// (PUSH-5).
class PushPattern : public Pattern {
 public:
  using Pattern::Pattern;
  absl::Status Send(Message* message, Instant now) override {
    return core_.SendBalanced(message, {}, now);
  }
  bool Receive(Message*, Instant) override { return false; }
  absl::Status ReceiveStatus() const override { return OnlySends(); }
  bool drops_input() const override { return true; }
};

// PULL (RFC 30): from its peers fairly; never sends.
class PullPattern : public Pattern {
 public:
  using Pattern::Pattern;
  bool CanSend() const override { return false; }
  absl::Status SendStatus() const override { return OnlyReceives(); }
  absl::Status Send(Message*, Instant) override { return OnlyReceives(); }
  absl::Status SendTo(Peer*, Message*, Instant) override { return OnlyReceives(); }
};

// DEALER (RFC 28): sends by turns, receives fairly, touches no part.
class DealerPattern : public Pattern {
 public:
  using Pattern::Pattern;
  absl::Status Send(Message* message, Instant now) override {
    return core_.SendBalanced(message, {}, now);
  }
};

// SCATTER and GATHER (RFC 49), and CLIENT (RFC 41): the same with single parts.
using ScatterPattern = SinglePart<PushPattern>;
using GatherPattern = SinglePart<PullPattern>;
using ClientPattern = SinglePart<DealerPattern>;

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PIPELINE_H_
