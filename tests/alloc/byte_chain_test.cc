#include "alloc/byte_chain.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

constexpr std::size_t kSlab = 64;
constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

std::string Pattern(std::size_t size, char first = 'a') {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>(first + static_cast<char>(i % 26));
  return out;
}

// A batch's octets still to be written.
std::string Left(const TransmitBatch& batch) {
  std::vector<Bytes> spans(batch.slices());
  std::string out;
  batch.Spans(spans);
  for (const Bytes span : spans) out += AsText(span);
  return out;
}

// A chain of small slabs, written as a link writes it.
class ByteChainTest : public testing::Test {
 protected:
  static constexpr std::int64_t kSlabCharge = kSlab;

  // Copied octets that are no message.
  void Raw(std::string_view text) { EXPECT_TRUE(chain_->AppendCopy(AsBytes(text))); }

  // A message whose octets are all copied.
  void Copied(std::string_view text) {
    const MutableBytes room = chain_->Prepare(text.size());
    ASSERT_GE(room.size(), text.size());
    chain_->BeginMessage();
    std::memcpy(room.data(), text.data(), text.size());
    chain_->Commit(text.size());
    chain_->EndMessage();
  }

  // A message with a copied head and a body by reference.
  void Referenced(std::string_view head, std::string_view body) {
    const MutableBytes room = chain_->Prepare(head.size());
    ASSERT_GE(room.size(), head.size());
    chain_->BeginMessage();
    std::memcpy(room.data(), head.data(), head.size());
    chain_->Commit(head.size());
    chain_->AppendSlice(Slice::Copy(body));
    chain_->EndMessage();
  }

  // A message with a head by reference and a copied tail.
  void CopiedTail(std::string_view head, std::string_view tail) {
    const MutableBytes room = chain_->Prepare(tail.size());
    ASSERT_GE(room.size(), tail.size());
    chain_->AppendSlice(Slice::Copy(head), 1);
    std::memcpy(room.data(), tail.data(), tail.size());
    chain_->Commit(tail.size());
    chain_->EndMessage();
  }

  // One write of which `accepted` octets go out; what it offered.
  std::string Write(std::size_t accepted, std::size_t max_bytes = kNoLimit) {
    TransmitBatch batch;
    if (!chain_->Fill(&batch, max_bytes)) return {};
    std::string offered = Left(batch);
    batch.Advance(accepted);
    chain_->Pop(batch.written());
    return offered;
  }

  struct Taken {
    std::string text;
    std::size_t begun = 0;
    int cut = 0;
  };
  Taken TakeAll() {
    Taken taken;
    ByteChain::Unsent piece;
    for (int i = 0; i < 100 && chain_->TakeUnsent(&piece); ++i) {
      taken.text += piece.octets.text();
      taken.begun += piece.begun;
      if (piece.cut) ++taken.cut;
    }
    EXPECT_EQ(chain_->bytes(), 0u);
    EXPECT_EQ(chain_->unfilled_messages(), 0u);
    piece = ByteChain::Unsent();
    EXPECT_EQ(budget_->used(), 0) << "a slab with nothing in it is held";
    return taken;
  }

  std::shared_ptr<SlabPool> pool_ = SlabPool::Create({.slab_bytes = kSlab});
  BudgetPtr budget_ = Budget::Create(Budget::kUnlimited);
  std::optional<ByteChain> chain_{std::in_place, pool_, budget_};
};

TEST_F(ByteChainTest, ANewChainHoldsNothing) {
  TransmitBatch batch;
  EXPECT_EQ(chain_->bytes(), 0u);
  EXPECT_FALSE(chain_->Fill(&batch, kNoLimit));
  EXPECT_FALSE(chain_->in_flight());
  EXPECT_EQ(budget_->used(), 0);
  EXPECT_EQ(pool_->live(), 0u);
}

TEST_F(ByteChainTest, OctetsLeaveInTheOrderTheyCame) {
  const std::string body = Pattern(30, 'A');
  Raw("one ");
  chain_->AppendSlice(Slice::Copy(body));
  Raw(" two ");
  chain_->AppendSlice(Slice::Copy("small"));
  chain_->AppendSlice(Slice());
  Raw(" three");
  EXPECT_EQ(chain_->bytes(), 50u);
  EXPECT_EQ(Write(0), "one " + body + " two small three");
}

TEST_F(ByteChainTest, AnEmptySliceLeavesNoTrace) {
  TransmitBatch batch;
  chain_->AppendSlice(Slice(), 1);
  EXPECT_EQ(chain_->unfilled_messages(), 0u);
  EXPECT_FALSE(chain_->Fill(&batch, kNoLimit));
}

TEST_F(ByteChainTest, ASliceIsNotCopied) {
  const Slice body = Slice::Copy(Pattern(100));
  chain_->AppendSlice(body);
  TransmitBatch batch;
  ASSERT_TRUE(chain_->Fill(&batch, kNoLimit));
  std::array<Bytes, 1> spans;
  ASSERT_EQ(batch.Spans(spans), 1u);
  EXPECT_EQ(spans[0].data(), body.data());
}

TEST_F(ByteChainTest, PrepareGivesAtLeastWhatWasAskedForAndCommitCountsWhatWasUsed) {
  ASSERT_GE(chain_->Prepare(10).size(), 10u);
  EXPECT_EQ(chain_->bytes(), 0u) << "nothing is committed yet";
  const MutableBytes room = chain_->Prepare(20);
  ASSERT_GE(room.size(), 20u);
  std::memcpy(room.data(), "used", 4);
  chain_->Commit(4);
  EXPECT_EQ(chain_->bytes(), 4u);
  ASSERT_EQ(chain_->Prepare(kSlab - 4).data(), room.data() + 4) << "the rest of the slab is used";
  EXPECT_EQ(Write(0), "used");
}

TEST_F(ByteChainTest, AFullSlabIsFollowedByAnother) {
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string text = Pattern(static_cast<std::size_t>(10 + i));
    Copied(text);
    all += text;
  }
  EXPECT_GT(budget_->used(), 4 * kSlabCharge);
  EXPECT_EQ(chain_->unfilled_messages(), 20u);
  EXPECT_EQ(Write(kNoLimit), all);
  EXPECT_EQ(budget_->used(), 0);
}

TEST_F(ByteChainTest, MoreThanASlabCannotBePrepared) {
  Raw("kept");
  EXPECT_TRUE(chain_->Prepare(kSlab + 1).empty());
  EXPECT_EQ(chain_->Prepare(kSlab).size(), kSlab) << "a whole slab can";
  EXPECT_EQ(Write(0), "kept");
}

TEST_F(ByteChainTest, ARefusedPrepareLeavesTheChainAsItWas) {
  budget_->set_limit(kSlabCharge);
  Copied(Pattern(50));
  EXPECT_TRUE(chain_->Prepare(20).empty()) << "would need a second slab";
  EXPECT_EQ(chain_->bytes(), 50u);
  EXPECT_EQ(chain_->unfilled_messages(), 1u);
  EXPECT_EQ(budget_->used(), kSlabCharge);
  Copied("fits");
  EXPECT_EQ(Write(kNoLimit), Pattern(50) + "fits");
  EXPECT_GE(chain_->Prepare(20).size(), 20u) << "what left made room";
}

TEST_F(ByteChainTest, CopiesLargerThanASlabGetTheirOwnMemory) {
  const std::string large = Pattern(3 * kSlab);
  Raw("head ");
  Raw(large);
  Raw(" tail");
  EXPECT_EQ(budget_->used(), kSlabCharge + 3 * kSlabCharge);
  budget_->set_limit(5 * kSlabCharge);
  EXPECT_FALSE(chain_->AppendCopy(AsBytes(large))) << "refused";
  EXPECT_EQ(chain_->bytes(), large.size() + 10) << "and nothing of it appended";
  EXPECT_EQ(Write(kNoLimit), "head " + large + " tail");
  EXPECT_EQ(budget_->used(), 0);
}

// What lies beside the slab that is written to is a slab, too, and comes from the pool.
TEST_F(ByteChainTest, MemoryAsideIsPooledIfASlabHasRoom) {
  for (int i = 0; i < 3; ++i) {
    const Slice aside = chain_->CopyAside(AsBytes(Pattern(kSlab)));
    ASSERT_EQ(aside.text(), Pattern(kSlab));
    EXPECT_EQ(aside.block()->capacity(), kSlab);
    EXPECT_EQ(pool_->live(), 1u);
  }
  const Slice large = chain_->CopyAside(AsBytes(Pattern(kSlab + 1)));
  ASSERT_EQ(large.size(), kSlab + 1);
  EXPECT_EQ(large.block()->capacity(), kSlab + 1);
  EXPECT_EQ(budget_->used(), static_cast<std::int64_t>(kSlab + 1));
}

TEST_F(ByteChainTest, ARefusedCopyAppendsNothing) {
  budget_->set_limit(0);
  EXPECT_FALSE(chain_->AppendCopy(AsBytes("text")));
  EXPECT_EQ(chain_->bytes(), 0u);
  EXPECT_EQ(budget_->used(), 0);
}

// What is set aside serves a copy of any size.
TEST_F(ByteChainTest, ACopyAsksTheReserve) {
  const BudgetPtr reserve = Budget::Create(Budget::kUnlimited);
  budget_->set_limit(0);
  chain_->set_reserve(reserve.get());
  for (const std::size_t size : {kSlab / 2, kSlab * 3}) {
    const std::string text = Pattern(size);
    EXPECT_TRUE(chain_->AppendCopy(AsBytes(text)));
    EXPECT_EQ(Write(size), text);
  }
  EXPECT_EQ(budget_->used(), 0);
}

TEST_F(ByteChainTest, ABatchTakesWholeSegmentsUpToItsLimitButAtLeastOne) {
  for (int i = 0; i < 4; ++i) chain_->AppendSlice(Slice::Copy(Pattern(20)), 1);
  EXPECT_EQ(Write(0, /*max_bytes=*/1).size(), 20u) << "at least one, however small the limit";
  EXPECT_EQ(Write(0, /*max_bytes=*/39).size(), 20u);
  EXPECT_EQ(Write(0, /*max_bytes=*/40).size(), 40u);
  EXPECT_EQ(Write(0, /*max_bytes=*/1000).size(), 80u);
}

TEST_F(ByteChainTest, OneBatchIsInFlightAtATime) {
  Copied("first");
  TransmitBatch batch;
  ASSERT_TRUE(chain_->Fill(&batch, kNoLimit));
  EXPECT_TRUE(chain_->in_flight());
  Copied("second");
  TransmitBatch other;
  EXPECT_FALSE(chain_->Fill(&other, kNoLimit));
  EXPECT_TRUE(other.empty());
  EXPECT_EQ(chain_->bytes(), 11u) << "those in flight included";
  EXPECT_EQ(chain_->unfilled_bytes(), 6u);
  EXPECT_EQ(chain_->unfilled_messages(), 1u);
  chain_->Pop(5);
  EXPECT_FALSE(chain_->in_flight());
  EXPECT_EQ(chain_->bytes(), 6u);
  EXPECT_EQ(Write(kNoLimit), "second");
}

TEST_F(ByteChainTest, AFilledBatchForgetsItsOldLife) {
  TransmitBatch batch;
  batch.Append(Slice::Copy("old"));
  batch.Advance(2);
  Copied("new");
  ASSERT_TRUE(chain_->Fill(&batch, kNoLimit));
  EXPECT_EQ(Left(batch), "new");
  EXPECT_EQ(batch.written(), 0u);
}

// Whatever a short write accepts, the next batch begins behind it.
TEST_F(ByteChainTest, ShortWritesAcrossSegmentsLoseAndRepeatNothing) {
  for (std::size_t step = 1; step <= 40; ++step) {
    std::string all;
    for (std::size_t i = 0; i < 6; ++i) {
      const std::string body = Pattern(5 + 9 * i, 'A');
      Referenced("head", body);
      Copied("copied");
      all += "head" + body + "copied";
    }
    std::string got;
    for (std::size_t turn = 0; turn <= all.size() && chain_->bytes() > 0; ++turn) {
      const std::string offered = Write(step, /*max_bytes=*/50);
      ASSERT_FALSE(offered.empty());
      ASSERT_EQ(offered, all.substr(got.size(), offered.size())) << step;
      got += offered.substr(0, step);
      ASSERT_EQ(chain_->bytes(), all.size() - got.size());
    }
    EXPECT_EQ(got, all) << step;
    EXPECT_EQ(chain_->unfilled_messages(), 0u);
    EXPECT_EQ(budget_->used(), 0) << step;
  }
}

TEST_F(ByteChainTest, AWriteOfNothingOffersTheSameAgain) {
  Copied("once");
  EXPECT_EQ(Write(0), "once");
  EXPECT_EQ(chain_->unfilled_messages(), 1u);
  EXPECT_EQ(chain_->unfilled_bytes(), 4u);
  EXPECT_EQ(Write(0), "once");
}

TEST_F(ByteChainTest, NoMoreIsPoppedThanTheBatchHeld) {
  Copied("first");
  TransmitBatch batch;
  ASSERT_TRUE(chain_->Fill(&batch, kNoLimit));
  Copied("second");
  chain_->Pop(1000);
  EXPECT_EQ(chain_->bytes(), 6u);
  EXPECT_EQ(Write(kNoLimit), "second");
}

TEST_F(ByteChainTest, ABatchOutlivesItsChain) {
  Referenced("head", Pattern(40));
  TransmitBatch batch;
  ASSERT_TRUE(chain_->Fill(&batch, kNoLimit));
  chain_.reset();
  pool_.reset();
  EXPECT_EQ(Left(batch), "head" + Pattern(40));
  EXPECT_EQ(budget_->used(), kSlabCharge);
  batch.Clear();
  EXPECT_EQ(budget_->used(), 0);
}

// Many links with little to write each lie close together.
TEST_F(ByteChainTest, ABurstBeginsWithRoomForTheLast) {
  const std::shared_ptr<SlabPool> pool = SlabPool::Create();
  ByteChain chain(pool, budget_);
  const auto burst = [&](std::size_t octets) {
    const std::int64_t before = budget_->used();
    EXPECT_TRUE(chain.AppendCopy(AsBytes(std::string(100, 'x'))));
    const std::int64_t taken_first = budget_->used() - before;
    for (std::size_t left = octets - 100; left > 0;) {
      const std::size_t here = std::min<std::size_t>(left, 100);
      EXPECT_TRUE(chain.AppendCopy(AsBytes(std::string(here, 'x'))));
      left -= here;
    }
    while (chain.bytes() > 0) {
      TransmitBatch batch;
      if (!chain.Fill(&batch, kNoLimit)) break;
      chain.Pop(batch.remaining());
    }
    EXPECT_EQ(budget_->used(), before);
    return taken_first;
  };
  EXPECT_EQ(burst(200), 8 * 1024);
  EXPECT_EQ(burst(8000), 8 * 1024);
  EXPECT_EQ(burst(1'000'000), 8 * 1024);
  EXPECT_EQ(burst(1'000'000), 64 * 1024);
  EXPECT_EQ(burst(200), 64 * 1024);
  // What is referenced takes none of the room.
  chain.AppendSlice(Slice::Copy(std::string(1'000'000, 'x')));
  EXPECT_EQ(burst(200), 8 * 1024);
  EXPECT_EQ(burst(200), 8 * 1024);
}

// What does not fit the first block goes to a slab.
TEST_F(ByteChainTest, ASmallBlockIsFollowedByASlab) {
  ByteChain chain(SlabPool::Create(), budget_);
  EXPECT_TRUE(chain.AppendCopy(AsBytes(std::string(8000, 'x'))));
  EXPECT_EQ(budget_->used(), 8 * 1024);
  EXPECT_TRUE(chain.AppendCopy(AsBytes(std::string(200, 'x'))));
  EXPECT_EQ(budget_->used(), (8 + 64) * 1024);
}

TEST_F(ByteChainTest, AnIdleChainHoldsNoSlab) {
  Copied("gone");
  EXPECT_EQ(budget_->used(), kSlabCharge);
  EXPECT_EQ(Write(kNoLimit), "gone");
  EXPECT_EQ(budget_->used(), 0) << "by itself, when the last octet left";
  ASSERT_FALSE(chain_->Prepare(10).empty());
  EXPECT_EQ(budget_->used(), kSlabCharge);
  chain_->Rest();
  EXPECT_EQ(budget_->used(), 0) << "when it was prepared and not used";
  Copied("again");
  chain_->Rest();
  Copied(" more");
  EXPECT_EQ(budget_->used(), kSlabCharge) << "a slab with octets to write is written on";
  EXPECT_EQ(Write(kNoLimit), "again more");
}

TEST_F(ByteChainTest, UnfilledMessagesCountsThoseThatNoBatchHolds) {
  Raw("handshake");
  EXPECT_EQ(chain_->unfilled_messages(), 0u);
  Copied("one");
  Referenced("two", Pattern(30));
  EXPECT_EQ(chain_->unfilled_messages(), 2u);
  chain_->AppendSlice(Slice::Copy("three in one"), 3);
  chain_->EndMessage();
  EXPECT_EQ(chain_->unfilled_messages(), 5u);
  TransmitBatch batch;
  ASSERT_TRUE(chain_->Fill(&batch, /*max_bytes=*/1));
  EXPECT_EQ(chain_->unfilled_messages(), 3u) << "the first slab holds two begins";
  chain_->Pop(15);
  EXPECT_EQ(chain_->unfilled_messages(), 3u);
}

TEST_F(ByteChainTest, UnsentIsAllIfNothingLeft) {
  Copied("one");
  Referenced("two", Pattern(30));
  Copied("three");
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "onetwo" + Pattern(30) + "three");
  EXPECT_EQ(taken.begun, 0u);
  EXPECT_EQ(taken.cut, 0);
  EXPECT_EQ(Write(kNoLimit), "") << "it was taken";
}

TEST_F(ByteChainTest, UnsentOfAnEmptyChainIsNothing) {
  ByteChain::Unsent piece;
  EXPECT_FALSE(chain_->TakeUnsent(&piece));
  Raw("handshake only");
  EXPECT_FALSE(chain_->TakeUnsent(&piece)) << "octets that are no message are not handed back";
  EXPECT_EQ(chain_->bytes(), 0u);
}

TEST_F(ByteChainTest, UnsentBeginsAtAMessage) {
  Raw("handshake");
  Copied("one");
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "one");
  EXPECT_EQ(taken.begun, 0u);
  EXPECT_EQ(taken.cut, 0);
}

// The piece begins at the segment's first message; `begun` says up to where it had been written.
TEST_F(ByteChainTest, UnsentTellsHowFarTheFirstPieceWasWritten) {
  for (std::size_t written = 0; written < 18; ++written) {
    Raw("raw");
    for (const std::string_view text : {"alpha", "beta!", "gamma"}) Copied(text);
    EXPECT_EQ(Write(written), "rawalphabeta!gamma");
    const Taken taken = TakeAll();
    EXPECT_EQ(taken.text, "alphabeta!gamma") << written;
    EXPECT_EQ(taken.begun, written > 3 ? written - 3 : 0) << written;
    EXPECT_EQ(taken.cut, 0) << written;
    chain_.emplace(pool_, budget_);
  }
  EXPECT_EQ(budget_->used(), 0);
}

TEST_F(ByteChainTest, AMessageCutInItsBodyIsToldAndNotHandedBack) {
  Referenced("head", Pattern(30));
  Copied("next");
  EXPECT_EQ(Write(14).size(), 38u);
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "next");
  EXPECT_EQ(taken.begun, 0u);
  EXPECT_EQ(taken.cut, 1);
}

TEST_F(ByteChainTest, AMessageCutBeforeItsBodyIsTold) {
  Referenced("head", Pattern(30));
  EXPECT_EQ(Write(4).size(), 34u) << "the head alone";
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "");
  EXPECT_EQ(taken.cut, 1) << "the last message is cut, and nothing follows it";
}

TEST_F(ByteChainTest, AMessageWrittenToItsEndIsNotCut) {
  Referenced("head", Pattern(30));
  Copied("next");
  Write(34);
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "next");
  EXPECT_EQ(taken.begun, 0u);
  EXPECT_EQ(taken.cut, 0);
}

TEST_F(ByteChainTest, AMessageCutInItsCopiedTailIsTold) {
  CopiedTail(Pattern(30), "tail");
  Copied("next");
  EXPECT_EQ(Write(32), Pattern(30) + "tailnext");
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "next");
  EXPECT_EQ(taken.begun, 0u);
  EXPECT_EQ(taken.cut, 1);
}

// Of a segment that goes on with an earlier message only that message's octets tell whether it was
// cut.
TEST_F(ByteChainTest, AMessageWithACopiedTailWrittenToItsEndIsNotCut) {
  CopiedTail(Pattern(30), "tail");
  Copied("next");
  Copied("last");
  EXPECT_EQ(Write(36), Pattern(30) + "tailnextlast");
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "nextlast");
  EXPECT_EQ(taken.begun, 2u);
  EXPECT_EQ(taken.cut, 0);
}

TEST_F(ByteChainTest, OctetsThatAreNoMessageCutNone) {
  CopiedTail(Pattern(30), "tail");
  Raw("command");
  EXPECT_EQ(Write(36), Pattern(30) + "tailcommand");
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "");
  EXPECT_EQ(taken.cut, 0);
}

TEST_F(ByteChainTest, AMessageThatGoesOnInASecondSlabMayBeCutThere) {
  Copied(Pattern(50));
  chain_->Prepare(10);
  chain_->BeginMessage();
  Raw(Pattern(10));
  Raw(Pattern(20, 'A'));
  chain_->EndMessage();
  EXPECT_EQ(chain_->unfilled_messages(), 2u);
  EXPECT_EQ(Write(65), Pattern(50) + Pattern(10) + Pattern(20, 'A'));
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "");
  EXPECT_EQ(taken.cut, 1);
}

TEST_F(ByteChainTest, AMessageBehindAWrittenOneIsWhole) {
  Copied("one");
  EXPECT_EQ(Write(3), "one");
  Copied("two");
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "two");
  EXPECT_EQ(taken.cut, 0);
}

TEST_F(ByteChainTest, WhatWasInFlightIsUnsentToo) {
  Copied("one");
  TransmitBatch batch;
  ASSERT_TRUE(chain_->Fill(&batch, kNoLimit));
  Copied("two");
  chain_->Pop(0);
  batch.Clear();
  const Taken taken = TakeAll();
  EXPECT_EQ(taken.text, "onetwo");
  EXPECT_EQ(taken.begun, 0u);
}

TEST_F(ByteChainTest, UnsentPiecesKeepTheirMemoryAlive) {
  ByteChain::Unsent piece;
  Copied(Pattern(40));
  ASSERT_TRUE(chain_->TakeUnsent(&piece));
  chain_.reset();
  EXPECT_EQ(piece.octets.text(), Pattern(40));
  EXPECT_EQ(budget_->used(), kSlabCharge);
  piece = ByteChain::Unsent();
  EXPECT_EQ(budget_->used(), 0);
}

}  // namespace
}  // namespace monocoque
