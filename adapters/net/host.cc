#include "adapters/net/host.h"

#include <sys/random.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace monocoque::net {

namespace {

// Where a filter forbids the system call. Without either nothing that needs secrets can go on.
void FillFromDevice(MutableBytes out) {
  std::ifstream device("/dev/urandom", std::ios::binary);
  device.rdbuf()->pubsetbuf(nullptr, 0);
  if (device.read(reinterpret_cast<char*>(out.data()), std::ssize(out))) return;
  std::fputs("there are no random octets: allow getrandom, or /dev/urandom\n", stderr);
  std::abort();
}

}  // namespace

void OsEntropy::Fill(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) return FillFromDevice(out);
  }
}

Instant Now() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return Instant::FromNanoseconds(std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec);
}

}  // namespace monocoque::net
