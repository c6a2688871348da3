#include "alloc/byte_queue.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

std::string Pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i % 26);
  return out;
}

// A block that holds `text` at its begin, charged to `budget`.
BlockPtr BlockWith(std::string_view text, std::size_t capacity, Budget* budget = nullptr) {
  BlockPtr block = Block::Allocate(capacity, budget);
  EXPECT_TRUE(block);
  if (!text.empty()) std::memcpy(block->data(), text.data(), text.size());
  return block;
}

Slice Part(const BlockPtr& block, std::size_t offset, std::size_t count) {
  return Slice(block, block->data() + offset, count);
}

// All that is queued, without taking it off.
std::string All(const ByteQueue& queue) {
  std::vector<std::uint8_t> out(queue.size());
  EXPECT_EQ(queue.CopyOut(0, out), out.size());
  return std::string(AsText(out));
}

TEST(ByteQueueTest, ANewQueueIsEmpty) {
  const ByteQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.position(), 0u);
  EXPECT_TRUE(queue.contiguous().empty());
  EXPECT_TRUE(queue.SpanAt(0).empty());
}

TEST(ByteQueueTest, WhatIsAppendedIsReadWithoutACopy) {
  const BlockPtr block = BlockWith(Pattern(40), 40);
  ByteQueue queue;
  queue.Append(Part(block, 0, 40));
  EXPECT_EQ(queue.contiguous().data(), block->data());
  EXPECT_EQ(AsText(queue.contiguous()), Pattern(40));
}

TEST(ByteQueueTest, PiecesComeOutInOrder) {
  ByteQueue queue;
  queue.Append(Slice::Copy("first piece, long enough"));
  queue.Append(Slice::Copy("small"));
  queue.Append(Slice());
  queue.Append(Slice::Copy("third piece, long enough"));
  EXPECT_EQ(All(queue), "first piece, long enoughsmallthird piece, long enough");
  EXPECT_EQ(AsText(queue.contiguous()), "first piece, long enough");
  queue.Advance(24);
  EXPECT_EQ(AsText(queue.contiguous()), "small");
  queue.Advance(5);
  EXPECT_EQ(AsText(queue.contiguous()), "third piece, long enough")
      << "the empty one left no trace";
  queue.Advance(24);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
}

// Reads into one slab arrive as neighbours: a frame that straddles two of them is contiguous.
TEST(ByteQueueTest, NeighboursInOneBlockAreJoined) {
  const BlockPtr block = BlockWith(Pattern(60), 60);
  ByteQueue queue;
  queue.Append(Part(block, 0, 20));
  queue.Append(Part(block, 20, 20));
  EXPECT_EQ(queue.contiguous().size(), 40u);
  queue.Append(Slice::Copy("an island in another block"));
  EXPECT_EQ(queue.contiguous().size(), 40u);
  queue.Append(Part(block, 40, 10));
  queue.Append(Part(block, 50, 10));
  EXPECT_EQ(queue.size(), 86u);
  queue.Skip(66);
  EXPECT_EQ(AsText(queue.contiguous()), Pattern(60).substr(40)) << "joined behind the front too";
}

TEST(ByteQueueTest, PiecesThatAreNotNeighboursStayApart) {
  const BlockPtr block = BlockWith(Pattern(60), 60);
  ByteQueue queue;
  queue.Append(Part(block, 0, 20));
  queue.Append(Part(block, 21, 20));
  EXPECT_EQ(queue.contiguous().size(), 20u);
  EXPECT_EQ(All(queue), Pattern(60).substr(0, 20) + Pattern(60).substr(21, 20));
}

TEST(ByteQueueTest, SkipCrossesPiecesAndStopsAtTheEnd) {
  ByteQueue queue;
  for (int i = 0; i < 4; ++i) queue.Append(Slice::Copy("0123456789"));
  queue.Skip(0);
  EXPECT_EQ(queue.size(), 40u);
  queue.Skip(25);
  EXPECT_EQ(queue.size(), 15u);
  EXPECT_EQ(AsText(queue.contiguous()), "56789");
  queue.Skip(5);
  EXPECT_EQ(AsText(queue.contiguous()), "0123456789");
  queue.Skip(1000);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueueTest, TruncateKeepsTheFront) {
  for (std::size_t size = 0; size <= 13; ++size) {
    const BudgetPtr budget = Budget::Create(1 << 20);
    ByteQueue queue;
    for (const char* text : {"abcd", "efg", "hijkl"}) {
      const std::size_t length = std::strlen(text);
      queue.Append(Part(BlockWith(text, 64, budget.get()), 0, length));
    }
    queue.Advance(1);
    queue.Truncate(size);
    const std::string left = std::string("bcdefghijkl").substr(0, size);
    EXPECT_EQ(All(queue), left);
    EXPECT_EQ(queue.size(), left.size());
    EXPECT_EQ(queue.position(), 1u);
    EXPECT_EQ(budget->used() == 0, size == 0);
    queue.Append(Part(BlockWith("xyz", 64), 0, 3));
    EXPECT_EQ(All(queue), left + "xyz");
    queue.Skip(left.size() + 2);
    EXPECT_EQ(queue.position(), left.size() + 3);
    EXPECT_EQ(AsText(queue.contiguous()), "z");
  }
}

TEST(ByteQueueTest, PositionCountsAllThatLeft) {
  ByteQueue queue;
  queue.Append(Slice::Copy("0123456789"));
  queue.Append(Slice::Copy("0123456789"));
  queue.Advance(4);
  EXPECT_EQ(queue.position(), 4u);
  queue.Skip(7);
  EXPECT_EQ(queue.position(), 11u);
  queue.Skip(9);
  EXPECT_EQ(queue.position(), 20u) << "empty, and still knows";
  queue.Append(Slice::Copy("0123456789"));
  queue.Advance(1);
  EXPECT_EQ(queue.position(), 21u);
  queue.Append(Slice::Copy("0123456789"));
  queue.Clear();
  EXPECT_EQ(queue.position(), 40u);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueueTest, SpanAtFindsAnyOctet) {
  ByteQueue queue;
  queue.Append(Slice::Copy("abc"));
  queue.Append(Slice::Copy("defg"));
  queue.Append(Slice::Copy("hi"));
  EXPECT_EQ(AsText(queue.SpanAt(0)), "abc");
  EXPECT_EQ(AsText(queue.SpanAt(2)), "c");
  EXPECT_EQ(AsText(queue.SpanAt(3)), "defg");
  EXPECT_EQ(AsText(queue.SpanAt(6)), "g");
  EXPECT_EQ(AsText(queue.SpanAt(8)), "i");
  EXPECT_TRUE(queue.SpanAt(9).empty());
  queue.Advance(2);
  EXPECT_EQ(AsText(queue.SpanAt(1)), "defg") << "counted from the front that is now";
}

TEST(ByteQueueTest, CopyOutCrossesPiecesAndTakesNothingOff) {
  const std::string text = Pattern(30);
  ByteQueue queue;
  for (std::size_t at = 0; at < 30; at += 6) queue.Append(Slice::Copy(text.substr(at, 6)));
  for (std::size_t offset = 0; offset <= 31; ++offset) {
    for (std::size_t count = 0; count <= 32; ++count) {
      std::vector<std::uint8_t> out(count);
      const std::size_t copied = queue.CopyOut(offset, out);
      ASSERT_EQ(copied, std::min(count, 30 - std::min<std::size_t>(offset, 30)));
      ASSERT_EQ(AsText(Bytes(out).first(copied)),
                text.substr(std::min<std::size_t>(offset, 30), copied));
    }
  }
  EXPECT_EQ(queue.size(), 30u);
}

TEST(ByteQueueTest, AShareOutlivesTheQueue) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  Slice early;
  Slice late;
  {
    ByteQueue queue;
    BlockPtr block = BlockWith(Pattern(100), 100, budget.get());
    queue.Append(Part(block, 0, 100));
    block = BlockPtr();
    queue.Advance(10);
    early = queue.Share(0, 20);
    late = queue.Share(50, 40);
  }
  EXPECT_EQ(early.text(), Pattern(100).substr(10, 20));
  EXPECT_EQ(late.text(), Pattern(100).substr(60, 40));
  early = Slice();
  EXPECT_EQ(budget->used(), 100);
  late = Slice();
  EXPECT_EQ(budget->used(), 0) << "no reference was bought too much or too little";
}

TEST(ByteQueueTest, ManySharesOfOneBlockAreAllItsOwn) {
  constexpr int kShares = 10'000;
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  std::vector<Slice> shares;
  {
    ByteQueue queue;
    queue.Append(Part(BlockWith(Pattern(100), 100, budget.get()), 0, 100));
    for (int i = 0; i < kShares; ++i) shares.push_back(queue.Share(0, 30));
  }
  shares.resize(1);
  EXPECT_EQ(budget->used(), 100);
  EXPECT_EQ(shares[0].text(), Pattern(30));
  shares.clear();
  EXPECT_EQ(budget->used(), 0);
}

// An idle link holds no memory.
TEST(ByteQueueTest, ABlockGoesBackWhenItsLastOctetIsTaken) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  ByteQueue queue;
  queue.Append(Part(BlockWith(Pattern(50), 50, budget.get()), 0, 50));
  queue.Append(Part(BlockWith(Pattern(70), 70, budget.get()), 0, 70));
  EXPECT_EQ(budget->used(), 120);
  queue.Advance(49);
  EXPECT_EQ(budget->used(), 120);
  queue.Advance(1);
  EXPECT_EQ(budget->used(), 70) << "the first block is read";
  queue.Skip(70);
  EXPECT_EQ(budget->used(), 0);
}

TEST(ByteQueueTest, AppendingToADrainedQueueOpensTheBlockAnew) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  BlockPtr block = BlockWith(Pattern(60), 60, budget.get());
  ByteQueue queue;
  for (std::size_t at = 0; at < 60; at += 20) {
    queue.Append(Part(block, at, 20));
    EXPECT_EQ(AsText(queue.contiguous()), Pattern(60).substr(at, 20));
    queue.Advance(20);
    EXPECT_EQ(queue.position(), at + 20);
  }
  EXPECT_TRUE(block->unique()) << "the queue let go each time";
}

TEST(ByteQueueTest, ClearAndTheEndLetEveryBlockGo) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  {
    ByteQueue queue;
    for (int i = 0; i < 10; ++i) queue.Append(Slice::Copy(AsBytes(Pattern(20)), budget.get()));
    EXPECT_EQ(budget->used(), 200);
    queue.Clear();
    EXPECT_EQ(budget->used(), 0);
    EXPECT_EQ(queue.size(), 0u);
    for (int i = 0; i < 10; ++i) queue.Append(Slice::Copy(AsBytes(Pattern(20)), budget.get()));
    queue.Advance(5);
    EXPECT_EQ(budget->used(), 200);
  }
  EXPECT_EQ(budget->used(), 0);
}

// A few octets of a frame that waits for its rest must not pin whole slabs.
TEST(ByteQueueTest, CompactLetsLargeBlocksWithLittleInThemGo) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  ByteQueue queue;
  queue.Append(Part(BlockWith(Pattern(100), 1000, budget.get()), 0, 100));
  queue.Append(Part(BlockWith(Pattern(100), 1000, budget.get()), 0, 100));
  queue.Advance(50);
  queue.Compact();
  EXPECT_EQ(budget->used(), 0);
  EXPECT_EQ(queue.size(), 150u);
  EXPECT_EQ(queue.position(), 50u);
  EXPECT_EQ(AsText(queue.contiguous()), Pattern(100).substr(50) + Pattern(100))
      << "one piece now, the same octets";
  queue.Append(Slice::Copy("and more"));
  EXPECT_EQ(queue.size(), 158u);
  queue.Skip(158);
  EXPECT_EQ(queue.position(), 208u);
}

TEST(ByteQueueTest, CompactLeavesWellFilledBlocksAlone) {
  const BlockPtr block = BlockWith(Pattern(300), 1000);
  ByteQueue queue;
  queue.Compact();
  EXPECT_TRUE(queue.empty());
  queue.Append(Part(block, 0, 300));
  queue.Compact();
  EXPECT_EQ(queue.contiguous().data(), block->data()) << "over a quarter: no copy";
  queue.Advance(200);
  queue.Compact();
  EXPECT_NE(queue.contiguous().data(), block->data() + 200);
  EXPECT_EQ(AsText(queue.contiguous()), Pattern(300).substr(200));
  EXPECT_TRUE(block->unique());
}

TEST(ByteQueueTest, CompactCountsTheBlocksBehindTheFrontToo) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  ByteQueue queue;
  queue.Append(Part(BlockWith(Pattern(100), 100, budget.get()), 0, 100));
  queue.Append(Part(BlockWith(Pattern(10), 10'000, budget.get()), 0, 10));
  queue.Compact();
  EXPECT_EQ(budget->used(), 0);
  EXPECT_EQ(All(queue), Pattern(100) + Pattern(10));
}

TEST(ByteQueueTest, CompactDoesNotDisturbWhatWasShared) {
  ByteQueue queue;
  queue.Append(Part(BlockWith(Pattern(100), 1000), 0, 100));
  const Slice share = queue.Share(0, 100);
  queue.Advance(60);
  queue.Compact();
  EXPECT_EQ(share.text(), Pattern(100));
  EXPECT_EQ(queue.Share(0, 40).text(), Pattern(100).substr(60));
}

// The copy is charged where what it takes the place of was; a budget that is spent keeps nobody
// from making room, and pays for no memory of somebody else's.
TEST(ByteQueueTest, CompactChargesTheCopy) {
  for (const bool spent : {false, true}) {
    for (const bool ours : {true, false}) {
      const BudgetPtr budget = Budget::Create(1000);
      const BlockPtr other = BlockWith("", spent && !ours ? 1000 : 10, budget.get());
      ByteQueue queue;
      const std::size_t capacity = spent ? 990 : 500;
      queue.Append(Part(BlockWith(Pattern(100), capacity, ours ? budget.get() : nullptr), 0, 100));
      queue.Compact(nullptr, budget.get());
      const bool stays = spent && !ours;
      EXPECT_EQ(budget->used(), stays ? 1000 : 110) << spent << ours;
      EXPECT_EQ(All(queue), Pattern(100));
      queue.Clear();
      EXPECT_EQ(budget->used(), stays ? 1000 : 10) << spent << ours;
    }
  }
}

// Nor does it make room for more than it gives back.
TEST(ByteQueueTest, CompactChargesNoMoreThanWasCharged) {
  const BudgetPtr budget = Budget::Create(150);
  ByteQueue queue;
  queue.Append(Part(BlockWith(Pattern(100), 100, budget.get()), 0, 100));
  queue.Append(Part(BlockWith(Pattern(100), 10'000), 0, 100));
  queue.Compact(nullptr, budget.get());
  EXPECT_EQ(budget->used(), 100);
  EXPECT_EQ(All(queue), Pattern(100) + Pattern(100));
  queue.Advance(100);
  EXPECT_EQ(budget->used(), 0);
}

TEST(ByteQueueTest, TheRingOfPiecesGoesRound) {
  ByteQueue queue;
  std::string expected;
  std::string got;
  for (int turn = 0; turn < 300; ++turn) {
    const std::string piece = Pattern(static_cast<std::size_t>(turn % 23 + 1));
    queue.Append(Slice::Copy(piece));
    expected += piece;
    if (turn < 5) continue;
    const std::string_view front = AsText(queue.contiguous());
    got += front;
    queue.Advance(front.size());
    ASSERT_EQ(queue.size(), expected.size() - got.size());
  }
  EXPECT_EQ(got + All(queue), expected);
}

}  // namespace
}  // namespace monocoque
