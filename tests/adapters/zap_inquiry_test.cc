// A ZAP handler of the host's at inproc://zeromq.zap.01, on any adapter, asked by the sockets of
// every adapter.
#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/zap.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/options.h"
#include "protocol/mechanism/zap.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "tests/support/adapter_face.h"
#include "tests/support/parts.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::CountedKeys;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::MessageOf;
using ::monocoque::testing::Parts;
using ::monocoque::testing::PartsOf;
using ::monocoque::testing::TestCrypto;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using Kind = SocketEvent::Kind;

SocketOptions With(MechanismOptions mechanism) {
  SocketOptions options;
  options.link.mechanism = std::move(mechanism);
  // Whoever is told to try later does so.
  options.link.reconnect.interval = absl::Milliseconds(1);
  return options;
}

SocketOptions Ada() { return With(PlainClient{.username = "ada", .password = "lovelace"}); }

// A PULL that asks, a PUSH that wants in, on one adapter; the handler on another.
class Base : public ::testing::Test {
 protected:
  Base(std::string_view asks, std::string_view handles) : face_(asks), other_(handles) {}

  void Handle(SocketType type) {
    handler_ = other_.MakeSocket(type);
    ASSERT_TRUE(handler_->Bind(kZapEndpoint).ok());
  }
  std::unique_ptr<FaceSocket> Serve(const SocketOptions& options) {
    auto server = face_.MakeSocket(SocketType::kPull, options);
    const auto bound = server->Bind("tcp://127.0.0.1:*");
    EXPECT_TRUE(bound.ok()) << bound.status();
    at_ = bound.ok() ? *bound : "";
    return server;
  }
  std::unique_ptr<FaceSocket> Dial(const SocketOptions& options) {
    auto client = face_.MakeSocket(SocketType::kPush, options);
    EXPECT_TRUE(client->Connect(at_).ok());
    return client;
  }
  // Turns both loops until it holds.
  [[nodiscard]] bool Until(const std::function<bool()>& holds) {
    return face_.Until([&] {
      other_.Turn();
      return holds();
    });
  }
  Parts Asked() {
    Message message;
    EXPECT_TRUE(Until([&] { return handler_->TryReceive(&message); }));
    from_ = std::string(AsText(message.routing_id()));
    return PartsOf(message);
  }
  void Reply(const Parts& parts) {
    Message message = MessageOf(parts);
    message.set_to(from_);
    ASSERT_TRUE(Until([&] { return handler_->TrySend(&message).ok(); }));
  }
  // The next event of this kind; whatever comes before it.
  SocketEvent Event(FaceSocket* socket, Kind kind) {
    SocketEvent event;
    EXPECT_TRUE(Until([&] {
      while (socket->NextEvent(&event)) {
        if (event.kind == kind) return true;
      }
      return false;
    })) << SocketEventName(kind);
    return event;
  }
  void ExpectPasses(FaceSocket* client, FaceSocket* server) {
    Message message("let in");
    ASSERT_TRUE(Until([&] { return client->TrySend(&message).ok(); }));
    Message got;
    ASSERT_TRUE(Until([&] { return server->TryReceive(&got); }));
    EXPECT_EQ(got.text(), "let in");
  }

  AdapterFace face_;
  AdapterFace other_;
  std::unique_ptr<FaceSocket> handler_;
  std::string at_;
  std::string from_;  // the routing id of who asked last
};

using Adapters = std::tuple<std::string_view, std::string_view>;

class ZapHandlerTest : public Base, public ::testing::WithParamInterface<Adapters> {
 protected:
  ZapHandlerTest() : Base(std::get<0>(GetParam()), std::get<1>(GetParam())) {}
};

std::string Name(const ::testing::TestParamInfo<Adapters>& info) {
  return absl::StrCat(AdapterTestName(std::get<0>(info.param)), "Asks",
                      AdapterTestName(std::get<1>(info.param)));
}

// Z-1, Z-2, Z-5, Z-8, Z-9, Z-10, Z-11: REP hears what RFC 27 says, and 200 lets in, with a user id
// and metadata that stay here.
TEST_P(ZapHandlerTest, ARepLetsIn) {
  Handle(SocketType::kRep);
  auto server = Serve(With(PlainServer{.domain = "global"}));
  auto client = Dial(Ada());
  EXPECT_THAT(Asked(),
              ElementsAre("1.0", "1", "global", "127.0.0.1", "", "PLAIN", "ada", "lovelace"));
  EXPECT_EQ(server->core().ready_peers(), 0u);
  Reply({"1.0", "1", "200", "OK", "ada of the sea", std::string("\4Role\0\0\0\5queen", 14)});
  const SocketEvent ready = Event(server.get(), Kind::kReady);
  ASSERT_NE(ready.peer_info, nullptr);
  EXPECT_EQ(ready.peer_info->user_id, "ada of the sea");
  EXPECT_THAT(ready.peer_info->auth_metadata, ElementsAre(std::pair("Role", "queen")));
  const SocketEvent theirs = Event(client.get(), Kind::kReady);
  EXPECT_EQ(theirs.peer_info->user_id, "");
  for (const auto& [name, value] : theirs.peer_info->properties) EXPECT_NE(name, "Role");
  ExpectPasses(client.get(), server.get());
}

// Z-8, Z-9, V-17: each status, and what the client hears of it.
TEST_P(ZapHandlerTest, StatusesHaveTheirEffects) {
  Handle(SocketType::kRep);
  const auto curve = With(CurveClient{
      .server_key = CountedKeys(0).public_key, .keys = CountedKeys(0x20), .crypto = TestCrypto()});
  const PublicKey key = CountedKeys(0x20).public_key;
  for (const char* status : {"300", "400", "500"}) {
    auto server = Serve(With(CurveServer{.keys = CountedKeys(0), .crypto = TestCrypto()}));
    auto client = Dial(curve);
    EXPECT_THAT(Asked(), ElementsAre("1.0", "1", "", "127.0.0.1", "", "CURVE",
                                     std::string(key.begin(), key.end())));
    Reply({"1.0", "1", status, "why", "", ""});
    const SocketEvent closed = Event(client.get(), Kind::kClosed);
    const bool silent = std::string_view(status) == "300";
    EXPECT_EQ(CauseOf(closed.status), silent ? Cause::kTransport : Cause::kPeerRejectedUs);
    EXPECT_EQ(closed.status.message().find("why"), std::string_view::npos);
    if (!silent) {
      EXPECT_NE(closed.status.message().find(status), std::string_view::npos);
    }
    EXPECT_EQ(CauseOf(Event(server.get(), Kind::kClosed).status),
              silent ? Cause::kLimit : Cause::kWeRejectedPeer);
    EXPECT_EQ(server->core().ready_peers(), 0u);
    if (silent) {
      // It comes again, and is let in.
      Asked();
      Reply({"1.0", "1", "200", "", "", ""});
      ExpectPasses(client.get(), server.get());
    }
  }
}

// Z-12: a ROUTER may answer in any order, to each the reply that is its own.
TEST_P(ZapHandlerTest, ARouterAnswersInAnyOrder) {
  Handle(SocketType::kRouter);
  auto server = Serve(With(PlainServer{.domain = "global"}));
  std::vector<std::unique_ptr<FaceSocket>> clients;
  std::vector<std::pair<std::string, std::string>> asked;  // user, routing id
  for (const char* name : {"one", "two", "three"}) {
    clients.push_back(Dial(With(PlainClient{.username = name, .password = "x"})));
    const Parts request = Asked();
    ASSERT_EQ(request.size(), 9u);
    EXPECT_EQ(request[0], "") << "the delimiter";
    asked.emplace_back(request[7], from_);
  }
  std::ranges::reverse(asked);
  for (const auto& [user, from] : asked) {
    from_ = from;
    Reply({"", "1.0", "1", user == "two" ? "400" : "200", "", user, ""});
  }
  EXPECT_EQ(CauseOf(Event(clients[1].get(), Kind::kClosed).status), Cause::kPeerRejectedUs);
  std::vector<std::string> in;
  for (int i = 0; i < 2; ++i) {
    in.push_back(Event(server.get(), Kind::kReady).peer_info->user_id);
  }
  EXPECT_THAT(in, UnorderedElementsAre("one", "three"));
  ExpectPasses(clients[0].get(), server.get());
  ExpectPasses(clients[2].get(), server.get());
}

// Z-3: what is no reply lets nobody in, without a word; the next question is answered all the same.
TEST_P(ZapHandlerTest, MalformedRepliesRefuse) {
  Handle(SocketType::kRouter);
  auto server = Serve(With(PlainServer{.domain = "global"}));
  auto client = Dial(Ada());
  const std::vector<Parts> malformed = {
      {"x", "1.0", "1", "200", "", "", ""},        // the delimiter
      {""},                                        // nothing but it
      {"", "1.1", "1", "200", "", "", ""},         // the version
      {"", "1.0", "2", "200", "", "", ""},         // the request id
      {"", "1.0", "1", "201", "", "", ""},         // the status
      {"", "1.0", "1", "200", "", ""},             // too few frames
      {"", "1.0", "1", "200", "", "", "", ""},     // too many
      {"", "1.0", "1", "200", "", "", "\x01rest"}  // metadata
  };
  for (const Parts& reply : malformed) {
    Asked();
    Reply(reply);
    EXPECT_EQ(CauseOf(Event(client.get(), Kind::kClosed).status), Cause::kTransport);
    EXPECT_EQ(server->core().ready_peers(), 0u);
  }
  Asked();
  Reply({"", "1.0", "1", "200", "", "", ""});
  ExpectPasses(client.get(), server.get());
}

// P-3: a handler that dies over a question lets nobody in; nor does the next connection get in,
// until there is a handler again.
TEST_P(ZapHandlerTest, AHandlerThatDies) {
  Handle(SocketType::kRep);
  auto server = Serve(With(PlainServer{.domain = "global"}));
  auto client = Dial(Ada());
  Asked();
  handler_.reset();
  for (int i = 0; i < 3; ++i) {
    const SocketEvent closed = Event(client.get(), Kind::kClosed);
    EXPECT_EQ(CauseOf(closed.status), Cause::kTransport);
    EXPECT_FALSE(closed.was_ready);
  }
  EXPECT_EQ(server->core().ready_peers(), 0u);
  Handle(SocketType::kRep);
  Asked();
  Reply({"1.0", "1", "200", "", "", ""});
  ExpectPasses(client.get(), server.get());
}

// G-11: a handler that never answers has the time of the handshake, and holds up nobody else's.
TEST_P(ZapHandlerTest, AHandlerThatNeverAnswers) {
  Handle(SocketType::kRouter);
  SocketOptions hasty = With(PlainServer{.domain = "global"});
  hasty.link.handshake_timeout = absl::Milliseconds(200);
  auto server = Serve(hasty);
  auto client = Dial(Ada());
  Asked();
  // A connection may have run out of time before its question was here: what closes from now on.
  for (SocketEvent before; server->NextEvent(&before);) {
  }
  const SocketEvent closed = Event(server.get(), Kind::kClosed);
  EXPECT_EQ(CauseOf(closed.status), Cause::kTimeout);
  EXPECT_FALSE(closed.was_ready);
  // The question is withdrawn with its link: an answer finds nobody.
  Reply({"", "1.0", "1", "200", "", "", ""});
  for (int turns = 0; turns < 20; ++turns) {
    face_.Turn();
    other_.Turn();
  }
  EXPECT_EQ(server->core().ready_peers(), 0u);
  // However long an answer takes on its way.
  ASSERT_TRUE(Until([&] {
    for (Message question; handler_->TryReceive(&question);) {
      from_ = std::string(AsText(question.routing_id()));
      Reply({"", "1.0", "1", "200", "", "", ""});
    }
    return server->core().ready_peers() == 1;
  }));
  ExpectPasses(client.get(), server.get());
}

// A peer within the process that leaves takes its question with it.
TEST_P(ZapHandlerTest, AnInprocPeerThatLeaves) {
  Handle(SocketType::kRouter);
  auto server = face_.MakeSocket(SocketType::kPull, With(PlainServer{.domain = "global"}));
  ASSERT_TRUE(server->Bind("inproc://guarded").ok());
  at_ = "inproc://guarded";
  auto client = Dial(Ada());
  Asked();
  client.reset();
  const SocketEvent withdrawn = Event(handler_.get(), Kind::kClosed);
  EXPECT_TRUE(withdrawn.was_ready) << withdrawn.ToString();
  EXPECT_EQ(handler_->core().ready_peers(), 0u);
}

// Z-6, Z-7: NULL asks only with a domain; with one and without a handler nobody comes in.
TEST_P(ZapHandlerTest, NullAsksIfThereIsADomain) {
  auto open = Serve(With(NullMechanism{}));
  auto guest = Dial(With(NullMechanism{}));
  ExpectPasses(guest.get(), open.get());
  auto server = Serve(With(NullMechanism{.domain = "global"}));
  auto client = Dial(With(NullMechanism{}));
  EXPECT_FALSE(Event(server.get(), Kind::kClosed).was_ready);
  EXPECT_EQ(server->core().ready_peers(), 0u);
  Handle(SocketType::kRep);
  EXPECT_THAT(Asked(), ElementsAre("1.0", "1", "global", "127.0.0.1", "", "NULL"));
  Reply({"1.0", "1", "200", "", "", ""});
  ExpectPasses(client.get(), server.get());
}

// An authenticator of the socket's own is asked instead.
TEST_P(ZapHandlerTest, AnAuthenticatorGoesFirst) {
  Handle(SocketType::kRep);
  auto server = Serve(With(PlainServer{.domain = "global"}));
  server->SetAuthenticator(AuthenticateBy(
      [](const AuthRequest&) { return AuthVerdict{.status = AuthStatus::kAccepted}; }));
  auto client = Dial(Ada());
  ExpectPasses(client.get(), server.get());
  Message none;
  EXPECT_FALSE(handler_->TryReceive(&none));
}

// Z-1: the handler may be on a thread of its own.
TEST_P(ZapHandlerTest, AHandlerOnAThreadOfItsOwn) {
  std::atomic<bool> listens = false;
  std::atomic<bool> stop = false;
  std::thread thread([&] {
    AdapterFace face(std::get<1>(GetParam()));
    auto handler = face.MakeSocket(SocketType::kRep);
    EXPECT_TRUE(handler->Bind(kZapEndpoint).ok());
    listens = true;
    while (!stop) {
      face.Turn();
      for (Message question; handler->TryReceive(&question);) {
        Message reply = MessageOf({"1.0", "1", question[6].text() == "ada" ? "200" : "400", "",
                                   std::string(question[6].text()), ""});
        EXPECT_TRUE(handler->TrySend(&reply).ok());
      }
    }
  });
  EXPECT_TRUE(Until([&] { return listens.load(); }));
  auto server = Serve(With(PlainServer{.domain = "global"}));
  for (int i = 0; i < 4; ++i) {
    auto client = Dial(Ada());
    ExpectPasses(client.get(), server.get());
    auto eve = Dial(With(PlainClient{.username = "eve", .password = "x"}));
    EXPECT_EQ(CauseOf(Event(eve.get(), Kind::kClosed).status), Cause::kPeerRejectedUs);
  }
  stop = true;
  thread.join();
}

// Destroying who asked, or who handles, at any moment.
TEST_P(ZapHandlerTest, MayBeDestroyedWithQuestionsOpen) {
  for (const bool asker_first : {true, false}) {
    Handle(SocketType::kRouter);
    auto server = Serve(With(PlainServer{.domain = "global"}));
    auto one = Dial(Ada());
    auto two = Dial(Ada());
    Asked();
    if (asker_first) server.reset();
    handler_.reset();
    server.reset();
    one.reset();
    two.reset();
  }
  Handle(SocketType::kRep);
}

INSTANTIATE_TEST_SUITE_P(All, ZapHandlerTest,
                         ::testing::Combine(::testing::ValuesIn(AllAdapters()),
                                            ::testing::ValuesIn(AllAdapters())),
                         Name);

}  // namespace
}  // namespace monocoque
