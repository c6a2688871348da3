#ifndef MONOCOQUE_TESTS_SIM_SWARM_H_
#define MONOCOQUE_TESTS_SIM_SWARM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace monocoque::testing {

// What came of one seed.
struct SeedResult {
  std::string violations;  // one a line; empty: the sockets kept their word
  std::string plan;        // one line
  std::uint64_t trace_hash = 0;
  std::size_t accepted = 0;
  std::size_t delivered = 0;
  std::size_t owed = 0;  // copies of publications that were owed
  std::size_t gone_with_links = 0;
  std::size_t links = 0;
};

// Draws sockets, options, a topology, a workload and mishaps from the seed, runs them in a
// simulation, makes it calm, and lets the oracle judge: nothing is missing without a reason,
// everything recovered, all memory came back. `trace` may be null.
SeedResult RunSeed(std::uint64_t seed,
                   const std::function<void(std::string_view)>& trace = nullptr);

// "tools/bazel run //tests/sim:swarm -- --seed=7  # PushPull 1:2 ...: what was wrong".
std::string Reproduce(std::uint64_t seed, const SeedResult& result);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_SWARM_H_
