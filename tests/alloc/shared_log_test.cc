#include "alloc/shared_log.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "alloc/bytes.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

class SharedLogTest : public ::testing::Test {
 protected:
  void Write(std::string_view text) {
    std::ranges::copy(AsBytes(text), log_.Prepare().begin());
    log_.Commit(text.size());
  }

  BudgetPtr budget_ = Budget::Create(2 * 64);
  SharedLog log_{SlabPool::Create({.slab_bytes = 64, .max_idle_slabs = 0}), budget_};
};

TEST_F(SharedLogTest, HoldsNothingBeforeItsFirstSlab) {
  EXPECT_EQ(log_.end(), 0u);
  EXPECT_EQ(log_.room(), 0u);
  EXPECT_EQ(budget_->used(), 0);
}

TEST_F(SharedLogTest, ReadersShareRanges) {
  ASSERT_TRUE(log_.Roll());
  EXPECT_EQ(log_.room(), 64u);
  Write("one");
  Write("two");
  EXPECT_EQ(log_.end(), 6u);
  EXPECT_EQ(log_.room(), 58u);
  EXPECT_EQ(log_.Range(0, 6).text(), "onetwo");
  EXPECT_EQ(log_.Range(3, 6).text(), "two");
  // No copy: both lie where they were written.
  EXPECT_EQ(log_.Range(0, 6).data() + 3, log_.Range(3, 6).data());
}

// What readers took of a slab stays theirs, and charged, when the log goes on in another.
TEST_F(SharedLogTest, RangesOutliveTheirSlab) {
  ASSERT_TRUE(log_.Roll());
  Write("old");
  Slice old = log_.Range(0, 3);
  ASSERT_TRUE(log_.Roll());
  EXPECT_EQ(log_.end(), 0u);
  Write("new");
  EXPECT_EQ(old.text(), "old");
  EXPECT_EQ(log_.Range(0, 3).text(), "new");
  EXPECT_EQ(budget_->used(), 2 * 64);
  log_.Rest();
  EXPECT_EQ(budget_->used(), 64);
  old = Slice();
  EXPECT_EQ(budget_->used(), 0);
}

TEST_F(SharedLogTest, ARefusedSlabChangesNothing) {
  ASSERT_TRUE(log_.Roll());
  Write("kept");
  const Slice first = log_.Range(0, 4);
  budget_->set_limit(64);
  EXPECT_FALSE(log_.Roll());
  EXPECT_EQ(log_.end(), 4u);
  EXPECT_EQ(log_.Range(0, 4).text(), "kept");
}

}  // namespace
}  // namespace monocoque
