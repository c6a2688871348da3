// Throughput (PUSH to PULL) and round trips (REQ to REP) over loopback between two processes: ours
// on each adapter, libzmq, and ceilings (two of octets, and an echo by hand on each runtime), in
// turn and several times, with medians. Each has its ratio to libzmq, and to what there is without
// us: streams to plain octets, round trips to the echo on the same runtime.
//
// Over inproc both sides are threads of one process, messages that change hands as they are the
// ceiling, and there are no round trips.
//
// What is asked of each adapter: at 64 B three times libzmq's messages; at 64 KiB 0.7 of the plain
// octets; a round trip of at most 1.3 times its runtime's echo.
//
//   loopback [--transport=tcp|ipc|inproc] [--sizes=64,256,1024,16384,65536] [--size=64]
//   [--seconds=2]
//   [--rounds=3] [--trips=20000]
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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

// A contender, and the name of the one that shows what there is without a library: the ratio to
// that one stands beside the ratio to libzmq.
struct Row {
  Contender contender;
  std::string_view without;
};

std::vector<Row> Streams(const Setting& setting) {
  constexpr std::string_view kOctets = "plain bytes";
  constexpr std::string_view kMessages = "packed messages";
  if (setting.transport == "inproc") {
    return {{Libzmq(), kMessages},
            {BareMessages(), kMessages},
            {PackedMessages(), kMessages},
            {Uring(), kMessages},
            {Uv(), kMessages},
            {Asio(), kMessages}};
  }
  return {{Libzmq(), kOctets}, {PlainBytes(), kOctets}, {FramedPipe(), kOctets},
          {Uring(), kOctets},  {Uv(), kOctets},         {Asio(), kOctets}};
}

// Each adapter next to the echo by hand on its runtime, so that both meet the same minute.
std::vector<Row> Echoes() {
  return {{Libzmq(), "plain bytes"}, {PlainBytes(), "plain bytes"}, {RawUring(), "raw uring"},
          {Uring(), "raw uring"},    {UringNoSpin(), "raw uring"},  {RawUv(), "raw uv"},
          {Uv(), "raw uv"},          {RawAsio(), "raw asio"},       {Asio(), "raw asio"}};
}

// Both ratios of row `i`, with the names of what they are to.
std::string Ratios(const std::vector<Row>& rows, const std::vector<double>& figures,
                   std::size_t i) {
  std::string ratios;
  for (const std::string_view name : {std::string_view("libzmq"), rows[i].without}) {
    const auto other = std::ranges::find(rows, name, [](const Row& r) { return r.contender.name; });
    const double figure = figures[static_cast<std::size_t>(other - rows.begin())];
    absl::StrAppendFormat(&ratios, "  to %s %.2f", name, figures[i] / figure);
  }
  return ratios;
}

void RunStreams(const Flags& flags, std::size_t payload_bytes) {
  const std::vector<Row> rows = Streams(flags.setting);
  Setting setting = flags.setting;
  setting.payload_bytes = payload_bytes;
  const auto rates = MediansInTurn(rows.size(), flags.rounds, [&](std::size_t i) {
    return Throughput(rows[i].contender, setting);
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    absl::PrintF("throughput %6d B  %-14s %9.3f M/s  %8.1f MB/s%s\n", payload_bytes,
                 rows[i].contender.name, rates[i] / 1e6,
                 rates[i] * static_cast<double>(payload_bytes) / 1e6, Ratios(rows, rates, i));
  }
  std::fflush(stdout);
}

void RunEchoes(const Flags& flags) {
  const std::vector<Row> rows = Echoes();
  const auto nanos = MediansInTurn(rows.size(), flags.rounds, [&](std::size_t i) {
    return RoundTrip(rows[i].contender, flags.setting);
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    absl::PrintF("round trip %6d B  %-14s %9.2f us p50%s\n", flags.setting.payload_bytes,
                 rows[i].contender.name, nanos[i] / 1e3, Ratios(rows, nanos, i));
  }
}

void Run(const Flags& flags) {
  std::printf("%s, medians of %zu rounds\n", flags.setting.transport.c_str(), flags.rounds);
  for (const std::size_t size : flags.list) RunStreams(flags, size);
  if (flags.setting.transport != "inproc") RunEchoes(flags);
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  monocoque::bench::Run(
      monocoque::bench::ParseFlags(argc, argv, {"--sizes", {64, 256, 1024, 16384, 65536}, true}));
  return 0;
}
