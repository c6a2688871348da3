#ifndef MONOCOQUE_PROTOCOL_DRIVE_BACKOFF_H_
#define MONOCOQUE_PROTOCOL_DRIVE_BACKOFF_H_

#include "absl/time/time.h"
#include "protocol/drive/entropy.h"

namespace monocoque {

struct BackoffOptions {
  // The first pause; later ones double up to `max_interval`. Zero is taken as one millisecond: a
  // dialer never hammers. Sockets refuse less: RetryRules::Never() makes one attempt.
  absl::Duration interval = absl::Milliseconds(100);
  // What pauses grow to; jitter adds up to as much again. Below `interval` it is taken as
  // `interval`: pauses do not grow then.
  absl::Duration max_interval = absl::Seconds(5);
};

// Pauses between attempts: growing, with jitter, so that many dialers do not come back at once.
// Thread-compatible.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options);

  // The pause before the next attempt: the current interval plus a random part of it, up to as much
  // again; then the interval doubles.
  absl::Duration Next(Entropy* entropy);
  // The longest pause, with jitter, whatever went before.
  absl::Duration Longest(Entropy* entropy) const;
  // After a success that lasted so long, from the end of the handshake on: the next pause is the
  // first again, unless it was shorter than that. Who is let in and shut out at once, again and
  // again, comes back ever more slowly.
  void OnSuccess(absl::Duration lasted) {
    if (lasted >= first_) current_ = first_;
  }

 private:
  absl::Duration first_;
  absl::Duration longest_;
  absl::Duration current_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_BACKOFF_H_
