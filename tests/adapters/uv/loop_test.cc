// How sockets live on a loop that is somebody else's: its phases, its end, its other handles.
#include <uv.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/uv/socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/adapters/uv/fixture.h"
#include "tests/support/raw_peer.h"
#include "tests/support/threads.h"
#include "tests/support/uv_loop.h"

namespace monocoque::uv {
namespace {

using ::testing::HasSubstr;

using LoopTest = UvTest;

// A handle of a user's own, that runs a function whenever libuv calls it.
template <typename T>
class UserHandle {
 public:
  explicit UserHandle(std::function<void()> what) : what_(std::move(what)) { self_.data = this; }
  ~UserHandle() {
    if (uv_is_closing(base()) == 0) uv_close(base(), nullptr);
    uv_run(self_.loop, UV_RUN_NOWAIT);
  }
  UserHandle(const UserHandle&) = delete;
  UserHandle& operator=(const UserHandle&) = delete;
  T* get() { return &self_; }
  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(&self_); }
  static void Run(T* self) { static_cast<UserHandle*>(self->data)->what_(); }

 private:
  T self_{};
  std::function<void()> what_;
};

// With nothing to do it never comes to life, and with a quiet connection it sleeps.
TEST_F(LoopTest, IdleSocketsCostNoIterations) {
  auto& alone = Make(SocketType::kPull);
  (void)alone;
  EXPECT_TRUE(loop_->RunOut()) << "a socket without endpoints holds nothing up";
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("tcp://127.0.0.1:*")).ok());
  Send(push.get(), "x");
  EXPECT_EQ(Receive(pull.get()), "x");
  loop_->RunFor(absl::Milliseconds(10));
  const int before = loop_->iterations();
  loop_->RunFor(absl::Milliseconds(200));
  EXPECT_LE(loop_->iterations() - before, 4) << "it spins";
}

// The same with timers: so many iterations as there are heartbeats, not more.
TEST_F(LoopTest, TimersAreNotEarly) {
  SocketOptions beating;
  beating.link.heartbeat.interval = absl::Milliseconds(20);
  beating.link.heartbeat.timeout = absl::Seconds(10);
  auto& pull = Make(SocketType::kPull, beating);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("ipc://*")).ok());
  ASSERT_TRUE(RunUntil([&] { return push->core().ready_peers() == 1; }));
  const int before = loop_->iterations();
  loop_->RunFor(absl::Milliseconds(200));
  // A beat: its timer, its PING there, its PONG back, and what each of them wakes.
  EXPECT_LE(loop_->iterations() - before, 80);
  EXPECT_EQ(push->core().ready_peers(), 1u);
}

TEST_F(LoopTest, EndsWhenTheSocketsAreClosed) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("tcp://127.0.0.1:*")).ok());
  pull->OnMessage([&](const Message&) { pull->Close(absl::ZeroDuration()); });
  ASSERT_TRUE(push->Send("the end").ok());
  push->Close();
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_EQ(uv_loop_alive(loop()), 0);
  // The objects are still there, their handles are not: a loop of one's own could be closed now.
  int handles = 0;
  uv_walk(loop(), [](uv_handle_t*, void* count) { ++*static_cast<int*>(count); }, &handles);
  EXPECT_EQ(handles, 2) << "those of the test's own loop";
}

// Beyond its receive mark a paused socket reads nothing; whoever goes on with it later finds the
// loop still running.
TEST_F(LoopTest, ASocketThatIsPausedAtItsMarkKeepsTheLoopAlive) {
  testing::UvLoop theirs;
  Socket push(theirs.get(), SocketType::kPush);
  SocketOptions small;
  small.receive_mark = {.messages = 1, .bytes = 0};
  auto& pull = Make(SocketType::kPull, small);
  pull->Pause();
  ASSERT_TRUE(pull->Connect(*push.Bind("tcp://127.0.0.1:*")).ok());
  for (int rounds = 0; rounds < 1000 && !pull->CanReceive(); ++rounds) {
    for (int i = 0; i < 10; ++i) (void)push.Send("more");
    theirs.RunOnce(absl::Milliseconds(1));
    loop_->RunOnce(absl::Milliseconds(1));
  }
  loop_->RunFor(absl::Milliseconds(20));
  EXPECT_NE(uv_loop_alive(loop()), 0);
  pull->Close(absl::ZeroDuration());
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_EQ(uv_loop_alive(loop()), 0);
}

// Who closes twice, to be sure, may do so when the loop is closed, too.
TEST_F(LoopTest, AClosedSocketLeavesAClosedLoopAlone) {
  auto theirs = std::make_unique<testing::UvLoop>();
  Socket pull(theirs->get(), SocketType::kPull);
  ASSERT_TRUE(pull.Bind("ipc://*").ok());
  pull.Close();
  EXPECT_TRUE(theirs->RunOut());
  theirs.reset();
  pull.Close();
}

TEST_F(LoopTest, StopsAndRunsAgain) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("tcp://127.0.0.1:*")).ok());
  std::vector<std::string> seen;
  pull->OnMessage([&](const Message& m) {
    seen.emplace_back(m.text());
    uv_stop(loop());
  });
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(push->Send(absl::StrCat(i)).ok());
    EXPECT_TRUE(loop_->RunOut());
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(i) + 1);
  }
}

// Wherever in an iteration a user's handle sends, the loop does not wait on it: there is no timer
// here that would end a wait.
TEST_F(LoopTest, WhatIsSentInAnyPhaseGoesOut) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("ipc://*")).ok());
  ASSERT_TRUE(RunUntil([&] { return push->core().ready_peers() == 1; }));
  int due = 0;
  int received = 0;
  auto send_once = [&](int phase) {
    if (due != phase) return;
    due = 0;
    EXPECT_TRUE(push->Send("x").ok());
  };
  UserHandle<uv_prepare_t> before([&] { send_once(1); });
  uv_prepare_init(loop(), before.get());
  uv_prepare_start(before.get(), UserHandle<uv_prepare_t>::Run);
  UserHandle<uv_check_t> after([&] { send_once(2); });
  uv_check_init(loop(), after.get());
  uv_check_start(after.get(), UserHandle<uv_check_t>::Run);
  UserHandle<uv_idle_t> idle([&] { send_once(3); });
  uv_idle_init(loop(), idle.get());
  UserHandle<uv_timer_t> timer([&] { send_once(4); });
  uv_timer_init(loop(), timer.get());
  UserHandle<uv_async_t> async([&] { send_once(5); });
  uv_async_init(loop(), async.get(), UserHandle<uv_async_t>::Run);
  pull->OnMessage([&](const Message&) {
    ++received;
    uv_stop(loop());
  });
  for (int phase = 1; phase <= 5; ++phase) {
    due = phase;
    if (phase == 3) uv_idle_start(idle.get(), UserHandle<uv_idle_t>::Run);
    if (phase == 4) {
      uv_idle_stop(idle.get());
      uv_timer_start(timer.get(), UserHandle<uv_timer_t>::Run, 1, 0);
    }
    // In the phases of the loop's own, something has to make an iteration.
    if (phase != 4) uv_async_send(async.get());
    EXPECT_TRUE(loop_->RunOut()) << phase;
    EXPECT_EQ(received, phase);
  }
}

// Otherwise it is written right before the loop waits.
TEST_F(LoopTest, FlushWritesBeforeTheLoopRunsAgain) {
  auto& push = Make(SocketType::kPush);
  bool turns = true;
  testing::RawPeer peer(
      [&] {
        if (turns) loop_->RunOnce(absl::Milliseconds(1));
      },
      *push->Bind("ipc://*"));
  peer.HandshakeAs("PULL");
  ASSERT_TRUE(RunUntil([&] { return push->core().ready_peers() == 1; }));
  peer.ReadUntil("READY");
  turns = false;
  (void)peer.Take();
  ASSERT_TRUE(push->Send("now").ok());
  EXPECT_EQ(peer.Take(), "");
  push->Flush();
  EXPECT_THAT(peer.Take(), HasSubstr("now"));
}

// Numeric addresses need none of libuv's threads either.
TEST_F(LoopTest, NoThreadIsStarted) {
  const std::size_t before = testing::Threads();
  for (const char* at : {"tcp://127.0.0.1:*", "ipc://*", "inproc://uv-no-thread"}) {
    auto& pull = Make(SocketType::kPull);
    auto& push = Make(SocketType::kPush);
    EXPECT_LE(testing::Threads(), before) << "a socket, before " << at;
    ASSERT_TRUE(push->Connect(*pull->Bind(at)).ok());
    EXPECT_LE(testing::Threads(), before) << at;
    for (int i = 0; i < 100; ++i) {
      Send(push.get(), "x");
      ASSERT_EQ(Receive(pull.get()), "x");
      ASSERT_LE(testing::Threads(), before) << at;
    }
    push->Close();
    pull.reset();
    EXPECT_TRUE(loop_->RunOut());
    EXPECT_LE(testing::Threads(), before) << "the end, " << at;
  }
}

// Who polls the loop's descriptor in a loop of their own is told not to wait.
TEST_F(LoopTest, AWakeShowsInTheTimeout) {
  auto& pull = Make(SocketType::kPull);
  ASSERT_TRUE(pull->Bind("ipc://*").ok());
  EXPECT_EQ(uv_backend_timeout(loop()), 0);
  uv_run(loop(), UV_RUN_NOWAIT);
  EXPECT_EQ(uv_backend_timeout(loop()), -1);
}

// A user's timer and pipe go on while sockets are busy, and the other way round.
TEST_F(LoopTest, OthersHaveTheirTurn) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("ipc://*")).ok());
  std::size_t received = 0;
  auto fill = [&] {
    while (push->Send("busy").ok()) {
    }
  };
  pull->OnMessage([&](const Message&) {
    if (++received % 100 == 0) fill();
  });
  push->OnWritable(fill);
  fill();
  ASSERT_TRUE(RunUntil([&] { return received > 0; }));
  int ticks = 0;
  std::size_t at_last_tick = 0;
  UserHandle<uv_timer_t> timer([&] {
    EXPECT_GT(received, at_last_tick) << "the sockets have their turn too";
    at_last_tick = received;
    if (++ticks == 5) uv_stop(loop());
  });
  uv_timer_init(loop(), timer.get());
  uv_timer_start(timer.get(), UserHandle<uv_timer_t>::Run, 20, 20);
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_EQ(ticks, 5);
}

// More than one turn hands out, in one piece.
TEST_F(LoopTest, LongQueuesAreHandedOutWhole) {
  SocketOptions wide;
  wide.send_mark.messages = 0;
  wide.receive_mark.messages = 0;
  auto& pull = Make(SocketType::kPull, wide);
  auto& push = Make(SocketType::kPush, wide);
  constexpr int kCount = 50'000;
  int received = 0;
  pull->OnMessage([&](const Message& m) { EXPECT_EQ(m.text(), absl::StrCat(received++)); });
  ASSERT_TRUE(push->Connect(*pull->Bind("ipc://*")).ok());
  for (int i = 0; i < kCount; ++i) ASSERT_TRUE(push->Send(absl::StrCat(i)).ok()) << i;
  EXPECT_TRUE(RunUntil([&] { return received == kCount; })) << received;
}

// Loops on threads of their own share nothing that needs care.
TEST_F(LoopTest, EachThreadItsLoop) {
  auto& pull = Make(SocketType::kPull);
  const std::string at = *pull->Bind("tcp://127.0.0.1:*");
  constexpr int kThreads = 3;
  constexpr int kCount = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&at] {
      testing::UvLoop loop;
      Socket push(loop.get(), SocketType::kPush);
      ASSERT_TRUE(push.Connect(at).ok());
      for (int i = 0; i < kCount; ++i) ASSERT_TRUE(push.Send("from afar").ok());
      push.Close();
      EXPECT_TRUE(loop.RunOut());
    });
  }
  for (int i = 0; i < kThreads * kCount; ++i) ASSERT_EQ(Receive(pull.get()), "from afar");
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace monocoque::uv
