// inproc:// within one loop, between loops on threads of their own, and with sockets of another
// adapter.
#include "adapters/inproc.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/coro/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/coro/runtimes.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/poll_reactor.h"

namespace monocoque::coro {
namespace {

using ::monocoque::testing::PollLoop;
using ::monocoque::testing::PollReactor;
using ::testing::HasSubstr;

constexpr absl::Duration kSoon = absl::Seconds(20);

Message Must(absl::StatusOr<Message> message) {
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : Message();
}

class InprocTest : public OnEachRuntime {};

TEST_P(InprocTest, ANameInUse) {
  Loop& loop = NewLoop();
  Socket first = loop.MakeSocket(SocketType::kPull);
  Socket second = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(first.Bind("inproc://taken").ok());
  EXPECT_THAT(std::string(second.Bind("inproc://taken").status().message()),
              HasSubstr("the name is in use"));
  ASSERT_TRUE(first.Unbind("inproc://taken").ok());
  EXPECT_TRUE(second.Bind("inproc://taken").ok());
}

// Loops with hubs of their own do not see each other's names.
TEST_P(InprocTest, AHubOfItsOwn) {
  Loop& a = NewLoop({.inproc_hub = std::make_shared<InprocHub>()});
  Loop& b = NewLoop({.inproc_hub = std::make_shared<InprocHub>()});
  Socket first = a.MakeSocket(SocketType::kPull);
  Socket second = b.MakeSocket(SocketType::kPull);
  EXPECT_TRUE(first.Bind("inproc://same").ok());
  EXPECT_TRUE(second.Bind("inproc://same").ok());
}

// What the receiver keeps is the sender's memory: once it is back the sender goes on, although
// nothing else happens to its socket.
TEST_P(InprocTest, SendingGoesOnOnceMemoryIsBack) {
  Loop& loop = NewLoop();
  SocketOptions little;
  little.budget_bytes = 100'000;
  Socket push = loop.MakeSocket(SocketType::kPush, little);
  Socket pull = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(push.Connect(*pull.Bind("inproc://memory")).ok());
  const std::string body(1500, 'b');
  ASSERT_TRUE(push.WaitReady(1, kSoon).ok());
  std::vector<Message> kept;
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) {
    Message message(body);
    refused = !push.TrySend(&message).ok();
    if (i % 35 == 34) loop.RunOnce(absl::ZeroDuration());
    for (Message got; pull.TryReceive(&got);) kept.push_back(std::move(got));
  }
  ASSERT_TRUE(refused);
  kept.clear();
  for (int i = 0; i < 1000 && !push.core().CanSend(); ++i) loop.RunOnce(absl::Milliseconds(1));
  Message message(body);
  EXPECT_TRUE(push.TrySend(&message).ok());
}

TEST_P(InprocTest, LargeMessagesAndTheirOrder) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(*pull.Bind("inproc://sizes")).ok());
  for (const std::size_t size : {0u, 1u, 88u, 89u, 2048u, 2049u, 100'000u, 5'000'000u}) {
    ASSERT_TRUE(push.Send(Message(std::string(size, 'x')), kSoon).ok());
    EXPECT_EQ(Must(pull.Receive(kSoon)).size(), size);
  }
}

TEST_P(InprocTest, BetweenThreads) {
  constexpr int kMessages = 50'000;
  std::thread receiver([] {
    const std::unique_ptr<Loop> made = MakeLoop();
    Loop& loop = *made;
    Socket pull = loop.MakeSocket(SocketType::kPull);
    ASSERT_TRUE(pull.Bind("inproc://coro-threads").ok());
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_EQ(Must(pull.Receive(kSoon)).text(), std::to_string(i));
    }
  });
  Loop& loop = NewLoop();
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect("inproc://coro-threads").ok());
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(push.Send(Message(std::to_string(i)), kSoon).ok());
  }
  EXPECT_TRUE(push.Close(kSoon).ok());
  receiver.join();
}

// A socket on poll(2) in another thread talks with one on io_uring.
TEST_P(InprocTest, BetweenAdapters) {
  std::thread other([] {
    PollLoop loop;
    PollReactor rep(&loop, SocketType::kRep, {});
    ASSERT_TRUE(rep.driver().Bind("inproc://adapters").ok());
    Message message;
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(loop.RunUntil([&] { return rep.driver().Receive(&message); }));
      ASSERT_TRUE(loop.RunUntil([&] { return rep.driver().Send(&message).ok(); }));
    }
    rep.driver().StartClose(kSoon);
    EXPECT_TRUE(loop.RunUntil([&] { return rep.driver().closed(); }));
  });
  Loop& loop = NewLoop();
  Socket req = loop.MakeSocket(SocketType::kReq);
  ASSERT_TRUE(req.Connect("inproc://adapters").ok());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(req.Send(std::to_string(i), kSoon).ok());
    EXPECT_EQ(Must(req.Receive(kSoon)).text(), std::to_string(i));
  }
  other.join();
}

// Descriptors are out when the first name is used: it is said so, and is over with it.
TEST_P(InprocTest, DescriptorsThatCameBack) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const auto refused = [&] {
    const testing::FewDescriptors none(0);
    return pull.Bind("inproc://coro-descriptors");
  }();
  EXPECT_NE(refused.status().message().find("descriptors are out"), std::string::npos)
      << refused.status();
  const auto bound = pull.Bind("inproc://coro-descriptors");
  EXPECT_TRUE(bound.ok()) << bound.status();
}

ON_EACH_RUNTIME(InprocTest);

}  // namespace
}  // namespace monocoque::coro
