// Coroutines that wait on a socket for a time.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/socket.h"
#include "adapters/coro/task.h"
#include "adapters/net/host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/coro/runtimes.h"
#include "tests/adapters/coro/talk.h"
#include "tests/support/raw_peer.h"

namespace monocoque::coro {
namespace {

using ::monocoque::testing::RawPeer;
using ::testing::ElementsAre;

constexpr absl::Duration kShort = absl::Milliseconds(5);
constexpr absl::Duration kLong = absl::Seconds(10);

Task<absl::StatusOr<Message>> Receive(Socket& at, absl::Duration timeout) {
  co_return co_await at.AsyncReceive(timeout);
}

Task<absl::Status> SendIt(Socket& from, Message* message, absl::Duration timeout) {
  co_return co_await from.AsyncSend(message, timeout);
}

Task<absl::Status> Ready(Socket& at, absl::Duration timeout) {
  co_return co_await at.AsyncReady(1, timeout);
}

// What each of them got, or its status, in the order in which they went on.
void Note(const absl::StatusOr<Message>& got, std::vector<std::string>* log) {
  log->push_back(got.ok() ? std::string(got->text())
                          : absl::StatusCodeToString(got.status().code()));
}

Task<void> ReceiveInto(Socket& at, std::optional<absl::Duration> timeout,
                       std::vector<std::string>* log) {
  if (timeout) {
    const absl::StatusOr<Message> got = co_await at.AsyncReceive(*timeout);
    Note(got, log);
  } else {
    const absl::StatusOr<Message> got = co_await at.AsyncReceive();
    Note(got, log);
  }
}

class TimeoutTest : public OnEachRuntime {
 protected:
  void Turn(int times) {
    for (int i = 0; i < times; ++i) loop_.RunOnce(absl::Milliseconds(1));
  }
  // Until so much was noted.
  void TurnUntilNoted(std::size_t count) {
    const Instant end = net::Now() + kLong;
    while (log_.size() < count && net::Now() < end) loop_.RunOnce(absl::Milliseconds(1));
    ASSERT_EQ(log_.size(), count);
  }

  Loop& loop_ = NewLoop();
  std::vector<std::string> log_;
};

// In the words of the blocking calls.
TEST_P(TimeoutTest, WhatDoesNotComeInTimeFails) {
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  Socket push = loop_.MakeSocket(SocketType::kPush);
  Message message("kept");
  const Instant before = net::Now();
  EXPECT_EQ(loop_.RunUntil(Receive(pull, kShort)).status(),
            pull.Receive(absl::ZeroDuration()).status());
  EXPECT_EQ(loop_.RunUntil(SendIt(push, &message, kShort)), push.Send("x", absl::ZeroDuration()));
  EXPECT_EQ(loop_.RunUntil(Ready(push, kShort)), push.WaitReady(1, absl::ZeroDuration()));
  EXPECT_GE(net::Now() - before, 3 * kShort);
  EXPECT_EQ(message.text(), "kept");
  EXPECT_TRUE(absl::IsDeadlineExceeded(loop_.RunUntil(Ready(pull, -absl::InfiniteDuration()))));
}

TEST_P(TimeoutTest, WhatComesInTimeIsTheResult) {
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  Socket push = loop_.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  EXPECT_TRUE(loop_.RunUntil(Ready(push, kLong)).ok());
  for (const absl::Duration timeout : {kLong, absl::InfiniteDuration()}) {
    Message message("in time");
    EXPECT_TRUE(loop_.RunUntil(SendIt(push, &message, timeout)).ok());
    const auto got = loop_.RunUntil(Receive(pull, timeout));
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->text(), "in time");
  }
  EXPECT_EQ(loop_.NextDeadline(), Instant::Never()) << "no timer is left";
}

TEST_P(TimeoutTest, NothingIsLostWithAWaitThatIsOver) {
  Pipe pipe(&loop_);
  ASSERT_FALSE(loop_.RunUntil(Receive(pipe.pull, kShort)).ok());
  ASSERT_TRUE(pipe.push.Send("later").ok());
  EXPECT_EQ(pipe.pull.Receive(kLong)->text(), "later");
  // Nor is sent what was not in time.
  Socket push = loop_.MakeSocket(SocketType::kPush);
  Message message("not in time");
  ASSERT_FALSE(loop_.RunUntil(SendIt(push, &message, kShort)).ok());
  ASSERT_TRUE(push.Connect(pipe.pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  ASSERT_TRUE(push.Send("in time", kLong).ok());
  EXPECT_EQ(pipe.pull.Receive(kLong)->text(), "in time");
}

// Each has its own time; who waits on keeps its place.
TEST_P(TimeoutTest, WhoIsBehindAnotherFailsInItsOwnTime) {
  Pipe pipe(&loop_);
  loop_.Spawn(ReceiveInto(pipe.pull, std::nullopt, &log_));
  loop_.Spawn(ReceiveInto(pipe.pull, kShort, &log_));
  loop_.Spawn(ReceiveInto(pipe.pull, kLong, &log_));
  TurnUntilNoted(1);
  ASSERT_TRUE(pipe.push.Send("first").ok());
  ASSERT_TRUE(pipe.push.Send("second").ok());
  TurnUntilNoted(3);
  EXPECT_THAT(log_, ElementsAre("DEADLINE_EXCEEDED", "first", "second"));
}

// What came in time is taken before the time is judged.
TEST_P(TimeoutTest, ABusyHostReceivesWhatWasThereInTime) {
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  bool busy = false;
  RawPeer peer(
      [&] {
        if (!busy) loop_.RunOnce(absl::Milliseconds(1));
      },
      *pull.Bind("tcp://127.0.0.1:*"));
  peer.HandshakeAs("PUSH");
  Turn(3);
  busy = true;
  Task<void> task = ReceiveInto(pull, absl::Milliseconds(50), &log_);
  task.Resume();
  ASSERT_TRUE(peer.Write(std::string("\0\4here", 6)));
  for (const Instant end = net::Now() + absl::Milliseconds(100); net::Now() < end;) {
  }
  TurnUntilNoted(1);
  EXPECT_THAT(log_, ElementsAre("here"));
}

TEST_P(TimeoutTest, ACloseEndsAWaitBeforeItsTime) {
  {
    Socket pull = loop_.MakeSocket(SocketType::kPull);
    loop_.Spawn(ReceiveInto(pull, kLong, &log_));
    Turn(3);
  }
  TurnUntilNoted(1);
  EXPECT_THAT(log_, ElementsAre("CANCELLED"));
}

// A coroutine may be destroyed while it waits, before its time or with its loop.
TEST_P(TimeoutTest, AWaitMayBeDestroyed) {
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  {
    Task<void> task = ReceiveInto(pull, kShort, &log_);
    task.Resume();
  }
  for (const Instant end = net::Now() + 2 * kShort; net::Now() < end;) Turn(1);
  EXPECT_THAT(log_, ElementsAre());
  std::unique_ptr<Loop> other = MakeLoop();
  std::optional<Socket> orphan = other->MakeSocket(SocketType::kPull);
  Task<void> task = ReceiveInto(*orphan, kShort, &log_);
  task.Resume();
  orphan.reset();
  other.reset();
  EXPECT_FALSE(task.done());
}

ON_EACH_RUNTIME(TimeoutTest);

}  // namespace
}  // namespace monocoque::coro
