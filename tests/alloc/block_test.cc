#include "alloc/block.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "alloc/budget.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

// Memory of the user's, and how often it was given back.
struct Lent {
  std::array<std::uint8_t, 32> octets{};
  int given_back = 0;

  BlockPtr Adopt() { return Block::Adopt(octets.data(), octets.size(), &Lent::GiveBack, this); }
  static void GiveBack(void* arg) { ++static_cast<Lent*>(arg)->given_back; }
};

TEST(BlockTest, AllocatedOctetsAreWritableToTheLast) {
  const BlockPtr block = Block::Allocate(100, nullptr);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->capacity(), 100u);
  std::memset(block->data(), 0x5a, block->capacity());
  EXPECT_EQ(block->data()[0], 0x5a);
  EXPECT_EQ(block->data()[99], 0x5a);
  // The header was not written over.
  EXPECT_EQ(block->capacity(), 100u);
  EXPECT_TRUE(block->unique());
}

TEST(BlockTest, TwoBlocksDoNotShareOctets) {
  const BlockPtr first = Block::Allocate(64, nullptr);
  const BlockPtr second = Block::Allocate(64, nullptr);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  std::memset(first->data(), 1, 64);
  std::memset(second->data(), 2, 64);
  EXPECT_EQ(first->data()[63], 1);
  EXPECT_EQ(second->data()[0], 2);
}

TEST(BlockTest, ABlockOfNoOctetsIsABlock) {
  const BudgetPtr budget = Budget::Create(0);
  const BlockPtr block = Block::Allocate(0, budget.get());
  ASSERT_TRUE(block);
  EXPECT_EQ(block->capacity(), 0u);
}

TEST(BlockTest, TheBudgetIsChargedWholeUntilTheLastReferenceDies) {
  const BudgetPtr budget = Budget::Create(1000);
  BlockPtr block = Block::Allocate(300, budget.get());
  ASSERT_TRUE(block);
  EXPECT_EQ(budget->used(), 300);
  BlockPtr again = block;
  EXPECT_EQ(budget->used(), 300) << "a second reference is no second charge";
  block = BlockPtr();
  EXPECT_EQ(budget->used(), 300) << "somebody still looks at it";
  again = BlockPtr();
  EXPECT_EQ(budget->used(), 0);
}

TEST(BlockTest, ARefusingBudgetGivesNoBlockAndKeepsItsAccount) {
  const BudgetPtr budget = Budget::Create(1000);
  const BlockPtr first = Block::Allocate(600, budget.get());
  ASSERT_TRUE(first);
  EXPECT_FALSE(Block::Allocate(401, budget.get()));
  EXPECT_EQ(budget->used(), 600);
  EXPECT_TRUE(Block::Allocate(400, budget.get())) << "to the limit is allowed";
  EXPECT_EQ(budget->used(), 600) << "the temporary of the line above is gone";
}

// A size no machine has must be refused by the budget, before the allocator sees it: under
// AddressSanitizer such a request would end the process.
TEST(BlockTest, TheBudgetIsAskedBeforeTheAllocator) {
  const BudgetPtr budget = Budget::Create(1 << 20);
  EXPECT_FALSE(Block::Allocate(std::size_t{1} << 62, budget.get()));
  EXPECT_EQ(budget->used(), 0);
}

TEST(BlockTest, TheBudgetOutlivesItsHandleWhileABlockIsCharged) {
  BudgetPtr parent = Budget::Create(Budget::kUnlimited);
  BudgetPtr child = Budget::Create(Budget::kUnlimited, parent);
  BlockPtr block = Block::Allocate(128, child.get());
  ASSERT_TRUE(block);
  child = BudgetPtr();
  EXPECT_EQ(parent->used(), 128);
  block = BlockPtr();
  EXPECT_EQ(parent->used(), 0);
}

TEST(BlockTest, AnAdoptedBlockIsTheUsersOwnMemory) {
  Lent lent;
  BlockPtr block = lent.Adopt();
  ASSERT_TRUE(block);
  EXPECT_EQ(block->data(), lent.octets.data());
  EXPECT_EQ(block->capacity(), lent.octets.size());
  block->data()[31] = 9;
  EXPECT_EQ(lent.octets[31], 9);
}

TEST(BlockTest, AnAdoptedBlockIsGivenBackOnceWithTheLastReference) {
  Lent lent;
  BlockPtr block = lent.Adopt();
  ASSERT_TRUE(block);
  BlockPtr copy = block;
  block = BlockPtr();
  EXPECT_EQ(lent.given_back, 0);
  copy = BlockPtr();
  EXPECT_EQ(lent.given_back, 1);
}

TEST(BlockTest, AdoptWithoutAHookOnlyShows) {
  std::array<std::uint8_t, 4> octets{1, 2, 3, 4};
  {
    const BlockPtr block = Block::Adopt(octets.data(), octets.size(), nullptr, nullptr);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->data()[3], 4);
  }
  EXPECT_EQ(octets[0], 1);
}

TEST(BlockTest, UniqueTellsWhetherTheHolderMayWriteAgain) {
  BlockPtr block = Block::Allocate(16, nullptr);
  ASSERT_TRUE(block);
  EXPECT_TRUE(block->unique());
  {
    const BlockPtr reader = block;
    EXPECT_FALSE(block->unique());
  }
  EXPECT_TRUE(block->unique());
}

TEST(BlockTest, ReferencesAreTakenAndGivenInBulk) {
  Lent lent;
  BlockPtr block = lent.Adopt();
  ASSERT_TRUE(block);
  block->Ref(5);
  block->Unref(3);
  EXPECT_FALSE(block->unique());
  block->Unref(2);
  EXPECT_TRUE(block->unique());
  block->Ref(7);
  Block* raw = block.release();
  EXPECT_EQ(lent.given_back, 0);
  raw->Unref(8);
  EXPECT_EQ(lent.given_back, 1);
}

TEST(BlockTest, TheLastReferenceMayDieOnAnotherThread) {
  constexpr int kThreads = 4;
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  BlockPtr block = Block::Allocate(4096, budget.get());
  ASSERT_TRUE(block);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([mine = block]() mutable {
      for (int turn = 0; turn < 1000; ++turn) {
        const BlockPtr copy = mine;
        EXPECT_FALSE(copy->unique());
      }
      mine = BlockPtr();
    });
  }
  block = BlockPtr();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget->used(), 0);
}

TEST(BlockPtrTest, MovingCarriesTheReferenceAndLeavesNothing) {
  Lent lent;
  BlockPtr first = lent.Adopt();
  Block* raw = first.get();
  BlockPtr second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT: the moved-from state is the contract here.
  EXPECT_EQ(second.get(), raw);
  EXPECT_TRUE(second->unique());
  EXPECT_EQ(lent.given_back, 0);
}

TEST(BlockPtrTest, AssignmentDropsWhatWasHeld) {
  Lent old_memory;
  Lent new_memory;
  BlockPtr holder = old_memory.Adopt();
  holder = new_memory.Adopt();
  EXPECT_EQ(old_memory.given_back, 1);
  EXPECT_EQ(new_memory.given_back, 0);
  const BlockPtr& alias = holder;
  holder = alias;
  EXPECT_EQ(new_memory.given_back, 0) << "assigned to itself";
  EXPECT_TRUE(holder->unique());
}

TEST(BlockPtrTest, ReleaseHandsTheDebtToTheCaller) {
  Lent lent;
  BlockPtr block = lent.Adopt();
  Block* raw = block.release();
  EXPECT_FALSE(block);
  block = BlockPtr();
  EXPECT_EQ(lent.given_back, 0);
  raw->Unref();
  EXPECT_EQ(lent.given_back, 1);
}

TEST(BlockLeaseTest, AnUnusedLeaseGivesItsReferenceBack) {
  Lent lent;
  {
    const BlockLease lease(lent.Adopt());
    EXPECT_NE(lease.block(), nullptr);
    EXPECT_EQ(lent.given_back, 0);
  }
  EXPECT_EQ(lent.given_back, 1);
}

TEST(BlockLeaseTest, WhatWasTakenOutlivesTheLease) {
  Lent lent;
  BlockPtr first;
  BlockPtr second;
  {
    BlockLease lease(lent.Adopt());
    first = BlockPtr(lease.Take());
    second = BlockPtr(lease.Take());
    EXPECT_EQ(first.get(), lease.block());
  }
  EXPECT_EQ(lent.given_back, 0);
  first = BlockPtr();
  EXPECT_EQ(lent.given_back, 0);
  EXPECT_TRUE(second->unique()) << "the lease gave back all it had not handed out";
  second = BlockPtr();
  EXPECT_EQ(lent.given_back, 1);
}

TEST(BlockLeaseTest, TheLeaseKeepsTheBlockWhenAllTakenIsGone) {
  Lent lent;
  BlockLease lease(lent.Adopt());
  lease.Take()->Unref();
  lease.Take()->Unref();
  EXPECT_EQ(lent.given_back, 0);
  lease.Retire();
  EXPECT_EQ(lent.given_back, 1);
  EXPECT_EQ(lease.block(), nullptr);
  lease.Retire();
  EXPECT_EQ(lent.given_back, 1) << "retired twice";
}

// More references than one bulk purchase holds, so that the lease has to buy again.
TEST(BlockLeaseTest, ALeaseNeverRunsOut) {
  constexpr int kTaken = 10'000;
  Lent lent;
  BlockLease lease(lent.Adopt());
  std::vector<BlockPtr> taken;
  for (int i = 0; i < kTaken; ++i) taken.emplace_back(lease.Take());
  lease.Retire();
  EXPECT_EQ(lent.given_back, 0);
  taken.resize(1);
  EXPECT_EQ(lent.given_back, 0);
  EXPECT_TRUE(taken[0]->unique());
  taken.clear();
  EXPECT_EQ(lent.given_back, 1);
}

TEST(BlockLeaseTest, MovingALeaseMovesItsReferences) {
  Lent first;
  Lent second;
  {
    BlockLease a(first.Adopt());
    BlockPtr out(a.Take());
    BlockLease b(std::move(a));
    EXPECT_EQ(a.block(), nullptr);  // NOLINT: the moved-from state is the contract here.
    BlockLease c(second.Adopt());
    c = std::move(b);
    EXPECT_EQ(c.block(), out.get());
    EXPECT_EQ(first.given_back, 0);
  }
  EXPECT_EQ(first.given_back, 1);
  EXPECT_EQ(second.given_back, 1);
}

}  // namespace
}  // namespace monocoque
