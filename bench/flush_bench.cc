// When to write: what docs/adr/0004 rests on. A tight row of sends outside a turn of the loop, to a
// consumer in another process: written as the slow start decides, and written at each send.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/uring/loop.h"
#include "bench/contender.h"
#include "bench/process.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::bench {
namespace {

constexpr std::size_t kRounds = 5;

[[noreturn]] void Produce(const Setting& setting, const std::string& endpoint, bool each) {
  uring::Loop loop;
  uring::Socket push = loop.MakeSocket(SocketType::kPush);
  if (!push.Connect(endpoint).ok()) std::exit(1);
  const std::string payload(setting.payload_bytes, 'x');
  for (;;) {
    if (!push.Send(payload).ok()) std::exit(1);
    if (each) push.Flush();
  }
}

// Messages a second.
double Run(const Setting& setting, bool each) {
  Child consumer([&](int out) {
    Tell(out, absl::StrCat(Uring().consume(
                  setting, [&](const std::string& endpoint) { Tell(out, endpoint); })));
  });
  const std::string endpoint = consumer.Line();
  Child producer([&](int) { Produce(setting, endpoint, each); });
  return consumer.Number();
}

int Main() {
  const std::vector<std::pair<const char*, bool>> ways = {{"slow start", false},
                                                          {"at each send", true}};
  for (const std::size_t size : {std::size_t{64}, std::size_t{1024}}) {
    const Setting setting{.payload_bytes = size, .seconds = 1};
    const std::vector<double> rates = MediansInTurn(
        ways.size(), kRounds, [&](std::size_t i) { return Run(setting, ways[i].second); });
    for (std::size_t i = 0; i < ways.size(); ++i) {
      std::printf("%6zu B  written %-12s %8.3f M/s  ratio %.3f\n", size, ways[i].first,
                  rates[i] / 1e6, rates[i] / rates[0]);
    }
  }
  return 0;
}

}  // namespace
}  // namespace monocoque::bench

int main() { return monocoque::bench::Main(); }
