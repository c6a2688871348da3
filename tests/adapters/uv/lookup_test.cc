// Names: looked up on libuv's own threads, while the loop goes on.
#include <uv.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "adapters/uv/socket.h"
#include "gtest/gtest.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/uv/fixture.h"
#include "tests/support/uv_loop.h"

namespace monocoque::uv {
namespace {

constexpr std::size_t kThreads = 2;
constexpr std::chrono::seconds kPatience{20};

std::string PortOf(const std::string& endpoint) { return endpoint.substr(endpoint.rfind(':')); }

// All of libuv's threads, busy until they are let go: whoever asks for one waits. The jobs have a
// loop of their own.
class BusyThreads {
 public:
  BusyThreads() {
    // libuv reads it once, when the first job comes.
    setenv("UV_THREADPOOL_SIZE", std::to_string(kThreads).c_str(), 1);
    for (uv_work_t& job : jobs_) {
      job.data = this;
      EXPECT_EQ(uv_queue_work(
                    loop_.get(), &job,
                    [](uv_work_t* self) { static_cast<BusyThreads*>(self->data)->Work(); },
                    [](uv_work_t*, int) {}),
                0);
    }
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [this] { return working_ == kThreads; }));
  }
  ~BusyThreads() {
    LetGo();
    EXPECT_TRUE(loop_.RunOut());
  }
  BusyThreads(const BusyThreads&) = delete;
  BusyThreads& operator=(const BusyThreads&) = delete;

  void LetGo() {
    const std::lock_guard lock(mutex_);
    free_ = true;
    changed_.notify_all();
  }
  // Still all of them.
  bool busy() {
    const std::lock_guard lock(mutex_);
    return working_ == kThreads;
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    ++working_;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return free_; });
    --working_;
  }

  testing::UvLoop loop_;
  std::array<uv_work_t, kThreads> jobs_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t working_ = 0;
  bool free_ = false;
};

using LookupTest = UvTest;

TEST_F(LookupTest, ALookupThatHangsHoldsNobodyUp) {
  BusyThreads threads;
  auto& pull = Make(SocketType::kPull);
  const std::string at = *pull->Bind("tcp://127.0.0.1:*");
  auto& named = Make(SocketType::kPush, Eager());
  ASSERT_TRUE(named->Connect("tcp://localhost" + PortOf(at)).ok());
  auto& numeric = Make(SocketType::kPush);
  ASSERT_TRUE(numeric->Connect(at).ok());
  for (int i = 0; i < 100; ++i) {
    Send(numeric.get(), "meanwhile");
    ASSERT_EQ(Receive(pull.get()), "meanwhile");
  }
  EXPECT_TRUE(threads.busy());
  EXPECT_EQ(named->core().ready_peers(), 0u) << "the name was looked up on the loop";
  threads.LetGo();
  Send(named.get(), "by name");
  EXPECT_EQ(Receive(pull.get()), "by name");
}

// Nor does one that nobody wants any more keep the loop alive, if it was not begun.
TEST_F(LookupTest, WhatIsNotWantedAnyMoreIsNotLookedUp) {
  BusyThreads threads;
  for (const bool destroyed : {false, true}) {
    auto& push = Make(SocketType::kPush);
    ASSERT_TRUE(push->Connect("tcp://localhost:1").ok());
    loop_->RunOnce(absl::ZeroDuration());
    EXPECT_NE(uv_loop_alive(loop()), 0);
    if (destroyed) {
      push.reset();
    } else {
      ASSERT_TRUE(push->Disconnect("tcp://localhost:1").ok());
    }
    EXPECT_TRUE(loop_->RunOut());
    EXPECT_TRUE(threads.busy());
  }
}

}  // namespace
}  // namespace monocoque::uv
