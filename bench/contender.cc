#include "bench/contender.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace monocoque::bench {

std::int64_t NowNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double CountFor(const Setting& setting, const std::function<std::size_t()>& receive) {
  const auto nanos = static_cast<std::int64_t>(setting.seconds * 1e9);
  receive();
  for (const std::int64_t warm = NowNanos() + nanos / 10; NowNanos() < warm;) receive();
  std::size_t count = 0;
  const std::int64_t begin = NowNanos();
  std::int64_t now = begin;
  for (; now < begin + nanos; now = NowNanos()) {
    for (const std::size_t enough = count + 1000; count < enough;) count += receive();
  }
  return static_cast<double>(count) * 1e9 / static_cast<double>(now - begin);
}

std::vector<std::int64_t> TimeTrips(const Setting& setting, const std::function<void()>& trip) {
  for (std::size_t i = 0; i < setting.round_trips / 10 + 1; ++i) trip();
  std::vector<std::int64_t> nanos;
  nanos.reserve(setting.round_trips);
  for (std::size_t i = 0; i < setting.round_trips; ++i) {
    const std::int64_t begin = NowNanos();
    trip();
    nanos.push_back(NowNanos() - begin);
  }
  return nanos;
}

std::string BindEndpoint(const Setting& setting) {
  if (setting.transport == "tcp") return "tcp://127.0.0.1:*";
  if (setting.transport == "inproc") return "inproc://bench";
  return "ipc://@monocoque-bench-" + std::to_string(getpid());
}

void Die(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::_Exit(1);
}

}  // namespace monocoque::bench
