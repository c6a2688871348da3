#include "adapters/net/socket_driver.h"

#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/address.h"
#include "adapters/net/host.h"
#include "adapters/net/stream.h"
#include "adapters/zap.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/instant.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/event.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/poll_reactor.h"
#include "tests/support/raw_peer.h"

namespace monocoque::net {
namespace {

using ::monocoque::testing::ConnectRaw;
using ::monocoque::testing::PollLoop;
using ::monocoque::testing::PollReactor;
using ::monocoque::testing::RawPeer;
using ::testing::HasSubstr;

class SocketDriverTest : public ::testing::Test {
 protected:
  PollReactor* Make(SocketType type, const SocketOptions& options = {}) {
    sockets_.push_back(std::make_unique<PollReactor>(&loop_, type, options));
    return sockets_.back().get();
  }
  void Send(PollReactor* from, const std::string& text) {
    Message message(text);
    const bool sent = loop_.RunUntil([&] { return from->driver().Send(&message).ok(); });
    ASSERT_TRUE(sent);
  }
  std::string Receive(PollReactor* at) {
    Message message;
    if (!loop_.RunUntil([&] { return at->driver().Receive(&message); })) return "(nothing came)";
    return std::string(message.text());
  }

  PollLoop loop_;
  std::vector<std::unique_ptr<PollReactor>> sockets_;
};

// Over each transport, whoever binds.
TEST_F(SocketDriverTest, MessagesCross) {
  for (const char* endpoint : {"tcp://127.0.0.1:*", "ipc://*", "tcp://[::1]:*", "inproc://a"}) {
    for (const bool sender_binds : {true, false}) {
      PollReactor* push = Make(SocketType::kPush);
      PollReactor* pull = Make(SocketType::kPull);
      const auto bound = (sender_binds ? push : pull)->driver().Bind(endpoint);
      ASSERT_TRUE(bound.ok()) << bound.status();
      ASSERT_TRUE((sender_binds ? pull : push)->driver().Connect(*bound).ok());
      Send(push, "one");
      Send(push, std::string(3 << 20, 'x'));
      EXPECT_EQ(Receive(pull), "one");
      EXPECT_EQ(Receive(pull).size(), 3u << 20);
      sockets_.clear();
    }
  }
}

TEST_F(SocketDriverTest, NamesAreLookedUp) {
  PollReactor* push = Make(SocketType::kPush);
  PollReactor* pull = Make(SocketType::kPull);
  const std::string bound = *pull->driver().Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(push->driver().Connect("tcp://localhost" + bound.substr(bound.rfind(':'))).ok());
  Send(push, "by name");
  EXPECT_EQ(Receive(pull), "by name");
}

// A host that was busy for long: what came in time is taken before the time is judged.
TEST_F(SocketDriverTest, APeerThatAnsweredABusyHostIsKept) {
  SocketOptions options;
  options.link.heartbeat.interval = absl::Milliseconds(100);
  PollReactor* pull = Make(SocketType::kPull, options);
  bool busy = false;
  RawPeer peer(
      [&] {
        if (!busy) loop_.RunFor(absl::Milliseconds(1));
      },
      *pull->driver().Bind("tcp://127.0.0.1:*"));
  peer.HandshakeAs("PUSH");
  const std::string ping("\4PING", 5);
  busy = true;  // from the turn on in which the PING was written
  std::string heard;
  for (int i = 0; i < 10'000 && heard.find(ping) == std::string::npos; ++i) {
    loop_.RunFor(absl::Milliseconds(1));
    heard += peer.Take();
  }
  ASSERT_THAT(heard, HasSubstr(ping));
  ASSERT_TRUE(peer.Write(std::string("\4\5\4PONG", 7)));
  const Instant end = Now() + absl::Milliseconds(250);
  while (Now() < end) {
  }
  // Another turn of the round in which the host was busy: no descriptor was looked at meanwhile.
  pull->driver().Turn();
  EXPECT_EQ(pull->driver().machine().ready_peers(), 1u);
  // And one who did not answer is lost all the same.
  busy = false;
  EXPECT_TRUE(loop_.RunUntil([&] { return pull->driver().machine().ready_peers() == 0; }));
}

// More than the kernel takes at once, and a reader that comes late.
TEST_F(SocketDriverTest, ShortWritesGoOn) {
  PollReactor* push = Make(SocketType::kPush);
  PollReactor* pull = Make(SocketType::kPull);
  ASSERT_TRUE(push->driver().Connect(*pull->driver().Bind("ipc://*")).ok());
  const std::string large(16 << 20, 'y');
  for (int i = 0; i < 4; ++i) {
    Send(push, large + std::to_string(i));
    EXPECT_EQ(Receive(pull), large + std::to_string(i));
  }
}

TEST_F(SocketDriverTest, TheConnectorMayComeFirst) {
  const std::string endpoint = "ipc://@monocoque-early-" + std::to_string(getpid());
  SocketOptions fast;
  fast.link.reconnect.interval = absl::Milliseconds(5);
  PollReactor* push = Make(SocketType::kPush, fast);
  ASSERT_TRUE(push->driver().Connect(endpoint).ok());
  loop_.RunFor(absl::Milliseconds(20));
  PollReactor* pull = Make(SocketType::kPull);
  ASSERT_TRUE(pull->driver().Bind(endpoint).ok());
  Send(push, "patient");
  EXPECT_EQ(Receive(pull), "patient");
}

TEST_F(SocketDriverTest, AnAddressInUseIsSaidAtOnce) {
  PollReactor* first = Make(SocketType::kPull);
  const std::string bound = *first->driver().Bind("tcp://127.0.0.1:*");
  const auto second = Make(SocketType::kPull)->driver().Bind(bound);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(bound));
  ASSERT_TRUE(first->driver().Unbind(bound).ok());
  EXPECT_TRUE(Make(SocketType::kPull)->driver().Bind(bound).ok()) << "the address is free again";
  EXPECT_TRUE(absl::IsNotFound(first->driver().Unbind(bound)));
}

// What was sent before the close is written, and then all descriptors are gone.
TEST_F(SocketDriverTest, LingersUntilItIsWritten) {
  PollReactor* push = Make(SocketType::kPush);
  PollReactor* pull = Make(SocketType::kPull);
  ASSERT_TRUE(push->driver().Connect(*pull->driver().Bind("tcp://127.0.0.1:*")).ok());
  for (int i = 0; i < 100; ++i) Send(push, std::to_string(i));
  push->driver().StartClose(absl::Seconds(10));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Receive(pull), std::to_string(i));
  EXPECT_TRUE(loop_.RunUntil([&] { return push->driver().closed(); }));
  EXPECT_TRUE(push->driver().CloseResult().ok());
}

TEST_F(SocketDriverTest, AClosePastItsTimeSaysWhatWasLost) {
  PollReactor* push = Make(SocketType::kPush);
  ASSERT_TRUE(push->driver().Connect("ipc://@monocoque-nobody-" + std::to_string(getpid())).ok());
  Send(push, "to nobody");
  push->driver().StartClose(absl::Milliseconds(20));
  EXPECT_TRUE(loop_.RunUntil([&] { return push->driver().closed(); }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(push->driver().CloseResult()));
}

// A peer that goes in the middle, and one that never says a word.
TEST_F(SocketDriverTest, PeersThatMisbehaveHarmNobodyElse) {
  PollReactor* pull = Make(SocketType::kPull);
  const std::string bound = *pull->driver().Bind("tcp://127.0.0.1:*");
  const int mute = ConnectRaw(bound);
  const int cut = ConnectRaw(bound);
  ASSERT_EQ(write(cut, "\xff\0\0\0", 4), 4);
  close(cut);
  PollReactor* push = Make(SocketType::kPush);
  ASSERT_TRUE(push->driver().Connect(bound).ok());
  Send(push, "still here");
  EXPECT_EQ(Receive(pull), "still here");
  close(mute);
}

// Closing shuts down first: the peer reads the end of the stream, and no reset.
TEST_F(SocketDriverTest, ClosesGracefully) {
  PollReactor* pull = Make(SocketType::kPull);
  const int raw = ConnectRaw(*pull->driver().Bind("tcp://127.0.0.1:*"));
  ASSERT_TRUE(loop_.RunUntil([&] {
    char octet;
    return recv(raw, &octet, 1, MSG_DONTWAIT) == 1;
  }));
  std::string greeting(64, '\0');
  greeting.replace(0, 12, std::string("\xff\0\0\0\0\0\0\0\1\x7f\3\0", 12));
  greeting.replace(12, 7, "NONSENSE", 7);
  ASSERT_EQ(write(raw, greeting.data(), greeting.size()), 64);
  ssize_t got = -1;
  ASSERT_TRUE(loop_.RunUntil([&] {
    char waste[256];
    got = recv(raw, waste, sizeof(waste), MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }));
  EXPECT_EQ(got, 0);
  close(raw);
}

// Whoever cannot be served is told of, and many of them do not flood who hears of it.
TEST_F(SocketDriverTest, OutOfMemoryItPauses) {
  SocketOptions poor;
  poor.link.budget_bytes = 16;
  PollReactor* pull = Make(SocketType::kPull, poor);
  const std::string bound = *pull->driver().Bind("tcp://127.0.0.1:*");
  std::vector<int> raw;
  for (int i = 0; i < 40; ++i) raw.push_back(ConnectRaw(bound));
  loop_.RunFor(absl::Milliseconds(250));
  int told = 0;
  for (SocketEvent event; pull->driver().machine().NextEvent(&event);) {
    if (event.kind != SocketEvent::Kind::kAcceptFailed) continue;
    ++told;
    EXPECT_THAT(event.status.message(), HasSubstr("memory"));
  }
  EXPECT_GE(told, 1);
  EXPECT_LE(told, 4);
  for (int fd : raw) close(fd);
}

// Without descriptors nothing is accepted, nothing spins, and it goes on when there are some.
TEST_F(SocketDriverTest, OutOfDescriptorsItPauses) {
  PollReactor* pull = Make(SocketType::kPull);
  const std::string bound = *pull->driver().Bind("tcp://127.0.0.1:*");
  PollReactor* push = Make(SocketType::kPush);
  const int raw = ConnectRaw(bound);
  const int turns = pull->turns();
  {
    const testing::FewDescriptors none(3);
    loop_.RunFor(absl::Milliseconds(250));
  }
  EXPECT_LT(pull->turns() - turns, 20) << "it spins";
  bool told = false;
  SocketEvent event;
  while (pull->driver().machine().NextEvent(&event)) {
    told |= event.kind == SocketEvent::Kind::kAcceptFailed;
  }
  EXPECT_TRUE(told);
  ASSERT_TRUE(push->driver().Connect(bound).ok());
  Send(push, "room again");
  EXPECT_EQ(Receive(pull), "room again");
  close(raw);
}

TEST_F(SocketDriverTest, ARuntimeThatCannotWatchIsAFailureOfTheAttempt) {
  PollReactor* pull = Make(SocketType::kPull);
  pull->Refuse();
  const auto bound = pull->driver().Bind("tcp://127.0.0.1:*");
  EXPECT_TRUE(absl::IsResourceExhausted(bound.status())) << bound.status();
  const std::string open = *Make(SocketType::kPull)->driver().Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(pull->driver().Connect(open).ok());
  loop_.RunFor(absl::Milliseconds(10));
  bool told = false;
  SocketEvent event;
  while (pull->driver().machine().NextEvent(&event)) {
    told |= event.kind == SocketEvent::Kind::kDialFailed;
  }
  EXPECT_TRUE(told);
}

// At once: the attempt fails within the action that began it, and is made again.
TEST_F(SocketDriverTest, ARuntimeThatCannotLookUpIsAFailureOfTheAttempt) {
  PollReactor* push = Make(SocketType::kPush);
  push->Refuse();
  LinkOptions soon;
  soon.reconnect.interval = absl::Milliseconds(1);
  ASSERT_TRUE(push->driver().Connect("tcp://localhost:1", &soon).ok());
  int failed = 0;
  EXPECT_TRUE(loop_.RunUntil([&] {
    SocketEvent event;
    while (push->driver().machine().NextEvent(&event)) {
      if (event.kind != SocketEvent::Kind::kDialFailed) continue;
      EXPECT_THAT(event.ToString(), HasSubstr("nobody to ask"));
      ++failed;
    }
    return failed == 2;
  }));
}

// E-16: the connector may come first, and comes again when the name is bound again.
TEST_F(SocketDriverTest, InprocConnectsWhenTheNameIsBound) {
  PollReactor* push = Make(SocketType::kPush);
  ASSERT_TRUE(push->driver().Connect("inproc://later").ok());
  loop_.RunFor(absl::Milliseconds(5));
  for (int life = 0; life < 3; ++life) {
    PollReactor* pull = Make(SocketType::kPull);
    ASSERT_TRUE(pull->driver().Bind("inproc://later").ok());
    Send(push, std::to_string(life));
    EXPECT_EQ(Receive(pull), std::to_string(life));
    sockets_.pop_back();
    ASSERT_TRUE(loop_.RunUntil([&] { return push->driver().machine().ready_peers() == 0; }));
  }
  push->driver().StartClose(absl::ZeroDuration());
  EXPECT_TRUE(loop_.RunUntil([&] { return push->driver().closed(); }));
}

// E-16, E-17.
TEST_F(SocketDriverTest, InprocRefusesANameInUseAndTypesThatDoNotFit) {
  PollReactor* pull = Make(SocketType::kPull);
  ASSERT_TRUE(pull->driver().Bind("inproc://taken").ok());
  const auto second = Make(SocketType::kPull)->driver().Bind("inproc://taken");
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  PollReactor* req = Make(SocketType::kReq);
  ASSERT_TRUE(req->driver().Connect("inproc://taken").ok());
  SocketEvent event;
  EXPECT_TRUE(loop_.RunUntil([&] {
    while (req->driver().machine().NextEvent(&event)) {
      if (event.kind == SocketEvent::Kind::kGaveUp) return true;
    }
    return false;
  })) << "REQ cannot talk to PULL";
}

// A reader that does not come holds the writer, and nothing is lost.
TEST_F(SocketDriverTest, InprocHoldsTheWriter) {
  SocketOptions few;
  few.send_mark.messages = 10;
  few.receive_mark.messages = 10;
  PollReactor* push = Make(SocketType::kPush, few);
  PollReactor* pull = Make(SocketType::kPull, few);
  ASSERT_TRUE(push->driver().Connect(*pull->driver().Bind("inproc://held")).ok());
  const std::string large(200'000, 'h');
  int sent = 0;
  ASSERT_TRUE(loop_.RunUntil([&] {
    Message message(large + std::to_string(sent));
    if (push->driver().Send(&message).ok()) ++sent;
    return sent > 12;
  }));
  for (int quiet = 0; quiet < 50;) {
    Message message(large + std::to_string(sent));
    if (push->driver().Send(&message).ok()) {
      ++sent;
      quiet = 0;
    } else {
      ++quiet;
    }
    loop_.RunFor(absl::ZeroDuration());
  }
  EXPECT_LT(sent, 60) << "marks, and what is under way between them";
  // What was handed over is delivered although its sender goes.
  push->driver().StartClose(absl::Seconds(5));
  for (int i = 0; i < sent; ++i) ASSERT_EQ(Receive(pull), large + std::to_string(i));
  EXPECT_TRUE(loop_.RunUntil([&] { return push->driver().closed(); }));
}

// Who sends and makes no turn is not behind by more than a reader that keeps up: what that made
// room for is handed over by the next sends, and its mark is never near.
TEST_F(SocketDriverTest, InprocTakesWhatThereIsRoomForWithoutATurn) {
  PollReactor* push = Make(SocketType::kPush);
  PollReactor* pull = Make(SocketType::kPull);
  ASSERT_TRUE(push->driver().Connect(*pull->driver().Bind("inproc://swift")).ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return push->driver().machine().ready_peers() == 1; }));
  const std::string large(64 * 1024, 's');
  const auto send = [&](int count) {
    for (; count > 0; --count) {
      Message message = Message::Borrow(large);
      ASSERT_TRUE(push->driver().Send(&message).ok());
    }
  };
  const int turns = push->turns();
  send(64);  // more than is under way at a time
  ASSERT_GE(push->driver().machine().pending_bytes(), 1u << 20);
  std::size_t received = 0;
  for (int i = 0; i < 200; ++i) {
    pull->driver().Turn();
    for (Message message; pull->driver().Receive(&message);) ++received;
    send(4);
  }
  EXPECT_EQ(push->turns(), turns);
  EXPECT_LE(push->driver().machine().pending_bytes(), 1u << 20);
  EXPECT_GE(received, 200u * 4);
}

// Each socket on a thread of its own.
TEST(SocketDriverThreadsTest, InprocCrossesThreads) {
  constexpr int kMessages = 20'000;
  std::thread echo([] {
    PollLoop loop;
    PollReactor rep(&loop, SocketType::kDealer, {});
    ASSERT_TRUE(rep.driver().Bind("inproc://threads").ok());
    Message message;
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_TRUE(loop.RunUntil([&] { return rep.driver().Receive(&message); }));
      ASSERT_TRUE(loop.RunUntil([&] { return rep.driver().Send(&message).ok(); }));
    }
    rep.driver().StartClose(absl::Seconds(10));
    EXPECT_TRUE(loop.RunUntil([&] { return rep.driver().closed(); }));
  });
  {
    PollLoop loop;
    PollReactor req(&loop, SocketType::kDealer, {});
    ASSERT_TRUE(req.driver().Connect("inproc://threads").ok());
    int sent = 0;
    int received = 0;
    EXPECT_TRUE(loop.RunUntil([&] {
      Message message(std::to_string(sent) +
                      std::string(static_cast<std::size_t>(sent % 500), 'x'));
      while (sent < kMessages && req.driver().Send(&message).ok()) {
        ++sent;
        message =
            Message(std::to_string(sent) + std::string(static_cast<std::size_t>(sent % 500), 'x'));
      }
      while (req.driver().Receive(&message)) {
        EXPECT_EQ(message.size(),
                  std::to_string(received).size() + static_cast<std::size_t>(received % 500));
        ++received;
      }
      return received == kMessages;
    })) << received;
  }
  echo.join();
}

// P-3, Z-9: who is asked decides, at once or late; without anybody to ask nobody comes in, and what
// is said when the socket is gone does no harm.
TEST_F(SocketDriverTest, AnAuthenticatorDecides) {
  class Late final : public Authenticator {
   public:
    void Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) override {
      asked.push_back(request->username);
      replies.push_back(std::move(reply));
    }
    std::vector<std::string> asked;
    std::vector<Reply> replies;
  };
  const auto late = std::make_shared<Late>();
  SocketOptions ask;
  ask.link.mechanism = PlainServer{};
  PollReactor* pull = Make(SocketType::kPull, ask);
  const std::string bound = *pull->driver().Bind("tcp://127.0.0.1:*");
  SocketOptions name;
  name.link.mechanism = PlainClient{.username = "ada", .password = "lovelace"};
  name.link.reconnect.interval = absl::Milliseconds(1);
  PollReactor* push = Make(SocketType::kPush, name);
  ASSERT_TRUE(push->driver().Connect(bound).ok());
  SocketEvent event;
  ASSERT_TRUE(loop_.RunUntil([&] {
    while (pull->driver().machine().NextEvent(&event)) {
      if (event.kind == SocketEvent::Kind::kClosed) return true;
    }
    return false;
  })) << "nobody to ask";
  EXPECT_EQ(push->driver().machine().ready_peers(), 0u);
  pull->driver().SetAuthenticator(late);
  PollReactor* again = Make(SocketType::kPush, name);
  ASSERT_TRUE(again->driver().Connect(bound).ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return !late->replies.empty(); }));
  EXPECT_EQ(late->asked[0], "ada");
  EXPECT_EQ(again->driver().machine().ready_peers(), 0u);
  late->replies[0]({.status = AuthStatus::kAccepted});
  Send(again, "let in");
  EXPECT_EQ(Receive(pull), "let in");
  sockets_.clear();
  for (const auto& reply : late->replies) reply({.status = AuthStatus::kAccepted});
}

// Z-2: a verdict may come from any thread, and has the loop turn; one that comes when the socket is
// gone does no harm there either.
TEST_F(SocketDriverTest, AnAuthenticatorDecidesOnAThreadOfItsOwn) {
  class Elsewhere final : public Authenticator {
   public:
    ~Elsewhere() override {
      for (std::thread& thread : threads_) thread.join();
    }
    void Authenticate(std::shared_ptr<const AuthRequest> /*request*/, Reply reply) override {
      threads_.emplace_back([reply = std::move(reply)] {
        reply({.status = AuthStatus::kAccepted, .user_id = "ada"});
      });
    }

   private:
    std::vector<std::thread> threads_;
  };
  auto elsewhere = std::make_shared<Elsewhere>();
  SocketOptions ask;
  ask.link.mechanism = PlainServer{};
  PollReactor* pull = Make(SocketType::kPull, ask);
  pull->driver().SetAuthenticator(elsewhere);
  const std::string bound = *pull->driver().Bind("tcp://127.0.0.1:*");
  SocketOptions name;
  name.link.mechanism = PlainClient{.username = "ada", .password = "lovelace"};
  for (int i = 0; i < 8; ++i) {
    PollReactor* push = Make(SocketType::kPush, name);
    ASSERT_TRUE(push->driver().Connect(bound).ok());
    Send(push, "let in");
    EXPECT_EQ(Receive(pull), "let in");
  }
  PollReactor* last = Make(SocketType::kPush, name);
  ASSERT_TRUE(last->driver().Connect(bound).ok());
  loop_.RunFor(absl::Milliseconds(1));
  sockets_.clear();
}

// A dialer that an empty message ended does not stand in the way of the next one of that text.
TEST_F(SocketDriverTest, DisconnectFindsTheDialerThatLives) {
  PollReactor* server = Make(SocketType::kStream);
  PollReactor* client = Make(SocketType::kStream);
  const std::string bound = *server->driver().Bind("tcp://127.0.0.1:*");
  const auto client_links = [client] { return client->driver().links(); };
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client->driver().Connect(bound).ok());
    Message came;
    ASSERT_TRUE(loop_.RunUntil([&] { return client->driver().Receive(&came); }));
    Message end;
    ASSERT_TRUE(end.set_to(came.routing_id()));
    ASSERT_TRUE(client->driver().Send(&end).ok());
    ASSERT_TRUE(loop_.RunUntil([&] { return client_links() == 0; }));
  }
  ASSERT_TRUE(client->driver().Connect(bound).ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return client_links() == 1; }));
  EXPECT_EQ(client->driver().Disconnect(bound), absl::OkStatus());
  EXPECT_TRUE(loop_.RunUntil([&] { return client_links() == 0; }));
  EXPECT_EQ(client->driver().Disconnect(bound).message(),
            "disconnect " + bound + ": there is no such endpoint here.");
}

// Whatever is under way.
TEST_F(SocketDriverTest, MayBeDestroyedAtAnyMoment) {
  for (int turns = 0; turns < 12; ++turns) {
    PollLoop loop;
    PollReactor pull(&loop, SocketType::kPull, {});
    std::optional<PollReactor> push;
    push.emplace(&loop, SocketType::kPush, SocketOptions{});
    ASSERT_TRUE(push->driver().Connect(*pull.driver().Bind("tcp://127.0.0.1:*")).ok());
    Message message(std::string(8 << 20, 'z'));
    int steps = 0;
    loop.RunUntil([&] {
      (void)push->driver().Send(&message);
      return ++steps > turns;
    });
    push.reset();
    EXPECT_TRUE(loop.RunUntil([&] { return pull.driver().machine().ready_peers() == 0; }));
  }
}

}  // namespace
}  // namespace monocoque::net
