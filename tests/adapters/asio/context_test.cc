// How sockets live on a context that is somebody else's: what is written when, and on whose thread.
#include <dlfcn.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "adapters/asio/sockets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "tests/adapters/asio/fixture.h"
#include "tests/support/raw_peer.h"
#include "tests/support/threads.h"

namespace monocoque::asio {
namespace {

using ::monocoque::testing::RawPeer;
using ::monocoque::testing::Threads;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Where the system's resolver hangs, until it is let go.
class Gate {
 public:
  void Wait() {
    std::unique_lock lock(mutex_);
    askers_.push_back(std::this_thread::get_id());
    waits_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return open_; });
    waits_ = false;
  }
  // False: nobody comes.
  [[nodiscard]] bool AwaitSomebody() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return !askers_.empty(); });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  std::vector<std::thread::id> askers() {
    const std::lock_guard lock(mutex_);
    return askers_;
  }
  bool waits() {
    const std::lock_guard lock(mutex_);
    return waits_;
  }

 private:
  static constexpr std::chrono::seconds kPatience{20};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread::id> askers_;
  bool waits_ = false;
  bool open_ = false;
};

Gate& TheGate() {
  static auto* const gate = new Gate;
  return *gate;
}

constexpr std::string_view kHanging = "hangs.example";

}  // namespace
}  // namespace monocoque::asio

// In place of the system's, to which every other name goes.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (node != nullptr && node == monocoque::asio::kHanging) {
    monocoque::asio::TheGate().Wait();
    return EAI_AGAIN;
  }
  static const auto system =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return system(node, service, hints, found);
}

namespace monocoque::asio {
namespace {

class ContextTest : public AsioTest {
 protected:
  static void Send(Push& push, std::string_view text) {
    push.async_send(Message(text), [](error_code ec) { EXPECT_FALSE(ec) << ec; });
  }
  std::string Receive(Pull& pull) {
    if (!RunUntil([&] { return pull.can_receive(); })) return "(nothing came)";
    return std::string(pull.try_receive()->text());
  }
};

// A thread comes with the first name alone.
TEST_F(ContextTest, NoThreadIsStarted) {
  for (const char* at : {"tcp://127.0.0.1:*", "ipc://*", "inproc://asio-no-thread"}) {
    const std::size_t before = Threads();
    Pull pull(context_);
    Push push(context_);
    EXPECT_LE(Threads(), before) << "a socket, before " << at;
    push.connect(pull.bind(at));
    EXPECT_LE(Threads(), before) << at;
    for (int i = 0; i < 100; ++i) {
      Send(push, "x");
      ASSERT_EQ(Receive(pull), "x");
      ASSERT_LE(Threads(), before) << at;
    }
    push.async_close(absl::Seconds(10), [](error_code ec) { EXPECT_FALSE(ec) << ec; });
    pull.close();
    RunToEnd();
    EXPECT_LE(Threads(), before) << "the end, " << at;
  }
}

TEST_F(ContextTest, ALookupThatHangsHoldsNobodyUp) {
  Pull pull(context_);
  const std::string at = pull.bind("tcp://127.0.0.1:*");
  SocketOptions patient;
  patient.link.reconnect.interval = absl::Hours(1);
  Push named(context_, patient);
  named.connect(std::string("tcp://").append(kHanging).append(":5555"));
  Push numeric(context_);
  numeric.connect(at);
  Settle();
  ASSERT_TRUE(TheGate().AwaitSomebody());
  for (int i = 0; i < 100; ++i) {
    Send(numeric, "meanwhile");
    ASSERT_EQ(Receive(pull), "meanwhile");
  }
  EXPECT_THAT(TheGate().askers(), Not(Contains(std::this_thread::get_id())));
  EXPECT_TRUE(TheGate().waits()) << "the context waited for it";
  TheGate().Open();
  std::string failure;
  EXPECT_TRUE(RunUntil([&] {
    for (SocketEvent event; failure.empty() && named.next_event(&event);) {
      if (event.kind == SocketEvent::Kind::kDialFailed) failure = event.status.message();
    }
    return !failure.empty();
  }));
  EXPECT_THAT(failure, HasSubstr(std::string(kHanging)));
}

// Otherwise it is written at the end of the turn, in which the handler still is.
TEST_F(ContextTest, AFlushWritesBeforeTheTurnEnds) {
  Push push(context_);
  bool turns = true;
  RawPeer peer(
      [&] {
        if (turns) Settle();
      },
      push.bind("ipc://*"));
  peer.HandshakeAs("PULL");
  ASSERT_TRUE(RunUntil([&] { return push.core()->ready_peers() == 1; }));
  peer.ReadUntil("READY");
  turns = false;
  (void)peer.Take();
  std::string sent, flushed;
  bool done = false;
  push.async_send(Message("now"), [&](error_code ec) {
    EXPECT_FALSE(ec) << ec;
    sent = peer.Take();
    push.async_flush([&](error_code flush) {
      EXPECT_FALSE(flush) << flush;
      flushed = peer.Take();
      done = true;
    });
  });
  EXPECT_TRUE(RunUntil([&] { return done; }));
  EXPECT_EQ(sent, "") << "written when it is sent";
  EXPECT_THAT(flushed, HasSubstr("now"));
}

}  // namespace
}  // namespace monocoque::asio
