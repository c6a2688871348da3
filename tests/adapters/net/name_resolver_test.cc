#include "adapters/net/name_resolver.h"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "adapters/net/reactor.h"
#include "adapters/waker.h"
#include "gtest/gtest.h"

namespace monocoque::net {
namespace {

// Says when the helper thread has called.
class Bell final : public Waker {
 public:
  void Wake() override {
    const std::lock_guard lock(mutex_);
    ++rung_;
    changed_.notify_all();
  }
  void Await(int times) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return rung_ >= times; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int rung_ = 0;
};

absl::StatusOr<std::vector<Address>> Nobody(const std::string& host, std::uint16_t /*port*/) {
  return NoAddressError(host, "nobody knows it");
}

TEST(NameResolverTest, TheAnswerIsToldByDeliver) {
  const auto bell = std::make_shared<Bell>();
  NameResolver resolver(Nobody, bell);
  int told = 0;
  const auto found = [&told](const absl::StatusOr<std::vector<Address>>& answer) {
    EXPECT_TRUE(absl::IsUnavailable(answer.status()));
    ++told;
  };
  const auto heard = resolver.Resolve("one.example", 5555, found);
  ASSERT_TRUE(heard.ok());
  bell->Await(1);
  EXPECT_EQ(told, 0);
  resolver.Deliver();
  EXPECT_EQ(told, 1);
  resolver.Deliver();
  EXPECT_EQ(told, 1);
}

TEST(NameResolverTest, WhoLetsGoHearsNothing) {
  const auto bell = std::make_shared<Bell>();
  NameResolver resolver(Nobody, bell);
  const auto found = [](const absl::StatusOr<std::vector<Address>>&) { ADD_FAILURE(); };
  {
    const auto unheard = resolver.Resolve("one.example", 5555, found);
    ASSERT_TRUE(unheard.ok());
    bell->Await(1);
  }
  resolver.Deliver();
}

TEST(NameResolverTest, WithoutAWakerNobodyIsAsked) {
  NameResolver resolver(Nobody, nullptr);
  const auto refused = resolver.Resolve("one.example", 5555, {});
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
}

}  // namespace
}  // namespace monocoque::net
