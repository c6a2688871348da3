#include "protocol/drive/retry.h"

namespace monocoque {

Retry RetryRules::For(Cause cause) const {
  switch (cause) {
    case Cause::kDial:
      return dial_failed;
    case Cause::kTimeout:
      return timeout;
    case Cause::kHeartbeat:
      return heartbeat;
    case Cause::kLimit:
      return limit;
    case Cause::kPeerViolation:
      return peer_violation;
    case Cause::kPeerIncompatible:
      return peer_incompatible;
    case Cause::kPeerRejectedUs:
      return peer_rejected_us;
    case Cause::kWeRejectedPeer:
      return we_rejected_peer;
    case Cause::kLocal:
      return Retry::kNever;
    case Cause::kNone:
    case Cause::kTransport:
      break;
  }
  return transport;
}

RetryRules RetryRules::Never() {
  return {.dial_failed = Retry::kNever,
          .transport = Retry::kNever,
          .timeout = Retry::kNever,
          .heartbeat = Retry::kNever,
          .limit = Retry::kNever};
}

}  // namespace monocoque
