// Throughput (PUSH to PULL) and round trips (REQ to REP) over loopback between two processes: ours,
// libzmq, and two ceilings, in turn and several times, with medians and the ratio to libzmq.
//
//   loopback [--transport=tcp|ipc] [--sizes=64,256,1024,16384] [--seconds=2] [--rounds=3]
//   [--trips=20000]
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/contender.h"
#include "bench/process.h"

namespace monocoque::bench {
namespace {

struct Flags {
  Setting setting;
  std::vector<std::size_t> sizes = {64, 256, 1024, 16384};
  std::size_t rounds = 3;
};

double Throughput(const Contender& contender, const Setting& setting) {
  Child consumer([&](int out) {
    const Announce announce = [&](const std::string& endpoint) { Tell(out, endpoint); };
    Tell(out, absl::StrCat(contender.consume(setting, announce)));
  });
  const std::string endpoint = consumer.Line();
  Child producer([&](int) { contender.produce(setting, endpoint); });
  return consumer.Number();
}

// Nanoseconds, the median.
double RoundTrip(const Contender& contender, const Setting& setting) {
  Child answerer([&](int out) {
    contender.answer(setting, [&](const std::string& endpoint) { Tell(out, endpoint); });
  });
  const std::string endpoint = answerer.Line();
  Child asker([&](int out) {
    std::vector<std::int64_t> trips = contender.ask(setting, endpoint);
    std::ranges::nth_element(trips, trips.begin() + static_cast<std::ptrdiff_t>(trips.size() / 2));
    Tell(out, absl::StrCat(trips[trips.size() / 2]));
  });
  return asker.Number();
}

// Libzmq comes first in each list: the ratio is to the first.
void Run(const Flags& flags) {
  const std::vector<Contender> streams = {Libzmq(), Uring(), FramedPipe(), PlainBytes()};
  const std::vector<Contender> echoes = {Libzmq(), Uring(), UringNoSpin(), PlainBytes()};
  std::printf("%s, medians of %zu rounds\n", flags.setting.transport.c_str(), flags.rounds);
  for (const std::size_t size : flags.sizes) {
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

Flags Parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::pair<std::string_view, std::string_view> flag =
        absl::StrSplit(argv[i], absl::MaxSplits('=', 1));
    bool ok = true;
    if (flag.first == "--transport") {
      flags.setting.transport = std::string(flag.second);
      ok = flag.second == "tcp" || flag.second == "ipc";
    } else if (flag.first == "--seconds") {
      ok = absl::SimpleAtod(flag.second, &flags.setting.seconds);
    } else if (flag.first == "--rounds") {
      ok = absl::SimpleAtoi(flag.second, &flags.rounds) && flags.rounds > 0;
    } else if (flag.first == "--trips") {
      ok = absl::SimpleAtoi(flag.second, &flags.setting.round_trips) &&
           flags.setting.round_trips > 0;
    } else if (flag.first == "--sizes") {
      flags.sizes.clear();
      for (std::string_view size : absl::StrSplit(flag.second, ',', absl::SkipEmpty())) {
        ok = absl::SimpleAtoi(size, &flags.sizes.emplace_back()) && flags.sizes.back() > 0 && ok;
      }
    } else {
      ok = false;
    }
    if (!ok) Die(absl::StrCat("what is ", argv[i], "? See the head of bench/loopback.cc"));
  }
  return flags;
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  monocoque::bench::Run(monocoque::bench::Parse(argc, argv));
  return 0;
}
