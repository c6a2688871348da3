#ifndef MONOCOQUE_PROTOCOL_DRIVE_INSTANT_H_
#define MONOCOQUE_PROTOCOL_DRIVE_INSTANT_H_

#include <compare>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace monocoque {

// A point on the host's monotonic clock, in nanoseconds since an origin only the host knows. The
// core never reads a clock: `now` is an argument, the time of the turn, and never decreases.
class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant FromNanoseconds(std::int64_t ns) { return Instant(ns); }
  // Later than every other instant: no deadline.
  static constexpr Instant Never() { return Instant(std::numeric_limits<std::int64_t>::max()); }

  constexpr std::int64_t nanoseconds() const { return ns_; }
  constexpr bool is_never() const { return *this == Never(); }

  // Saturates at Never(): an infinite duration gives no deadline.
  friend Instant operator+(Instant at, absl::Duration d) {
    if (at.is_never() || d == absl::InfiniteDuration()) return Never();
    const std::int64_t ns = absl::ToInt64Nanoseconds(d);
    if (ns > 0 && at.ns_ > std::numeric_limits<std::int64_t>::max() - ns) return Never();
    return Instant(at.ns_ + ns);
  }
  friend Instant operator-(Instant at, absl::Duration d) { return at.is_never() ? at : at + (-d); }
  friend absl::Duration operator-(Instant a, Instant b) {
    if (a.is_never()) return absl::InfiniteDuration();
    return absl::Nanoseconds(a.ns_ - b.ns_);
  }
  friend constexpr auto operator<=>(Instant, Instant) = default;

 private:
  constexpr explicit Instant(std::int64_t ns) : ns_(ns) {}

  std::int64_t ns_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_INSTANT_H_
