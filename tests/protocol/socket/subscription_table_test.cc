#include "protocol/socket/subscription_table.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/wire/limits.h"

namespace monocoque {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Result = SubscriptionTable::Result;

const Limits kPlenty;

std::vector<Subscriber*> Matching(SubscriptionTable& table, std::string_view topic) {
  std::vector<Subscriber*> found;
  table.Match(topic, [&](Subscriber* subscriber) { found.push_back(subscriber); });
  return found;
}

class SubscriptionTableTest : public ::testing::Test {
 protected:
  BudgetPtr budget_ = Budget::Create(1 << 20);
  SubscriptionTable table_{budget_};
  Subscriber one_{nullptr};
  Subscriber two_{nullptr};
};

// S-6: found once, however many of its prefixes match.
TEST_F(SubscriptionTableTest, FindsASubscriberOnce) {
  table_.Add(&one_, "a", kPlenty);
  table_.Add(&one_, "ab", kPlenty);
  table_.Add(&two_, "abc", kPlenty);
  EXPECT_THAT(Matching(table_, "abcd"), UnorderedElementsAre(&one_, &two_));
  EXPECT_THAT(Matching(table_, "abx"), ElementsAre(&one_));
  EXPECT_THAT(Matching(table_, "b"), IsEmpty());
}

// S-7, XPUB-5: a set for each subscriber, and the edges of each prefix over all of them.
TEST_F(SubscriptionTableTest, TellsTheEdges) {
  EXPECT_EQ(table_.Add(&one_, "a", kPlenty), Result::kEdge);
  EXPECT_EQ(table_.Add(&one_, "a", kPlenty), Result::kNothing);
  EXPECT_EQ(table_.Add(&two_, "a", kPlenty), Result::kChanged);
  EXPECT_EQ(table_.topics(), 1u);
  EXPECT_EQ(table_.Remove(&one_, "b"), Result::kNothing);
  EXPECT_EQ(table_.Remove(&one_, "a"), Result::kChanged);
  EXPECT_EQ(table_.Remove(&one_, "a"), Result::kNothing);
  EXPECT_EQ(table_.Remove(&two_, "a"), Result::kEdge);
  EXPECT_EQ(table_.topics(), 0u);
}

// Who wants everything is in a list of their own, whatever else they want.
TEST_F(SubscriptionTableTest, EverythingStandsApart) {
  table_.Add(&one_, "a", kPlenty);
  table_.Add(&one_, "", kPlenty);
  EXPECT_THAT(Matching(table_, "a"), IsEmpty());
  EXPECT_THAT(table_.everything(), ElementsAre(&one_));
  EXPECT_EQ(table_.Remove(&one_, ""), Result::kEdge);
  EXPECT_THAT(Matching(table_, "a"), ElementsAre(&one_));
}

// PUB-8: all of it goes, in ascending order, and each last one is told.
TEST_F(SubscriptionTableTest, RemovesAllOfOne) {
  for (std::string_view prefix : {"b", "", "a", "ab"}) table_.Add(&one_, prefix, kPlenty);
  table_.Add(&two_, "ab", kPlenty);
  std::vector<std::string> removed;
  for (const auto& each : table_.RemoveAll(&one_))
    removed.push_back(each.prefix + (each.last ? "!" : ""));
  EXPECT_THAT(removed, ElementsAre("!", "a!", "ab", "b!"));
  EXPECT_THAT(Matching(table_, "abc"), ElementsAre(&two_));
  EXPECT_EQ(one_.bytes, 0u);
  table_.RemoveAll(&two_);
  EXPECT_EQ(budget_->used(), 0);
}

// A peer's limit and the socket's budget are asked before anything is kept.
TEST_F(SubscriptionTableTest, RefusesWhatIsTooMuch) {
  const Limits limit = {.max_subscription_bytes = 2 * SubscriptionTable::kOverheadBytes + 4};
  EXPECT_EQ(table_.Add(&one_, "ab", limit), Result::kEdge);
  EXPECT_EQ(table_.Add(&one_, "abc", limit), Result::kRefused);
  EXPECT_EQ(table_.Add(&one_, "ab", limit), Result::kNothing);
  budget_->set_limit(budget_->used());
  EXPECT_EQ(table_.Add(&two_, "b", limit), Result::kRefused);
  EXPECT_THAT(Matching(table_, "b"), IsEmpty());
  EXPECT_EQ(table_.topics(), 1u);
}

// A prefix that no SUBSCRIBE has room for.
TEST_F(SubscriptionTableTest, RefusesAPrefixThatIsTooLong) {
  const std::string longest(kPlenty.max_prefix_bytes(), 'p');
  EXPECT_EQ(table_.Add(&one_, longest + "p", kPlenty), Result::kRefused);
  EXPECT_EQ(table_.Add(&one_, longest, kPlenty), Result::kEdge);
}

// A table that dies with subscriptions in it, as with a socket that is destroyed, gives all back.
TEST_F(SubscriptionTableTest, GivesBackWhatIsLeft) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  {
    SubscriptionTable table(budget);
    EXPECT_EQ(table.Add(&one_, "", kPlenty), Result::kEdge);
    EXPECT_EQ(table.Add(&one_, "x", kPlenty), Result::kEdge);
    EXPECT_EQ(table.Join(&two_, "x", kPlenty), Result::kChanged);
    EXPECT_EQ(table.Remove(&one_, "x"), Result::kChanged);
    EXPECT_GT(budget->used(), 0);
  }
  EXPECT_EQ(budget->used(), 0);
}

}  // namespace
}  // namespace monocoque
