#include "tests/support/instructions.h"

#include <csignal>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace monocoque::testing {
namespace {

volatile int turned = 0;

void TurnRound(int turns) {
  for (int i = 0; i < turns; ++i) turned = i;
}

// The same work is the same number; each turn more costs as many as the one before.
TEST(InstructionsTest, CountsEachOne) {
  const auto counts = CountInstructions([](const Mark& mark) {
    for (const int turns : {1000, 1000, 2000, 3000}) {
      mark();
      TurnRound(turns);
      mark();
      TurnRound(1'000'000);
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(counts.ok()) << counts.status();
  ASSERT_EQ(counts->size(), 4u);
  EXPECT_EQ((*counts)[0], (*counts)[1]);
  EXPECT_EQ((*counts)[2] - (*counts)[1], (*counts)[3] - (*counts)[2]);
  EXPECT_GE((*counts)[2] - (*counts)[1], 3000u);
  EXPECT_EQ(turned, 0);
}

TEST(InstructionsTest, WhatIsMeasuredMayFail) {
  const auto failed =
      CountInstructions([](const Mark&) { return absl::InternalError("as the test wants"); });
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kAborted);
  const auto killed = CountInstructions([](const Mark& mark) {
    mark();
    raise(SIGKILL);
    return absl::OkStatus();
  });
  EXPECT_EQ(killed.status().code(), absl::StatusCode::kAborted);
}

TEST(InstructionsTest, NoPartIsEndless) {
  const auto endless = CountInstructions(
      [](const Mark& mark) {
        mark();
        TurnRound(1'000'000'000);
        return absl::OkStatus();
      },
      /*most=*/10'000);
  EXPECT_EQ(endless.status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace monocoque::testing
