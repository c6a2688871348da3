// Seeds that run with every build. What a seed finds is run alone with the line that it prints.
#include "tests/sim/swarm.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "tests/sim/plan.h"

#ifdef __has_feature
#define MONOCOQUE_HAS_FEATURE(x) __has_feature(x)
#else
#define MONOCOQUE_HAS_FEATURE(x) 0
#endif

namespace monocoque::testing {
namespace {

using ::testing::HasSubstr;

// Blocks of seeds, which the shards of a test share. Fewer under sanitizers.
constexpr std::uint64_t kBlocks = 8;
constexpr std::uint64_t kSeedsABlock =
    MONOCOQUE_HAS_FEATURE(address_sanitizer) || MONOCOQUE_HAS_FEATURE(thread_sanitizer) ? 240 : 300;

class SwarmTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SwarmTest, SocketsKeepTheirWord) {
  std::size_t delivered = 0;
  std::size_t owed = 0;
  const std::uint64_t first = GetParam() * kSeedsABlock + 1;
  for (std::uint64_t seed = first; seed < first + kSeedsABlock; ++seed) {
    const SeedResult result = RunSeed(seed);
    EXPECT_EQ(result.violations, "") << Reproduce(seed, result);
    delivered += result.delivered;
    owed += result.owed;
  }
  EXPECT_GT(delivered, kSeedsABlock);
  EXPECT_GT(owed, kSeedsABlock);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SwarmTest, ::testing::Range(std::uint64_t{0}, kBlocks));

// A failure can be looked at again: the same seed is the same run.
TEST(SwarmRunTest, ASeedIsARun) {
  for (std::uint64_t seed = 1; seed <= kPairings.size(); ++seed) {
    const SeedResult once = RunSeed(seed);
    std::size_t steps = 0;
    const SeedResult again = RunSeed(seed, [&](std::string_view) { ++steps; });
    EXPECT_EQ(once.trace_hash, again.trace_hash) << Reproduce(seed, once);
    EXPECT_GT(steps, 0u);
  }
}

TEST(SwarmRunTest, OneLineReproduces) {
  const SeedResult result = {.violations = "first\nsecond\n", .plan = "PushPull 1:2"};
  EXPECT_EQ(Reproduce(7, result),
            "tools/bazel run //tests/sim:swarm -- --seed=7  # PushPull 1:2: first");
}

// ---- What is drawn -----------------------------------------------------------------------------

// Everything that can be drawn is, and among the seeds that run with every build.
TEST(PlanTest, NothingIsLeftOut) {
  std::set<std::string_view> seen;
  const auto note = [&seen](std::string_view what, bool holds) {
    if (holds) seen.insert(what);
  };
  constexpr std::string_view kMishaps[] = {"cut",     "cut after bytes", "partition",
                                           "slow",    "freeze",          "close",
                                           "restart", "unbind",          "disconnect"};
  for (std::uint64_t seed = 1; seed <= kBlocks * kSeedsABlock; ++seed) {
    const Plan plan = Plan::FromSeed(seed);
    seen.insert(plan.pairing->name);
    for (const Mishap& mishap : plan.mishaps) {
      seen.insert(kMishaps[static_cast<std::size_t>(mishap.kind)]);
    }
    note("harmless", plan.harmless());
    note("lingers", plan.ends_with_linger);
    note("cut to the last", plan.last_cuts > 0);
    note("bounded", plan.bounded);
    note("CURVE, the left serve", plan.curve && plan.left_serves);
    note("CURVE, the right serve", plan.curve && !plan.left_serves);
    note("CURVE, who binds is asked", plan.curve && plan.asks);
    note("bounded together", plan.bounded && plan.world.budget_bytes < std::int64_t{1} << 40);
    for (const ActorPlan& actor : plan.actors) {
      const SocketOptions& options = actor.options;
      note("send mark", options.send_mark.messages < 100);
      note("receive mark", options.receive_mark.messages < 100);
      note("immediate", options.link.immediate);
      note("conflate", options.conflate);
      note("heartbeat", options.link.heartbeat.interval > absl::ZeroDuration());
      note("handover", options.router_id_clash == RoutingIdClash::kHandOver);
      note("routing id", !options.routing_id.empty());
      note("relaxed", options.req_relaxed);
      note("correlate", options.req_correlate);
      note("no drop", options.xpub_nodrop);
      note("slow reader", actor.look > absl::Milliseconds(100));
    }
  }
  EXPECT_EQ(seen.size(), kPairings.size() + std::size(kMishaps) + 19);
}

TEST(PlanTest, SaysWhatItIs) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Plan plan = Plan::FromSeed(seed);
    EXPECT_THAT(plan.ToString(), HasSubstr(plan.pairing->name));
    EXPECT_EQ(plan.has(Mishap::Kind::kRestart),
              plan.ToString().find("restart") != std::string::npos);
  }
}

}  // namespace
}  // namespace monocoque::testing
