#include "adapters/net/name_resolver.h"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
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
  NameResolver resolver(Nobody, [bell] { return bell; });
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
  NameResolver resolver(Nobody, [bell] { return bell; });
  const auto found = [](const absl::StatusOr<std::vector<Address>>&) { ADD_FAILURE(); };
  {
    const auto unheard = resolver.Resolve("one.example", 5555, found);
    ASSERT_TRUE(unheard.ok());
    bell->Await(1);
  }
  resolver.Deliver();
}

TEST(NameResolverTest, WhatIsThrownIsTheAnswer) {
  const auto bell = std::make_shared<Bell>();
  const auto throws = [](const std::string& host,
                         std::uint16_t port) -> absl::StatusOr<std::vector<Address>> {
    if (port == 0) throw 0;
    throw std::runtime_error(host + " is not for you");
  };
  NameResolver resolver(throws, [bell] { return bell; });
  std::vector<std::string> told;
  const auto found = [&told](const absl::StatusOr<std::vector<Address>>& answer) {
    told.emplace_back(answer.status().message());
  };
  const auto one = resolver.Resolve("one.example", 5555, found);
  const auto other = resolver.Resolve("one.example", 0, found);
  bell->Await(2);
  resolver.Deliver();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_NE(told[0].find("one.example is not for you"), std::string::npos) << told[0];
  EXPECT_NE(told[1].find("thrown"), std::string::npos) << told[1];
}

// What it is to be woken by may be had later.
TEST(NameResolverTest, WithoutAWakerNobodyIsAsked) {
  const auto bell = std::make_shared<Bell>();
  std::shared_ptr<Waker> there;
  NameResolver resolver(Nobody, [&there] { return there; });
  const auto refused = resolver.Resolve("one.example", 5555, {});
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  there = bell;
  const auto asked = resolver.Resolve("one.example", 5555, [](const auto&) {});
  EXPECT_TRUE(asked.ok()) << asked.status();
  bell->Await(1);
}

}  // namespace
}  // namespace monocoque::net
