#include "tests/sim/swarm.h"

#include "absl/strings/str_cat.h"
#include "tests/sim/plan.h"
#include "tests/sim/run.h"

namespace monocoque::testing {

SeedResult RunSeed(std::uint64_t seed, const std::function<void(std::string_view)>& trace) {
  return Run(seed, Plan::FromSeed(seed), trace).Go();
}

std::string Reproduce(std::uint64_t seed, const SeedResult& result) {
  return absl::StrCat("tools/bazel run //tests/sim:swarm -- --seed=", seed, "  # ", result.plan,
                      ": ", result.violations.substr(0, result.violations.find('\n')));
}

}  // namespace monocoque::testing
