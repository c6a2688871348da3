#include "alloc/budget.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

TEST(BudgetTest, ChargesUpToTheLimitAndNotBeyond) {
  const BudgetPtr budget = Budget::Create(100);
  EXPECT_EQ(budget->limit(), 100);
  EXPECT_EQ(budget->used(), 0);
  EXPECT_TRUE(budget->TryCharge(60));
  EXPECT_TRUE(budget->TryCharge(40)) << "exactly full";
  EXPECT_FALSE(budget->TryCharge(1));
  EXPECT_EQ(budget->used(), 100) << "the refused charge left no trace";
  budget->Release(30);
  EXPECT_EQ(budget->used(), 70);
  EXPECT_TRUE(budget->TryCharge(30));
}

TEST(BudgetTest, ANodeWithoutRoomRefusesEverythingButNothing) {
  const BudgetPtr budget = Budget::Create(0);
  EXPECT_FALSE(budget->TryCharge(1));
  EXPECT_TRUE(budget->TryCharge(0));
  EXPECT_EQ(budget->used(), 0);
}

TEST(BudgetTest, AChargeCountsInEveryAncestor) {
  const BudgetPtr process = Budget::Create(Budget::kUnlimited);
  const BudgetPtr socket = Budget::Create(Budget::kUnlimited, process);
  const BudgetPtr link = Budget::Create(Budget::kUnlimited, socket);
  const BudgetPtr sibling = Budget::Create(Budget::kUnlimited, socket);
  ASSERT_TRUE(link->TryCharge(10));
  ASSERT_TRUE(sibling->TryCharge(5));
  EXPECT_EQ(link->used(), 10);
  EXPECT_EQ(sibling->used(), 5);
  EXPECT_EQ(socket->used(), 15);
  EXPECT_EQ(process->used(), 15);
  link->Release(10);
  EXPECT_EQ(link->used(), 0);
  EXPECT_EQ(sibling->used(), 5);
  EXPECT_EQ(process->used(), 5);
}

TEST(BudgetTest, AnAncestorsRefusalChangesNoAccount) {
  const BudgetPtr process = Budget::Create(100);
  const BudgetPtr socket = Budget::Create(1000, process);
  const BudgetPtr link = Budget::Create(1000, socket);
  const BudgetPtr sibling = Budget::Create(1000, socket);
  ASSERT_TRUE(sibling->TryCharge(70));
  EXPECT_FALSE(link->TryCharge(31));
  EXPECT_EQ(link->used(), 0);
  EXPECT_EQ(socket->used(), 70);
  EXPECT_EQ(process->used(), 70);
  EXPECT_TRUE(link->TryCharge(30));
}

TEST(BudgetTest, AChildsRefusalDoesNotReachItsAncestors) {
  const BudgetPtr socket = Budget::Create(1000);
  const BudgetPtr link = Budget::Create(10, socket);
  EXPECT_FALSE(link->TryCharge(11));
  EXPECT_EQ(link->used(), 0);
  EXPECT_EQ(socket->used(), 0);
}

TEST(BudgetTest, AHugeChargeCannotWrapAround) {
  const BudgetPtr parent = Budget::Create(Budget::kUnlimited);
  const BudgetPtr budget = Budget::Create(1000, parent);
  ASSERT_TRUE(budget->TryCharge(500));
  EXPECT_FALSE(budget->TryCharge(Budget::kUnlimited));
  EXPECT_FALSE(parent->TryCharge(Budget::kUnlimited))
      << "500 and everything is more than everything";
  EXPECT_EQ(budget->used(), 500);
  EXPECT_EQ(parent->used(), 500);
}

TEST(BudgetTest, MemoryThatAlreadyExistsIsChargedWithoutAsking) {
  const BudgetPtr parent = Budget::Create(50);
  const BudgetPtr budget = Budget::Create(100, parent);
  budget->Charge(120);
  EXPECT_EQ(budget->used(), 120);
  EXPECT_EQ(parent->used(), 120);
  EXPECT_FALSE(budget->TryCharge(1)) << "over its limit, a node refuses";
  budget->Release(120);
  EXPECT_EQ(budget->used(), 0);
  EXPECT_EQ(parent->used(), 0);
  EXPECT_TRUE(budget->TryCharge(50));
}

TEST(BudgetTest, TheLimitIsLive) {
  const BudgetPtr budget = Budget::Create(100);
  ASSERT_TRUE(budget->TryCharge(80));
  budget->set_limit(50);
  EXPECT_EQ(budget->limit(), 50);
  EXPECT_EQ(budget->used(), 80) << "what is there stays";
  EXPECT_FALSE(budget->TryCharge(1));
  budget->Release(40);
  EXPECT_TRUE(budget->TryCharge(10));
  EXPECT_FALSE(budget->TryCharge(1));
  budget->set_limit(Budget::kUnlimited);
  EXPECT_TRUE(budget->TryCharge(1'000'000));
}

TEST(BudgetTest, AChildKeepsItsAncestorsAlive) {
  BudgetPtr parent = Budget::Create(100);
  const BudgetPtr child = Budget::Create(Budget::kUnlimited, parent);
  parent = BudgetPtr();
  EXPECT_TRUE(child->TryCharge(100));
  EXPECT_FALSE(child->TryCharge(1)) << "the forgotten parent still counts";
  child->Release(100);
}

TEST(BudgetPtrTest, HandlesShareOneNode) {
  BudgetPtr first = Budget::Create(100);
  BudgetPtr second = first;
  EXPECT_EQ(first.get(), second.get());
  ASSERT_TRUE(first->TryCharge(100));
  first = BudgetPtr();
  EXPECT_FALSE(first);
  EXPECT_EQ(second->used(), 100);
  const BudgetPtr third = std::move(second);
  EXPECT_FALSE(second);  // NOLINT: the moved-from state is the contract here.
  EXPECT_FALSE(third->TryCharge(1));
}

// However many ask at once, no more is granted than there is, and all of it comes back.
TEST(BudgetTest, ThreadsNeverOverdrawTheirParent) {
  constexpr int kThreads = 4;
  constexpr std::int64_t kLimit = 3;  // less than the threads could hold at once
  const BudgetPtr parent = Budget::Create(kLimit);
  std::atomic<std::int64_t> held{0};
  std::atomic<bool> overdrawn{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, mine = Budget::Create(Budget::kUnlimited, parent)] {
      for (int turn = 0; turn < 5000; ++turn) {
        if (!mine->TryCharge(1)) continue;
        if (held.fetch_add(1) + 1 > kLimit) overdrawn = true;
        held.fetch_sub(1);
        mine->Release(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(overdrawn);
  EXPECT_EQ(parent->used(), 0);
  EXPECT_TRUE(parent->TryCharge(kLimit));
}

}  // namespace
}  // namespace monocoque
