#include "adapters/uring/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "gtest/gtest.h"
#include "tests/adapters/coro/talk.h"

namespace monocoque::uring {
namespace {

using coro::AskInto;
using coro::Dialogue;
using coro::Echo;
using coro::Pipe;

constexpr absl::Duration kSoon = absl::Seconds(10);

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

// However long may be looked for completions: a wait ends when it is to end.
TEST(LoopTest, LookingForCompletionsEndsWithTheWait) {
  Loop loop({.spin = absl::Seconds(20)});
  Pipe pipe(&loop);
  absl::Duration longest = absl::ZeroDuration();
  for (int i = 0; i < 50 && longest < absl::Seconds(5); ++i) {
    loop.RunOnce(absl::Microseconds(10));  // a short wait, after which it is looked
    const Instant begin = net::Now();
    EXPECT_FALSE(pipe.pull.Receive(absl::Milliseconds(5)).ok());
    longest = std::max(longest, net::Now() - begin);
  }
  EXPECT_LT(longest, absl::Seconds(5)) << "of 5 ms";
}

// What the documentation allows: 1 to 32768, if memory may be locked for so many.
TEST(LoopTest, AsManyEntriesAsThereMayBe) {
  for (unsigned entries : {16384U, 16385U, 32768U}) {
    const absl::Status made = Loop::Create({.entries = entries}).status();
    EXPECT_TRUE(made.ok() || absl::IsResourceExhausted(made)) << made;
  }
}

}  // namespace
}  // namespace monocoque::uring
