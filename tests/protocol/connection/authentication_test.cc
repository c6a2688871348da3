// Who may come in: PLAIN, an authenticator's verdicts, and NULL with a domain.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/retry.h"
#include "protocol/wire/command.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Answer;
using ::monocoque::testing::Asked;
using ::monocoque::testing::End;
using ::monocoque::testing::Feed;
using ::monocoque::testing::Hex;
using ::monocoque::testing::Pair;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::ToHex;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr AuthStatus kAllVerdicts[] = {AuthStatus::kAccepted, AuthStatus::kTryLater,
                                       AuthStatus::kRefused, AuthStatus::kFailed};

ConnectionOptions With(MechanismOptions mechanism, SocketType type = SocketType::kDealer) {
  ConnectionOptions options{.socket_type = type, .mechanism = std::move(mechanism)};
  options.peer_address = "192.0.2.7";
  options.peer_process = PeerProcess{.pid = 12, .uid = 34, .gid = 56};
  return options;
}

MechanismOptions Client() { return PlainClient{.username = "ada", .password = "swordfish"}; }
MechanismOptions Server() { return PlainServer{.domain = "test"}; }

// What one of our connections says to a peer whose octets are written by hand.
class Subject {
 public:
  explicit Subject(MechanismOptions mechanism, SocketType type = SocketType::kDealer)
      : host_(TestHost()),
        connection_(*Connection::Create(With(std::move(mechanism), type), host_)) {}

  // What it says to these octets.
  std::string Say(std::string_view octets) {
    Feed(connection_.get(), octets, host_.now);
    connection_->Process(1000, host_.now);
    return TakeOutput(connection_.get(), host_.now);
  }
  std::string SayCommand(std::string_view name, std::string_view data) {
    std::string octets;
    AppendCommand(&octets, name, AsBytes(data));
    return Say(octets);
  }
  std::string Greet(std::string_view mechanism) { return Say(PeerGreeting(3, 1, mechanism)); }
  void Decide(AuthStatus status) { Decide(AuthVerdict{.status = status}); }
  void Decide(const AuthVerdict& verdict) { connection_->Authorize(verdict, host_.now); }
  std::string Output() { return TakeOutput(connection_.get(), host_.now); }

  bool asks() {
    bool asked = false;
    for (ConnectionEvent event; connection_->NextEvent(&event);) {
      asked = asked || event.kind == ConnectionEvent::Kind::kAuthenticate;
    }
    return asked;
  }
  bool done() const { return connection_->done(); }
  Cause cause() const { return CauseOf(connection_->status()); }
  std::string why() const { return std::string(connection_->status().message()); }
  Connection& connection() { return *connection_; }

 private:
  Host host_;
  std::unique_ptr<Connection> connection_;
};

std::string Metadata(std::string_view socket_type) {
  const std::string ready = PeerReady(socket_type);
  return ready.substr(2 + 1 + command::kReady.size());
}

bool IsReady(const End& end) { return end.saw(ConnectionEvent::Kind::kReady); }

// P-2, P-4, P-5, P-6, Z-8, Z-10, G-8: whichever of the two is the server, and whoever was there
// first.
TEST(PlainTest, WhoIsAcceptedIsLetIn) {
  for (const bool a_serves : {true, false}) {
    Pair pair(With(a_serves ? Server() : Client()), With(a_serves ? Client() : Server()));
    pair.Run();
    End& server = a_serves ? pair.a : pair.b;
    End& client = a_serves ? pair.b : pair.a;
    const auto asked = Asked(server);
    ASSERT_NE(asked, nullptr);
    EXPECT_EQ(asked->mechanism, "PLAIN");
    EXPECT_EQ(asked->domain, "test");
    EXPECT_EQ(asked->address, "192.0.2.7");
    EXPECT_EQ(asked->process, (PeerProcess{.pid = 12, .uid = 34, .gid = 56}));
    EXPECT_EQ(asked->username, "ada");
    EXPECT_EQ(asked->password, "swordfish");
    EXPECT_EQ(Asked(client), nullptr);
    EXPECT_FALSE(IsReady(server) || IsReady(client));
    ASSERT_TRUE(Answer(&server,
                       {.status = AuthStatus::kAccepted,
                        .user_id = "ada of the sea",
                        .metadata = {{"Role", "fisher"}}},
                       pair.now));
    pair.Run();
    ASSERT_TRUE(IsReady(server) && IsReady(client));
    EXPECT_EQ(server.connection->peer().user_id, "ada of the sea");
    EXPECT_THAT(server.connection->peer().auth_metadata,
                ElementsAre(std::pair<std::string, std::string>("Role", "fisher")));
    EXPECT_EQ(client.connection->peer().user_id, "");
    EXPECT_EQ(client.connection->peer().mechanism, "PLAIN");
    Message message("hello");
    ASSERT_TRUE(client.connection->Send(&message, pair.now).ok());
    pair.Run();
    EXPECT_THAT(server.texts(), ElementsAre("hello"));
  }
}

// P-2: any octets, up to 255 of each, and none.
TEST(PlainTest, CredentialsArePassedOnAsTheyAre) {
  for (const std::string& text :
       {std::string(), std::string("\0\xff\n", 3), std::string(255, 'x')}) {
    Pair pair(With(PlainServer{}), With(PlainClient{.username = text, .password = text}));
    pair.Run();
    ASSERT_NE(Asked(pair.a), nullptr);
    EXPECT_EQ(Asked(pair.a)->username, text);
    EXPECT_EQ(Asked(pair.a)->password, text);
  }
  const auto made =
      Connection::Create(With(PlainClient{.username = std::string(256, 'x')}), TestHost());
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("user name has 256 octets"));
}

// P-1, SEC-9: HELLO is two lengths and what they count, no octet less or more.
TEST(PlainTest, AMalformedHelloEndsTheLink) {
  for (const char* data :
       {"", "05", "0161", "016102", "01610262", "0161016263", "ff61", "00", "0000ff"}) {
    Subject server(Server());
    server.Greet("PLAIN");
    EXPECT_EQ(server.SayCommand("HELLO", Hex(data)), "") << data;
    EXPECT_TRUE(server.done()) << data;
    EXPECT_EQ(server.cause(), Cause::kPeerViolation) << data;
    EXPECT_FALSE(server.asks()) << data;
  }
}

// P-4, P-8, SEC-4: each side says its own when it is due, and hears nothing else.
TEST(PlainTest, CommandsOutOfTurnEndTheLink) {
  const std::string hello = Hex("0161 0162");
  for (const char* name : {"READY", "INITIATE", "WELCOME", "MESSAGE", "PING"}) {
    Subject server(Server());
    server.Greet("PLAIN");
    EXPECT_EQ(server.SayCommand(name, Metadata("DEALER")), "");
    EXPECT_EQ(server.cause(), Cause::kPeerViolation) << name;
  }
  for (const char* name : {"READY", "HELLO", "INITIATE", "MESSAGE"}) {
    Subject client(Client());
    client.Greet("PLAIN");
    EXPECT_EQ(client.SayCommand(name, Metadata("DEALER")), "");
    EXPECT_EQ(client.cause(), Cause::kPeerViolation) << name;
  }
  // While the authenticator decides, and when it has.
  for (const bool decided : {false, true}) {
    Subject server(Server());
    server.Greet("PLAIN");
    server.SayCommand("HELLO", hello);
    if (decided) server.Decide(AuthStatus::kAccepted);
    server.Output();
    EXPECT_EQ(server.SayCommand("HELLO", hello), "");
    EXPECT_EQ(server.cause(), Cause::kPeerViolation) << decided;
  }
}

TEST(PlainTest, WelcomeHasNothingBehindItsName) {
  Subject client(Client());
  EXPECT_THAT(ToHex(client.Greet("PLAIN")),
              EndsWith("04140548454c4c4f036164610973776f726466697368"));
  EXPECT_EQ(client.SayCommand("WELCOME", "x"), "");
  EXPECT_EQ(client.cause(), Cause::kPeerViolation);
}

// P-7, X-1: ERROR as it should be, and as libzmq spells it.
TEST(PlainTest, BothSpellingsOfErrorAreUnderstood) {
  for (const char* error : {"040a054552524f5203343030", "04095e52524f5203343030"}) {
    for (const bool welcomed : {false, true}) {
      Subject client(Client());
      client.Greet("PLAIN");
      if (welcomed) client.SayCommand("WELCOME", "");
      EXPECT_EQ(client.Say(Hex(error)), "");
      EXPECT_TRUE(client.done());
      EXPECT_EQ(client.cause(), Cause::kPeerRejectedUs);
      EXPECT_THAT(client.why(), HasSubstr("400"));
      EXPECT_EQ(RetryRules().For(client.cause()), Retry::kNever);
    }
  }
  Subject client(Client());
  client.Greet("PLAIN");
  client.Say(Hex("04085e52524f52033430"));
  EXPECT_EQ(client.cause(), Cause::kPeerViolation);
}

// D-15: a server says that the types do not fit, once it knows who it talks to; a client never
// sends ERROR.
TEST(PlainTest, OnlyTheServerExplains) {
  Subject server(Server(), SocketType::kRep);
  server.Greet("PLAIN");
  server.SayCommand("HELLO", Hex("0161 0162"));
  server.Decide(AuthStatus::kAccepted);
  EXPECT_EQ(ToHex(server.Output()), "04080757454c434f4d45");
  EXPECT_THAT(server.SayCommand("INITIATE", Metadata("PUB")), HasSubstr("ERROR"));
  EXPECT_TRUE(server.done());
  EXPECT_EQ(server.cause(), Cause::kPeerIncompatible);

  Subject client(Client(), SocketType::kReq);
  client.Greet("PLAIN");
  client.SayCommand("WELCOME", "");
  EXPECT_EQ(client.SayCommand("READY", Metadata("PUB")), "");
  EXPECT_TRUE(client.done());
  EXPECT_EQ(client.cause(), Cause::kPeerIncompatible);
}

// P-3, Z-9, X-2: what each verdict does on both sides.
TEST(AuthenticationTest, VerdictsHaveTheirEffectsOnBothSides) {
  struct Case {
    AuthStatus status;
    Cause here, there;
    Retry they;
    const char* told;
  };
  for (const Case& c :
       {Case{AuthStatus::kTryLater, Cause::kLimit, Cause::kTransport, Retry::kBackoff, ""},
        Case{AuthStatus::kRefused, Cause::kWeRejectedPeer, Cause::kPeerRejectedUs, Retry::kNever,
             "400"},
        Case{AuthStatus::kFailed, Cause::kWeRejectedPeer, Cause::kPeerRejectedUs, Retry::kNever,
             "500"}}) {
    Pair pair(With(Server()), With(Client()));
    pair.Run();
    ASSERT_TRUE(Answer(&pair.a, {.status = c.status, .text = "not you"}, pair.now));
    pair.Run();
    EXPECT_TRUE(pair.a.connection->done() && pair.b.connection->done());
    EXPECT_EQ(CauseOf(pair.a.connection->status()), c.here);
    EXPECT_EQ(CauseOf(pair.b.connection->status()), c.there);
    EXPECT_EQ(RetryRules().For(c.there), c.they);
    const std::string ours(pair.a.connection->status().message());
    const std::string theirs(pair.b.connection->status().message());
    EXPECT_THAT(ours, HasSubstr("not you"));
    EXPECT_THAT(theirs, HasSubstr(c.told));
    EXPECT_THAT(theirs, Not(HasSubstr("not you")));
    EXPECT_FALSE(IsReady(pair.a) || IsReady(pair.b));
  }
}

// SEC-2, SEC-3: a handshake that comes octet by octet holds what it says, not a window for each
// octet; and while it waits, none.
TEST(AuthenticationTest, AHandshakeInOctetsHoldsWhatItSays) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  auto connection = *Connection::Create(With(Server()), host);
  std::string octets = PeerGreeting(3, 1, "PLAIN");
  AppendCommand(&octets, "HELLO", AsBytes(std::string(5000, 'h')));
  octets.pop_back();
  std::int64_t window_bytes = 0;
  std::int64_t most = 0;
  for (const char octet : octets) {
    absl::StatusOr<ReadWindow> window = connection->PrepareRead();
    ASSERT_TRUE(window.ok());
    window_bytes = static_cast<std::int64_t>(window->span().size());
    window->span()[0] = static_cast<std::uint8_t>(octet);
    connection->CommitRead(*std::move(window), 1, host.now);
    connection->Process(10, host.now);
    most = std::max(most, host.budget->used());
  }
  EXPECT_TRUE(connection->status().ok());
  // Its own greeting waits in another.
  EXPECT_LE(most, 2 * window_bytes);
  TakeOutput(connection.get(), host.now);
  EXPECT_LE(host.budget->used(), static_cast<std::int64_t>(octets.size()));
}

// P-9: an unknown name and a wrong password hear the same octets, whatever the authenticator has to
// say about them.
TEST(AuthenticationTest, WhoExistsIsNotToldByOctets) {
  for (const AuthStatus status : {AuthStatus::kTryLater, AuthStatus::kRefused}) {
    std::vector<std::string> heard;
    for (const auto& [hello, verdict] :
         {std::pair("\3ada\5wrong", AuthVerdict{.status = status, .text = "wrong password"}),
          std::pair("\3eve\5wrong", AuthVerdict{.status = status,
                                                .text = "no such user",
                                                .user_id = "eve",
                                                .metadata = {{"Known", "no"}}})}) {
      Subject server(Server());
      std::string octets = server.Greet("PLAIN") + server.SayCommand("HELLO", hello);
      server.Decide(verdict);
      octets += server.Output();
      EXPECT_TRUE(server.done());
      heard.push_back(ToHex(octets));
    }
    EXPECT_EQ(heard[0], heard[1]);
  }
}

// What an authenticator says may repeat what the peer said: nothing of it acts on a terminal.
TEST(AuthenticationTest, TheVerdictsTextIsShownEscaped) {
  for (const AuthStatus status : {AuthStatus::kTryLater, AuthStatus::kRefused}) {
    Subject server(Server());
    server.Greet("PLAIN");
    server.SayCommand("HELLO", "\3ada\5wrong");
    server.Decide({.status = status, .text = "who is \x1b[2J\neve"});
    EXPECT_THAT(server.why(), HasSubstr("who is \\x1b[2J\\neve"));
  }
}

// N-4: the reason of an ERROR is told, of whatever octets it is.
TEST(AuthenticationTest, TheReasonOfAnErrorIsTold) {
  std::string error;
  AppendError(&error, "full \x1b[2J\nmoon");
  for (const bool plain : {false, true}) {
    Subject subject(plain ? Client() : NullMechanism());
    subject.Greet(plain ? "PLAIN" : "NULL");
    subject.Say(error);
    EXPECT_EQ(subject.cause(), Cause::kPeerRejectedUs);
    EXPECT_THAT(subject.why(), HasSubstr("refused us: full \\x1b[2J\\nmoon"));
  }
}

// No name, no password in what an application logs (P-9).
TEST(AuthenticationTest, NoCredentialsInAnyStatus) {
  for (const AuthStatus status : kAllVerdicts) {
    Pair pair(With(Server(), SocketType::kRep), With(Client(), SocketType::kPub));
    pair.Run();
    Answer(&pair.a, {.status = status}, pair.now);
    pair.Run();
    for (const End* end : {&pair.a, &pair.b}) {
      EXPECT_FALSE(end->connection->status().ok());
      const std::string text = end->connection->status().ToString();
      EXPECT_THAT(text, Not(HasSubstr("swordfish")));
      EXPECT_THAT(text, Not(HasSubstr("ada")));
    }
  }
}

// G-11: the deadline of the handshake goes on while somebody decides.
TEST(AuthenticationTest, AVerdictMayNotTakeForEver) {
  Pair pair(With(Server()), With(Client()));
  pair.Run();
  pair.Advance(absl::Seconds(31));
  EXPECT_EQ(CauseOf(pair.a.connection->status()), Cause::kTimeout);
  ASSERT_TRUE(Answer(&pair.a, {.status = AuthStatus::kAccepted}, pair.now));
  EXPECT_TRUE(pair.a.connection->done());
  EXPECT_EQ(TakeOutput(pair.a.connection.get(), pair.now), "");
}

TEST(AuthenticationTest, VerdictsThatNobodyAskedForAreIgnored) {
  Pair pair(With(Server()), With(Client()));
  pair.a.connection->Authorize({.status = AuthStatus::kAccepted}, pair.now);
  pair.b.connection->Authorize({.status = AuthStatus::kRefused}, pair.now);
  pair.Run();
  EXPECT_FALSE(IsReady(pair.a));
  ASSERT_TRUE(Answer(&pair.a, {.status = AuthStatus::kAccepted}, pair.now));
  ASSERT_TRUE(Answer(&pair.a, {.status = AuthStatus::kRefused}, pair.now));
  pair.Run();
  EXPECT_TRUE(IsReady(pair.a) && IsReady(pair.b));
  ASSERT_TRUE(Answer(&pair.a, {.status = AuthStatus::kRefused}, pair.now));
  EXPECT_TRUE(pair.a.connection->status().ok());
}

// Z-5, Z-6, Z-11: NULL asks if there is a domain, before it says READY; what the peer said before
// is kept.
TEST(NullAuthenticationTest, AskedWithADomain) {
  const MechanismOptions null = NullMechanism{.domain = "test"};
  Subject subject(null);
  EXPECT_THAT(subject.Greet("NULL"), Not(HasSubstr("READY")));
  EXPECT_TRUE(subject.asks());
  subject.Decide(AuthStatus::kAccepted);
  EXPECT_THAT(subject.Output(), HasSubstr("READY"));
  EXPECT_EQ(subject.connection().state(), ConnectionState::kHandshake);
  subject.Say(PeerReady("DEALER"));
  EXPECT_EQ(subject.connection().state(), ConnectionState::kTraffic);

  Pair pair(With(null), With(NullMechanism{}, SocketType::kRouter));
  pair.Run();
  const auto asked = Asked(pair.a);
  ASSERT_NE(asked, nullptr);
  EXPECT_EQ(asked->mechanism, "NULL");
  EXPECT_EQ(asked->username, "");
  Answer(&pair.a, {.status = AuthStatus::kAccepted, .user_id = "who"}, pair.now);
  pair.Run();
  EXPECT_TRUE(IsReady(pair.a) && IsReady(pair.b));
  EXPECT_EQ(pair.a.connection->peer().user_id, "who");

  EXPECT_FALSE(
      Connection::Create(With(NullMechanism{.domain = std::string(256, 'x')}), TestHost()).ok());
}

// N-3: READY and messages right behind it may be here before the verdict; they wait, and no more is
// read than is due to somebody who is not let in yet (SEC-2).
TEST(NullAuthenticationTest, WhatComesBeforeTheVerdictWaits) {
  Subject subject(NullMechanism{.domain = "test"});
  subject.Say(absl::StrCat(PeerGreeting(), PeerReady("DEALER"), Hex("000568656c6c6f")));
  EXPECT_TRUE(subject.asks());
  EXPECT_EQ(subject.connection().read_hint().mode, ReadMode::kAny);
  subject.Say(Hex("02000000000000ffff") + std::string(32 * 1024, 'x'));
  EXPECT_EQ(subject.connection().read_hint().mode, ReadMode::kPaused);
  subject.Decide(AuthStatus::kAccepted);
  EXPECT_EQ(subject.connection().read_hint().mode, ReadMode::kAny);
  ConnectionEvent event;
  ASSERT_TRUE(subject.connection().NextEvent(&event));
  Message message;
  ASSERT_EQ(subject.connection().Receive(&message, Instant()), Poll::kMessage);
  EXPECT_EQ(message.text(), "hello");
}

TEST(NullAuthenticationTest, RefusedByError) {
  Subject subject(NullMechanism{.domain = "test"});
  subject.Greet("NULL");
  subject.Decide(AuthStatus::kFailed);
  EXPECT_EQ(ToHex(subject.Output()), "040a054552524f5203353030");
  EXPECT_TRUE(subject.done());
}

// G-7, SEC-1: no negotiation, no other mechanism.
TEST(AuthenticationTest, BothSidesNeedTheSameMechanism) {
  const std::vector<std::pair<std::string, MechanismOptions>> all = {
      {"NULL", NullMechanism{}},
      {"PLAIN", Client()},
      {"PLAIN", Server()},
      {"CURVE", testing::TestCurveClient()},
      {"CURVE", testing::TestCurveServer()}};
  for (const auto& [name, options] : all) {
    for (const std::string_view other : {"NULL", "PLAIN", "CURVE", "CURVE ", "plain", ""}) {
      if (other == name) continue;
      Subject subject(options);
      const std::string said = subject.Greet(other);
      EXPECT_EQ(said.size(), 64u) << name << " meets " << other;
      EXPECT_TRUE(subject.done());
      EXPECT_EQ(subject.cause(), Cause::kPeerIncompatible);
    }
  }
}

// G-8, D-3: the server says so in its greeting; what the peer says there does not matter.
TEST(AuthenticationTest, AsServerIsToldAndNotLookedAt) {
  EXPECT_EQ(Subject(Server()).Greet("PLAIN")[32], 1);
  EXPECT_EQ(Subject(Client()).Greet("PLAIN")[32], 0);
  EXPECT_EQ(Subject(testing::TestCurveServer()).Greet("CURVE")[32], 1);
  EXPECT_EQ(Subject(testing::TestCurveClient()).Greet("CURVE")[32], 0);
  Subject server(Server());
  std::string greeting = PeerGreeting(3, 1, "PLAIN");
  greeting[32] = 1;
  server.Say(greeting);
  server.SayCommand("HELLO", Hex("0161 0162"));
  EXPECT_TRUE(server.asks());
}

}  // namespace
}  // namespace monocoque
