// inproc:// on io_uring: within one loop, between loops on threads of their own, and with sockets
// of another adapter.
#include "adapters/inproc.h"

#include <poll.h>

#include <string>
#include <thread>

#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/poll_reactor.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::PollLoop;
using ::monocoque::testing::PollReactor;
using ::testing::HasSubstr;

constexpr absl::Duration kSoon = absl::Seconds(20);

Message Must(absl::StatusOr<Message> message) {
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : Message();
}

// E-16: connect before bind, and no socket of the system for it.
TEST(InprocTest, OneLoopNoDescriptors) {
  Loop loop;
  Socket req = loop.MakeSocket(SocketType::kReq);
  ASSERT_TRUE(req.Connect("inproc://one-loop").ok());
  ASSERT_TRUE(req.Send("question").ok());
  Socket rep = loop.MakeSocket(SocketType::kRep);
  EXPECT_EQ(*rep.Bind("inproc://one-loop"), "inproc://one-loop");
  EXPECT_EQ(Must(rep.Receive(kSoon)).text(), "question");
  ASSERT_TRUE(rep.Send("answer").ok());
  EXPECT_EQ(Must(req.Receive(kSoon)).text(), "answer");
  EXPECT_EQ(loop.stats().writes, 0u);
}

TEST(InprocTest, ANameInUse) {
  Loop loop;
  Socket first = loop.MakeSocket(SocketType::kPull);
  Socket second = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(first.Bind("inproc://taken").ok());
  EXPECT_THAT(std::string(second.Bind("inproc://taken").status().message()),
              HasSubstr("the name is in use"));
  ASSERT_TRUE(first.Unbind("inproc://taken").ok());
  EXPECT_TRUE(second.Bind("inproc://taken").ok());
}

// Loops with hubs of their own do not see each other's names.
TEST(InprocTest, AHubOfItsOwn) {
  Loop a({.inproc_hub = std::make_shared<InprocHub>()});
  Loop b({.inproc_hub = std::make_shared<InprocHub>()});
  Socket first = a.MakeSocket(SocketType::kPull);
  Socket second = b.MakeSocket(SocketType::kPull);
  EXPECT_TRUE(first.Bind("inproc://same").ok());
  EXPECT_TRUE(second.Bind("inproc://same").ok());
}

TEST(InprocTest, LargeMessagesAndTheirOrder) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(*pull.Bind("inproc://sizes")).ok());
  for (const std::size_t size : {0u, 1u, 88u, 89u, 2048u, 2049u, 100'000u, 5'000'000u}) {
    ASSERT_TRUE(push.Send(Message(std::string(size, 'x')), kSoon).ok());
    EXPECT_EQ(Must(pull.Receive(kSoon)).size(), size);
  }
}

// A socket of another adapter on the loop's own thread writes while the loop has no turn: a host
// that waits for the loop's descriptor hears of it.
TEST(InprocTest, AnotherAdapterOnTheSameThreadWakesTheHost) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("inproc://same-thread").ok());
  PollLoop other;
  PollReactor push(&other, SocketType::kPush, {});
  ASSERT_TRUE(push.driver().Connect("inproc://same-thread").ok());
  ASSERT_TRUE(other.RunUntil([&] {
    loop.RunOnce(absl::ZeroDuration());
    return push.driver().machine().ready_peers() == 1 && pull.core().ready_peers() == 1;
  }));
  for (int round = 0; round < 3; ++round) {
    for (int polls = 0; loop.Poll() && polls < 100; ++polls) {
    }
    Message message("word");
    ASSERT_TRUE(push.driver().Send(&message).ok());
    push.driver().Turn();
    pollfd ready{loop.descriptor(), POLLIN, 0};
    ASSERT_EQ(poll(&ready, 1, 2000), 1) << "missed in round " << round;
    loop.Poll();
    ASSERT_TRUE(pull.TryReceive(&message));
  }
}

// Sockets of one loop wake each other without the kernel, in a turn and outside one.
TEST(InprocTest, OneLoopWakesNobody) {
  Loop loop;
  Socket req = loop.MakeSocket(SocketType::kReq);
  Socket rep = loop.MakeSocket(SocketType::kRep);
  ASSERT_TRUE(req.Connect(*rep.Bind("inproc://quiet")).ok());
  for (int round = 0; round < 10; ++round) {
    for (Socket* from : {&req, &rep}) {
      Socket* to = from == &req ? &rep : &req;
      for (int polls = 0; loop.Poll() && polls < 100; ++polls) {
      }
      ASSERT_TRUE(from->Send("word").ok());
      pollfd ready{loop.descriptor(), POLLIN, 0};
      const bool woken = poll(&ready, 1, 0) != 0;
      // The first round shakes hands.
      EXPECT_FALSE(woken && round > 0) << round;
      EXPECT_EQ(Must(to->Receive(kSoon)).text(), "word");
    }
  }
}

TEST(InprocTest, BetweenThreads) {
  constexpr int kMessages = 50'000;
  std::thread receiver([] {
    Loop loop;
    Socket pull = loop.MakeSocket(SocketType::kPull);
    ASSERT_TRUE(pull.Bind("inproc://uring-threads").ok());
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_EQ(Must(pull.Receive(kSoon)).text(), std::to_string(i));
    }
  });
  Loop loop;
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect("inproc://uring-threads").ok());
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(push.Send(Message(std::to_string(i)), kSoon).ok());
  }
  EXPECT_TRUE(push.Close(kSoon).ok());
  receiver.join();
}

// A socket on poll(2) in another thread talks with one on io_uring.
TEST(InprocTest, BetweenAdapters) {
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
  Loop loop;
  Socket req = loop.MakeSocket(SocketType::kReq);
  ASSERT_TRUE(req.Connect("inproc://adapters").ok());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(req.Send(std::to_string(i), kSoon).ok());
    EXPECT_EQ(Must(req.Receive(kSoon)).text(), std::to_string(i));
  }
  other.join();
}

#ifndef MONOCOQUE_TEST_UBSAN
// Descriptors are out when the first name is used: it is said so, and is over with it.
TEST(UringInprocTest, DescriptorsThatCameBack) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const auto refused = [&] {
    const testing::FewDescriptors none(0);
    return pull.Bind("inproc://uring-descriptors");
  }();
  EXPECT_NE(refused.status().message().find("descriptors are out"), std::string::npos)
      << refused.status();
  const auto bound = pull.Bind("inproc://uring-descriptors");
  EXPECT_TRUE(bound.ok()) << bound.status();
}
#endif

}  // namespace
}  // namespace monocoque::uring
