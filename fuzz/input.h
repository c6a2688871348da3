#ifndef MONOCOQUE_FUZZ_INPUT_H_
#define MONOCOQUE_FUZZ_INPUT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "alloc/bytes.h"

namespace monocoque::fuzz {

// A fuzz input, read from the front as choices. Once it is used up, every choice is 0.
class Input {
 public:
  explicit Input(Bytes octets) : rest_(octets) {}

  bool empty() const { return rest_.empty(); }
  std::size_t size() const { return rest_.size(); }

  std::uint8_t Octet() {
    if (rest_.empty()) return 0;
    const std::uint8_t octet = rest_[0];
    rest_ = rest_.subspan(1);
    return octet;
  }
  // Up to `count` octets.
  Bytes Take(std::size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  // A length in one octet, then so many octets: an input of its own. `most` is one less than a
  // power of two.
  Input Part(std::uint8_t most = 255) { return Input(Take(Octet() & most)); }

 private:
  Bytes rest_;
};

// One step of a script: what to do, and how much of it.
struct Step {
  explicit Step(std::uint8_t octet) : kind(octet & 15), amount(octet >> 4) {}

  // Octets: each small number, then the neighbourhoods of what the code treats as a border.
  std::size_t bytes() const {
    constexpr std::array<std::size_t, 16> kBytes = {0,  1,  2,  3,   5,   8,    9,    16,
                                                    33, 64, 82, 130, 257, 1000, 4096, 70000};
    return kBytes[amount];
  }

  // Time: around the deadlines that the code and the fuzzers set.
  absl::Duration duration() const {
    constexpr std::array<std::int64_t, 16> kMilliseconds = {
        0, 1, 5, 10, 50, 100, 500, 999, 1000, 1001, 5000, 10000, 29999, 30000, 65500, 6553500};
    return absl::Milliseconds(kMilliseconds[amount]);
  }

  unsigned kind;    // 0 to 15
  unsigned amount;  // 0 to 15
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_INPUT_H_
