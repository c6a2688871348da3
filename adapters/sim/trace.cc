#include "adapters/sim/trace.h"

#include <cstddef>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace monocoque::sim {

void Trace::Step(Instant now, std::string_view who, std::string_view what, std::uint64_t amount,
                 std::string_view detail) {
  Mix(static_cast<std::uint64_t>(now.nanoseconds()));
  MixOctets(AsBytes(who));
  MixOctets(AsBytes(what));
  Mix(amount);
  MixOctets(AsBytes(detail));
  if (!sink_) return;
  std::string line =
      absl::StrFormat("%12.6f ms  %s: %s", static_cast<double>(now.nanoseconds()) / 1e6, who, what);
  if (amount != 0) absl::StrAppend(&line, " ", amount);
  if (!detail.empty()) absl::StrAppend(&line, " ", absl::CHexEscape(detail));
  sink_(line);
}

void Trace::MixOctets(Bytes octets) {
  Mix(octets.size());
  std::size_t at = 0;
  for (; octets.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, octets.data() + at, sizeof(word));
    Mix(word);
  }
  for (; at < octets.size(); ++at) Mix(octets[at]);
}

}  // namespace monocoque::sim
