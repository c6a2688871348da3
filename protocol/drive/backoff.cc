#include "protocol/drive/backoff.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace monocoque {
namespace {

// `pause` plus a random part of it, in 1/65536 steps.
absl::Duration WithJitter(absl::Duration pause, Entropy* entropy) {
  std::array<std::uint8_t, 2> random{};
  entropy->Fill(random);
  return pause + pause * (random[0] * 256 + random[1]) / 65536;
}

}  // namespace

Backoff::Backoff(const BackoffOptions& options)
    : first_(std::clamp(options.interval, absl::Milliseconds(1), absl::Hours(24))),
      longest_(std::clamp(options.max_interval, first_, absl::Hours(24))),
      current_(first_) {}

absl::Duration Backoff::Next(Entropy* entropy) {
  const absl::Duration pause = current_;
  current_ = std::min(current_ * 2, longest_);
  return WithJitter(pause, entropy);
}

absl::Duration Backoff::Longest(Entropy* entropy) const { return WithJitter(longest_, entropy); }

}  // namespace monocoque
