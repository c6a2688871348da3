#include "adapters/coro/loop.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/coro/awaitables.h"
#include "adapters/coro/task.h"
#include "adapters/net/host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/adapters/coro/runtimes.h"
#include "tests/adapters/coro/talk.h"
#include "tests/support/raw_peer.h"

namespace monocoque::coro {
namespace {

using ::monocoque::testing::RawPeer;
using ::testing::HasSubstr;

constexpr absl::Duration kSoon = absl::Seconds(10);

std::int64_t ProcessorNanoseconds() {
  timespec ts{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

class LoopTest : public OnEachRuntime {};

// What looks before it waits gives up soon, and does not look again after a long wait.
TEST_P(LoopTest, LongWaitsCostNoProcessor) {
  Loop& loop = NewLoop();
  const std::int64_t before = ProcessorNanoseconds();
  for (int i = 0; i < 10; ++i) loop.RunOnce(absl::Milliseconds(30));
  EXPECT_LT(ProcessorNanoseconds() - before, 50'000'000);
}

// A peer that reads nothing costs no processor either: its link waits for room in the kernel.
TEST_P(LoopTest, AStalledPeerCostsNoProcessor) {
  Loop& loop = NewLoop();
  SocketOptions options;
  options.receive_mark = {.messages = 10, .bytes = 0};
  Socket pull = loop.MakeSocket(SocketType::kPull, options);
  auto push = loop.Push(*pull.Bind("tcp://127.0.0.1:*"));
  const std::string text(100'000, 's');
  // Refused several times in a row: the kernel is full.
  for (int refused = 0; refused < 3;) {
    refused = push->Send(text, absl::Milliseconds(50)).ok() ? 0 : refused + 1;
  }
  const std::int64_t before = ProcessorNanoseconds();
  for (int i = 0; i < 10; ++i) loop.RunOnce(absl::Milliseconds(30));
  EXPECT_LT(ProcessorNanoseconds() - before, 50'000'000);
}

Task<void> CountWhenReadable(Loop& loop, int fd, int* count) {
  co_await loop.AsyncReadable(fd);
  ++*count;
}

TEST_P(LoopTest, PollDoesASliceOfWork) {
  Loop& loop = NewLoop();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  int resumed = 0;
  for (int i = 0; i < 10; ++i) loop.Spawn(CountWhenReadable(loop, ends[0], &resumed));
  EXPECT_FALSE(loop.Poll()) << "nothing is ready";
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  for (int before = 0, polls = 0; resumed < 10 && polls < 100; ++polls, before = resumed) {
    const bool more = loop.Poll(/*max_work=*/1);
    EXPECT_LE(resumed, before + 1);
    EXPECT_TRUE(more || resumed == 10) << resumed;
  }
  EXPECT_EQ(resumed, 10);
  loop.Poll();
  EXPECT_FALSE(loop.Poll());
  close(ends[0]);
  close(ends[1]);
}

TEST_P(LoopTest, PollGoesOnUntilATime) {
  constexpr int kMany = 1000;
  Loop& loop = NewLoop();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  int resumed = 0;
  for (int i = 0; i < kMany; ++i) loop.Spawn(CountWhenReadable(loop, ends[0], &resumed));
  EXPECT_FALSE(loop.Poll(Instant::Never())) << "nothing is ready, and nothing is waited for";
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  const Instant over = net::Now();
  EXPECT_TRUE(loop.Poll(over)) << "the time has come: one slice";
  EXPECT_LT(resumed, kMany);
  EXPECT_FALSE(loop.Poll(net::Now() + kSoon));
  EXPECT_EQ(resumed, kMany);
  close(ends[0]);
  close(ends[1]);
}

Task<void> TakeOne(Socket& pull, int* taken) {
  const absl::StatusOr<Message> message = co_await pull.AsyncReceive();
  if (message.ok()) ++*taken;
}

// However many have something to do, a slice is one.
TEST_P(LoopTest, ASliceIsSharedByTheSockets) {
  constexpr int kSockets = 20;
  constexpr int kEach = 20;
  constexpr std::size_t kSlice = 10;
  Loop& sending = NewLoop();
  Loop& loop = NewLoop();
  std::vector<Socket> pushes, pulls;
  for (int i = 0; i < kSockets; ++i) {
    pulls.push_back(loop.MakeSocket(SocketType::kPull));
    pushes.push_back(*sending.Push(*pulls.back().Bind("ipc://*")));
  }
  for (int turns = 0; turns < 10'000; ++turns) {
    loop.RunOnce(absl::ZeroDuration());
    sending.RunOnce(absl::ZeroDuration());
  }
  int taken = 0;
  for (Socket& pull : pulls) {
    ASSERT_EQ(pull.core().ready_peers(), 1u);
    for (int i = 0; i < kEach; ++i) loop.Spawn(TakeOne(pull, &taken));
  }
  for (Socket& push : pushes) {
    for (int i = 0; i < kEach; ++i) ASSERT_TRUE(push.Send("x").ok());
    push.Flush();
  }
  for (int polls = 0, before = 0; taken < kSockets * kEach && polls < 10'000; ++polls) {
    loop.Poll(kSlice);
    EXPECT_LE(taken - before, static_cast<int>(2 * kSlice));
    before = taken;
  }
  EXPECT_EQ(taken, kSockets * kEach);
}

TEST_P(LoopTest, Coroutines) {
  Loop& loop = NewLoop();
  Dialogue talk(&loop);
  loop.Spawn(Echo(talk.rep, 100));
  EXPECT_EQ(loop.RunUntil(Ask(loop, talk.req, 100)), 100);
}

// A coroutine may use the blocking face; the others go on meanwhile.
Task<int> AskBlocking(Socket& req, int count) {
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    if (!req.Send(absl::StrCat(i), kSoon).ok()) break;
    if (auto reply = req.Receive(kSoon); reply.ok() && reply->text() == absl::StrCat(i)) ++answered;
  }
  co_return answered;
}

TEST_P(LoopTest, BothFacesMayBeMixed) {
  Loop& loop = NewLoop();
  Dialogue talk(&loop);
  loop.Spawn(Echo(talk.rep, 50));
  EXPECT_EQ(loop.RunUntil(AskBlocking(talk.req, 50)), 50);
}

Task<void> Throw(Loop& loop) {
  co_await loop.AsyncSleep(absl::Milliseconds(1));
  throw std::string("thrown by user code");
}

TEST_P(LoopTest, WhatACoroutineThrowsComesOutOfTheTurn) {
  Loop& loop = NewLoop();
  Dialogue talk(&loop);
  loop.Spawn(Echo(talk.rep, 10));
  loop.Spawn(Throw(loop));
  std::string caught;
  try {
    for (int i = 0; i < 1000 && caught.empty(); ++i) loop.RunOnce(absl::Milliseconds(10));
  } catch (const std::string& what) {
    caught = what;
  }
  EXPECT_EQ(caught, "thrown by user code");
  EXPECT_EQ(loop.RunUntil(Ask(loop, talk.req, 10)), 10) << "the loop goes on";
}

Task<std::string> TextOf(Socket& socket) {
  auto message = co_await socket.AsyncReceive();
  co_return message.ok() ? std::string(message->text()) : std::string(message.status().message());
}
Task<std::string> After(Loop& loop, absl::Duration time, std::string text) {
  co_await loop.AsyncSleep(time);
  co_return text;
}

TEST_P(LoopTest, FirstOfTwoTasks) {
  Loop& loop = NewLoop();
  Pipe one(&loop);
  Pipe other(&loop);
  EXPECT_EQ(loop.RunUntil(FirstOf(TextOf(one.pull), After(loop, absl::Milliseconds(1), "late"))),
            "late");
  ASSERT_TRUE(one.push.Send("kept").ok());
  EXPECT_EQ(loop.RunUntil(FirstOf(TextOf(other.pull), TextOf(one.pull))), "kept");
  ASSERT_TRUE(other.push.Send("there already").ok());
  loop.RunOnce(absl::Milliseconds(50));
  EXPECT_EQ(loop.RunUntil(FirstOf(TextOf(other.pull), After(loop, kSoon, "never"))),
            "there already");
}

Task<absl::Status> TalkAndClose(Socket& push) {
  CO_RETURN_IF_ERROR(co_await push.AsyncReady());
  CO_RETURN_IF_ERROR(co_await push.AsyncSend(Message("last words")));
  co_return co_await push.AsyncClose(kSoon);
}

TEST_P(LoopTest, CoroutinesWaitUntilConnectedAndClosed) {
  Loop& loop = NewLoop();
  Pipe pipe(&loop);
  EXPECT_EQ(loop.RunUntil(TalkAndClose(pipe.push)), absl::OkStatus());
  EXPECT_TRUE(pipe.push.closed());
  EXPECT_EQ(pipe.pull.Receive(kSoon)->text(), "last words");
  Socket nobody = *loop.Push("ipc://@monocoque-nobody-at-all");
  ASSERT_TRUE(nobody.Send("lost").ok());
  nobody.StartClose(absl::Milliseconds(10));
  while (!nobody.closed()) loop.RunOnce(kSoon);
  EXPECT_EQ(nobody.stats().lost, 1u);
}

Task<int> Same(int value) { co_return value; }
Task<int> AwaitInARow(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await Same(1);
  co_return sum;
}

// Without help of the optimizer too.
TEST_P(LoopTest, TasksThatWaitForNothingUseNoStack) {
  Loop& loop = NewLoop();
  EXPECT_EQ(loop.RunUntil(AwaitInARow(1'000'000)), 1'000'000);
}

// Destroying a coroutine that waits loses no message.
TEST_P(LoopTest, CancellingLosesNothing) {
  Loop& loop = NewLoop();
  Pipe pipe(&loop);
  {
    Task<void> waiting = Echo(pipe.pull, 1);
    waiting.Resume();
    loop.RunOnce(absl::Milliseconds(1));
  }
  ASSERT_TRUE(pipe.push.Send("kept").ok());
  EXPECT_EQ(pipe.pull.Receive(kSoon)->text(), "kept");
}

// Everything may be destroyed with operations outstanding.
TEST_P(LoopTest, DestroyedWithOperationsOutstanding) {
  for (int turns = 0; turns < 12; ++turns) {
    Loop& loop = NewLoop();
    Dialogue talk(&loop);
    ASSERT_TRUE(talk.req.Connect("tcp://localhost:1").ok());
    loop.Spawn(Echo(talk.rep, 100));
    (void)talk.req.Send("x");
    for (int i = 0; i < turns; ++i) loop.RunOnce(absl::Milliseconds(1));
    if (turns % 2 == 0) {
      const Socket gone = std::move(talk.rep);
    }
  }
}

Task<void> SleepAndCount(Loop& loop, int* count) {
  co_await loop.AsyncSleep(absl::Milliseconds(1));
  ++*count;
}

// What one coroutine costs does not grow with how many go on together.
TEST_P(LoopTest, ManySleepersGoOnTogether) {
  constexpr int kSleepers = 20'000;
  Loop& loop = NewLoop();
  int count = 0;
  for (int i = 0; i < kSleepers; ++i) loop.Spawn(SleepAndCount(loop, &count));
  const std::int64_t before = ProcessorNanoseconds();
  loop.Run();
  EXPECT_EQ(count, kSleepers);
  EXPECT_LT(ProcessorNanoseconds() - before, 1'000'000'000);
}

TEST_P(LoopTest, WaitsOnSeveralSockets) {
  Loop& loop = NewLoop();
  Pipe a(&loop), b(&loop);
  ASSERT_TRUE(b.push.Send("b").ok());
  EXPECT_EQ(*loop.WaitAny({&a.pull, &b.pull}, kSoon), 1u);
  EXPECT_EQ(b.pull.Receive(kSoon)->text(), "b");
  EXPECT_EQ(loop.WaitAny({&a.pull, &b.pull}, absl::Milliseconds(1)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

// Where no message can come as things stand, the answer is that of Receive, at once.
TEST_P(LoopTest, WaitingWhereNothingCanComeFailsAtOnce) {
  Loop& loop = NewLoop();
  Dialogue d(&loop);
  Socket push = loop.MakeSocket(SocketType::kPush);
  for (Socket* never : {&push, &d.req}) {
    const absl::Status why = never->Receive(kSoon).status();
    ASSERT_TRUE(absl::IsFailedPrecondition(why)) << why;
    EXPECT_EQ(loop.WaitAny({never}, kSoon).status(), why);
    EXPECT_EQ(loop.WaitAny({never, never}, kSoon).status(), why);
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(loop.WaitAny({}, kSoon).status()));
}

// One that can receive is waited for, whatever the others cannot.
TEST_P(LoopTest, WaitingGoesOnWhereOneCanReceive) {
  Loop& loop = NewLoop();
  Dialogue d(&loop);
  Socket push = loop.MakeSocket(SocketType::kPush);
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(loop.WaitAny({&push, &d.rep}, absl::Milliseconds(1)).status()));
  ASSERT_TRUE(d.req.Send("now it has asked", kSoon).ok());
  EXPECT_EQ(*loop.WaitAny({&push, &d.rep}, kSoon), 1u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(loop.WaitAny({&d.req}, absl::Milliseconds(1)).status()));
}

// What is taken off while somebody looks for a message sets reading going again.
TEST_P(LoopTest, LookingForAMessageGoesOnReading) {
  Loop& loop = NewLoop();
  SocketOptions options;
  options.receive_mark = {.messages = 2, .bytes = 0};
  Socket sub = loop.MakeSocket(SocketType::kSub, options);
  ASSERT_TRUE(sub.Subscribe("a").ok());
  RawPeer peer([&] { loop.RunOnce(absl::ZeroDuration()); }, *sub.Bind("tcp://127.0.0.1:*"));
  peer.HandshakeAs("PUB");
  // More than is read at once.
  const std::string large = "a" + std::string(39'999, 'x');
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(peer.Write(std::string("\2\0\0\0\0\0\0\x9c\x40", 9) + large));
  }
  ASSERT_TRUE(peer.Write(std::string("\0\1b", 3)));
  ASSERT_TRUE(sub.Unsubscribe("a").ok());
  ASSERT_TRUE(sub.Subscribe("b").ok());
  for (int i = 0; i < 100; ++i) loop.RunOnce(absl::ZeroDuration());
  const auto found = loop.WaitAny({&sub}, absl::Seconds(5));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(sub.Receive(kSoon)->text(), "b");
}

// One ring, many sockets and coroutines.
TEST_P(LoopTest, HundredsOfSockets) {
  Loop& loop = NewLoop();
  constexpr std::size_t kPairs = 300;
  std::vector<Socket> sockets;
  std::vector<int> answered(kPairs, -1);
  sockets.reserve(2 * kPairs);
  for (std::size_t i = 0; i < kPairs; ++i) {
    Socket& rep = sockets.emplace_back(loop.MakeSocket(SocketType::kRep));
    Socket& req = sockets.emplace_back(loop.MakeSocket(SocketType::kReq));
    ASSERT_TRUE(
        req.Connect(*rep.Bind(absl::StrCat("ipc://@monocoque-many-", getpid(), "-", i))).ok());
    loop.Spawn(Echo(rep, 3));
    loop.Spawn(AskInto(loop, req, 3, &answered[i]));
  }
  loop.Run();
  for (int count : answered) EXPECT_EQ(count, 3);
}

// How far a task is with a call that blocks.
enum class Call { kNotYet, kBlocks, kOver };

Task<std::string> SleepAndBlock(Loop& loop, Socket& socket, Call* call) {
  co_await loop.AsyncSleep(absl::Milliseconds(1));
  *call = Call::kBlocks;
  const auto message = socket.Receive(kSoon);
  *call = Call::kOver;
  co_return message.ok() ? std::string(message->text()) : "nothing";
}
// To one once the call blocks, and to the other a while later.
Task<void> SendToBoth(Loop& loop, const Call* call, Socket& one, Socket& other) {
  while (*call == Call::kNotYet) co_await loop.AsyncSleep(absl::Milliseconds(1));
  (void)co_await one.AsyncSend(Message("in time"));
  co_await loop.AsyncSleep(absl::Milliseconds(20));
  (void)co_await other.AsyncSend(Message("later"));
}

// The second of two tasks is within a blocking call as the first is done: that ends before it goes.
TEST_P(LoopTest, OneOfTwoTasksMayBlock) {
  Loop& loop = NewLoop();
  Pipe pipe(&loop), other(&loop);
  Call call = Call::kNotYet;
  loop.Spawn(SendToBoth(loop, &call, pipe.push, other.push));
  const std::string first =
      loop.RunUntil(FirstOf(TextOf(pipe.pull), SleepAndBlock(loop, other.pull, &call)));
  EXPECT_EQ(first, "in time");
  EXPECT_EQ(call, Call::kOver);
}

// Both have what they wait for in one turn: the first gives the result, the other is over with it.
TEST_P(LoopTest, TheSecondOfTwoTasksMayHaveItsResultInTheSameTurn) {
  Loop& loop = NewLoop();
  for (int i = 0; i < 20; ++i) {
    const absl::Duration both = absl::Milliseconds(1);
    EXPECT_EQ(loop.RunUntil(FirstOf(After(loop, both, "one"), After(loop, both, "other"))), "one");
  }
}

// However small the slices, there is an end to them.
TEST_P(LoopTest, SlicesOfNothingDoSomething) {
  Loop& loop = NewLoop();
  Pipe pipe(&loop);
  ASSERT_TRUE(pipe.push.Send("in slices").ok());
  Message got;
  for (int waits = 0; waits < 1000 && !pipe.pull.TryReceive(&got); ++waits) {
    int slices = 0;
    while (loop.Poll(/*max_work=*/0)) ASSERT_LT(++slices, 10'000);
  }
  EXPECT_EQ(got.text(), "in slices");
}

// What a coroutine's locals do as they go.
struct AtTheEnd {
  explicit AtTheEnd(std::function<void()> does) : act(std::move(does)) {}
  AtTheEnd(const AtTheEnd&) = delete;
  AtTheEnd& operator=(const AtTheEnd&) = delete;
  ~AtTheEnd() { act(); }
  const std::function<void()> act;
};

Task<void> ReceiveThen(Socket& socket, std::function<void()> act) {
  const AtTheEnd end(std::move(act));
  (void)co_await socket.AsyncReceive();
}

Task<void> Begin(bool* begun) {
  *begun = true;
  co_return;
}

// Nothing is begun any more.
TEST_P(LoopTest, CoroutinesMaySpawnOthersAsTheLoopGoes) {
  std::unique_ptr<Loop> loop = MakeLoop();
  bool begun = false;
  std::optional<Socket> pull = loop->MakeSocket(SocketType::kPull);
  for (int i = 0; i < 10; ++i) {
    loop->Spawn(ReceiveThen(*pull, [&, its = loop.get()] {
      for (int j = 0; j < 10; ++j) its->Spawn(Begin(&begun));
      pull.reset();
    }));
  }
  loop.reset();
  EXPECT_FALSE(begun);
}

// As one does that says goodbye.
TEST_P(LoopTest, CoroutinesMayTurnTheLoopAsItGoes) {
  std::unique_ptr<Loop> loop = MakeLoop();
  std::optional<Socket> pull = loop->MakeSocket(SocketType::kPull);
  for (int i = 0; i < 10; ++i) {
    loop->Spawn(ReceiveThen(*pull, [&, its = loop.get()] {
      its->RunOnce(absl::ZeroDuration());
      pull.reset();
    }));
  }
  loop.reset();
  EXPECT_FALSE(pull.has_value());
}

TEST_P(LoopTest, WithoutAHubThereIsNoLoop) {
  const absl::Status refused = GetParam().make({.inproc_hub = nullptr})->status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
}

TEST_P(LoopTest, WithoutAnyMemoryThereIsNoLoop) {
  for (const std::int64_t bytes : {0, -1}) {
    const absl::Status refused = GetParam().make({.budget_bytes = bytes})->status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()),
                HasSubstr(absl::StrCat("budget_bytes is at least 1, not ", bytes)));
  }
}

ON_EACH_RUNTIME(LoopTest);

}  // namespace
}  // namespace monocoque::coro
