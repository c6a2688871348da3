// One publisher to 1, 8 and 32 subscribers of everything over loopback, between two processes: ours
// and libzmq in turn, with medians and the ratio.
//
//   publish [--transport=tcp|ipc] [--subscribers=1,8,32] [--size=64] [--seconds=2] [--rounds=3]
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/contender.h"
#include "bench/flags.h"
#include "bench/process.h"

namespace monocoque::bench {
namespace {

double Rate(const Broadcaster& broadcaster, const Setting& setting) {
  Child publisher([&](int out) {
    broadcaster.publish(setting, [&](const std::string& endpoint) { Tell(out, endpoint); });
  });
  const std::string endpoint = publisher.Line();
  Child subscribers(
      [&](int out) { Tell(out, absl::StrCat(broadcaster.subscribe(setting, endpoint))); });
  return subscribers.Number();
}

void Run(const Flags& flags) {
  const std::vector<Broadcaster> all = {LibzmqPublisher(), UringPublisher()};
  std::printf("%s, %zu B, medians of %zu rounds\n", flags.setting.transport.c_str(),
              flags.setting.payload_bytes, flags.rounds);
  for (const std::size_t subscribers : flags.list) {
    Setting setting = flags.setting;
    setting.subscribers = subscribers;
    const auto rates = MediansInTurn(all.size(), flags.rounds,
                                     [&](std::size_t i) { return Rate(all[i], setting); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::printf("to %3zu subscribers  %-8s %9.3f M/s in all  ratio %.2f\n", subscribers,
                  all[i].name, rates[i] / 1e6, rates[i] / rates[0]);
    }
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  monocoque::bench::Run(monocoque::bench::ParseFlags(argc, argv, {"--subscribers", {1, 8, 32}}));
  return 0;
}
