#ifndef MONOCOQUE_ADAPTERS_URING_FLUSH_POLICY_H_
#define MONOCOQUE_ADAPTERS_URING_FLUSH_POLICY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include "adapters/net/host.h"
#endif

namespace monocoque::uring {

// A clock for gaps between sends, cheaper than the system's: ticks of no fixed length, about a nanosecond or
// less each.
inline std::uint64_t Ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(net::Now().nanoseconds());
#endif
}

// When a send outside a turn of the loop is written: a slow start. A single message goes at once; in a tight
// row of them each write is twice as large as the last, up to a cap; a gap begins anew. What waited long goes
// with the next send.
class FlushPolicy {
 public:
  // After a send: should what is pending be written now?
  bool AfterSend(std::size_t pending_bytes, std::uint64_t ticks) {
    if (ticks - last_ > kGapTicks) threshold_ = 0;
    last_ = ticks;
    if (pending_bytes < threshold_ && ticks - waiting_since_ < kLongTicks) return false;
    threshold_ = std::clamp(threshold_ * 2, kFirstBytes, kCapBytes);
    waiting_since_ = ticks;
    return true;
  }
  // The write that AfterSend asked for is done: the time it took is no gap.
  void Wrote(std::uint64_t ticks) { last_ = waiting_since_ = ticks; }
  // Everything was written, or the caller waits: the next send goes at once.
  void Reset() { threshold_ = 0; }

 private:
  // Ten microseconds and three hundred, at two to four ticks a nanosecond: exactness does not matter.
  static constexpr std::uint64_t kGapTicks = 30'000;
  static constexpr std::uint64_t kLongTicks = 900'000;
  static constexpr std::size_t kFirstBytes = 64;
  static constexpr std::size_t kCapBytes = 512 * 1024;

  std::size_t threshold_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t waiting_since_ = 0;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_FLUSH_POLICY_H_
