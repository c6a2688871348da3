// What adapters/net asks of a watch.
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "adapters/coro/loop.h"
#include "adapters/net/host.h"
#include "adapters/net/reactor.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "tests/adapters/coro/runtimes.h"

namespace monocoque::coro {
namespace {

class Heard final : public net::WatchHandler {
 public:
  void OnReady(bool readable, bool writable) override {
    if (readable) ++reads;
    if (writable) ++writes;
    if (then) then();
  }

  int reads = 0;
  int writes = 0;
  std::function<void()> then;
};

class WatchTest : public OnEachRuntime {
 protected:
  WatchTest() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair_), 0);
    watch_ = *loop_.MakeWatch(pair_[0], &heard_);
  }
  ~WatchTest() override {
    watch_.reset();
    close(pair_[0]);
    if (pair_[1] >= 0) close(pair_[1]);
  }

  void Arrive() { EXPECT_EQ(write(pair_[1], "x", 1), 1); }
  // False: not within a few seconds.
  bool Until(const std::function<bool()>& holds) {
    const Instant end = net::Now() + absl::Seconds(10);
    while (!holds() && net::Now() < end) loop_.RunOnce(absl::Milliseconds(10));
    return holds();
  }
  void Turn(int times) {
    for (int i = 0; i < times; ++i) loop_.RunOnce(absl::ZeroDuration());
  }

  Loop& loop_ = NewLoop();
  int pair_[2];
  Heard heard_;
  std::unique_ptr<net::Watch> watch_;
};

TEST_P(WatchTest, WhatHoldsIsToldAgain) {
  watch_->Want(true, false);
  Turn(3);
  EXPECT_EQ(heard_.reads, 0);
  Arrive();
  // Nobody reads it.
  EXPECT_TRUE(Until([&] { return heard_.reads >= 3; }));
  EXPECT_EQ(heard_.writes, 0);
}

TEST_P(WatchTest, OnlyWhatIsAskedForIsTold) {
  Arrive();
  Turn(3);
  EXPECT_EQ(heard_.reads + heard_.writes, 0);
  watch_->Want(false, true);
  EXPECT_TRUE(Until([&] { return heard_.writes >= 2; }));
  EXPECT_EQ(heard_.reads, 0);
  watch_->Want(true, false);
  const int writes = heard_.writes;
  EXPECT_TRUE(Until([&] { return heard_.reads >= 2; }));
  EXPECT_EQ(heard_.writes, writes);
  watch_->Want(false, false);
  const int reads = heard_.reads;
  Turn(5);
  EXPECT_EQ(heard_.reads, reads);
}

// While the kernel waits for something else.
TEST_P(WatchTest, TheQuestionMayChange) {
  watch_->Want(true, false);
  Turn(2);
  watch_->Want(true, true);
  EXPECT_TRUE(Until([&] { return heard_.writes >= 1; }));
  watch_->Want(true, false);
  Arrive();
  EXPECT_TRUE(Until([&] { return heard_.reads >= 1; }));
}

TEST_P(WatchTest, TheEndIsBoth) {
  watch_->Want(true, false);
  close(pair_[1]);
  pair_[1] = -1;
  EXPECT_TRUE(Until([&] { return heard_.reads >= 1 && heard_.writes >= 1; }));
}

TEST_P(WatchTest, MayEndWithinItsHandler) {
  heard_.then = [&] { watch_.reset(); };
  watch_->Want(true, false);
  Arrive();
  EXPECT_TRUE(Until([&] { return heard_.reads == 1; }));
  Turn(5);
  EXPECT_EQ(heard_.reads, 1);
}

// The kernel's answer comes to nobody.
TEST_P(WatchTest, MayEndWhileTheKernelWaits) {
  watch_->Want(true, false);
  Turn(2);
  watch_.reset();
  Arrive();
  Turn(5);
  EXPECT_EQ(heard_.reads, 0);
  watch_ = *loop_.MakeWatch(pair_[0], &heard_);
  watch_->Want(true, false);
  EXPECT_TRUE(Until([&] { return heard_.reads >= 1; }));
}

ON_EACH_RUNTIME(WatchTest);

}  // namespace
}  // namespace monocoque::coro
