#include "alloc/read_window.h"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

constexpr std::string_view kRead = "what the transport has read from the peer";

static_assert(!std::is_copy_constructible_v<ReadWindow>, "one reader at a time");
static_assert(!std::is_copy_assignable_v<ReadWindow>, "one reader at a time");

TEST(ReadWindowTest, NoWindowHasNothingToReadTo) {
  const ReadWindow window;
  EXPECT_FALSE(window);
  EXPECT_TRUE(window.span().empty());
  EXPECT_EQ(window.block(), nullptr);
}

TEST(ReadWindowTest, TheWindowIsThePartOfTheBlockThatWasGiven) {
  const BlockPtr block = Block::Allocate(100, nullptr);
  ASSERT_TRUE(block);
  std::memset(block->data(), '.', 100);
  ReadWindow window(block, 30, 50);
  EXPECT_TRUE(window);
  EXPECT_EQ(window.block(), block.get());
  EXPECT_EQ(window.offset(), 30u);
  EXPECT_EQ(window.span().data(), block->data() + 30);
  ASSERT_EQ(window.span().size(), 50u);
  std::memset(window.span().data(), '#', window.span().size());
  EXPECT_EQ(block->data()[29], '.');
  EXPECT_EQ(block->data()[30], '#');
  EXPECT_EQ(block->data()[79], '#');
  EXPECT_EQ(block->data()[80], '.');
}

TEST(ReadWindowTest, WhatWasReadBecomesASliceOfTheSameMemory) {
  const BlockPtr block = Block::Allocate(100, nullptr);
  ReadWindow window(block, 10, 90);
  std::memcpy(window.span().data(), kRead.data(), kRead.size());
  const Slice slice = std::move(window).Commit(kRead.size());
  EXPECT_EQ(slice.text(), kRead);
  EXPECT_EQ(slice.data(), block->data() + 10);
  EXPECT_FALSE(window);  // NOLINT: a committed window is given up.
  EXPECT_TRUE(window.span().empty());
}

TEST(ReadWindowTest, NoMoreIsCommittedThanTheWindowHolds) {
  const BlockPtr block = Block::Allocate(100, nullptr);
  EXPECT_EQ(ReadWindow(block, 40, 20).Commit(1000).size(), 20u);
  EXPECT_EQ(ReadWindow(block, 40, 20).Commit(20).size(), 20u);
  EXPECT_EQ(ReadWindow(block, 40, 20).Commit(19).size(), 19u);
}

TEST(ReadWindowTest, ARefusedReadKeepsNothing) {
  const BlockPtr block = Block::Allocate(100, nullptr);
  {
    const Slice nothing = ReadWindow(block, 0, 100).Commit(0);
    EXPECT_TRUE(nothing.empty());
  }
  EXPECT_TRUE(block->unique());
}

TEST(ReadWindowTest, ADroppedWindowGivesItsMemoryBack) {
  const BudgetPtr budget = Budget::Create(100);
  {
    const ReadWindow window(Block::Allocate(100, budget.get()), 0, 100);
    EXPECT_TRUE(window);
    EXPECT_EQ(budget->used(), 100);
  }
  EXPECT_EQ(budget->used(), 0);
}

TEST(ReadWindowTest, TheSliceHoldsTheMemoryTheWindowHeld) {
  const BudgetPtr budget = Budget::Create(100);
  Slice slice = ReadWindow(Block::Allocate(100, budget.get()), 0, 100).Commit(40);
  EXPECT_EQ(budget->used(), 100) << "charged whole";
  slice = Slice();
  EXPECT_EQ(budget->used(), 0);
}

TEST(ReadWindowTest, MovingAWindowMovesItsMemory) {
  const BudgetPtr budget = Budget::Create(1000);
  ReadWindow first(Block::Allocate(100, budget.get()), 5, 60);
  MutableBytes where = first.span();
  ReadWindow second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT: the moved-from state is the contract here.
  EXPECT_TRUE(first.span().empty());
  EXPECT_EQ(second.span().data(), where.data());
  EXPECT_EQ(second.span().size(), 60u);
  ReadWindow third(Block::Allocate(300, budget.get()), 0, 300);
  third = std::move(second);
  EXPECT_EQ(budget->used(), 100) << "what the third held is gone";
  EXPECT_EQ(third.offset(), 5u);
  EXPECT_EQ(third.span().data(), where.data());
}

// The connection and its pool are gone while the transport still reads.
TEST(ReadWindowTest, AWindowOutlivesThePoolItCameFrom) {
  auto pool = SlabPool::Create({.slab_bytes = 128});
  BudgetPtr budget = Budget::Create(128);
  ReadWindow window(pool->Acquire(budget.get()), 0, 128);
  budget = BudgetPtr();
  pool.reset();
  std::memcpy(window.span().data(), kRead.data(), kRead.size());
  EXPECT_EQ(std::move(window).Commit(kRead.size()).text(), kRead);
}

}  // namespace
}  // namespace monocoque
