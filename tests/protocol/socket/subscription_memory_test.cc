// What subscriptions are charged is no less than what they take.
#include <cstddef>
#include <string>

#include "alloc/budget.h"
#include "gtest/gtest.h"
#include "protocol/socket/subscription_table.h"
#include "protocol/wire/limits.h"
#include "tests/support/allocations.h"

namespace monocoque {
namespace {

using ::monocoque::testing::CountAllocations;

// SEC-2: also where each parts a node in two, which costs the most.
TEST(SubscriptionMemoryTest, NoMoreThanTheLimit) {
  constexpr int kBits = 16;
  Subscriber subscriber(nullptr);
  SubscriptionTable table(BudgetPtr{});
  Limits limits;
  limits.max_subscription_bytes = std::size_t{4} << 20;
  const auto before = CountAllocations();
  std::size_t kept = 0;
  for (unsigned i = 0; i < 1u << kBits; ++i) {
    std::string prefix(kBits + 2, 'p');
    for (int bit = 0; bit < kBits; ++bit) {
      if ((i >> bit & 1) != 0) prefix[static_cast<std::size_t>(bit)] = 'q';
    }
    if (table.Add(&subscriber, prefix, limits) == SubscriptionTable::Result::kRefused) break;
    ++kept;
  }
  EXPECT_GT(kept, limits.max_subscription_bytes / 400);
  const auto taken = static_cast<std::size_t>((CountAllocations() - before).live_bytes);
  EXPECT_LE(taken, limits.max_subscription_bytes);
  EXPECT_GE(taken, limits.max_subscription_bytes / 2) << "it is not charged in vain";
}

// SEC-2: nor do those that were taken back leave any behind.
TEST(SubscriptionMemoryTest, WhatIsTakenBackLeavesNothing) {
  Subscriber subscriber(nullptr);
  SubscriptionTable table(BudgetPtr{});
  const Limits limits;
  const auto before = CountAllocations();
  const auto live = [&] {
    return static_cast<std::size_t>((CountAllocations() - before).live_bytes);
  };
  for (int i = 0; i < 300; ++i) {
    const std::string prefix = {static_cast<char>(i / 256), static_cast<char>(i % 256)};
    ASSERT_NE(table.Add(&subscriber, prefix, limits), SubscriptionTable::Result::kRefused);
    for (const bool add : {true, false}) {
      for (int last = 0; last < 256; ++last) {
        const std::string longer = prefix + static_cast<char>(last);
        add ? table.Add(&subscriber, longer, limits) : table.Remove(&subscriber, longer);
      }
    }
  }
  EXPECT_LE(live(), subscriber.bytes);
  for (int i = 0; i < 50'000; ++i) table.Add(&subscriber, "p" + std::to_string(i), limits);
  for (int i = 0; i < 50'000; ++i) table.Remove(&subscriber, "p" + std::to_string(i));
  EXPECT_LE(live(), subscriber.bytes) << "the peer's own list";
}

}  // namespace
}  // namespace monocoque
