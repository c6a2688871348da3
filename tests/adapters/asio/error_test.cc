#include "adapters/asio/error.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::asio {
namespace {

using ::testing::HasSubstr;

TEST(ErrorTest, ACodeSaysItsSentenceAndItsKind) {
  const auto ec = ToErrorCode(absl::FailedPreconditionError("do this first."));
  EXPECT_TRUE(ec == errc::failed_precondition);
  EXPECT_FALSE(ec == errc::not_found);
  EXPECT_EQ(ec.message(), "do this first.");
  EXPECT_STREQ(ec.category().name(), "monocoque");
  EXPECT_THAT(boost::system::system_error(ec).what(), HasSubstr("do this first."));
}

TEST(ErrorTest, AsiosOwnCodesWhereItHasThem) {
  EXPECT_FALSE(ToErrorCode(absl::OkStatus()));
  EXPECT_EQ(ToErrorCode(absl::CancelledError("x")), boost::asio::error::operation_aborted);
  EXPECT_EQ(ToErrorCode(absl::UnavailableError("")), boost::asio::error::would_block);
  EXPECT_TRUE(ToErrorCode(absl::UnavailableError("gone")) == errc::unavailable);
}

// An old code, or one without a sentence, still says its kind.
TEST(ErrorTest, OldSentencesAreForgotten) {
  const auto old = ToErrorCode(absl::NotFoundError("once upon a time"));
  for (int i = 0; i < 256; ++i) (void)ToErrorCode(absl::InternalError("newer"));
  EXPECT_EQ(old.message(), "NOT_FOUND");
  EXPECT_TRUE(old == errc::not_found);
  EXPECT_EQ(ToErrorCode(absl::InternalError("")).message(), "INTERNAL");
  EXPECT_EQ(ToErrorCode(absl::NotFoundError("")).message(), "there is no such peer");
}

TEST(ErrorTest, AnyThread) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) {
        const auto ec = ToErrorCode(absl::InternalError("text"));
        EXPECT_TRUE(ec.message() == "text" || ec.message() == "INTERNAL");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace monocoque::asio
