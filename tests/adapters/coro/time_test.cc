// A loop whose host was busy with something else: its deadlines and its clock.
#include "absl/time/time.h"

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "adapters/coro/loop.h"
#include "adapters/net/host.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "tests/adapters/coro/runtimes.h"
#include "tests/support/raw_peer.h"

namespace monocoque::coro {
namespace {

using ::monocoque::testing::RawPeer;

constexpr std::string_view kPing("\4PING", 5);
constexpr std::string_view kPong("\4\5\4PONG", 7);

// What a host does that computes for so long.
void Compute(absl::Duration time) {
  const Instant end = net::Now() + time;
  while (net::Now() < end) {
  }
}

class TimeTest : public OnEachRuntime {
 protected:
  // The host is busy from the turn on in which the PING was written.
  static void AwaitPing(Loop* loop, RawPeer* peer, bool* busy) {
    *busy = true;
    std::string heard;
    for (int i = 0; i < 10'000 && heard.find(kPing) == std::string::npos; ++i) {
      loop->RunOnce(absl::Milliseconds(1));
      heard += peer->Take();
    }
    ASSERT_NE(heard.find(kPing), std::string::npos);
  }
};

// What came in time is taken before the time is judged.
TEST_P(TimeTest, APeerThatAnsweredABusyHostIsKept) {
  Loop& loop = NewLoop();
  SocketOptions options;
  options.link.heartbeat.interval = absl::Milliseconds(100);
  Socket pull = loop.MakeSocket(SocketType::kPull, options);
  bool busy = false;
  RawPeer peer(
      [&] {
        if (!busy) loop.RunOnce(absl::Milliseconds(1));
      },
      *pull.Bind("tcp://127.0.0.1:*"));
  peer.HandshakeAs("PUSH");
  AwaitPing(&loop, &peer, &busy);
  ASSERT_TRUE(peer.Write(kPong));
  Compute(absl::Milliseconds(250));
  loop.RunOnce(absl::ZeroDuration());
  EXPECT_EQ(pull.core().ready_peers(), 1u);
}

// And so it is if the host sends first.
TEST_P(TimeTest, ASendOfABusyHostJudgesNobody) {
  Loop& loop = NewLoop();
  SocketOptions options;
  options.link.heartbeat.interval = absl::Milliseconds(100);
  Socket pair = loop.MakeSocket(SocketType::kPair, options);
  bool busy = false;
  RawPeer peer(
      [&] {
        if (!busy) loop.RunOnce(absl::Milliseconds(1));
      },
      *pair.Bind("tcp://127.0.0.1:*"));
  peer.HandshakeAs("PAIR");
  AwaitPing(&loop, &peer, &busy);
  ASSERT_TRUE(peer.Write(kPong));
  Compute(absl::Milliseconds(250));
  ASSERT_TRUE(pair.Bind("tcp://127.0.0.1:*").ok());
  ASSERT_TRUE(pair.Send("late").ok());
  pair.Flush();
  EXPECT_EQ(pair.core().ready_peers(), 1u);
}

// A time that is given counts from when it is given, not from the last turn.
TEST_P(TimeTest, LingerCountsFromTheClose) {
  Loop& loop = NewLoop();
  Socket push = *loop.Push("ipc://@monocoque-time-nobody");
  ASSERT_TRUE(push.Send("kept").ok());
  loop.RunOnce(absl::ZeroDuration());
  Compute(absl::Milliseconds(300));
  const Instant end = net::Now() + absl::Milliseconds(250);
  push.StartClose(absl::Milliseconds(250));
  loop.RunOnce(absl::ZeroDuration());
  EXPECT_TRUE(!push.closed() || net::Now() >= end);
}

// What a deadline that is over already brings about is not waited behind.
TEST_P(TimeTest, ADeadlineThatIsOverEndsTheTurn) {
  Loop& loop = NewLoop();
  SocketOptions options;
  options.link.reconnect.interval = absl::Minutes(10);
  Socket push = loop.MakeSocket(SocketType::kPush, options);
  ASSERT_TRUE(push.Connect("ipc://@monocoque-time-nobody").ok());
  ASSERT_TRUE(push.Send("lost").ok());
  for (int i = 0; i < 10; ++i) loop.RunOnce(absl::ZeroDuration());
  push.StartClose(absl::Milliseconds(300));
  loop.RunOnce(absl::ZeroDuration());
  Compute(absl::Milliseconds(350));
  const Instant before = net::Now();
  loop.RunOnce(absl::Seconds(3));
  EXPECT_LT(net::Now() - before, absl::Seconds(1));
  EXPECT_TRUE(push.closed());
}

TEST_P(TimeTest, AttemptsCountFromTheConnect) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string bound = *pull.Bind("tcp://127.0.0.1:*");
  SocketOptions options;
  options.link.handshake_timeout = absl::Seconds(1);
  Socket push = loop.MakeSocket(SocketType::kPush, options);
  loop.RunOnce(absl::ZeroDuration());
  Compute(absl::Milliseconds(1100));
  ASSERT_TRUE(push.Connect(bound).ok());
  ASSERT_TRUE(push.WaitReady(1, absl::Seconds(10)).ok());
  for (SocketEvent event; push.NextEvent(&event);) {
    EXPECT_NE(event.kind, SocketEvent::Kind::kDialFailed) << event.status;
  }
}

// Nor is an attempt judged whose connection stands since before its time was over.
TEST_P(TimeTest, AConnectionThatStoodInTimeIsTaken) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string bound = *pull.Bind("tcp://127.0.0.1:*");
  SocketOptions options;
  options.link.transport.connect_timeout = absl::Milliseconds(20);
  Socket push = loop.MakeSocket(SocketType::kPush, options);
  ASSERT_TRUE(push.Connect(bound).ok());
  Compute(absl::Milliseconds(50));
  ASSERT_TRUE(push.WaitReady(1, absl::Seconds(10)).ok());
  for (SocketEvent event; push.NextEvent(&event);) {
    EXPECT_NE(event.kind, SocketEvent::Kind::kDialFailed) << event.status;
  }
}

// Calls that wait for no time still turn the loop, once: who only polls hears everything in the
// end.
class NoTimeTest : public OnEachRuntime {
 protected:
  static constexpr int kMostTimes = 10'000;

  // `poll` says how it went; false: nothing came in all that time.
  static bool ComesAtLast(const std::function<absl::Status()>& poll) {
    for (int i = 0; i < kMostTimes; ++i) {
      const absl::Status status = poll();
      if (status.ok()) return true;
      EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    }
    return false;
  }

  Loop& loop_ = NewLoop();
  Socket pull_ = loop_.MakeSocket(SocketType::kPull);
  Socket push_ = loop_.MakeSocket(SocketType::kPush);
};

TEST_P(NoTimeTest, WhoPollsForAMessageHasItAtLast) {
  ASSERT_TRUE(push_.Connect(*pull_.Bind("tcp://127.0.0.1:*")).ok());
  ASSERT_TRUE(push_.Send("here").ok());
  EXPECT_TRUE(ComesAtLast([&] { return pull_.Receive(absl::ZeroDuration()).status(); }));
}

TEST_P(NoTimeTest, WhoPollsForOneSocketOfSeveralHasItAtLast) {
  Socket other = loop_.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(push_.Connect(*pull_.Bind("tcp://127.0.0.1:*")).ok());
  ASSERT_TRUE(push_.Send("here").ok());
  EXPECT_TRUE(
      ComesAtLast([&] { return loop_.WaitAny({&other, &pull_}, absl::ZeroDuration()).status(); }));
}

TEST_P(NoTimeTest, WhoPollsForAPeerHasItAtLast) {
  ASSERT_TRUE(push_.Connect(*pull_.Bind("tcp://127.0.0.1:*")).ok());
  EXPECT_TRUE(ComesAtLast([&] { return push_.WaitReady(1, absl::ZeroDuration()); }));
}

// Until somebody listens nobody takes it.
TEST_P(NoTimeTest, WhoTriesToSendSendsAtLast) {
  const std::string at = *push_.Bind("tcp://127.0.0.1:*");
  EXPECT_TRUE(absl::IsDeadlineExceeded(push_.Send("early", absl::ZeroDuration())));
  ASSERT_TRUE(pull_.Connect(at).ok());
  EXPECT_TRUE(ComesAtLast([&] { return push_.Send("late", absl::ZeroDuration()); }));
  EXPECT_EQ(pull_.Receive(absl::Seconds(10))->text(), "late");
}

// A time that is over before it began, however long ago, is none.
TEST_P(NoTimeTest, LessThanNoTimeIsNone) {
  ASSERT_TRUE(push_.Connect(*pull_.Bind("tcp://127.0.0.1:*")).ok());
  ASSERT_TRUE(push_.Send("here").ok());
  EXPECT_TRUE(
      ComesAtLast([&] { return loop_.WaitAny({&pull_}, -absl::InfiniteDuration()).status(); }));
  EXPECT_TRUE(ComesAtLast([&] { return pull_.Receive(-absl::Seconds(1)).status(); }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(pull_.Receive(-absl::InfiniteDuration()).status()));
}

ON_EACH_RUNTIME(TimeTest);
ON_EACH_RUNTIME(NoTimeTest);

}  // namespace
}  // namespace monocoque::coro
