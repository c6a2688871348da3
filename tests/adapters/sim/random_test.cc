#include "adapters/sim/random.h"

#include <array>

#include "gtest/gtest.h"

namespace monocoque::sim {
namespace {

// The published first outputs of SplitMix64 for seed 1234567: a seed means the same everywhere.
TEST(RandomTest, KnownNumbers) {
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(RandomTest, Bounds) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(random.Below(7), 7u);
    const std::uint64_t between = random.Between(3, 5);
    EXPECT_TRUE(between >= 3 && between <= 5);
    const absl::Duration up_to = random.UpTo(absl::Nanoseconds(2));
    EXPECT_TRUE(up_to >= absl::ZeroDuration() && up_to <= absl::Nanoseconds(2));
  }
  EXPECT_EQ(random.Below(0), 0u);
}

TEST(RandomTest, ChanceIsAShare) {
  Random random(1);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) hits += random.Chance(0.25) ? 1 : 0;
  EXPECT_GT(hits, 2300);
  EXPECT_LT(hits, 2700);
}

// A fault that is off leaves the rest of the run as it was.
TEST(RandomTest, CertaintyDrawsNothing) {
  Random random(1), untouched(1);
  EXPECT_FALSE(random.Chance(0));
  EXPECT_TRUE(random.Chance(1));
  EXPECT_EQ(random.UpTo(absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(random.Next(), untouched.Next());
}

TEST(RandomTest, ForksAndEntropyStandAlone) {
  Random random(9);
  Random fork = random.Fork();
  SeededEntropy entropy(fork);
  std::array<std::uint8_t, 16> once{}, again{};
  entropy.Fill(once);
  SeededEntropy(fork).Fill(again);
  EXPECT_EQ(once, again);
  entropy.Fill(again);
  EXPECT_NE(once, again);
  EXPECT_NE(random.Next(), fork.Next());
}

}  // namespace
}  // namespace monocoque::sim
