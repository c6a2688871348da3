// Names: looked up on the helper thread, while the loop goes on.
#include <signal.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/coro/loop.h"
#include "adapters/net/host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/adapters/coro/runtimes.h"
#include "tests/support/few_descriptors.h"

namespace monocoque::coro {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kSoon = absl::Seconds(10);

std::string PortOf(const std::string& endpoint) { return endpoint.substr(endpoint.rfind(':')); }

class ResolverTest : public OnEachRuntime {};

// E-5
TEST_P(ResolverTest, LocalhostIsFound) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string port = PortOf(*pull.Bind("tcp://127.0.0.1:*"));
  auto push = loop.Push("tcp://localhost" + port);
  ASSERT_TRUE(push.ok());
  ASSERT_TRUE(push->Send("by name").ok());
  EXPECT_EQ(pull.Receive(kSoon)->text(), "by name");
}

// The first address that answers is taken.
TEST_P(ResolverTest, AllAddressesAreTried) {
  LoopOptions options;
  options.resolve = [](const std::string& host, std::uint16_t port) {
    EXPECT_EQ(host, "several.example");
    std::vector<net::Address> found;
    for (const char* address : {"127.0.0.2", "127.0.0.1"}) {
      Endpoint endpoint;
      endpoint.host = address;
      endpoint.port = port;
      found.push_back(net::NumericAddresses(endpoint)->front());
    }
    return found;
  };
  Loop& loop = NewLoop(options);
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string port = PortOf(*pull.Bind("tcp://127.0.0.1:*"));
  auto push = loop.Push("tcp://several.example" + port);
  EXPECT_TRUE(push->WaitReady(1, kSoon).ok());
}

// A name is looked up anew for each attempt.
TEST_P(ResolverTest, AFailureIsToldAndTriedAgain) {
  auto lookups = std::make_shared<int>(0);
  LoopOptions options;
  options.resolve = [lookups](const std::string& host,
                              std::uint16_t port) -> absl::StatusOr<std::vector<net::Address>> {
    // A label that no resolver takes: it fails without asking anybody.
    if ((*lookups)++ == 0) return net::ResolveName(std::string(64, 'x') + ".invalid", port);
    return net::ResolveName(host, port);
  };
  Loop& loop = NewLoop(options);
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string port = PortOf(*pull.Bind("tcp://127.0.0.1:*"));
  SocketOptions quick;
  quick.link.reconnect.interval = absl::Milliseconds(1);
  Socket push = loop.MakeSocket(SocketType::kPush, quick);
  ASSERT_TRUE(push.Connect("tcp://localhost" + port).ok());
  EXPECT_TRUE(push.WaitReady(1, kSoon).ok());
  SocketEvent event;
  ASSERT_TRUE(push.NextEvent(&event));
  EXPECT_EQ(event.kind, SocketEvent::Kind::kDialing);
  ASSERT_TRUE(push.NextEvent(&event));
  EXPECT_EQ(event.kind, SocketEvent::Kind::kDialFailed);
  EXPECT_THAT(std::string(event.status.message()), HasSubstr(".invalid has no address: "));
  EXPECT_EQ(*lookups, 2);
}

// A lookup that does not come back before it is let go.
class Gate {
 public:
  absl::StatusOr<std::vector<net::Address>> Wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    // Signals of the process are not for this thread.
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    signals_blocked_ = sigismember(&blocked, SIGTERM) == 1;
    gone_ = true;
    changed_.notify_all();
    return absl::UnavailableError("too late");
  }
  void AwaitWaiting() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  void Open() {
    std::unique_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return gone_; });
  }
  bool signals_blocked() const { return signals_blocked_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
  bool gone_ = false;
  bool signals_blocked_ = false;
};

TEST_P(ResolverTest, ALookupThatHangsHoldsNobodyUp) {
  auto gate = std::make_shared<Gate>();
  {
    LoopOptions options;
    options.resolve = [gate](const std::string&, std::uint16_t) { return gate->Wait(); };
    const std::unique_ptr<Loop> made = MakeLoop(options);
    Loop& loop = *made;
    Socket pull = loop.MakeSocket(SocketType::kPull);
    Socket push = *loop.Push(*pull.Bind("tcp://127.0.0.1:*"));
    ASSERT_TRUE(push.Connect("tcp://hangs.example:5555").ok());
    ASSERT_TRUE(push.Connect("tcp://waits.example:5555").ok());
    gate->AwaitWaiting();
    ASSERT_TRUE(push.Send("meanwhile").ok());
    EXPECT_EQ(pull.Receive(kSoon)->text(), "meanwhile");
    EXPECT_TRUE(push.Disconnect("tcp://hangs.example:5555").ok());
  }
  // The loop is gone although the lookup is not.
  gate->Open();
  EXPECT_TRUE(gate->signals_blocked());
}

// Names that were asked for, by the helper thread.
class Names {
 public:
  void Add(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.push_back(name);
  }
  std::vector<std::string> get() const {
    const std::lock_guard lock(mutex_);
    return names_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> names_;
};

// What nobody asks any more when its turn comes is not looked up.
TEST_P(ResolverTest, WhatIsNotWantedAnyMoreIsNotLookedUp) {
  auto gate = std::make_shared<Gate>();
  auto names = std::make_shared<Names>();
  LoopOptions options;
  options.resolve = [gate, names](const std::string& host,
                                  std::uint16_t) -> absl::StatusOr<std::vector<net::Address>> {
    names->Add(host);
    if (host == "hangs.example") return gate->Wait();
    return absl::UnavailableError("no such name");
  };
  Loop& loop = NewLoop(options);
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect("tcp://hangs.example:5555").ok());
  loop.RunOnce(absl::ZeroDuration());
  gate->AwaitWaiting();
  ASSERT_TRUE(push.Connect("tcp://given-up.example:5555").ok());
  ASSERT_TRUE(push.Connect("tcp://wanted.example:5555").ok());
  loop.RunOnce(absl::ZeroDuration());
  ASSERT_TRUE(push.Disconnect("tcp://given-up.example:5555").ok());
  loop.RunOnce(absl::ZeroDuration());
  gate->Open();
  bool failed = false;
  for (int turns = 0; turns < 1000 && !failed; ++turns) {
    loop.RunOnce(absl::Milliseconds(10));
    for (SocketEvent event; push.NextEvent(&event);) {
      failed = failed || (event.kind == SocketEvent::Kind::kDialFailed &&
                          event.endpoint == "tcp://wanted.example:5555");
    }
  }
  EXPECT_TRUE(failed);
  EXPECT_THAT(names->get(), Not(Contains("given-up.example")));
}

// Descriptors are out when the first name is dialed, and there are some again later.
TEST_P(ResolverTest, DescriptorsThatCameBack) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string port = PortOf(*pull.Bind("tcp://127.0.0.1:*"));
  SocketOptions quick;
  quick.link.reconnect.interval = absl::Milliseconds(1);
  quick.link.reconnect.max_interval = absl::Milliseconds(10);
  Socket push = loop.MakeSocket(SocketType::kPush, quick);
  {
    const testing::FewDescriptors none(0);
    ASSERT_TRUE(push.Connect("tcp://localhost" + port).ok());
    for (int i = 0; i < 10; ++i) loop.RunOnce(absl::Milliseconds(1));
  }
  EXPECT_TRUE(push.WaitReady(1, kSoon).ok());
  std::string why;
  for (SocketEvent event; push.NextEvent(&event);) {
    if (event.kind == SocketEvent::Kind::kDialFailed) why = event.status.message();
  }
  EXPECT_THAT(why, HasSubstr("descriptors or threads are out")) << "the last failure";
}

ON_EACH_RUNTIME(ResolverTest);

}  // namespace
}  // namespace monocoque::coro
