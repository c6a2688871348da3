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

}  // namespace
}  // namespace monocoque
