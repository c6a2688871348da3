#include "protocol/drive/instant.h"

#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

Instant At(std::int64_t ns) { return Instant::FromNanoseconds(ns); }

TEST(InstantTest, InstantsAreOrderedAndNeverIsTheLast) {
  EXPECT_LT(At(-1), At(0));
  EXPECT_LT(At(0), At(1));
  EXPECT_EQ(At(5), At(5));
  EXPECT_LT(At(kLast - 1), Instant::Never());
  EXPECT_TRUE(Instant::Never().is_never());
  EXPECT_FALSE(At(kLast - 1).is_never());
  EXPECT_FALSE(Instant().is_never());
  EXPECT_EQ(Instant(), At(0));
}

TEST(InstantTest, DurationsMoveAnInstantByNanoseconds) {
  EXPECT_EQ(At(1000) + absl::Nanoseconds(1), At(1001));
  EXPECT_EQ(At(1000) + absl::Milliseconds(2), At(2001000));
  EXPECT_EQ(At(1000) + absl::Nanoseconds(-1500), At(-500));
  EXPECT_EQ(At(1000) - absl::Nanoseconds(1), At(999));
  EXPECT_EQ(At(1000) - absl::Nanoseconds(-1), At(1001));
  EXPECT_EQ(At(7) + absl::ZeroDuration(), At(7));
  EXPECT_EQ((At(7) + absl::Seconds(3)).nanoseconds(), 3000000007);
}

TEST(InstantTest, TheDifferenceIsTheDurationBetween) {
  EXPECT_EQ(At(2001000) - At(1000), absl::Milliseconds(2));
  EXPECT_EQ(At(1000) - At(2001000), -absl::Milliseconds(2));
  EXPECT_EQ(At(5) - At(5), absl::ZeroDuration());
  EXPECT_EQ(At(5) + (At(9) - At(5)), At(9));
}

// An option that is infinite switches its deadline off.
TEST(InstantTest, AnInfiniteDurationGivesNoDeadline) {
  EXPECT_TRUE((At(1000) + absl::InfiniteDuration()).is_never());
  EXPECT_TRUE((At(0) + absl::InfiniteDuration()).is_never());
  EXPECT_TRUE((At(-1000) + absl::InfiniteDuration()).is_never());
}

// A deadline too far for the clock never wraps round into the past.
TEST(InstantTest, WhatIsBeyondTheClockIsNever) {
  EXPECT_TRUE((At(kLast - 1) + absl::Nanoseconds(2)).is_never());
  EXPECT_TRUE((At(kLast - 1) + absl::Seconds(1)).is_never());
  EXPECT_TRUE((At(1) + absl::Hours(24 * 365 * 1000)).is_never());
  EXPECT_EQ(At(kLast - 2) + absl::Nanoseconds(1), At(kLast - 1));
}

TEST(InstantTest, NoDurationLeadsAwayFromNever) {
  EXPECT_TRUE((Instant::Never() + absl::Seconds(1)).is_never());
  EXPECT_TRUE((Instant::Never() + -absl::Seconds(1)).is_never());
  EXPECT_TRUE((Instant::Never() - absl::Seconds(1)).is_never());
  EXPECT_TRUE((Instant::Never() - absl::InfiniteDuration()).is_never());
}

// How long to wait for no deadline: for ever.
TEST(InstantTest, TheTimeUntilNeverIsInfinite) {
  EXPECT_EQ(Instant::Never() - At(1000), absl::InfiniteDuration());
  EXPECT_EQ(Instant::Never() - At(kLast - 1), absl::InfiniteDuration());
}

}  // namespace
}  // namespace monocoque
