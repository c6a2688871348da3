// CURVE: the handshake as a peer may bend it, and the traffic in its boxes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/reserve.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/command.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Answer;
using ::monocoque::testing::Asked;
using ::monocoque::testing::CountedKeys;
using ::monocoque::testing::End;
using ::monocoque::testing::Feed;
using ::monocoque::testing::Pair;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestCurveClient;
using ::monocoque::testing::TestCurveServer;
using ::monocoque::testing::TestHost;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ConnectionOptions With(MechanismOptions mechanism, SocketType type = SocketType::kDealer) {
  return {.socket_type = type, .mechanism = std::move(mechanism)};
}

bool IsReady(const End& end) { return end.saw(ConnectionEvent::Kind::kReady); }

// A server, `a`, and a client, `b`, whose handshake is over.
class Joined : public Pair {
 public:
  explicit Joined(SocketType server = SocketType::kDealer, SocketType client = SocketType::kDealer,
                  const Host& host = TestHost())
      : Pair(With(TestCurveServer(), server), With(TestCurveClient(), client), host) {
    Run();
    EXPECT_TRUE(IsReady(a) && IsReady(b));
  }

  void Say(End* from, std::string_view text) {
    Message message(text);
    ASSERT_TRUE(from->connection->Send(&message, now).ok());
  }
  // What the end wants to write, not yet seen by the other.
  std::string Octets(End* from) { return TakeOutput(from->connection.get(), now); }
  // What the application gets of these octets.
  std::vector<std::string> Hear(End* to, std::string_view octets) {
    to->received.clear();
    Feed(to->connection.get(), octets, now);
    to->connection->Process(1000, now);
    Message message;
    ConnectionEvent event;
    for (Poll poll; (poll = to->connection->Receive(&message, now)) != Poll::kNeedData;) {
      if (poll == Poll::kMessage) {
        to->received.push_back(message);
      } else {
        while (to->connection->NextEvent(&event)) to->events.push_back(event);
      }
    }
    return to->texts();
  }
};

// V-5, V-18, SEC-4: keys make both sides sure of each other; nothing of what they tell each other
// can be read on the way.
TEST(CurveTest, MessagesPassBothWaysAndCannotBeRead) {
  Joined pair;
  EXPECT_EQ(pair.b.connection->peer().mechanism, "CURVE");
  for (End* from : {&pair.a, &pair.b}) {
    End* to = from == &pair.a ? &pair.b : &pair.a;
    pair.Say(from, "a secret");
    Message parts({"several", "", "parts"});
    ASSERT_TRUE(from->connection->Send(&parts, pair.now).ok());
    const std::string octets = pair.Octets(from);
    EXPECT_THAT(octets, HasSubstr("MESSAGE"));
    EXPECT_THAT(octets, Not(HasSubstr("secret")));
    EXPECT_THAT(octets, Not(HasSubstr("parts")));
    EXPECT_THAT(pair.Hear(to, octets), ElementsAre("a secret", "several||parts"));
  }
}

// SEC-2: what waits to be received behind the end keeps no slab for a few octets.
TEST(CurveTest, WhatWaitsBehindTheEndLiesClose) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  Joined pair(SocketType::kDealer, SocketType::kDealer, host);
  pair.Say(&pair.b, "a");
  pair.Say(&pair.b, "b");
  const std::string two = pair.Octets(&pair.b);
  Connection& c = *pair.a.connection;
  absl::StatusOr<ReadWindow> window = c.PrepareRead();
  ASSERT_TRUE(window.ok()) << window.status();
  std::copy_n(AsBytes(two).begin(), two.size() / 2 + 1, window->span().begin());
  c.CommitRead(*std::move(window), two.size() / 2 + 1, pair.now);
  ASSERT_GT(host.budget->used(), 2048);
  c.OnTransportClosed(absl::OkStatus(), pair.now);
  EXPECT_LE(host.budget->used(), 2048);
  Message message;
  ASSERT_EQ(c.Receive(&message, pair.now), Poll::kMessage);
  EXPECT_EQ(message.text(), "a");
}

// V-1: the same two talk again under other keys, and nothing of the first time counts.
TEST(CurveTest, EachConnectionHasKeysOfItsOwn) {
  const Host host = TestHost();
  Joined first(SocketType::kDealer, SocketType::kDealer, host);
  Joined second(SocketType::kDealer, SocketType::kDealer, host);
  first.Say(&first.b, "hello");
  second.Say(&second.b, "hello");
  const std::string octets = first.Octets(&first.b);
  EXPECT_NE(octets, second.Octets(&second.b));
  EXPECT_THAT(second.Hear(&second.a, octets), IsEmpty());
  EXPECT_EQ(CauseOf(second.a.connection->status()), Cause::kPeerViolation);
}

// Z-8: whoever owns the key is asked about once that is proven, and before READY.
TEST(CurveTest, TheAuthenticatorIsAskedAboutTheKey) {
  for (const auto& [status, cause] : {std::pair(AuthStatus::kAccepted, Cause::kNone),
                                      std::pair(AuthStatus::kRefused, Cause::kPeerRejectedUs),
                                      std::pair(AuthStatus::kFailed, Cause::kPeerRejectedUs),
                                      std::pair(AuthStatus::kTryLater, Cause::kTransport)}) {
    Pair pair(With(TestCurveServer(/*allow_any_key=*/false)), With(TestCurveClient()));
    pair.Run();
    ASSERT_NE(Asked(pair.a), nullptr);
    EXPECT_EQ(Asked(pair.a)->mechanism, "CURVE");
    EXPECT_EQ(Asked(pair.a)->domain, "test");
    EXPECT_EQ(Asked(pair.a)->client_key, AsText(CountedKeys(0x20).public_key));
    EXPECT_FALSE(IsReady(pair.a) || IsReady(pair.b));
    Answer(&pair.a, {.status = status, .user_id = "joe"}, pair.now);
    pair.Run();
    EXPECT_EQ(IsReady(pair.a), status == AuthStatus::kAccepted);
    EXPECT_EQ(IsReady(pair.b), status == AuthStatus::kAccepted);
    EXPECT_EQ(CauseOf(pair.b.connection->status()), cause);
    EXPECT_EQ(pair.a.connection->peer().user_id, status == AuthStatus::kAccepted ? "joe" : "");
  }
}

// A client of another server gets no word: it does not open what the client says (V-2).
TEST(CurveTest, AnotherServersClientIsClosedWithoutAWord) {
  CurveClient client = TestCurveClient();
  client.server_key = CountedKeys(0x10).public_key;
  Pair pair(With(TestCurveServer()), With(client));
  pair.Run();
  EXPECT_EQ(CauseOf(pair.a.connection->status()), Cause::kPeerViolation);
  EXPECT_THAT(std::string(pair.a.connection->status().message()), HasSubstr("another key"));
  EXPECT_EQ(CauseOf(pair.b.connection->status()), Cause::kTransport);
}

// Two of a kind never come together: servers wait for each other, clients hear HELLO.
TEST(CurveTest, TwoOfAKindDoNotMeet) {
  Pair clients(With(TestCurveClient()), With(TestCurveClient()));
  clients.Run();
  EXPECT_FALSE(IsReady(clients.a) || IsReady(clients.b));
  EXPECT_TRUE(clients.a.connection->done());
  Pair servers(With(TestCurveServer()), With(TestCurveServer()));
  servers.Run();
  servers.Advance(absl::Seconds(31));
  EXPECT_EQ(CauseOf(servers.a.connection->status()), Cause::kTimeout);
}

// V-2 to V-5, SEC-9: an octet changed or cut anywhere in the handshake ends it, whoever changed it;
// nobody crashes, nobody gets in, and only the authenticator's verdict is ever told.
TEST(CurveTest, NothingInTheHandshakeMayBeTouched) {
  struct Leg {
    bool from_client;
    std::size_t begin, size;  // of the frame in all that this side says
  };
  for (const Leg& leg : {Leg{true, 64, 202}, Leg{false, 64, 170}, Leg{true, 266, 290}}) {
    for (std::size_t at = leg.begin; at < leg.begin + leg.size; ++at) {
      const Host host = TestHost();
      auto server = *Connection::Create(With(TestCurveServer()), host);
      auto client = *Connection::Create(With(TestCurveClient()), host);
      std::size_t said_by_client = 0, said_by_server = 0;
      for (int turn = 0; turn < 10; ++turn) {
        const auto pass = [&](Connection* from, Connection* to, std::size_t* said, bool bend) {
          std::string octets = TakeOutput(from, host.now);
          if (bend && at >= *said && at < *said + octets.size()) octets[at - *said] ^= 0x40;
          *said += octets.size();
          Feed(to, octets, host.now);
          to->Process(1000, host.now);
        };
        pass(client.get(), server.get(), &said_by_client, leg.from_client);
        pass(server.get(), client.get(), &said_by_server, !leg.from_client);
      }
      ASSERT_FALSE(server->state() == ConnectionState::kTraffic &&
                   client->state() == ConnectionState::kTraffic)
          << (leg.from_client ? "client's" : "server's") << " octet " << at;
      ASSERT_LE(said_by_server, std::size_t{64 + 170}) << "the server explains octet " << at;
    }
  }
}

// V-7: what was heard once is not heard again; what is out of order neither.
TEST(CurveTest, ReplayedAndReorderedMessagesAreRefused) {
  for (const bool reorder : {false, true}) {
    Joined pair;
    pair.Say(&pair.b, "one");
    const std::string one = pair.Octets(&pair.b);
    pair.Say(&pair.b, "two");
    const std::string two = pair.Octets(&pair.b);
    EXPECT_THAT(pair.Hear(&pair.a, reorder ? two : one), ElementsAre(reorder ? "two" : "one"));
    EXPECT_THAT(pair.Hear(&pair.a, one), IsEmpty());
    EXPECT_EQ(CauseOf(pair.a.connection->status()), Cause::kPeerViolation);
    EXPECT_THAT(std::string(pair.a.connection->status().message()), HasSubstr("nonce"));
    EXPECT_EQ(pair.Octets(&pair.a), "") << "V-11: no ERROR";
  }
}

// V-7: gaps are none of our business.
TEST(CurveTest, AMessageMayBeMissing) {
  Joined pair;
  pair.Say(&pair.b, "one");
  pair.Octets(&pair.b);
  pair.Say(&pair.b, "two");
  EXPECT_THAT(pair.Hear(&pair.a, pair.Octets(&pair.b)), ElementsAre("two"));
}

// V-10: what we said ourselves is no answer.
TEST(CurveTest, AReflectionIsRefused) {
  Joined pair;
  for (int i = 0; i < 5; ++i) pair.Say(&pair.a, "echo");
  EXPECT_THAT(pair.Hear(&pair.a, pair.Octets(&pair.a)), IsEmpty());
  EXPECT_EQ(CauseOf(pair.a.connection->status()), Cause::kPeerViolation);
}

// V-11: every octet of a message counts. What came whole before it is delivered.
TEST(CurveTest, ATouchedMessageEndsTheLink) {
  Joined measure;
  measure.Say(&measure.b, "second");
  const std::size_t size = measure.Octets(&measure.b).size();
  for (std::size_t at = 0; at < size; ++at) {
    Joined pair;
    pair.Say(&pair.b, "first");
    const std::string first = pair.Octets(&pair.b);
    pair.Say(&pair.b, "second");
    std::string second = pair.Octets(&pair.b);
    ASSERT_EQ(second.size(), size);
    second[at] ^= 0x10;
    // A size that is larger now waits for the rest.
    const bool longer = at == 1 && static_cast<std::uint8_t>(second[1]) > size - 2;
    EXPECT_THAT(pair.Hear(&pair.a, first + second + std::string(longer ? 300 : 0, '\0')),
                ElementsAre("first"))
        << at;
    EXPECT_EQ(CauseOf(pair.a.connection->status()), Cause::kPeerViolation) << at;
    EXPECT_EQ(pair.Octets(&pair.a), "") << at;
  }
}

// V-11: no frame but MESSAGE, of no kind, and none that is too short to hold a box.
TEST(CurveTest, NothingOutsideOfBoxes) {
  std::string ping, error, message;
  AppendPing(&ping, absl::Seconds(1), {});
  AppendError(&error, "oops");
  AppendCommand(&message, "MESSAGE", AsBytes("too short"));
  for (const std::string& frame :
       {ping, error, message, std::string("\0\5hello", 7), std::string("\1\0", 2),
        std::string("\0\0", 2), std::string("\0\x50", 2) + std::string(0x50, 'x')}) {
    Joined pair;
    EXPECT_THAT(pair.Hear(&pair.a, frame), IsEmpty());
    EXPECT_EQ(CauseOf(pair.a.connection->status()), Cause::kPeerViolation) << frame;
    EXPECT_EQ(pair.Octets(&pair.a), "");
  }
}

// V-12: a MESSAGE may come in a command frame.
TEST(CurveTest, MessagesInCommandFramesAreTaken) {
  Joined pair;
  for (const std::size_t size : {5u, 500u}) {
    pair.Say(&pair.b, std::string(size, 'x'));
    std::string octets = pair.Octets(&pair.b);
    EXPECT_EQ(octets[0] & 0x05, 0);
    octets[0] |= 0x04;
    EXPECT_THAT(pair.Hear(&pair.a, octets), ElementsAre(std::string(size, 'x')));
  }
}

// H-1, V-15, S-1: heartbeats and subscriptions travel in boxes.
TEST(CurveTest, CommandsTravelInBoxes) {
  ConnectionOptions server = With(TestCurveServer(), SocketType::kPub);
  server.heartbeat.interval = absl::Seconds(1);
  Pair pair(server, With(TestCurveClient(), SocketType::kSub));
  pair.Run();
  ASSERT_TRUE(IsReady(pair.b));
  ASSERT_TRUE(pair.b.connection->SendSubscription(true, AsBytes("news"), pair.now).ok());
  pair.Run();
  ASSERT_TRUE(pair.a.saw(ConnectionEvent::Kind::kSubscribe));
  EXPECT_EQ(pair.a.events.back().data.text(), "news");
  // Each PING is answered, or the link would be over.
  for (int i = 0; i < 10; ++i) pair.Advance(absl::Seconds(1));
  EXPECT_TRUE(pair.a.connection->status().ok());
  pair.Silence();
  for (int i = 0; i < 3; ++i) pair.Advance(absl::Seconds(1));
  EXPECT_EQ(CauseOf(pair.a.connection->status()), Cause::kHeartbeat);
}

// Sizes around every edge, in any cut.
TEST(CurveTest, AllSizesInAnyCut) {
  for (const std::size_t piece : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
    Joined pair;
    pair.CutInto(piece);
    std::vector<std::string> texts;
    for (const std::size_t size : std::initializer_list<std::size_t>{
             0,   1,    31,     32,     80,     81,     221,    222,    223,    255,
             256, 5000, 16'000, 17'000, 65'000, 65'493, 65'494, 65'495, 65'536, 100'000}) {
      if (piece == 1 && size > 20'000) continue;
      texts.push_back(std::string(size, static_cast<char>('a' + texts.size())));
      pair.Say(&pair.b, texts.back());
    }
    pair.Run();
    EXPECT_EQ(pair.a.texts(), texts) << piece;
  }
}

TEST(CurveTest, AMessageBeyondAMebibyteGrowsAsItComes) {
  Joined pair;
  const std::string text(5 * 1024 * 1024 + 7, 'q');
  pair.Say(&pair.a, text);
  pair.Run();
  EXPECT_THAT(pair.b.texts(), ElementsAre(text));
}

// F-9, F-10, SEC-3: a size takes no memory, and one beyond the limit ends the link at its header.
TEST(CurveTest, ASizeAloneTakesNoMemory) {
  Host host = TestHost();
  host.budget = Budget::Create(8 * 1024 * 1024);
  Joined pair(SocketType::kDealer, SocketType::kDealer, host);
  pair.Say(&pair.b, std::string(200, 'x'));
  const std::string head = pair.Octets(&pair.b).substr(2, CurveSession::kHeadBytes);
  const auto before = host.budget->used();
  EXPECT_THAT(pair.Hear(&pair.a, std::string("\2\0\0\0\0\x0f\xff\xff\xff", 9) + head), IsEmpty());
  EXPECT_TRUE(pair.a.connection->status().ok());
  EXPECT_LE(host.budget->used() - before, 2 * 1024 * 1024 + 1024);
  Joined other;
  EXPECT_THAT(other.Hear(&other.a, std::string("\2\0\0\0\0\x7f\xff\xff\xff", 9)), IsEmpty());
  EXPECT_EQ(CauseOf(other.a.connection->status()), Cause::kPeerViolation);
  Joined third;
  EXPECT_THAT(third.Hear(&third.a, std::string("\2\xff\xff\xff\xff\xff\xff\xff\xff", 9)),
              IsEmpty());
  EXPECT_EQ(CauseOf(third.a.connection->status()), Cause::kPeerViolation);
}

// Whole messages that are here when the stream ends are delivered, those in boxes too; a cut one is
// not.
TEST(CurveTest, WhatCameBeforeTheEndIsDelivered) {
  Joined pair;
  pair.Say(&pair.b, "one");
  pair.Say(&pair.b, "two");
  std::string octets = pair.Octets(&pair.b);
  pair.Say(&pair.b, "three");
  const std::string third = pair.Octets(&pair.b);
  Feed(pair.a.connection.get(), octets + third.substr(0, third.size() - 1), pair.now);
  pair.a.connection->OnTransportClosed(absl::OkStatus(), pair.now);
  EXPECT_TRUE(pair.a.connection->delivering());
  EXPECT_THAT(pair.Hear(&pair.a, ""), ElementsAre("one", "two"));
  EXPECT_FALSE(pair.a.connection->delivering());
}

// What was sealed and did not leave goes to the next link, as it was before; what had begun does
// not.
TEST(CurveTest, WhatDidNotLeaveComesBack) {
  Joined pair;
  pair.Say(&pair.b, "one");
  const std::size_t one = pair.b.connection->unsent_bytes();
  pair.Say(&pair.b, "two");
  Message parts({"three", "", std::string(5000, '3')});
  ASSERT_TRUE(pair.b.connection->Send(&parts, pair.now).ok());
  pair.Say(&pair.b, std::string(100'000, '4'));
  EXPECT_EQ(pair.b.connection->unsent_messages(), 4u);
  TransmitBatch batch;
  ASSERT_TRUE(pair.b.connection->FillTransmit(&batch, 512 * 1024));
  // The first is gone, of the second one octet is.
  pair.b.connection->ReturnBatch(std::move(batch), one + 1, absl::UnavailableError("reset"),
                                 pair.now);
  pair.b.connection->OnTransportClosed(absl::UnavailableError("reset"), pair.now);
  std::vector<std::string> back;
  for (Message message; pair.b.connection->TakeUnsent(&message);) {
    std::string text;
    for (const Slice& part : message) absl::StrAppend(&text, part.text(), "|");
    back.push_back(text);
  }
  EXPECT_THAT(back, ElementsAre(absl::StrCat("three||", std::string(5000, '3'), "|"),
                                absl::StrCat(std::string(100'000, '4'), "|")));
  EXPECT_EQ(pair.b.connection->cut_messages(), 1u);
}

// A server's pattern that refuses somebody says so, in a box; a client's never does (V-16).
TEST(CurveTest, AClientSendsNoError) {
  Joined pair;
  pair.b.connection->Fail(TerminalStatus(Cause::kWeRejectedPeer, "enough"), "enough", pair.now);
  EXPECT_EQ(pair.Octets(&pair.b), "");
  pair.a.connection->Fail(TerminalStatus(Cause::kWeRejectedPeer, "enough"), "enough", pair.now);
  const std::string said = pair.Octets(&pair.a);
  EXPECT_THAT(said, HasSubstr("MESSAGE"));
  EXPECT_THAT(said, Not(HasSubstr("enough")));
}

// The budget refuses what a box opens to: it waits, and is lost to nobody.
TEST(CurveTest, WithoutMemoryABoxWaits) {
  Host host = TestHost();
  Joined pair(SocketType::kDealer, SocketType::kDealer, host);
  // A server of its own budget.
  Host tight = host;
  tight.budget = Budget::Create(160 * 1024);
  pair.a.connection = *Connection::Create(With(TestCurveServer()), tight);
  pair.b.connection = *Connection::Create(With(TestCurveClient()), host);
  pair.a.events.clear();
  pair.b.events.clear();
  pair.Run();
  ASSERT_TRUE(IsReady(pair.a));
  pair.Say(&pair.b, std::string(30'000, 'x'));
  const std::string octets = pair.Octets(&pair.b);
  ASSERT_TRUE(tight.budget->TryCharge(140 * 1024));
  EXPECT_THAT(pair.Hear(&pair.a, octets), IsEmpty());
  EXPECT_TRUE(pair.a.connection->status().ok());
  EXPECT_EQ(pair.a.connection->read_hint().mode, ReadMode::kPaused);
  EXPECT_FALSE(pair.a.connection->NextDeadline().is_never());
  tight.budget->Release(140 * 1024);
  pair.now = pair.a.connection->NextDeadline();
  pair.a.connection->HandleTimeout(pair.now);
  EXPECT_THAT(pair.Hear(&pair.a, ""), ElementsAre(std::string(30'000, 'x')));
}

// What is set aside for one message is for the next: not for a box behind messages that are here,
// or those could not be put together any more.
TEST(CurveTest, WhatIsSetAsideIsForTheNextMessage) {
  const Host host = TestHost();
  Host tight = host;
  tight.budget = Budget::Create(2 * static_cast<std::int64_t>(host.pool->slab_bytes()) + 1000);
  Pair pair(With(TestCurveServer()), With(TestCurveClient()), host);
  pair.a.connection =
      *Connection::Create(With(TestCurveServer()), tight, std::make_shared<Reserves>());
  pair.Run();
  ASSERT_TRUE(IsReady(pair.a));
  // More than two slabs of them; some lie in both.
  const std::string part(3000, 'p');
  std::size_t sent = 0;
  for (; sent * 2 * part.size() < 3 * host.pool->slab_bytes(); ++sent) {
    Message message({part, part});
    ASSERT_TRUE(pair.b.connection->Send(&message, pair.now).ok());
  }
  Feed(pair.a.connection.get(), TakeOutput(pair.b.connection.get(), pair.now), pair.now);
  std::size_t received = 0;
  for (int turn = 0; turn < 100; ++turn) {
    pair.a.connection->Process(1000, pair.now);
    for (Message message; pair.a.connection->Receive(&message, pair.now) == Poll::kMessage;) {
      EXPECT_EQ(message.part_count(), 2u);
      message.Clear();
      ++received;
    }
    pair.now = std::min(pair.now + absl::Seconds(1), pair.a.connection->NextDeadline());
    pair.a.connection->HandleTimeout(pair.now);
  }
  EXPECT_EQ(received, sent);
}

// What Create refuses, with a sentence: no cryptography, no keys.
TEST(CurveTest, WithoutCryptographyItIsRefused) {
  CurveServer server = TestCurveServer();
  server.crypto = nullptr;
  const auto made = Connection::Create(With(server), TestHost());
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("sodium::MakeCrypto()"));
  CurveClient client = TestCurveClient();
  client.keys = CurveKeyPair();
  EXPECT_THAT(std::string(Connection::Create(With(client), TestHost()).status().message()),
              HasSubstr("`keys` are not set"));
}

}  // namespace
}  // namespace monocoque
