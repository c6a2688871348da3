#include "alloc/slab_pool.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "gtest/gtest.h"

#if defined(__SANITIZE_ADDRESS__)
#define MONOCOQUE_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MONOCOQUE_TEST_ASAN 1
#endif
#endif
#ifdef MONOCOQUE_TEST_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace monocoque {
namespace {

constexpr std::size_t kSlab = 512;

std::shared_ptr<SlabPool> SmallPool(std::size_t max_idle = 4, bool pooling = true) {
  return SlabPool::Create({.slab_bytes = kSlab, .max_idle_slabs = max_idle, .pooling = pooling});
}

std::vector<BlockPtr> AcquireMany(SlabPool& pool, int count) {
  std::vector<BlockPtr> slabs;
  for (int i = 0; i < count; ++i) {
    slabs.push_back(pool.Acquire(nullptr));
    EXPECT_TRUE(slabs.back());
  }
  return slabs;
}

TEST(SlabPoolTest, ASlabHasTheDefaultSizeIfNobodySaysOtherwise) {
  const std::shared_ptr<SlabPool> pool = SlabPool::Create();
  EXPECT_EQ(pool->slab_bytes(), 64u * 1024);
  EXPECT_TRUE(pool->options().pooling);
  const BlockPtr slab = pool->Acquire(nullptr);
  ASSERT_TRUE(slab);
  EXPECT_EQ(slab->capacity(), 64u * 1024);
}

TEST(SlabPoolTest, ASlabHasTheSizeThatWasAskedFor) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{1} << 20}) {
    const std::shared_ptr<SlabPool> pool = SlabPool::Create({.slab_bytes = size});
    const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
    const BlockPtr slab = pool->Acquire(budget.get());
    ASSERT_TRUE(slab);
    EXPECT_EQ(pool->slab_bytes(), size);
    EXPECT_EQ(slab->capacity(), size);
    EXPECT_EQ(budget->used(), static_cast<std::int64_t>(size));
    std::memset(slab->data(), 0xee, size);
    EXPECT_EQ(slab->data()[size - 1], 0xee);
  }
}

TEST(SlabPoolTest, AReturnedSlabIsTakenAgain) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  BlockPtr slab = pool->Acquire(nullptr);
  ASSERT_TRUE(slab);
  const std::uint8_t* octets = slab->data();
  slab = BlockPtr();
  EXPECT_EQ(pool->live(), 1u) << "it rests, it is not freed";
  slab = pool->Acquire(nullptr);
  EXPECT_EQ(slab->data(), octets);
  EXPECT_EQ(pool->live(), 1u);
  EXPECT_EQ(pool->idle(), 0u);
  EXPECT_TRUE(slab->unique());
}

TEST(SlabPoolTest, AReusedSlabIsWritableAndCountsAnew) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  for (int life = 0; life < 3; ++life) {
    const BlockPtr slab = pool->Acquire(nullptr);
    ASSERT_TRUE(slab);
    EXPECT_TRUE(slab->unique());
    std::memset(slab->data(), life, slab->capacity());
    const BlockPtr reader = slab;
    EXPECT_FALSE(slab->unique());
  }
  EXPECT_EQ(pool->live(), 1u);
}

TEST(SlabPoolTest, SlabsThatAreOutAreDifferentOnes) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  const BlockPtr first = pool->Acquire(nullptr);
  const BlockPtr second = pool->Acquire(nullptr);
  std::memset(first->data(), 1, kSlab);
  std::memset(second->data(), 2, kSlab);
  EXPECT_EQ(first->data()[kSlab - 1], 1);
  EXPECT_EQ(second->data()[0], 2);
  EXPECT_EQ(pool->live(), 2u);
}

TEST(SlabPoolTest, ASlabStaysOutWhileAnyReferenceLives) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  BlockPtr slab = pool->Acquire(nullptr);
  const BlockPtr reader = slab;
  slab = BlockPtr();
  const BlockPtr other = pool->Acquire(nullptr);
  EXPECT_NE(other->data(), reader->data());
}

TEST(SlabPoolTest, NoMoreSlabsRestThanTheLimitAllows) {
  const std::shared_ptr<SlabPool> pool = SmallPool(/*max_idle=*/2);
  std::vector<BlockPtr> slabs = AcquireMany(*pool, 5);
  EXPECT_EQ(pool->live(), 5u);
  slabs.clear();
  // The owner learns of what came back at its next Acquire, keeps two and frees three.
  const BlockPtr slab = pool->Acquire(nullptr);
  EXPECT_EQ(pool->idle(), 1u);
  EXPECT_EQ(pool->live(), 2u);
}

TEST(SlabPoolTest, AnIdleLimitOfNoneKeepsNone) {
  const std::shared_ptr<SlabPool> pool = SmallPool(/*max_idle=*/0);
  AcquireMany(*pool, 3).clear();
  const BlockPtr slab = pool->Acquire(nullptr);
  ASSERT_TRUE(slab);
  EXPECT_EQ(pool->idle(), 0u);
  EXPECT_EQ(pool->live(), 1u);
}

TEST(SlabPoolTest, WithoutPoolingEachSlabGoesBackAtOnce) {
  const std::shared_ptr<SlabPool> pool = SmallPool(/*max_idle=*/4, /*pooling=*/false);
  std::vector<BlockPtr> slabs = AcquireMany(*pool, 3);
  EXPECT_EQ(pool->live(), 3u);
  slabs.pop_back();
  EXPECT_EQ(pool->live(), 2u);
  slabs.clear();
  EXPECT_EQ(pool->live(), 0u);
  const BlockPtr slab = pool->Acquire(nullptr);
  EXPECT_EQ(pool->live(), 1u);
  EXPECT_EQ(pool->idle(), 0u);
}

TEST(SlabPoolTest, TheBudgetIsChargedWhileASlabIsOut) {
  for (const bool pooling : {true, false}) {
    const std::shared_ptr<SlabPool> pool = SmallPool(/*max_idle=*/4, pooling);
    const BudgetPtr budget = Budget::Create(2 * kSlab);
    for (int life = 0; life < 3; ++life) {
      BlockPtr slab = pool->Acquire(budget.get());
      ASSERT_TRUE(slab);
      EXPECT_EQ(budget->used(), static_cast<std::int64_t>(kSlab));
      const BlockPtr reader = std::move(slab);
    }
    EXPECT_EQ(budget->used(), 0) << "a slab at rest is charged to nobody";
  }
}

TEST(SlabPoolTest, ARefusingBudgetCostsNothing) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  const BudgetPtr budget = Budget::Create(kSlab + kSlab / 2);
  BlockPtr slab = pool->Acquire(budget.get());
  ASSERT_TRUE(slab);
  EXPECT_FALSE(pool->Acquire(budget.get()));
  EXPECT_EQ(budget->used(), static_cast<std::int64_t>(kSlab));
  EXPECT_EQ(pool->live(), 1u);
  slab = BlockPtr();
  EXPECT_TRUE(pool->Acquire(budget.get())) << "there is room again";
}

// A slab that one link gave back must not be released from that link's account a second time by the
// next one.
TEST(SlabPoolTest, ASlabThatChangesHandsChangesAccounts) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  const BudgetPtr first = Budget::Create(Budget::kUnlimited);
  const BudgetPtr second = Budget::Create(Budget::kUnlimited);
  pool->Acquire(first.get());
  {
    const BlockPtr slab = pool->Acquire(second.get());
    EXPECT_EQ(first->used(), 0);
    EXPECT_EQ(second->used(), static_cast<std::int64_t>(kSlab));
  }
  pool->Acquire(nullptr);
  EXPECT_EQ(first->used(), 0);
  EXPECT_EQ(second->used(), 0);
  EXPECT_EQ(pool->live(), 1u);
}

TEST(SlabPoolTest, ASlabOutlivesItsPoolsHandle) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  for (const bool pooling : {true, false}) {
    std::shared_ptr<SlabPool> pool = SmallPool(/*max_idle=*/4, pooling);
    BlockPtr slab = pool->Acquire(budget.get());
    AcquireMany(*pool, 2).clear();  // some rest when the handle goes
    pool.reset();
    std::memset(slab->data(), 7, slab->capacity());
    EXPECT_EQ(slab->data()[0], 7);
    EXPECT_EQ(budget->used(), static_cast<std::int64_t>(kSlab));
    slab = BlockPtr();
    EXPECT_EQ(budget->used(), 0);
  }
}

TEST(SlabPoolTest, ASlabReleasedOnAnotherThreadComesHome) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  BlockPtr slab = pool->Acquire(budget.get());
  const std::uint8_t* octets = slab->data();
  std::thread([gone = std::move(slab)]() mutable { gone = BlockPtr(); }).join();
  EXPECT_EQ(budget->used(), 0);
  slab = pool->Acquire(nullptr);
  EXPECT_EQ(slab->data(), octets);
  EXPECT_EQ(pool->live(), 1u);
}

// The owner acquires while others give back: no slab is lost and none is handed out twice.
TEST(SlabPoolTest, ManyThreadsGiveBackWhileTheOwnerAcquires) {
  constexpr int kRounds = 200;
  constexpr int kThreads = 3;
  const std::shared_ptr<SlabPool> pool = SmallPool(/*max_idle=*/8);
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      BlockPtr slab = pool->Acquire(budget.get());
      ASSERT_TRUE(slab);
      const auto mark = static_cast<std::uint8_t>(i + 1);
      std::memset(slab->data(), mark, kSlab);
      threads.emplace_back([mark, mine = std::move(slab)]() mutable {
        EXPECT_EQ(mine->data()[0], mark);
        EXPECT_EQ(mine->data()[kSlab - 1], mark);
        mine = BlockPtr();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(budget->used(), 0);
  EXPECT_LE(pool->live(), static_cast<std::size_t>(kThreads));
}

TEST(SlabPoolTest, SmallerBlocksAreHalvesOfASlab) {
  const std::shared_ptr<SlabPool> pool = SlabPool::Create({.slab_bytes = 1024});
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  struct Case {
    std::size_t asked, given;
  };
  for (const auto& [asked, given] : {Case{1024, 1024}, Case{513, 1024}, Case{512, 512},
                                     Case{300, 512}, Case{100, 128}, Case{9, 16}, Case{1, 8}}) {
    const BlockPtr block = pool->AcquireAtLeast(asked, budget.get());
    ASSERT_TRUE(block);
    EXPECT_EQ(block->capacity(), given) << asked;
    EXPECT_EQ(budget->used(), static_cast<std::int64_t>(given)) << asked;
    std::memset(block->data(), 1, given);
  }
  EXPECT_EQ(budget->used(), 0);
}

TEST(SlabPoolTest, WhatNoSlabHoldsComesFromTheHeapInItsExactSize) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  const BudgetPtr budget = Budget::Create(2000);
  const BlockPtr block = pool->AcquireAtLeast(kSlab + 1, budget.get());
  ASSERT_TRUE(block);
  EXPECT_EQ(block->capacity(), kSlab + 1);
  EXPECT_EQ(budget->used(), static_cast<std::int64_t>(kSlab + 1));
  EXPECT_EQ(pool->live(), 0u);
  EXPECT_FALSE(pool->AcquireAtLeast(2000, budget.get())) << "the budget refuses";
}

TEST(SlabPoolTest, EachSizeIsReusedByItself) {
  const std::shared_ptr<SlabPool> pool = SmallPool(/*max_idle=*/1);
  BlockPtr slab = pool->Acquire(nullptr);
  std::vector<BlockPtr> halves;
  for (int i = 0; i < 3; ++i) halves.push_back(pool->AcquireAtLeast(kSlab / 2, nullptr));
  const std::uint8_t* slab_octets = slab->data();
  slab = BlockPtr();
  halves.clear();
  EXPECT_EQ(pool->live(), 4u);
  const BlockPtr half = pool->AcquireAtLeast(kSlab / 2, nullptr);
  EXPECT_EQ(pool->live(), 3u) << "a slab and two halves rest, the third half was freed";
  EXPECT_EQ(pool->idle(), 1u);
  EXPECT_EQ(half->capacity(), kSlab / 2);
  slab = pool->Acquire(nullptr);
  EXPECT_EQ(slab->data(), slab_octets);
}

#ifdef MONOCOQUE_TEST_ASAN
TEST(SlabPoolTest, OnlyASlabInUseMayBeTouched) {
  const std::shared_ptr<SlabPool> pool = SmallPool();
  BlockPtr slab = pool->Acquire(nullptr);
  const std::uint8_t* octets = slab->data();
  EXPECT_FALSE(__asan_address_is_poisoned(octets));
  slab = BlockPtr();
  EXPECT_TRUE(__asan_address_is_poisoned(octets));
  EXPECT_TRUE(__asan_address_is_poisoned(octets + kSlab - 1));
  slab = pool->Acquire(nullptr);
  ASSERT_EQ(slab->data(), octets);
  EXPECT_FALSE(__asan_address_is_poisoned(octets));
  EXPECT_FALSE(__asan_address_is_poisoned(octets + kSlab - 1));
  EXPECT_TRUE(__asan_address_is_poisoned(octets + kSlab)) << "behind the slab lies nobody's memory";
}
#endif

}  // namespace
}  // namespace monocoque
