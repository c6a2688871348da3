// One publisher to 1, 8 and 32 subscribers of everything over loopback, between two processes: ours
// and libzmq in turn, with medians and the ratio.
//
//   publish [--transport=tcp|ipc] [--subscribers=1,8,32] [--size=64] [--seconds=2] [--rounds=3]
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
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
  std::vector<std::size_t> subscribers = {1, 8, 32};
  std::size_t rounds = 3;
};

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
  for (const std::size_t subscribers : flags.subscribers) {
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
    } else if (flag.first == "--size") {
      ok = absl::SimpleAtoi(flag.second, &flags.setting.payload_bytes);
    } else if (flag.first == "--rounds") {
      ok = absl::SimpleAtoi(flag.second, &flags.rounds) && flags.rounds > 0;
    } else if (flag.first == "--subscribers") {
      flags.subscribers.clear();
      for (std::string_view number : absl::StrSplit(flag.second, ',', absl::SkipEmpty())) {
        ok = absl::SimpleAtoi(number, &flags.subscribers.emplace_back()) && ok;
      }
    } else {
      ok = false;
    }
    if (!ok) Die(absl::StrCat("what is ", argv[i], "? See the head of bench/publish.cc"));
  }
  return flags;
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  monocoque::bench::Run(monocoque::bench::Parse(argc, argv));
  return 0;
}
