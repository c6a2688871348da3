#include "alloc/slice.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

using Sizes = std::initializer_list<std::size_t>;

constexpr std::string_view kLong = "a text that is far too long to be kept inline";
static_assert(kLong.size() > 2 * Slice::kInlineBytes);

// The user's memory, and how often it was given back.
struct Lent {
  std::string text{kLong};
  int given_back = 0;

  Slice Adopt() { return Slice::Adopt(text.data(), text.size(), &Lent::GiveBack, this); }
  static void GiveBack(void* arg) { ++static_cast<Lent*>(arg)->given_back; }
};

TEST(SliceTest, TheDefaultSliceIsEmpty) {
  const Slice slice;
  EXPECT_TRUE(slice.empty());
  EXPECT_EQ(slice.size(), 0u);
  EXPECT_EQ(slice.text(), "");
  EXPECT_EQ(slice.block(), nullptr);
}

TEST(SliceTest, CopyOwnsItsOctetsWhateverTheirNumber) {
  for (const std::size_t size : Sizes{0, 1, 15, 16, 17, 31, 1000}) {
    std::string source(size, 'x');
    const Slice slice = Slice::Copy(source);
    source.assign(size, '!');
    EXPECT_EQ(slice.text(), std::string(size, 'x')) << size;
  }
}

TEST(SliceTest, SmallCopiesCostNoMemoryAndNoBudget) {
  const BudgetPtr nothing = Budget::Create(0);
  const std::string text(Slice::kInlineBytes, 's');
  const Slice slice = Slice::Copy(AsBytes(text), nothing.get());
  EXPECT_EQ(slice.text(), text);
  EXPECT_EQ(slice.block(), nullptr);
}

TEST(SliceTest, LargeCopiesAreChargedUntilTheLastShareDies) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  {
    Slice slice = Slice::Copy(AsBytes(kLong), budget.get());
    ASSERT_EQ(slice.text(), kLong);
    EXPECT_EQ(budget->used(), static_cast<std::int64_t>(kLong.size()));
    const Slice tail = slice.Sub(1, kLong.size());
    slice = Slice();
    EXPECT_EQ(budget->used(), static_cast<std::int64_t>(kLong.size()))
        << "the whole block is charged for as long as any of it is held";
    EXPECT_EQ(tail.text(), kLong.substr(1));
  }
  EXPECT_EQ(budget->used(), 0);
}

TEST(SliceTest, ARefusedCopyIsEmpty) {
  const BudgetPtr budget = Budget::Create(static_cast<std::int64_t>(kLong.size()) - 1);
  const Slice slice = Slice::Copy(AsBytes(kLong), budget.get());
  EXPECT_TRUE(slice.empty());
  EXPECT_EQ(budget->used(), 0);
}

TEST(SliceTest, ASliceSharesItsBlockWithoutCopying) {
  BlockPtr block = Block::Allocate(64, nullptr);
  ASSERT_TRUE(block);
  std::memcpy(block->data(), kLong.data(), kLong.size());
  const Slice slice(block, block->data() + 2, 30);
  EXPECT_EQ(slice.data(), block->data() + 2);
  EXPECT_EQ(slice.text(), kLong.substr(2, 30));
  EXPECT_EQ(slice.block(), block.get());
  EXPECT_FALSE(block->unique()) << "a slice looks at it: nobody may write";
}

TEST(SliceTest, CopiesOfASliceShowTheSameMemory) {
  Lent lent;
  {
    Slice first = lent.Adopt();
    const Slice second = first;
    EXPECT_EQ(second.data(), first.data());
    first = Slice();
    EXPECT_EQ(second.text(), kLong);
    EXPECT_EQ(lent.given_back, 0);
  }
  EXPECT_EQ(lent.given_back, 1);
}

// The shorter form: what is released is the memory itself, once, few octets or many.
TEST(SliceTest, AdoptedMemoryIsReleased) {
  static void* released = nullptr;
  static int times = 0;
  for (const std::size_t size : {std::size_t{5}, std::size_t{5000}}) {
    void* memory = std::calloc(size, 1);
    times = 0;
    {
      const Slice slice = Slice::Adopt(memory, size, [](void* data) {
        released = data;
        ++times;
        std::free(data);
      });
      EXPECT_EQ(slice.size(), size);
    }
    EXPECT_EQ(times, 1);
    EXPECT_EQ(released, memory);
  }
}

TEST(SliceTest, InlineCopiesAreIndependent) {
  Slice first = Slice::Copy("small");
  const Slice second = first;
  EXPECT_NE(second.data(), first.data());
  first.RemovePrefix(2);
  EXPECT_EQ(first.text(), "all");
  EXPECT_EQ(second.text(), "small");
}

TEST(SliceTest, AMovedFromSliceIsEmpty) {
  for (const std::string_view text : {std::string_view("small"), kLong}) {
    Slice first = Slice::Copy(text);
    const Slice second = std::move(first);
    EXPECT_TRUE(first.empty());  // NOLINT: the moved-from state is the contract here.
    EXPECT_EQ(first.text(), "");
    EXPECT_EQ(first.block(), nullptr);
    EXPECT_EQ(second.text(), text);
  }
}

TEST(SliceTest, AssignmentDropsTheOldAndSurvivesItself) {
  Lent old_memory;
  Lent new_memory;
  Slice slice = old_memory.Adopt();
  slice = new_memory.Adopt();
  EXPECT_EQ(old_memory.given_back, 1);
  const Slice& alias = slice;
  slice = alias;
  EXPECT_EQ(slice.text(), kLong);
  EXPECT_EQ(new_memory.given_back, 0);
  slice = Slice::Copy("in");
  EXPECT_EQ(slice.text(), "in");
  EXPECT_EQ(new_memory.given_back, 1);
}

TEST(SliceTest, AdoptShowsTheUsersOwnOctets) {
  Lent lent;
  const Slice slice = lent.Adopt();
  EXPECT_EQ(slice.text().data(), lent.text.data());
  EXPECT_EQ(lent.given_back, 0);
}

TEST(SliceTest, AdoptOfAFewOctetsCopiesThemAndGivesBackAtOnce) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, Slice::kInlineBytes}) {
    Lent lent;
    {
      const Slice slice = Slice::Adopt(lent.text.data(), size, &Lent::GiveBack, &lent);
      EXPECT_EQ(lent.given_back, 1) << size;
      lent.text.assign(lent.text.size(), '!');
      EXPECT_EQ(slice.text(), kLong.substr(0, size));
    }
    EXPECT_EQ(lent.given_back, 1) << "and not again: " << size;
  }
}

TEST(SliceTest, AdoptOfMemoryThatNeedsNoGivingBack) {
  const Slice small = Slice::Adopt(kLong.data(), 3, nullptr, nullptr);
  const Slice large = Slice::Adopt(kLong.data(), kLong.size(), nullptr, nullptr);
  EXPECT_EQ(small.text(), kLong.substr(0, 3));
  EXPECT_EQ(large.text().data(), kLong.data());
}

TEST(SliceTest, AdoptedMemoryMayBeGivenBackOnAnotherThread) {
  Lent lent;
  Slice slice = lent.Adopt();
  std::thread([gone = std::move(slice)]() mutable {
    EXPECT_EQ(gone.text(), kLong);
    gone = Slice();
  }).join();
  EXPECT_EQ(lent.given_back, 1);
}

TEST(SliceTest, SubSharesWhatIsLargeAndCopiesWhatIsSmall) {
  Lent lent;
  Slice whole = lent.Adopt();
  Slice large = whole.Sub(5, Slice::kInlineBytes + 1);
  const Slice small = whole.Sub(5, Slice::kInlineBytes);
  EXPECT_EQ(large.data(), whole.data() + 5);
  EXPECT_EQ(large.text(), kLong.substr(5, 17));
  EXPECT_EQ(small.text(), kLong.substr(5, 16));
  EXPECT_EQ(small.block(), nullptr) << "a few octets must not pin a large block";
  whole = Slice();
  EXPECT_EQ(lent.given_back, 0);
  large = Slice();
  EXPECT_EQ(lent.given_back, 1);
  EXPECT_EQ(small.text(), kLong.substr(5, 16)) << "the copy stands alone";
}

TEST(SliceTest, SubIsCutToWhatIsThere) {
  constexpr std::size_t kAll = static_cast<std::size_t>(-1);
  for (const std::string_view text : {std::string_view("0123456789"), kLong}) {
    const Slice slice = Slice::Copy(text);
    EXPECT_EQ(slice.Sub(0, kAll).text(), text);
    EXPECT_EQ(slice.Sub(4, kAll).text(), text.substr(4)) << "offset + count wraps around";
    EXPECT_EQ(slice.Sub(text.size(), 1).text(), "");
    EXPECT_EQ(slice.Sub(kAll, kAll).text(), "");
    EXPECT_EQ(slice.Sub(2, 0).text(), "");
    EXPECT_EQ(slice.text(), text);
  }
}

TEST(SliceTest, RemovePrefixKeepsTheRest) {
  for (const std::string_view text : {std::string_view("0123456789abcdef"), kLong}) {
    Slice slice = Slice::Copy(text);
    slice.RemovePrefix(0);
    EXPECT_EQ(slice.text(), text);
    slice.RemovePrefix(3);
    EXPECT_EQ(slice.text(), text.substr(3));
    slice.RemovePrefix(4);
    EXPECT_EQ(slice.text(), text.substr(7));
    slice.RemovePrefix(1000);
    EXPECT_TRUE(slice.empty()) << "cut to what is there";
  }
}

TEST(SliceTest, ReleaseHandsTheReferenceToTheCaller) {
  Lent lent;
  Slice slice = lent.Adopt();
  Block* block = slice.release();
  EXPECT_TRUE(slice.empty());
  slice = Slice();
  EXPECT_EQ(lent.given_back, 0);
  ASSERT_NE(block, nullptr);
  block->Unref();
  EXPECT_EQ(lent.given_back, 1);

  Slice small = Slice::Copy("small");
  EXPECT_EQ(small.release(), nullptr);
  EXPECT_TRUE(small.empty());
}

TEST(SliceTest, SlicesAreEqualIfTheirOctetsAre) {
  const Slice owned = Slice::Copy(kLong);
  const Slice lent = Slice::Adopt(kLong.data(), kLong.size(), nullptr, nullptr);
  EXPECT_EQ(owned, lent);
  EXPECT_FALSE(owned == lent.Sub(1, kLong.size()));
  EXPECT_EQ(Slice::Copy(std::string_view("a\0b", 3)), Slice::Copy(std::string_view("a\0b", 3)));
  EXPECT_FALSE(Slice::Copy(std::string_view("a\0b", 3)) ==
               Slice::Copy(std::string_view("a\0c", 3)));
  EXPECT_EQ(Slice(), Slice::Copy(""));
}

TEST(SliceTest, ASliceKeepsItsSlabFromBeingUsedAgain) {
  const auto pool = SlabPool::Create({.slab_bytes = 64});
  const BudgetPtr budget = Budget::Create(64);
  BlockPtr slab = pool->Acquire(budget.get());
  ASSERT_TRUE(slab);
  std::memcpy(slab->data(), kLong.data(), kLong.size());
  const std::uint8_t* data = slab->data();
  Slice slice(std::move(slab), data, kLong.size());
  EXPECT_FALSE(pool->Acquire(budget.get()));
  EXPECT_EQ(slice.text(), kLong);
  slice = Slice();
  EXPECT_TRUE(pool->Acquire(budget.get()));
}

}  // namespace
}  // namespace monocoque
