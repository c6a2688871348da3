#include "alloc/transmit_batch.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

static_assert(!std::is_copy_constructible_v<TransmitBatch>, "its memory has one holder");
static_assert(!std::is_copy_assignable_v<TransmitBatch>, "its memory has one holder");

// The user's memory, and how often it was given back.
struct Lent {
  std::string text = "far too long to be kept inline in a slice";
  int given_back = 0;

  Slice Adopt() { return Slice::Adopt(text.data(), text.size(), &Lent::GiveBack, this); }
  static void GiveBack(void* arg) { ++static_cast<Lent*>(arg)->given_back; }
};

TransmitBatch Of(std::initializer_list<std::string_view> texts) {
  TransmitBatch batch;
  for (const std::string_view text : texts) batch.Append(Slice::Copy(text));
  return batch;
}

// What is still to write, as a transport with room for many spans sees it.
std::string Left(const TransmitBatch& batch) {
  std::array<Bytes, 16> spans;
  std::string out;
  const std::size_t count = batch.Spans(spans);
  for (std::size_t i = 0; i < count; ++i) out += AsText(spans[i]);
  return out;
}

TEST(TransmitBatchTest, ANewBatchHasNothingToWrite) {
  const TransmitBatch batch;
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.remaining(), 0u);
  EXPECT_EQ(batch.written(), 0u);
  EXPECT_EQ(batch.slices(), 0u);
  std::array<Bytes, 2> spans;
  EXPECT_EQ(batch.Spans(spans), 0u);
}

TEST(TransmitBatchTest, SlicesAreWrittenInOrder) {
  const TransmitBatch batch = Of({"one", "two", "three"});
  EXPECT_EQ(batch.remaining(), 11u);
  EXPECT_EQ(batch.slices(), 3u);
  std::array<Bytes, 8> spans;
  ASSERT_EQ(batch.Spans(spans), 3u);
  EXPECT_EQ(AsText(spans[0]), "one");
  EXPECT_EQ(AsText(spans[1]), "two");
  EXPECT_EQ(AsText(spans[2]), "three");
}

TEST(TransmitBatchTest, NoMoreSpansAreFilledThanThereIsRoomFor) {
  const TransmitBatch batch = Of({"one", "two", "three"});
  std::array<Bytes, 3> spans;
  EXPECT_EQ(batch.Spans(std::span(spans).first(2)), 2u);
  EXPECT_EQ(AsText(spans[1]), "two");
  EXPECT_TRUE(spans[2].empty());
  EXPECT_EQ(batch.Spans(std::span<Bytes>()), 0u);
}

TEST(TransmitBatchTest, SpansShowTheSlicesOwnMemory) {
  Lent lent;
  TransmitBatch batch;
  batch.Append(lent.Adopt());
  std::array<Bytes, 1> spans;
  ASSERT_EQ(batch.Spans(spans), 1u);
  EXPECT_EQ(AsText(spans[0]).data(), lent.text.data());
}

// Short writes may end anywhere; what is left begins there, and the sums always agree.
TEST(TransmitBatchTest, EveryShortWriteContinuesWhereItEnded) {
  const std::string all = "onetwothree and a slice that lives in a block";
  for (std::size_t step = 1; step <= all.size() + 1; ++step) {
    TransmitBatch batch = Of({"one", "two", "three", all.substr(11)});
    std::size_t written = 0;
    for (std::size_t turn = 0; turn <= all.size() && !batch.empty(); ++turn) {
      ASSERT_EQ(Left(batch), all.substr(written)) << step;
      batch.Advance(step);
      written = std::min(written + step, all.size());
      ASSERT_EQ(batch.written(), written);
      ASSERT_EQ(batch.remaining(), all.size() - written);
    }
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(batch.slices(), 0u);
  }
}

TEST(TransmitBatchTest, AWriteAcrossABoundaryLeavesTheRestOfTheNextSlice) {
  TransmitBatch batch = Of({"one", "two", "three"});
  batch.Advance(5);
  EXPECT_EQ(batch.slices(), 2u);
  std::array<Bytes, 1> spans;
  ASSERT_EQ(batch.Spans(spans), 1u);
  EXPECT_EQ(AsText(spans[0]), "o");
  batch.Advance(0);
  EXPECT_EQ(Left(batch), "othree") << "a write of nothing changes nothing";
  batch.Advance(1);
  EXPECT_EQ(batch.slices(), 1u) << "exactly to the boundary";
  EXPECT_EQ(Left(batch), "three");
}

TEST(TransmitBatchTest, NoMoreCountsAsWrittenThanThereWas) {
  TransmitBatch batch = Of({"one", "two"});
  batch.Advance(1000);
  EXPECT_EQ(batch.written(), 6u);
  EXPECT_EQ(batch.remaining(), 0u);
  batch.Advance(1);
  EXPECT_EQ(batch.written(), 6u);
}

TEST(TransmitBatchTest, AppendingToAWrittenBatchGoesOnBehind) {
  TransmitBatch batch = Of({"one"});
  batch.Advance(3);
  EXPECT_TRUE(batch.empty());
  batch.Append(Slice::Copy("two"));
  EXPECT_EQ(Left(batch), "two");
  EXPECT_EQ(batch.remaining(), 3u);
  EXPECT_EQ(batch.written(), 3u);
}

TEST(TransmitBatchTest, TheMemoryIsKeptUntilClear) {
  Lent lent;
  TransmitBatch batch;
  batch.Append(lent.Adopt());
  batch.Advance(lent.text.size());
  EXPECT_EQ(lent.given_back, 0) << "the kernel may still look at it";
  batch.Clear();
  EXPECT_EQ(lent.given_back, 1);
  EXPECT_EQ(batch.written(), 0u);
}

TEST(TransmitBatchTest, AClearedBatchStartsAnew) {
  TransmitBatch batch = Of({"one", "two"});
  batch.Advance(4);
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.slices(), 0u);
  batch.Append(Slice::Copy("three"));
  EXPECT_EQ(Left(batch), "three") << "no offset of the old life is left";
  EXPECT_EQ(batch.remaining(), 5u);
  EXPECT_EQ(batch.written(), 0u);
}

TEST(TransmitBatchTest, MovingCarriesTheMemoryAndThePlace) {
  Lent lent;
  {
    TransmitBatch first;
    first.Append(Slice::Copy("head"));
    first.Append(lent.Adopt());
    first.Advance(6);
    TransmitBatch second(std::move(first));
    EXPECT_EQ(Left(second), lent.text.substr(2));
    TransmitBatch third = Of({"replaced"});
    third = std::move(second);
    EXPECT_EQ(Left(third), lent.text.substr(2));
    EXPECT_EQ(third.written(), 6u);
    EXPECT_EQ(third.remaining(), lent.text.size() - 2);
    EXPECT_EQ(lent.given_back, 0);
  }
  EXPECT_EQ(lent.given_back, 1);
}

TEST(TransmitBatchTest, AMovedFromBatchServesAgainAfterClear) {
  TransmitBatch first = Of({"one", "two"});
  first.Advance(4);
  const TransmitBatch second = std::move(first);
  first.Clear();  // NOLINT: what a holder of a returned batch does.
  first.Append(Slice::Copy("new"));
  EXPECT_EQ(Left(first), "new");
  EXPECT_EQ(first.remaining(), 3u);
  EXPECT_EQ(Left(second), "wo");
}

// The list goes round: filled, written, cleared, and filled again.
TEST(TransmitBatchTest, ClearingAgainAndAgainLosesNothing) {
  TransmitBatch batch;
  for (int round = 0; round < 60; ++round) {
    const int count = round < 20 ? 100 : 1;
    for (int i = 0; i < count; ++i) batch.Append(Slice::Copy("piece"));
    EXPECT_EQ(batch.slices(), static_cast<std::size_t>(count));
    EXPECT_EQ(batch.remaining(), static_cast<std::size_t>(count) * 5);
    batch.Clear();
    batch.Clear();
    EXPECT_EQ(batch.slices(), 0u);
    EXPECT_TRUE(batch.empty());
  }
}

TEST(TransmitBatchTest, ABatchOutlivesWhoeverSharedItsMemory) {
  Lent lent;
  TransmitBatch batch;
  {
    const Slice slice = lent.Adopt();
    batch.Append(slice);
  }
  EXPECT_EQ(lent.given_back, 0);
  EXPECT_EQ(Left(batch), lent.text);
}

// A slice that was begun is taken without what is written of it.
TEST(TransmitBatchTest, SlicesAreTakenAsIfWritten) {
  Lent lent;
  TransmitBatch batch = Of({"one", "two"});
  batch.Append(lent.Adopt());
  EXPECT_EQ(batch.Take().text(), "one");
  EXPECT_EQ(batch.written(), 3u);
  batch.Advance(1);
  EXPECT_EQ(batch.Take().text(), "wo");
  EXPECT_EQ(batch.remaining(), lent.text.size());
  {
    const Slice taken = batch.Take();
    EXPECT_TRUE(batch.empty());
    batch.Clear();
    EXPECT_EQ(lent.given_back, 0) << "who took it keeps it";
  }
  EXPECT_EQ(lent.given_back, 1);
}

}  // namespace
}  // namespace monocoque
