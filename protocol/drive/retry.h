#ifndef MONOCOQUE_PROTOCOL_DRIVE_RETRY_H_
#define MONOCOQUE_PROTOCOL_DRIVE_RETRY_H_

#include "protocol/drive/cause.h"

namespace monocoque {

// What a dialer does next.
enum class Retry {
  kBackoff,  // again, after a pause that grows
  kSlowly,   // again, after the longest pause
  kNever,    // not by itself; the application may connect anew
};

// What a dialer does after each cause of an end (libzmq: RECONNECT_STOP, and its fixed rule that a
// violation is for good).
struct RetryRules {
  // No transport came to stand: nobody listens, a name is unknown, no route.
  Retry dial_failed = Retry::kBackoff;
  // The transport ended, or failed.
  Retry transport = Retry::kBackoff;
  // The handshake took too long.
  Retry timeout = Retry::kBackoff;
  // The peer fell silent.
  Retry heartbeat = Retry::kBackoff;
  // The peer, or we, went over a limit or have no room: it may be better later.
  Retry limit = Retry::kSlowly;
  // The peer broke the protocol, or does not fit, or said ERROR, or was refused here: it would be
  // so again (T-2, X-1, X-5).
  Retry peer_violation = Retry::kNever;
  Retry peer_incompatible = Retry::kNever;
  Retry peer_rejected_us = Retry::kNever;
  Retry we_rejected_peer = Retry::kNever;

  Retry For(Cause cause) const;
  // One attempt, whatever comes of it.
  static RetryRules Never();
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_RETRY_H_
