#ifndef MONOCOQUE_ADAPTERS_NET_FLUSH_POLICY_H_
#define MONOCOQUE_ADAPTERS_NET_FLUSH_POLICY_H_

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace monocoque::net {

// When a send outside a turn of the loop is written: a slow start. A single message goes at once;
// in a tight row of them each write is twice as large as the last, up to a cap; a gap begins anew.
// What waited long goes with the next send.
//
// Gaps are seen by the system's coarse clock, a few nanoseconds a read and a few milliseconds
// apart, at each send, and by the exact one at each eighth, which would otherwise cost as much as
// the send.
template <typename Clock>
class BasicFlushPolicy {
 public:
  // After a send: should what is pending be written now?
  bool AfterSend(std::size_t pending_bytes) {
    const bool exact_turn = (++sends_ & 7) == 0;
    // What went nowhere needs no write; the loop has its turn all the same, by the exact clock.
    if (pending_bytes == 0 && !exact_turn) return false;
    if (pending_bytes > 0 && pending_bytes >= threshold_) return Write();
    const std::int64_t coarse = Clock::Coarse();
    if (coarse == last_coarse_ && !exact_turn) return false;
    last_coarse_ = coarse;
    const std::int64_t now = Clock::Exact();
    const bool gap = now - last_exact_ > 8 * kGapNanoseconds;
    last_exact_ = now;
    if (gap) threshold_ = 0;
    return gap || now - waiting_since_ > kLongNanoseconds ? Write() : false;
  }
  // The write that AfterSend asked for is done: the time it took is no gap.
  void Wrote() {
    last_exact_ = waiting_since_ = Clock::Exact();
    last_coarse_ = Clock::Coarse();
    sends_ = 0;
  }
  // The caller waits: the next send goes at once.
  void Reset() { threshold_ = 0; }

 private:
  static constexpr std::int64_t kGapNanoseconds = 10'000;
  static constexpr std::int64_t kLongNanoseconds = 300'000;
  static constexpr std::size_t kFirstBytes = 64;
  static constexpr std::size_t kCapBytes = 512 * 1024;

  bool Write() {
    threshold_ = std::clamp(threshold_ * 2, kFirstBytes, kCapBytes);
    return true;
  }

  std::size_t threshold_ = 0;
  unsigned sends_ = 0;
  std::int64_t last_coarse_ = 0;
  std::int64_t last_exact_ = 0;
  std::int64_t waiting_since_ = 0;
};

// In nanoseconds.
struct SystemClock {
  static std::int64_t Coarse() { return Read(CLOCK_MONOTONIC_COARSE); }
  static std::int64_t Exact() { return Read(CLOCK_MONOTONIC); }

 private:
  static std::int64_t Read(clockid_t clock) {
    timespec ts;
    clock_gettime(clock, &ts);
    return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
  }
};

using FlushPolicy = BasicFlushPolicy<SystemClock>;

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_FLUSH_POLICY_H_
