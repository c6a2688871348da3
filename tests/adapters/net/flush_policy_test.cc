#include "adapters/net/flush_policy.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace monocoque::net {
namespace {

// A clock that stands unless it is moved; the coarse one in steps of four milliseconds.
struct TestClock {
  static std::int64_t Exact() { return now; }
  static std::int64_t Coarse() { return now / 4'000'000 * 4'000'000; }
  static std::int64_t now;
};
std::int64_t TestClock::now = 1'000'000'000;

class FlushPolicyTest : public ::testing::Test {
 protected:
  FlushPolicyTest() { policy_.Wrote(); }

  // One send of `bytes`; true if it was written with what was pending.
  bool Send(std::size_t bytes) {
    pending_ += bytes;
    if (!policy_.AfterSend(pending_)) return false;
    writes_.push_back(pending_);
    pending_ = 0;
    policy_.Wrote();
    return true;
  }

  BasicFlushPolicy<TestClock> policy_;
  std::size_t pending_ = 0;
  std::vector<std::size_t> writes_;
};

TEST_F(FlushPolicyTest, ASingleMessageGoesAtOnce) {
  for (int i = 0; i < 10; ++i) {
    TestClock::now += 5'000'000;
    EXPECT_TRUE(Send(10));
  }
}

// In a tight row each write is twice the last, up to half a mebibyte.
TEST_F(FlushPolicyTest, ATightRowGoesInGrowingWrites) {
  for (int i = 0; i < 100'000; ++i) Send(64);
  ASSERT_GT(writes_.size(), 14u);
  EXPECT_LT(writes_.size(), 40u);
  for (std::size_t i = 1; i < writes_.size(); ++i) {
    EXPECT_LE(writes_[i], 512u * 1024 + 64);
    EXPECT_GE(writes_[i], writes_[i - 1]);
  }
}

// A gap begins anew: the next send does not wait for company.
TEST_F(FlushPolicyTest, AGapBeginsAnew) {
  for (int i = 0; i < 1000; ++i) Send(64);
  TestClock::now += 5'000'000;
  EXPECT_TRUE(Send(64));
  EXPECT_TRUE(Send(64));
}

// Between clock readings too: within eight sends a gap is seen.
TEST_F(FlushPolicyTest, SmallGapsAreSeenSoon) {
  for (int i = 0; i < 1000; ++i) Send(64);
  const std::size_t before = writes_.size();
  for (int i = 0; i < 8; ++i) {
    TestClock::now += 100'000;
    Send(64);
  }
  EXPECT_GT(writes_.size(), before);
}

// What was pending for long goes with the next send, in a row without gaps too.
TEST_F(FlushPolicyTest, NothingWaitsForLong) {
  for (int i = 0; i < 20'000; ++i) Send(64);
  const std::size_t before = writes_.size();
  for (int i = 0; i < 100; ++i) {
    TestClock::now += 9'000;
    Send(64);
  }
  EXPECT_GT(writes_.size(), before);
}

TEST_F(FlushPolicyTest, AWaitBeginsAnew) {
  for (int i = 0; i < 1000; ++i) Send(64);
  policy_.Reset();
  EXPECT_TRUE(Send(64));
}

}  // namespace
}  // namespace monocoque::net
