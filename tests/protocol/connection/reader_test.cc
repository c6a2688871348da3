#include "protocol/connection/reader.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

// Octets in a block of their own.
void Feed(Reader* reader, std::string_view octets) {
  BlockPtr block = Block::Allocate(octets.size(), nullptr);
  std::ranges::copy(AsBytes(octets), block->data());
  const std::uint8_t* data = block->data();
  reader->input().Append(Slice(std::move(block), data, octets.size()));
}

void ReadDirectly(Reader* reader, std::string_view octets) {
  absl::StatusOr<ReadWindow> window = reader->PrepareDirect();
  ASSERT_TRUE(window.ok());
  ASSERT_GE(window->span().size(), octets.size());
  std::ranges::copy(AsBytes(octets), window->span().begin());
  reader->CommitDirect(octets.size());
}

// A body that lies in a piece of its own, behind its header, is shared and not copied: so large
// ones cross within a process. Whether it is there with the header, or comes later.
TEST(ReaderTest, ABodyInOnePieceIsShared) {
  for (const bool later : {false, true}) {
    Reader reader({}, {});
    Message message;
    const Slice body = Slice::Copy(AsBytes(std::string(5000, 'b')));
    Feed(&reader, Hex("0001 61") + Hex("02 0000000000001388"));
    if (later) {
      ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
      EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
    }
    reader.input().Append(body);
    Feed(&reader, Hex("0001 63"));
    if (!later) {
      ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
    }
    ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
    EXPECT_EQ(message.size(), 5000u);
    EXPECT_EQ(message.text().data(), AsText(body.bytes()).data()) << later;
    ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
    EXPECT_EQ(message.text(), "c");
  }
}

// And so it needs no memory: where the budget is spent it comes all the same.
TEST(ReaderTest, ABodyInOnePieceNeedsNoMemory) {
  const BudgetPtr spent = Budget::Create(0);
  Reader reader({}, spent);
  Message message;
  Feed(&reader, Hex("02 0000000000001388"));
  reader.input().Append(Slice::Copy(AsBytes(std::string(5000, 'b'))));
  ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
  EXPECT_EQ(message.size(), 5000u);
}

// F-12: what was read straight into a part's own block counts for the place where LookAhead goes
// on: the command behind the part is found, and the frame behind that is read from its header.
TEST(ReaderTest, LookAheadGoesOnBehindDirectlyReadOctets) {
  Reader reader({}, {});
  Message message;
  Feed(&reader, Hex("0104"));
  EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
  std::size_t frames = kAll;
  EXPECT_EQ(reader.LookAhead(&frames, kAll), Reader::Result::kNeedData);
  ReadDirectly(&reader, "abcd");
  Feed(&reader, Hex("0405 0450494e47") + Hex("0001 65") + Hex("0002 ffff"));
  EXPECT_EQ(reader.LookAhead(&frames, kAll), Reader::Result::kCommand);
  EXPECT_EQ(AsText(reader.command()), "\x04PING");
  EXPECT_EQ(reader.LookAhead(&frames, kAll), Reader::Result::kNeedData);
  EXPECT_EQ(reader.ahead(), 2u);
  ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
  EXPECT_EQ(message, Message({"abcd", "e"}));
}

// C-6: a command behind a directly read part is handed out by Next if LookAhead did not come to it.
TEST(ReaderTest, NextHandsOutTheCommandBehindDirectlyReadOctets) {
  Reader reader({}, {});
  Message message;
  Feed(&reader, Hex("0104"));
  EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
  std::size_t frames = kAll;
  EXPECT_EQ(reader.LookAhead(&frames, kAll), Reader::Result::kNeedData);
  ReadDirectly(&reader, "abcd");
  Feed(&reader, Hex("0403 0151 00"));
  EXPECT_EQ(reader.Next(&message), Reader::Result::kCommand);
  EXPECT_EQ(AsText(reader.command()), std::string_view("\x01Q\0", 3));
}

// F-10: an error is for good, though what follows it looks like a message.
TEST(ReaderTest, NothingIsTakenBehindAnError) {
  Reader reader({.max_parts = 1}, {});
  Message message;
  Feed(&reader, Hex("01"));
  Feed(&reader, Hex("00"));
  EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
  Feed(&reader, Hex("0001 61"));
  EXPECT_EQ(reader.Next(&message), Reader::Result::kError);
  EXPECT_EQ(reader.Next(&message), Reader::Result::kError);
  EXPECT_EQ(reader.status().message(), "message of more parts than the limit");
  EXPECT_EQ(reader.taken(), 0u);
}

// What may be read so that nothing of the next frame comes with it.
TEST(ReaderTest, WantsNoMoreThanTheFrameUnderWay) {
  struct Case {
    std::string_view octets;
    std::size_t wanted;
  };
  for (const auto& [octets, wanted] : {
           Case{"", 2},
           Case{"00", 1},
           Case{"0005", 5},
           Case{"0005 61", 4},
           Case{"02", 1},
           Case{"0200", 7},
           Case{"02 0000000000000100", 0x100},
           Case{"0105 6162636465", 2},
           Case{"0105 6162636465 0003 61", 2},
           Case{"0403 0151", 1},
       }) {
    Reader reader({}, {});
    if (!octets.empty()) Feed(&reader, Hex(octets));
    std::size_t frames = kAll;
    EXPECT_EQ(reader.LookAhead(&frames, kAll), Reader::Result::kNeedData);
    EXPECT_EQ(reader.wanted(), wanted) << octets;
  }
}

// Headers of 1.0 have up to ten octets.
TEST(ReaderTest, WantsTheRestOfAHeaderOf10) {
  Reader reader({}, {});
  reader.set_framing(Framing::kZmtp10);
  for (const auto& [octets, wanted] :
       {std::pair{"ff", 1u}, {"00", 7u}, {"00000000000102", 1u}, {"00", 0x101u}}) {
    Feed(&reader, Hex(octets));
    EXPECT_EQ(reader.wanted(), wanted) << octets;
  }
}

// Nothing, as long as it was not looked at what is here.
TEST(ReaderTest, WantsNothingBeforeItLooked) {
  Reader whole({}, {}), broken({}, {});
  Feed(&whole, Hex("0001 61"));
  EXPECT_EQ(whole.wanted(), 0u);
  Feed(&broken, Hex("ff"));
  EXPECT_EQ(broken.wanted(), 0u);
  Reader gathering({}, {});
  Message message;
  Feed(&gathering, Hex("00ff 61"));
  EXPECT_EQ(gathering.Next(&message), Reader::Result::kNeedData);
  EXPECT_EQ(gathering.wanted(), 254u);
  Feed(&gathering, std::string(254, 'b') + Hex("0005"));
  EXPECT_EQ(gathering.wanted(), 0u);
  std::size_t frames = kAll;
  EXPECT_EQ(gathering.LookAhead(&frames, kAll), Reader::Result::kNeedData);
  ASSERT_EQ(gathering.Next(&message), Reader::Result::kMessage);
  EXPECT_EQ(gathering.wanted(), 5u);
}

// What is set aside for one message is not asked by the next one.
TEST(ReaderTest, AReserveIsForOneMessage) {
  const BudgetPtr spent = Budget::Create(0);
  const BudgetPtr reserve = Budget::Create(Budget::kUnlimited);
  Reader reader({}, spent);
  reader.set_reserve(reserve.get());
  Message message;
  Feed(&reader, Hex("0001 61") + Hex("00ff 61"));
  Feed(&reader, std::string(254, 'b'));
  ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
  EXPECT_EQ(reader.Next(&message), Reader::Result::kNoMemory);
  EXPECT_EQ(reserve->used(), 0);
  reader.set_reserve(reserve.get());
  ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
  EXPECT_EQ(message.size(), 255u);
}

// SEC-3: where memory is limited a size takes no more of it than what comes takes anyway; where it
// is not, a block of 1 MiB is taken whole.
TEST(ReaderTest, ASizeTakesLittleOfALimit) {
  for (const bool limited : {true, false}) {
    const BudgetPtr budget = Budget::Create(limited ? std::int64_t{16} << 20 : Budget::kUnlimited);
    Reader reader({}, budget);
    Message message;
    Feed(&reader, Hex("02 0000000000100000"));
    EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
    EXPECT_EQ(budget->used(), limited ? 64 * 1024 : 1024 * 1024);
    for (int i = 0; i < 16; ++i) Feed(&reader, std::string(64 * 1024, 'x'));
    ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
    EXPECT_EQ(message.size(), std::size_t{1} << 20);
    EXPECT_EQ(message.text().find_first_not_of('x'), std::string_view::npos);
  }
}

// F-10: a message of many parts is gathered in no more than a message may have.
TEST(ReaderTest, PartsGrowNoFurtherThanTheLimit) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  Reader reader({.max_message_bytes = 3'000'000}, budget);
  Message message;
  Feed(&reader, Hex("03 00000000001e8480"));
  for (int i = 0; i < 20; ++i) {
    Feed(&reader, std::string(100'000, 'x'));
    EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
  }
  Feed(&reader, Hex("01 02 61"));
  EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
  EXPECT_LE(budget->used(), 3'000'000 + 65536 * 9);
  Feed(&reader, Hex("62 00 01 63"));
  ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
  EXPECT_EQ(message[2].text(), "c");
}

// SEC-3: nor is it copied again and again there, for parts that have a header and nothing else.
TEST(ReaderTest, PartsAtTheLimitAreNotCopiedForEach) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  Reader reader({.max_message_bytes = 100'000}, budget);
  Message message;
  Feed(&reader, Hex("03 00000000000186a0") + std::string(100'000, 'x'));
  EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
  int blocks = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t before = budget->used();
    Feed(&reader, Hex("01 00"));
    EXPECT_EQ(reader.Next(&message), Reader::Result::kNeedData);
    if (budget->used() != before) ++blocks;
  }
  EXPECT_LE(blocks, 2);
  Feed(&reader, Hex("00 00"));
  ASSERT_EQ(reader.Next(&message), Reader::Result::kMessage);
  EXPECT_EQ(message.part_count(), 1002u);
}

// F-9: the limit of a frame holds for commands, too.
TEST(ReaderTest, TheLimitOfFramesHoldsForCommands) {
  Reader reader({.max_frame_bytes = 10}, {});
  Feed(&reader, Hex("0413"));
  Message message;
  EXPECT_EQ(reader.Next(&message), Reader::Result::kError);
}

}  // namespace
}  // namespace monocoque
