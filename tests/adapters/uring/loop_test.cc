#include "adapters/uring/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "gtest/gtest.h"
#include "tests/support/raw_peer.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::RawPeer;

constexpr absl::Duration kSoon = absl::Seconds(10);

// A PUSH and a PULL, joined.
struct Pipe {
  explicit Pipe(Loop* loop)
      : pull(loop->MakeSocket(SocketType::kPull)), push(loop->MakeSocket(SocketType::kPush)) {
    EXPECT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
    EXPECT_TRUE(push.WaitReady(1, kSoon).ok());
  }
  Socket pull, push;
};

Task<void> SendMany(Socket& socket, int count) {
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE((co_await socket.AsyncSend(Message(absl::StrCat(i)))).ok());
  }
}

TEST(LoopTest, WhatIsSentInATurnIsOneWrite) {
  Loop loop;
  Pipe pipe(&loop);
  const std::uint64_t before = loop.stats().writes;
  loop.RunUntil(SendMany(pipe.push, 100));
  loop.RunOnce(absl::ZeroDuration());
  EXPECT_EQ(loop.stats().writes, before + 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pipe.pull.Receive(kSoon)->text(), absl::StrCat(i));
}

// Outside a turn: a message goes at once, a tight row of them in writes that grow.
TEST(LoopTest, AMessageGoesAtOnceAndABurstInGrowingWrites) {
  Loop loop;
  Pipe pipe(&loop);
  loop.RunOnce(absl::Milliseconds(1));
  const std::uint64_t before = loop.stats().writes;
  ASSERT_TRUE(pipe.push.Send("one").ok());
  EXPECT_EQ(loop.stats().writes, before + 1);
  EXPECT_EQ(pipe.pull.Receive(kSoon)->text(), "one");
  constexpr int kMany = 5000;
  for (int i = 0; i < kMany; ++i) ASSERT_TRUE(pipe.push.Send(absl::StrCat(i)).ok());
  pipe.push.Flush();
  EXPECT_EQ(pipe.push.core().pending_bytes(), 0u) << "all is with the kernel";
  EXPECT_LT(loop.stats().writes - before, kMany / 4);
  for (int i = 0; i < kMany; ++i) ASSERT_EQ(pipe.pull.Receive(kSoon)->text(), absl::StrCat(i));
}

TEST(LoopTest, OptionsThatCannotBe) {
  for (unsigned entries : {0U, 32769U}) {
    EXPECT_EQ(Loop::Create({.entries = entries}).status().message(),
              absl::StrCat("io_uring: LoopOptions::entries is ", entries,
                           "; it must be between 1 and 32768"));
  }
  Loop loop({.pool = {.slab_bytes = 1024}});
  EXPECT_EQ(loop.MakeSocket(SocketType::kPair).status().message(),
            "socket: slabs of 1024 octets are too small; SlabPoolOptions::slab_bytes must be at "
            "least 5120");
}

TEST(LoopTest, ItsOwnPoolAndFewEntries) {
  Loop loop({.entries = 1, .pool = {.slab_bytes = 8192, .max_idle_slabs = 2}});
  Pipe pipe(&loop);
  const std::string body(100'000, 'b');
  ASSERT_TRUE(pipe.push.Send(body).ok());
  EXPECT_EQ(pipe.pull.Receive(kSoon)->text(), body);
}

Task<void> SendAndFlush(Socket& push, int count, std::size_t size) {
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE((co_await push.AsyncSend(Message(std::string(size, 'x')))).ok());
  }
  push.Flush();
}

// More than one write takes, and a peer on the same loop that has room.
TEST(LoopTest, FlushGoesOnAsLongAsTheKernelTakes) {
  constexpr int kMany = 100;
  constexpr std::size_t kSize = 32 * 1024;
  Loop loop;
  Pipe pipe(&loop);
  loop.Spawn(SendAndFlush(pipe.push, kMany, kSize));
  EXPECT_EQ(pipe.push.core().pending_bytes(), 0u) << loop.stats().writes;
  EXPECT_EQ(io_uring_sq_ready(loop.ring().get()), 0u) << "what is asked for is handed over";
  for (int i = 0; i < kMany; ++i) ASSERT_EQ(pipe.pull.Receive(kSoon)->size(), kSize);
}

std::int64_t ProcessorNanoseconds() {
  timespec ts{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

// Writes to a pipe now and then, from a thread of its own, until it goes.
class Ticker {
 public:
  Ticker() {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0);
    thread_ = std::thread([this] {
      while (!stop_.load()) {
        (void)!write(ends_[1], "t", 1);
        std::this_thread::yield();
      }
    });
  }
  ~Ticker() {
    stop_.store(true);
    thread_.join();
    close(ends_[0]);
    close(ends_[1]);
  }
  int fd() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Task<void> Listen(Loop& loop, int fd) {
  for (;;) {
    co_await loop.AsyncReadable(fd);
    std::array<char, 4096> waste;
    while (read(fd, waste.data(), waste.size()) > 0) {
    }
  }
}

TEST(LoopTest, ShortWaitsAreSpent) {
  const Ticker ticker;
  for (const bool spin : {true, false}) {
    Loop loop({.spin = spin ? absl::Milliseconds(5) : absl::ZeroDuration()});
    loop.Spawn(Listen(loop, ticker.fd()));
    const Instant end = net::Now() + (spin ? kSoon : absl::Milliseconds(200));
    while (net::Now() < end && loop.stats().spins == 0) loop.RunOnce(absl::Milliseconds(1));
    EXPECT_EQ(loop.stats().spins > 0, spin);
  }
}

// What looks for completions gives up soon, and does not look again after a long wait.
TEST(LoopTest, LongWaitsCostNoProcessor) {
  Loop loop;
  const std::int64_t before = ProcessorNanoseconds();
  for (int i = 0; i < 10; ++i) loop.RunOnce(absl::Milliseconds(30));
  EXPECT_LT(ProcessorNanoseconds() - before, 50'000'000);
}

// A peer that reads nothing costs no processor either: its link waits for room in the kernel.
TEST(LoopTest, AStalledPeerCostsNoProcessor) {
  Loop loop;
  SocketOptions options;
  options.receive_mark = {.messages = 10, .bytes = 0};
  Socket pull = loop.MakeSocket(SocketType::kPull, options);
  auto push = loop.Push(*pull.Bind("tcp://127.0.0.1:*"));
  const std::string text(100'000, 's');
  while (push->Send(text, absl::Milliseconds(50)).ok()) {
  }
  const std::int64_t before = ProcessorNanoseconds();
  for (int i = 0; i < 10; ++i) loop.RunOnce(absl::Milliseconds(30));
  EXPECT_LT(ProcessorNanoseconds() - before, 50'000'000);
}

Task<void> CountWhenReadable(Loop& loop, int fd, int* count) {
  co_await loop.AsyncReadable(fd);
  ++*count;
}

TEST(LoopTest, PollDoesASliceOfWork) {
  Loop loop;
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

TEST(LoopTest, PollGoesOnUntilATime) {
  constexpr int kMany = 1000;
  Loop loop;
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
TEST(LoopTest, ASliceIsSharedByTheSockets) {
  constexpr int kSockets = 20;
  constexpr int kEach = 20;
  constexpr std::size_t kSlice = 10;
  Loop sending;
  Loop loop;
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

Task<void> Echo(Socket& rep, int count) {
  for (int i = 0; i < count; ++i) {
    auto request = co_await rep.AsyncReceive();
    if (!request.ok()) co_return;
    (void)co_await rep.AsyncSend(*std::move(request));
  }
}

Task<int> Ask(Loop& loop, Socket& req, int count) {
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    if (i % 10 == 0) co_await loop.AsyncSleep(absl::Milliseconds(1));
    if (!(co_await req.AsyncSend(Message(absl::StrCat(i)))).ok()) break;
    auto reply = co_await req.AsyncReceive();
    if (reply.ok() && reply->text() == absl::StrCat(i)) ++answered;
  }
  co_return answered;
}

struct Dialogue {
  explicit Dialogue(Loop* loop)
      : rep(loop->MakeSocket(SocketType::kRep)), req(loop->MakeSocket(SocketType::kReq)) {
    EXPECT_TRUE(req.Connect(rep.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  }
  Socket rep, req;
};

Task<void> AskInto(Loop& loop, Socket& req, int count, int* answered) {
  *answered = co_await Ask(loop, req, count);
}

// The host waits with a call of its own, on our descriptor and until our next deadline.
TEST(LoopTest, AHostWithALoopOfItsOwn) {
  Loop loop;
  Dialogue talk(&loop);
  int answered = -1;
  loop.Spawn(Echo(talk.rep, 100));
  loop.Spawn(AskInto(loop, talk.req, 100, &answered));
  for (int turns = 0; answered < 0 && turns < 10'000; ++turns) {
    if (loop.Poll(/*max_work=*/1000) || answered >= 0) continue;
    const absl::Duration left = loop.NextDeadline() - net::Now();
    pollfd ready{loop.descriptor(), POLLIN, 0};
    const auto wait = static_cast<int>(absl::ToInt64Milliseconds(std::min(left, kSoon))) + 1;
    ASSERT_GE(poll(&ready, 1, std::max(wait, 0)), 0);
  }
  EXPECT_EQ(answered, 100);
}

TEST(LoopTest, Coroutines) {
  Loop loop;
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

TEST(LoopTest, BothFacesMayBeMixed) {
  Loop loop;
  Dialogue talk(&loop);
  loop.Spawn(Echo(talk.rep, 50));
  EXPECT_EQ(loop.RunUntil(AskBlocking(talk.req, 50)), 50);
}

Task<void> Throw(Loop& loop) {
  co_await loop.AsyncSleep(absl::Milliseconds(1));
  throw std::string("thrown by user code");
}

TEST(LoopTest, WhatACoroutineThrowsComesOutOfTheTurn) {
  Loop loop;
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

TEST(LoopTest, FirstOfTwoTasks) {
  Loop loop;
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

TEST(LoopTest, CoroutinesWaitUntilConnectedAndClosed) {
  Loop loop;
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
TEST(LoopTest, TasksThatWaitForNothingUseNoStack) {
  Loop loop;
  EXPECT_EQ(loop.RunUntil(AwaitInARow(1'000'000)), 1'000'000);
}

// Destroying a coroutine that waits loses no message.
TEST(LoopTest, CancellingLosesNothing) {
  Loop loop;
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
TEST(LoopTest, DestroyedWithOperationsOutstanding) {
  for (int turns = 0; turns < 12; ++turns) {
    Loop loop;
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
TEST(LoopTest, ManySleepersGoOnTogether) {
  constexpr int kSleepers = 20'000;
  Loop loop;
  int count = 0;
  for (int i = 0; i < kSleepers; ++i) loop.Spawn(SleepAndCount(loop, &count));
  const std::int64_t before = ProcessorNanoseconds();
  loop.Run();
  EXPECT_EQ(count, kSleepers);
  EXPECT_LT(ProcessorNanoseconds() - before, 1'000'000'000);
}

TEST(LoopTest, WaitsOnSeveralSockets) {
  Loop loop;
  Pipe a(&loop), b(&loop);
  ASSERT_TRUE(b.push.Send("b").ok());
  EXPECT_EQ(*loop.WaitAny({&a.pull, &b.pull}, kSoon), 1u);
  EXPECT_EQ(b.pull.Receive(kSoon)->text(), "b");
  EXPECT_EQ(loop.WaitAny({&a.pull, &b.pull}, absl::Milliseconds(1)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

// What is taken off while somebody looks for a message sets reading going again.
TEST(LoopTest, LookingForAMessageGoesOnReading) {
  Loop loop;
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
TEST(LoopTest, HundredsOfSockets) {
  Loop loop;
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

// Both have what they wait for in one turn: the first gives the result, the other is over with it.
TEST(LoopTest, TheSecondOfTwoTasksMayHaveItsResultInTheSameTurn) {
  Loop loop;
  for (int i = 0; i < 20; ++i) {
    const absl::Duration both = absl::Milliseconds(1);
    EXPECT_EQ(loop.RunUntil(FirstOf(After(loop, both, "one"), After(loop, both, "other"))), "one");
  }
}

// However long may be looked for completions: a wait ends when it is to end.
TEST(LoopTest, LookingForCompletionsEndsWithTheWait) {
  Loop loop({.spin = absl::Milliseconds(500)});
  Pipe pipe(&loop);
  absl::Duration longest = absl::ZeroDuration();
  for (int i = 0; i < 50 && longest < absl::Milliseconds(250); ++i) {
    loop.RunOnce(absl::Microseconds(10));  // a short wait, after which it is looked
    const Instant begin = net::Now();
    EXPECT_FALSE(pipe.pull.Receive(absl::Milliseconds(5)).ok());
    longest = std::max(longest, net::Now() - begin);
  }
  EXPECT_LT(longest, absl::Milliseconds(250)) << "of 5 ms";
}

// What the documentation allows: 1 to 32768, if memory may be locked for so many.
TEST(LoopTest, AsManyEntriesAsThereMayBe) {
  for (unsigned entries : {16384U, 16385U, 32768U}) {
    const absl::Status made = Loop::Create({.entries = entries}).status();
    EXPECT_TRUE(made.ok() || absl::IsResourceExhausted(made)) << made;
  }
}

// However small the slices, there is an end to them.
TEST(LoopTest, SlicesOfNothingDoSomething) {
  Loop loop;
  Pipe pipe(&loop);
  ASSERT_TRUE(pipe.push.Send("in slices").ok());
  Message got;
  for (int waits = 0; waits < 1000 && !pipe.pull.TryReceive(&got); ++waits) {
    int slices = 0;
    while (loop.Poll(/*max_work=*/0)) ASSERT_LT(++slices, 10'000);
  }
  EXPECT_EQ(got.text(), "in slices");
}

TEST(LoopTest, WithoutAHubThereIsNoLoop) {
  const absl::Status refused = Loop::Create({.inproc_hub = nullptr}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
}

}  // namespace
}  // namespace monocoque::uring
