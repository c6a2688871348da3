#include "protocol/connection/heartbeat.h"

namespace monocoque {

Heartbeat::Due Heartbeat::Next(Instant now, bool paused) {
  if (now >= expiry_) {
    if (activity_ != ping_mark_) {
      expiry_ = Instant::Never();  // something came after the PING: the next one starts anew
    } else if (!paused) {
      return Due::kExpired;
    } else {
      expiry_ = now + timeout_;
    }
  }
  if (now >= ttl_deadline_) {
    if (activity_ != ttl_mark_) {
      ttl_deadline_ = Instant::Never();
    } else if (!paused) {
      return Due::kTtl;
    } else {
      ttl_deadline_ = now + peer_ttl_;
    }
  }
  if (now >= next_ping_) {
    next_ping_ = now + interval_;
    // An unanswered PING is not followed by another (H-8), unless it is ourselves who do not read:
    // but never before it was written.
    const bool unanswered = !expiry_.is_never() && activity_ == ping_mark_;
    if (unanswered && (!paused || unwritten_ > 0)) return Due::kNothing;
    ping_mark_ = activity_;
    expiry_ = now + timeout_;
    return Due::kPing;
  }
  return Due::kNothing;
}

}  // namespace monocoque
