// inproc:// on io_uring: without the kernel, and with a host that waits for the ring's descriptor.
#include <poll.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/poll_reactor.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::PollLoop;
using ::monocoque::testing::PollReactor;

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

}  // namespace
}  // namespace monocoque::uring
