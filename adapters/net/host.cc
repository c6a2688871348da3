#include "adapters/net/host.h"

#include <sys/random.h>
#include <time.h>

#include <cstdlib>

namespace monocoque::net {

void OsEntropy::Fill(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    // Only a signal interrupts it; a system without the call cannot run this adapter.
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
  }
}

Instant Now() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return Instant::FromNanoseconds(std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec);
}

}  // namespace monocoque::net
