#include "protocol/drive/mark.h"

#include <cstddef>
#include <limits>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();

// ALL-3: the mark is a number of messages that may be held, not one more.
TEST(MarkTest, TheNumberOfMessagesIsALimit) {
  const Mark mark{.messages = 3, .bytes = 0};
  EXPECT_FALSE(mark.Reached(0, 0));
  EXPECT_FALSE(mark.Reached(2, 0));
  EXPECT_TRUE(mark.Reached(3, 0));
  EXPECT_TRUE(mark.Reached(4, 0));
}

TEST(MarkTest, TheNumberOfOctetsIsALimit) {
  const Mark mark{.messages = 0, .bytes = 1000};
  EXPECT_FALSE(mark.Reached(0, 0));
  EXPECT_FALSE(mark.Reached(1, 999));
  EXPECT_TRUE(mark.Reached(1, 1000));
  EXPECT_TRUE(mark.Reached(1, 1001));
}

TEST(MarkTest, WhicheverIsReachedFirstCounts) {
  const Mark mark{.messages = 3, .bytes = 1000};
  EXPECT_FALSE(mark.Reached(2, 999));
  EXPECT_TRUE(mark.Reached(3, 0));
  EXPECT_TRUE(mark.Reached(1, 1000));
  EXPECT_TRUE(mark.Reached(3, 1000));
}

// Zero is no limit, as libzmq's HWM of 0, not a queue that takes nothing.
TEST(MarkTest, ZeroIsNoLimit) {
  const Mark none{.messages = 0, .bytes = 0};
  EXPECT_FALSE(none.Reached(0, 0));
  EXPECT_FALSE(none.Reached(kMost, kMost));
  const Mark by_bytes{.messages = 0, .bytes = 1000};
  EXPECT_FALSE(by_bytes.Reached(kMost, 999));
  const Mark by_messages{.messages = 3, .bytes = 0};
  EXPECT_FALSE(by_messages.Reached(2, kMost));
}

// ALL-7: one message larger than the whole mark must pass, or it could never be sent: into an empty
// queue anything goes, and the mark is reached behind it.
TEST(MarkTest, AnEmptyQueueTakesAMessageOfAnySize) {
  const Mark mark{.messages = 1, .bytes = 1};
  EXPECT_FALSE(mark.Reached(0, 0));
  EXPECT_TRUE(mark.Reached(1, kMost));
}

// A queue nobody configured is bounded in both ways.
TEST(MarkTest, TheDefaultBoundsBoth) {
  const Mark mark;
  EXPECT_FALSE(mark.Reached(1000, 1000));
  EXPECT_TRUE(mark.Reached(8192, 0));
  EXPECT_TRUE(mark.Reached(1, 8 * 1024 * 1024));
}

}  // namespace
}  // namespace monocoque
