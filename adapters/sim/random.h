#ifndef MONOCOQUE_ADAPTERS_SIM_RANDOM_H_
#define MONOCOQUE_ADAPTERS_SIM_RANDOM_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "protocol/drive/entropy.h"

namespace monocoque::sim {

// Numbers from a seed (SplitMix64): the same on every machine and with every compiler, which the
// standard library's distributions do not promise. Thread-compatible.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  // From 0 to bound - 1; 0 for a bound of 0.
  std::uint64_t Below(std::uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }
  // From `least` to `most`.
  std::uint64_t Between(std::uint64_t least, std::uint64_t most) {
    return least + Below(most - least + 1);
  }
  // True for this share of the calls: 0 never, 1 always. Those two draw no number, so that a fault
  // that is off changes nothing else.
  bool Chance(double share) {
    if (share <= 0 || share >= 1) return share >= 1;
    return static_cast<double>(Next() >> 11) < share * 9007199254740992.0;  // 2^53
  }
  // From zero to `longest`, in nanoseconds; zero draws no number.
  absl::Duration UpTo(absl::Duration longest) {
    const std::int64_t most = absl::ToInt64Nanoseconds(longest);
    if (most <= 0) return absl::ZeroDuration();
    return absl::Nanoseconds(
        static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(most) + 1)));
  }
  // A generator of its own: what is drawn there changes nothing here.
  Random Fork() { return Random(Next()); }

 private:
  std::uint64_t state_;
};

// What a socket in a simulation takes for chance.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(Random random) : random_(random) {}
  void Fill(MutableBytes out) override {
    for (std::uint8_t& octet : out) octet = static_cast<std::uint8_t>(random_.Next() >> 56);
  }

 private:
  Random random_;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_RANDOM_H_
