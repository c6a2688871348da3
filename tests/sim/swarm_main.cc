// Runs seeds by hand. One, with its steps and all that was wrong:
//
//   tools/bazel run //tests/sim:swarm -- --seed=7 --trace
//
// Many, with a line for each that fails:
//
//   tools/bazel run --config=opt //tests/sim:swarm -- --seeds=1-100000
//
// Ends with 1 if a seed failed.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/sim/swarm.h"

namespace {

struct Flags {
  std::uint64_t from = 1;
  std::uint64_t to = 1000;
  bool one = false;
  bool trace = false;
};

bool Parse(int argc, char** argv, Flags* flags) {
  for (int i = 1; i < argc; ++i) {
    std::string_view arg = argv[i];
    if (arg == "--trace") {
      flags->trace = true;
    } else if (absl::ConsumePrefix(&arg, "--seed=")) {
      if (!absl::SimpleAtoi(arg, &flags->from)) return false;
      flags->to = flags->from;
      flags->one = true;
    } else if (absl::ConsumePrefix(&arg, "--seeds=")) {
      const std::pair<std::string_view, std::string_view> ends = absl::StrSplit(arg, '-');
      if (!absl::SimpleAtoi(ends.first, &flags->from) || !absl::SimpleAtoi(ends.second, &flags->to))
        return false;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using monocoque::testing::Reproduce;
  using monocoque::testing::RunSeed;
  using monocoque::testing::SeedResult;
  Flags flags;
  if (!Parse(argc, argv, &flags)) {
    std::fprintf(stderr, "usage: swarm --seed=N | --seeds=FROM-TO [--trace]\n");
    return 2;
  }
  std::function<void(std::string_view)> trace;
  if (flags.trace) {
    trace = [](std::string_view line) {
      std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    };
  }
  std::uint64_t failed = 0;
  SeedResult sum;
  for (std::uint64_t seed = flags.from; seed <= flags.to; ++seed) {
    const SeedResult result = RunSeed(seed, trace);
    sum.accepted += result.accepted;
    sum.delivered += result.delivered;
    sum.owed += result.owed;
    sum.gone_with_links += result.gone_with_links;
    sum.links += result.links;
    if (flags.one) std::printf("%s\n", result.plan.c_str());
    if (result.violations.empty()) continue;
    ++failed;
    std::printf("%s\n", Reproduce(seed, result).c_str());
    if (flags.one) std::printf("%s", result.violations.c_str());
    std::fflush(stdout);
  }
  std::printf(
      "%llu seeds, %llu failed; %zu messages accepted, %zu deliveries, %zu copies owed, "
      "%zu gone with their links, %zu links\n",
      static_cast<unsigned long long>(flags.to - flags.from + 1),
      static_cast<unsigned long long>(failed), sum.accepted, sum.delivered, sum.owed,
      sum.gone_with_links, sum.links);
  return failed == 0 ? 0 : 1;
}
