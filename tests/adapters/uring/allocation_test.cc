// In steady state a message costs no allocation.
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/uring/loop.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/uring/kernel_version.h"
#include "tests/support/allocations.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::CountAllocations;

constexpr absl::Duration kSoon = absl::Seconds(10);
constexpr int kWarmUp = 300;
constexpr int kCounted = 1000;
constexpr int kLinks = 100;
constexpr int kRounds = 40;

// Way to receive: each that this kernel may have.
class AllocationTest : public ::testing::TestWithParam<ReadMethod> {
 protected:
  AllocationTest()
      : loop_({.best_read_method = GetParam()}),
        rep_(loop_.MakeSocket(SocketType::kRep)),
        req_(loop_.MakeSocket(SocketType::kReq)) {
    EXPECT_TRUE(req_.Connect(rep_.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  }

  Loop loop_;
  Socket rep_, req_;
};

void RoundTrip(Socket& req, Socket& rep) {
  ASSERT_TRUE(req.Send("what?", kSoon).ok());
  ASSERT_TRUE(rep.Receive(kSoon).ok());
  ASSERT_TRUE(rep.Send("that", kSoon).ok());
  ASSERT_TRUE(req.Receive(kSoon).ok());
}

TEST_P(AllocationTest, BlockingRoundTrips) {
  for (int i = 0; i < kWarmUp; ++i) RoundTrip(req_, rep_);
  const std::int64_t before = CountAllocations().made;
  for (int i = 0; i < kCounted; ++i) RoundTrip(req_, rep_);
  EXPECT_EQ(CountAllocations().made - before, 0);
}

Task<void> Echo(Socket& rep) {
  for (;;) {
    absl::StatusOr<Message> request = co_await rep.AsyncReceive();
    if (!request.ok() || !(co_await rep.AsyncSend(*std::move(request))).ok()) co_return;
  }
}

Task<void> Ask(Socket& req, std::int64_t* made) {
  std::int64_t before = 0;
  for (int i = 0; i < kWarmUp + kCounted; ++i) {
    if (i == kWarmUp) before = CountAllocations().made;
    EXPECT_TRUE((co_await req.AsyncSend(Message("what?"))).ok());
    EXPECT_TRUE((co_await req.AsyncReceive()).ok());
  }
  *made = CountAllocations().made - before;
}

TEST_P(AllocationTest, RoundTripsInCoroutines) {
  std::int64_t made = -1;
  loop_.Spawn(Echo(rep_));
  loop_.RunUntil(Ask(req_, &made));
  EXPECT_EQ(made, 0);
}

// One message on each link, and its answer: the writes of all links are under way at once.
Task<void> AskAll(std::vector<Socket>& dealers, std::int64_t* made) {
  std::int64_t before = 0;
  for (int round = 0; round < kRounds; ++round) {
    if (round == kRounds / 2) before = CountAllocations().made;
    for (Socket& dealer : dealers) {
      EXPECT_TRUE((co_await dealer.AsyncSend(Message("what?"))).ok());
    }
    for (Socket& dealer : dealers) EXPECT_TRUE((co_await dealer.AsyncReceive()).ok());
  }
  *made = CountAllocations().made - before;
}

TEST_P(AllocationTest, ManyLinksAtOnce) {
  Socket router = loop_.MakeSocket(SocketType::kRouter);
  const std::string bound = router.Bind("tcp://127.0.0.1:*").value_or("");
  std::vector<Socket> dealers;
  for (int i = 0; i < kLinks; ++i) {
    dealers.push_back(loop_.MakeSocket(SocketType::kDealer));
    ASSERT_TRUE(dealers.back().Connect(bound).ok());
  }
  ASSERT_TRUE(router.WaitReady(kLinks, kSoon).ok());
  std::int64_t made = -1;
  loop_.Spawn(Echo(router));
  loop_.RunUntil(AskAll(dealers, &made));
  EXPECT_EQ(made, 0);
}

// Whose owner does nothing but send, turn after turn of the kernel's: he who waits is noted once.
TEST_P(AllocationTest, SendingWhileACallbackWaits) {
  Socket pub = loop_.MakeSocket(SocketType::kPub);
  pub.OnEvent([](const SocketEvent&) {});
  for (int i = 0; i < kWarmUp; ++i) pub.Flush();
  const std::int64_t before = CountAllocations().made;
  for (int i = 0; i < kCounted; ++i) pub.Flush();
  EXPECT_EQ(CountAllocations().made - before, 0);
}

INSTANTIATE_TEST_SUITE_P(All, AllocationTest,
                         ::testing::Values(ReadMethod::kIncremental, ReadMethod::kBundle,
                                           ReadMethod::kOneShot),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace monocoque::uring
