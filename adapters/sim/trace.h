#ifndef MONOCOQUE_ADAPTERS_SIM_TRACE_H_
#define MONOCOQUE_ADAPTERS_SIM_TRACE_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "alloc/bytes.h"
#include "protocol/drive/instant.h"

namespace monocoque::sim {

// What happened, as a number always and as lines of text if somebody wants them. Two runs that did
// the same have the same number; addresses and hash orders have no part in it.
class Trace {
 public:
  using Sink = std::function<void(std::string_view line)>;
  explicit Trace(Sink sink) : sink_(std::move(sink)) {}

  // `who` did or saw `what`; `amount` and `detail` belong to it and may be nothing.
  void Step(Instant now, std::string_view who, std::string_view what, std::uint64_t amount = 0,
            std::string_view detail = {});
  // Octets that passed; in the number, not in the text.
  void Octets(Bytes octets) { MixOctets(octets); }

  std::uint64_t hash() const { return hash_; }

 private:
  void Mix(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9E3779B97F4A7C15u;
    hash_ ^= hash_ >> 29;
  }
  void MixOctets(Bytes octets);

  Sink sink_;
  std::uint64_t hash_ = 0;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_TRACE_H_
