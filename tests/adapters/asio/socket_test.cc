#include "adapters/asio/socket.h"

#include <dirent.h>
#include <unistd.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "adapters/asio/error.h"
#include "adapters/asio/sockets.h"
#include "adapters/zap.h"
#include "alloc/slab_pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/options.h"
#include "tests/adapters/asio/fixture.h"
#include "tests/support/no_threads.h"
#include "tests/support/raw_peer.h"

namespace monocoque::asio {
namespace {

namespace io = boost::asio;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SocketOptions Fast() {
  SocketOptions options;
  options.link.reconnect.interval = absl::Milliseconds(5);
  return options;
}

// Descriptors of the process that are sockets.
int OpenSockets() {
  int count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory)) {
    char target[64] = {};
    if (readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1) > 0) {
      count += std::string(target).starts_with("socket:") ? 1 : 0;
    }
  }
  closedir(directory);
  return count;
}

class SocketTest : public AsioTest {
 protected:
  void Send(Push& push, std::string text) {
    push.async_send(Message(std::move(text)), [](error_code ec) { EXPECT_FALSE(ec) << ec; });
  }
  std::string Receive(Pull& pull) {
    std::string got = "(nothing came)";
    bool done = false;
    pull.async_receive([&](error_code ec, const Message& message) {
      got = ec ? ec.message() : std::string(message.text());
      done = true;
    });
    RunUntil([&] { return done; });
    return got;
  }
};

// Over each transport, small and large, whoever binds.
TEST_F(SocketTest, MessagesCross) {
  for (const char* endpoint : {"tcp://127.0.0.1:*", "tcp://[::1]:*", "ipc://*",
                               "ipc://@monocoque-asio-crossing", "inproc://crossing"}) {
    for (const bool sender_binds : {true, false}) {
      Push push(context_);
      Pull pull(context_);
      if (sender_binds) {
        pull.connect(push.bind(endpoint));
      } else {
        push.connect(pull.bind(endpoint));
      }
      Send(push, "one");
      Send(push, std::string(9 << 20, 'x'));
      Send(push, "three");
      EXPECT_EQ(Receive(pull), "one");
      EXPECT_EQ(Receive(pull).size(), 9u << 20);
      EXPECT_EQ(Receive(pull), "three");
    }
  }
}

// In coroutines: the lines of every first program.
TEST_F(SocketTest, RequestReply) {
  Rep rep(context_);
  Req req(context_);
  std::vector<std::string> got;
  Spawn([](Rep& server) -> io::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      const Message request = co_await server.async_receive();
      co_await server.async_send(Message("got " + std::string(request.text())));
    }
    co_await server.async_close();
  }(rep));
  Spawn([](Rep& server, Req& client, std::vector<std::string>& list) -> io::awaitable<void> {
    co_await client.async_connect(co_await server.async_bind("tcp://127.0.0.1:*"));
    for (int i = 0; i < 3; ++i) {
      co_await client.async_send(Message(std::to_string(i)));
      list.emplace_back((co_await client.async_receive()).text());
    }
    co_await client.async_close();
  }(rep, req, got));
  // Both are closed then, and nothing is left to do.
  RunToEnd();
  EXPECT_THAT(got, ElementsAre("got 0", "got 1", "got 2"));
}

TEST_F(SocketTest, ClosedSocketsLeaveNoDescriptorAndNoWork) {
  Settle();
  const int before = OpenSockets();
  {
    Push push(context_);
    Pull pull(context_);
    push.connect(pull.bind("tcp://127.0.0.1:*"));
    push.connect("tcp://127.0.0.1:1");
    Send(push, "x");
    EXPECT_EQ(Receive(pull), "x");
    EXPECT_GT(OpenSockets(), before);
    push.close();
    pull.close();
    EXPECT_EQ(OpenSockets(), before);
    RunToEnd();
    EXPECT_FALSE(push.is_open());
    EXPECT_EQ(push.core(), nullptr);
    error_code ec;
    pull.bind("ipc://*", ec);
    EXPECT_EQ(ec, io::error::bad_descriptor);
    Message message("y");
    EXPECT_EQ(push.try_send(&message), io::error::bad_descriptor);
    EXPECT_EQ(Receive(pull), error_code(io::error::bad_descriptor).message());
  }
}

TEST_F(SocketTest, MovedSocketsGoOn) {
  Pull pull(context_);
  Push push(context_);
  push.connect(pull.bind("ipc://*"));
  std::string got;
  pull.async_receive([&](error_code, Message message) { got = message.text(); });
  Pull moved(std::move(pull));
  Push other(context_);
  bool aborted = false;
  other.async_wait_ready(1, [&](error_code ec) { aborted = ec == io::error::operation_aborted; });
  other = std::move(push);
  Send(other, "moved");
  EXPECT_TRUE(RunUntil([&] { return got == "moved"; }));
  EXPECT_TRUE(aborted);
}

TEST_F(SocketTest, SeveralReceivesGetTheirsInOrder) {
  Pull pull(context_);
  Push push(context_);
  push.connect(pull.bind("tcp://127.0.0.1:*"));
  std::vector<std::string> got;
  for (const char* name : {"first ", "second ", "third "}) {
    pull.async_receive([&got, name](error_code, const Message& message) {
      got.push_back(name + std::string(message.text()));
    });
  }
  for (const char* text : {"a", "b", "c"}) Send(push, text);
  EXPECT_TRUE(RunUntil([&] { return got.size() == 3; }));
  EXPECT_THAT(got, ElementsAre("first a", "second b", "third c"));
}

TEST_F(SocketTest, ManyAtOnce) {
  Pull pull(context_);
  Push push(context_);
  push.connect(pull.bind("tcp://127.0.0.1:*"));
  std::vector<Message> messages;
  for (int i = 0; i < 100; ++i) messages.emplace_back(std::to_string(i));
  int received = 0;
  Spawn([](Push& sender, std::vector<Message>& what) -> io::awaitable<void> {
    EXPECT_EQ(co_await sender.async_send_many(what), 100u);
    co_await sender.async_flush();
  }(push, messages));
  Spawn([](Pull& receiver, int& count) -> io::awaitable<void> {
    while (count < 100) {
      const std::vector<Message> some = co_await receiver.async_receive_many(30);
      EXPECT_GE(some.size(), 1u);
      EXPECT_LE(some.size(), 30u);
      for (const Message& each : some) EXPECT_EQ(each.text(), std::to_string(count++));
    }
  }(pull, received));
  EXPECT_TRUE(RunUntil([&] { return received == 100; }));
  EXPECT_TRUE(messages[0].text().empty());
}

// TR-5: nobody listens yet.
TEST_F(SocketTest, ConnectBeforeBind) {
  Push push(context_, Fast());
  push.connect("ipc://@monocoque-asio-early");
  Send(push, "patient");
  context_.run_for(std::chrono::milliseconds(20));
  Pull pull(context_);
  pull.bind("ipc://@monocoque-asio-early");
  EXPECT_EQ(Receive(pull), "patient");
}

// ALL-1: the listener goes and comes back.
TEST_F(SocketTest, Reconnects) {
  Push push(context_, Fast());
  auto pull = std::make_unique<Pull>(context_);
  const std::string at = pull->bind("tcp://127.0.0.1:*");
  push.connect(at);
  Send(push, "one");
  EXPECT_EQ(Receive(*pull), "one");
  pull.reset();
  ASSERT_TRUE(RunUntil([&] { return push.core()->ready_peers() == 0; }));
  Send(push, "two");
  Pull again(context_);
  again.bind(at);
  EXPECT_EQ(Receive(again), "two");
  EXPECT_EQ(push.core()->stats().reconnects, 1u);
}

// Each bind and connect may bring options of its own, which live as long as they are needed.
TEST_F(SocketTest, OptionsOfOneEndpoint) {
  Pull pull(context_);
  Push push(context_);
  std::string bound;
  {
    LinkOptions dual;
    dual.transport.ipv6 = true;
    pull.async_bind({"tcp://*:*", &dual}, [&](error_code ec, const std::string& at) {
      EXPECT_FALSE(ec) << ec.message();
      bound = at;
    });
  }
  ASSERT_TRUE(RunUntil([&] { return !bound.empty(); }));
  EXPECT_THAT(bound, HasSubstr("tcp://[::]:"));
  bool refused = false;
  LinkOptions single;
  single.transport.ipv6 = false;
  single.retry.dial_failed = Retry::kNever;
  const std::string port = bound.substr(bound.rfind(':'));
  Spawn([](Push& from, const LinkOptions& options, std::string to,
           bool* over) -> io::awaitable<void> {
    co_await from.async_connect({to, &options});
    for (SocketEvent event; event.kind != SocketEvent::Kind::kGaveUp;) {
      co_await from.async_wait_event();
      from.next_event(&event);
    }
    *over = true;
  }(push, single, "tcp://[::1]" + port, &refused));
  ASSERT_TRUE(RunUntil([&] { return refused; }));
  push.async_connect("tcp://[::1]" + port, [](error_code ec) { EXPECT_FALSE(ec); });
  Send(push, "by the other way");
  EXPECT_EQ(Receive(pull), "by the other way");
}

// A receiver that does not take holds the sender up, and both go on when it does.
TEST_F(SocketTest, ASenderWaitsForRoom) {
  SocketOptions small = Fast();
  small.send_mark = {.messages = 10, .bytes = 1 << 20};
  small.receive_mark = {.messages = 10, .bytes = 1 << 20};
  Push push(context_, small);
  Pull pull(context_, small);
  push.connect(pull.bind("ipc://*"));
  int sent = 0;
  constexpr int kCount = 64;
  Spawn([](Push& sender, int& count) -> io::awaitable<void> {
    const std::string large(1 << 20, 'l');
    for (; count < kCount; ++count) co_await sender.async_send(Message(large));
  }(push, sent));
  ASSERT_TRUE(RunUntil([&] { return sent > 2 && !push.core()->CanSend(); }));
  context_.run_for(std::chrono::milliseconds(50));
  EXPECT_LT(sent, kCount) << "nothing held it up";
  Message refused("x");
  EXPECT_EQ(push.try_send(&refused), io::error::would_block);
  EXPECT_EQ(refused.text(), "x");
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(Receive(pull).size(), 1u << 20);
  bool room = false;
  push.async_wait_send([&](error_code ec) { room = !ec; });
  EXPECT_TRUE(RunUntil([&] { return room && sent == kCount; }));
  EXPECT_FALSE(push.try_send(&refused));
  EXPECT_EQ(Receive(pull), "x");
}

TEST_F(SocketTest, WaitingForRoomWhereNothingIsSent) {
  basic_socket<> pull(context_, SocketType::kPull);
  error_code told;
  pull.async_wait_send([&](error_code ec) { told = ec; });
  ASSERT_TRUE(RunUntil([&] { return static_cast<bool>(told); }));
  EXPECT_TRUE(told == errc::failed_precondition);
  EXPECT_EQ(told.message(), "send: PULL only receives");
}

TEST_F(SocketTest, AnAddressInUseIsSaidAtOnce) {
  Pull first(context_);
  const std::string bound = first.bind("tcp://127.0.0.1:*");
  Pull second(context_);
  error_code ec;
  second.bind(bound, ec);
  EXPECT_TRUE(ec == errc::failed_precondition) << ec;
  EXPECT_THAT(ec.message(), HasSubstr("address in use"));
  EXPECT_THROW(second.bind(bound), boost::system::system_error);
  bool told = false;
  Spawn([](Pull& pull, const std::string& at, bool& done) -> io::awaitable<void> {
    try {
      co_await pull.async_bind(at);
    } catch (const boost::system::system_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(at));
      done = true;
    }
  }(second, bound, told));
  Settle();
  EXPECT_TRUE(told);
  first.unbind(bound);
  EXPECT_EQ(second.bind(bound), bound);
  first.unbind(bound, ec);
  EXPECT_TRUE(ec == errc::not_found);
}

// Asio begins a thread for its resolver with the first name.
TEST_F(SocketTest, NoThreadToLookNamesUp) {
  const monocoque::testing::NoThreads none;
  Push push(context_);
  push.connect("tcp://localhost:1");
  std::string said;
  EXPECT_TRUE(RunUntil([&] {
    for (SocketEvent event; said.empty() && push.next_event(&event);) {
      if (event.kind == SocketEvent::Kind::kDialFailed) said = event.status.message();
    }
    return !said.empty();
  }));
  EXPECT_THAT(said, HasSubstr("no thread to look names up"));
}

TEST_F(SocketTest, NamesAreLookedUp) {
  Pull pull(context_);
  const std::string bound = pull.bind("tcp://127.0.0.1:*");
  Push push(context_, Fast());
  push.connect("tcp://localhost" + bound.substr(bound.rfind(':')));
  Send(push, "by name");
  EXPECT_EQ(Receive(pull), "by name");
}

TEST_F(SocketTest, ANameWithoutAddressIsAnEvent) {
  Push push(context_, Fast());
  push.connect("tcp://no-such-host.invalid:5555");
  std::string said;
  Spawn([](Push& socket, std::string& what) -> io::awaitable<void> {
    for (SocketEvent event; what.empty();) {
      co_await socket.async_wait_event();
      while (socket.next_event(&event)) {
        if (event.kind == SocketEvent::Kind::kDialFailed) what = event.status.message();
      }
    }
  }(push, said));
  EXPECT_TRUE(RunUntil([&] { return !said.empty(); }));
  EXPECT_THAT(said, HasSubstr("no-such-host.invalid has no address"));
}

TEST_F(SocketTest, DisconnectAndReady) {
  Push push(context_);
  Pull pull(context_);
  const std::string bound = pull.bind("tcp://127.0.0.1:*");
  push.connect(bound);
  bool ready = false;
  push.async_wait_ready(1, [&](error_code ec) { ready = !ec; });
  ASSERT_TRUE(RunUntil([&] { return ready; }));
  push.disconnect(bound);
  EXPECT_TRUE(RunUntil([&] { return push.core()->ready_peers() == 0; }));
  error_code ec;
  push.disconnect(bound, ec);
  EXPECT_TRUE(ec == errc::not_found);
  EXPECT_THROW(push.connect("nonsense"), boost::system::system_error);
}

// A publisher whose owner does nothing but send still hears of those who subscribe.
TEST_F(SocketTest, SendingWithoutEndTurnsTheDriver) {
  for (const char* endpoint : {"tcp://127.0.0.1:*", "inproc://asio-endless"}) {
    Pub pub(context_);
    Sub sub(context_);
    sub.subscribe("");
    sub.connect(pub.bind(endpoint));
    bool got = false;
    Spawn([](Pub& from, const bool& over) -> io::awaitable<void> {
      while (!over) co_await from.async_send(Message("again"));
    }(pub, got));
    sub.async_receive([&](error_code ec, const Message& message) {
      EXPECT_EQ(message.text(), "again") << ec;
      got = true;
    });
    EXPECT_TRUE(RunUntil([&] { return got; })) << endpoint;
    got = true;
    Settle();
  }
}

// Nor does it keep those from their results who watch the same socket.
TEST_F(SocketTest, SendingWithoutEndStarvesNoWatcher) {
  Pub pub(context_);
  Sub sub(context_);
  sub.connect(pub.bind("inproc://asio-watched"));
  bool ready = false;
  Spawn([](Pub& from, const bool& over) -> io::awaitable<void> {
    while (!over) co_await from.async_send(Message("again"));
  }(pub, ready));
  pub.async_wait_ready(1, [&](error_code ec) { ready = !ec; });
  EXPECT_TRUE(RunUntil([&] { return ready; }));
  ready = true;
  Settle();
}

// TR-6: closing writes what was sent.
TEST_F(SocketTest, CloseLingers) {
  Pull pull(context_);
  Push push(context_);
  push.connect(pull.bind("tcp://127.0.0.1:*"));
  for (int i = 0; i < 100; ++i) Send(push, std::to_string(i));
  bool closed = false;
  push.async_close(absl::Seconds(10), [&](error_code ec) {
    EXPECT_FALSE(ec) << ec.message();
    closed = true;
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Receive(pull), std::to_string(i));
  EXPECT_TRUE(RunUntil([&] { return closed; }));
  EXPECT_FALSE(push.is_open());
}

TEST_F(SocketTest, ACloseSaysWhatWasNotWritten) {
  Push push(context_, Fast());
  push.connect("ipc://@monocoque-asio-nobody");
  Send(push, "to nobody");
  error_code ended;
  push.async_close(absl::Milliseconds(20), [&](error_code ec) { ended = ec; });
  RunToEnd();
  EXPECT_TRUE(ended == errc::deadline_exceeded) << ended;
  EXPECT_THAT(ended.message(), HasSubstr("1 message was not sent"));
  EXPECT_EQ(push.stats().lost, 1u) << "counts stay";
}

// A peer that goes in the middle, with a message half written.
TEST_F(SocketTest, APeerThatGoesIsAnEvent) {
  Pull pull(context_);
  auto push = std::make_unique<Push>(context_);
  push->connect(pull.bind("ipc://*"));
  Send(*push, std::string(32 << 20, 'c'));
  ASSERT_TRUE(RunUntil([&] { return pull.core()->ready_peers() == 1; }));
  push.reset();
  bool closed = false;
  ASSERT_TRUE(RunUntil([&] {
    for (SocketEvent event; pull.next_event(&event);) {
      closed |= event.kind == SocketEvent::Kind::kClosed;
    }
    return closed;
  }));
  EXPECT_FALSE(pull.try_receive().has_value());
}

TEST_F(SocketTest, OptionsThatDoNotFitAreRefused) {
  SocketOptions options;
  options.routing_id = std::string(300, 'r');
  EXPECT_THROW(Dealer(context_, options), boost::system::system_error);
}

// Whoever is bound or connected keeps the context running, whatever it waits for just now.
TEST_F(SocketTest, ASocketAtItsMarkKeepsTheContextRunning) {
  for (const char* endpoint : {"tcp://127.0.0.1:*", "inproc://asio-at-its-mark"}) {
    io::io_context other;
    Push push(other);
    SocketOptions options;
    options.receive_mark = {.messages = 2, .bytes = 0};
    Pull pull(context_, options);
    pull.connect(push.bind(endpoint));
    for (int i = 0; i < 10; ++i) push.async_send(Message("x"), io::detached);
    context_.restart();
    for (int i = 0; i < 10'000 && !pull.can_receive(); ++i) {
      other.run_for(std::chrono::milliseconds(1));
      context_.run_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(pull.can_receive());
    context_.run_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(context_.stopped()) << endpoint;
    pull.close();
    RunToEnd();
  }
}

TEST_F(SocketTest, APoolMayBeShared) {
  auto pool = SlabPool::Create();
  Pull pull(context_, {}, pool);
  Push push(context_, {}, pool);
  push.connect(pull.bind("ipc://*"));
  Send(push, std::string(1000, 'p'));
  EXPECT_EQ(Receive(pull).size(), 1000u);
  EXPECT_GT(pool->live(), 0u);
}

// What is taken off while a wait looks for a message sets reading going again.
TEST_F(SocketTest, WaitingForAMessageGoesOnReading) {
  SocketOptions options;
  options.receive_mark = {.messages = 2, .bytes = 0};
  Sub sub(context_, options);
  sub.subscribe("a");
  testing::RawPeer peer([this] { Settle(); }, sub.bind("tcp://127.0.0.1:*"));
  peer.HandshakeAs("PUB");
  // More than is read at once.
  const std::string large = "a" + std::string(39'999, 'x');
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(peer.Write(std::string("\2\0\0\0\0\0\0\x9c\x40", 9) + large));
  }
  ASSERT_TRUE(peer.Write(std::string("\0\1b", 3)));
  sub.unsubscribe("a");
  sub.subscribe("b");
  Settle();
  bool there = false;
  sub.async_wait_receive([&](error_code ec) { there = !ec; });
  ASSERT_TRUE(RunUntil([&] { return there; }));
  EXPECT_EQ(sub.try_receive()->text(), "b");
}

// P-3: who is asked decides, on the executor, and may close the socket.
TEST_F(SocketTest, AnAuthenticatorDecides) {
  SocketOptions ask;
  ask.link.mechanism = PlainServer{};
  const auto named = [](const char* name) {
    SocketOptions options = Fast();
    options.link.mechanism = PlainClient{.username = name, .password = "x"};
    return options;
  };
  Pull pull(context_, ask);
  int asked = 0;
  pull.set_authenticator(AuthenticateBy([&](const AuthRequest& request) {
    ++asked;
    if (request.username == "last") pull.close();
    return AuthVerdict{.status = request.username == "bob" ? AuthStatus::kRefused
                                                           : AuthStatus::kAccepted};
  }));
  const std::string bound = pull.bind("tcp://127.0.0.1:*");
  Push stranger(context_, named("bob"));
  stranger.connect(bound);
  ASSERT_TRUE(RunUntil([&] { return asked == 1; }));
  Push friendly(context_, named("ada"));
  friendly.connect(bound);
  Send(friendly, "let in");
  EXPECT_EQ(Receive(pull), "let in");
  EXPECT_EQ(pull.core()->ready_peers(), 1u);
  Push last(context_, named("last"));
  last.connect(bound);
  ASSERT_TRUE(RunUntil([&] { return pull.core() == nullptr; }));
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace monocoque::asio
