// Throughput (PUSH to PULL) and round trips (REQ to REP) over loopback between two processes: ours
// on each adapter, libzmq, and ceilings (two of octets, and an echo by hand on each runtime), in
// turn and several times, with medians and the ratio to libzmq.
//
//   loopback [--transport=tcp|ipc] [--sizes=64,256,1024,16384] [--seconds=2] [--rounds=3]
//   [--trips=20000]
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/contender.h"
#include "bench/flags.h"
#include "bench/process.h"

namespace monocoque::bench {
namespace {

// Nanoseconds, the median.
double RoundTrip(const Contender& contender, const Setting& setting) {
  Child answerer([&](int out) {
    contender.answer(setting, [&](const std::string& endpoint) { Tell(out, endpoint); });
  });
  const std::string endpoint = answerer.Line();
  Child asker([&](int out) {
    const std::vector<std::int64_t> trips = contender.ask(setting, endpoint);
    Tell(out, absl::StrCat(Median({trips.begin(), trips.end()})));
  });
  return asker.Number();
}

// Libzmq comes first in each list: the ratio is to the first.
void Run(const Flags& flags) {
  const std::vector<Contender> streams = {Libzmq(), Uring(),      Uv(),
                                          Asio(),   FramedPipe(), PlainBytes()};
  const std::vector<Contender> echoes = {Libzmq(), PlainBytes(), Uring(), UringNoSpin(), RawUring(),
                                         Uv(),     RawUv(),      Asio(),  RawAsio()};
  std::printf("%s, medians of %zu rounds\n", flags.setting.transport.c_str(), flags.rounds);
  for (const std::size_t size : flags.list) {
    Setting setting = flags.setting;
    setting.payload_bytes = size;
    const auto rates = MediansInTurn(streams.size(), flags.rounds, [&](std::size_t i) {
      return Throughput(streams[i], setting);
    });
    for (std::size_t i = 0; i < streams.size(); ++i) {
      std::printf("throughput %6zu B  %-16s %9.3f M/s  %8.1f MB/s  ratio %.2f\n", size,
                  streams[i].name, rates[i] / 1e6, rates[i] * static_cast<double>(size) / 1e6,
                  rates[i] / rates[0]);
    }
    std::fflush(stdout);
  }
  const auto nanos = MediansInTurn(echoes.size(), flags.rounds, [&](std::size_t i) {
    return RoundTrip(echoes[i], flags.setting);
  });
  for (std::size_t i = 0; i < echoes.size(); ++i) {
    std::printf("round trip %6zu B  %-16s %9.2f us p50  ratio %.2f\n", flags.setting.payload_bytes,
                echoes[i].name, nanos[i] / 1e3, nanos[i] / nanos[0]);
  }
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  monocoque::bench::Run(
      monocoque::bench::ParseFlags(argc, argv, {"--sizes", {64, 256, 1024, 16384}}));
  return 0;
}
