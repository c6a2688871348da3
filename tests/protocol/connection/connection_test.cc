#include "protocol/connection/connection.h"

#include <string>

#include "alloc/budget.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/retry.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Feed;
using ::monocoque::testing::Hex;
using ::monocoque::testing::Pair;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Up;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::unique_ptr<Connection> Make(SocketType type, const Host& host = TestHost()) {
  return *Connection::Create({.socket_type = type}, host);
}

void Send(Connection* connection, Message message, Instant now) {
  ASSERT_TRUE(connection->Send(&message, now).ok());
}

// N-1, N-2, TR-1: both sides are ready without waiting for each other, messages flow both ways.
TEST(ConnectionTest, TwoConnectionsExchangeMessages) {
  Pair pair(SocketType::kDealer, SocketType::kRouter);
  pair.Run();
  ASSERT_EQ(pair.a.connection->state(), ConnectionState::kTraffic);
  ASSERT_EQ(pair.b.connection->state(), ConnectionState::kTraffic);
  EXPECT_EQ(pair.a.connection->peer().socket_type, SocketType::kRouter);
  Send(pair.a.connection.get(), Message("ping"), pair.now);
  Send(pair.a.connection.get(), Message({"two", "", "parts"}), pair.now);
  Send(pair.b.connection.get(), Message(std::string(100000, 'x')), pair.now);
  pair.Run();
  EXPECT_THAT(pair.b.texts(), ElementsAre("ping", "two||parts"));
  ASSERT_EQ(pair.a.received.size(), 1u);
  EXPECT_EQ(pair.a.received[0].text(), std::string(100000, 'x'));
}

// G-9, TR-3: any segmentation gives the same messages in the same order.
TEST(ConnectionTest, OctetByOctet) {
  Pair pair(SocketType::kDealer, SocketType::kDealer);
  pair.CutInto(1);
  pair.Run();
  Send(pair.a.connection.get(), Message("one"), pair.now);
  Send(pair.a.connection.get(), Message({"two", "2"}), pair.now);
  Send(pair.a.connection.get(), Message(std::string(300, 'z')), pair.now);
  Send(pair.a.connection.get(), Message(""), pair.now);
  pair.Run();
  EXPECT_THAT(pair.b.texts(), ElementsAre("one", "two|2", std::string(300, 'z'), ""));
}

// G-1, G-2, B-6: the signature at once, the major version after the peer's, the rest after its
// eleventh.
TEST(ConnectionTest, GreetingIsStaged) {
  const Host host = TestHost();
  auto c = Make(SocketType::kDealer, host);
  EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)), "ff00000000000000017f");
  const std::string peer = PeerGreeting();
  Feed(c.get(), peer.substr(0, 9), host.now);
  c->Process(10, host.now);
  EXPECT_EQ(TakeOutput(c.get(), host.now), "");
  Feed(c.get(), peer.substr(9, 1), host.now);
  c->Process(10, host.now);
  EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)), "03");
  Feed(c.get(), peer.substr(10, 1), host.now);
  c->Process(10, host.now);
  EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)).substr(0, 10), "014e554c4c");
}

// G-7, G-6, D-4: another mechanism is refused, our greeting goes out in full.
TEST(ConnectionTest, OtherMechanismIsRefused) {
  const Host host = TestHost();
  auto c = Make(SocketType::kDealer, host);
  Feed(c.get(), PeerGreeting(3, 1, "PLAIN"), host.now);
  c->Process(10, host.now);
  EXPECT_EQ(CauseOf(c->status()), Cause::kPeerIncompatible);
  EXPECT_EQ(TakeOutput(c.get(), host.now).size(), 64u);
  EXPECT_TRUE(c->done());
}

// G-2, G-9: what a refused peer hears does not depend on how its octets are cut.
TEST(ConnectionTest, ARefusedVersionHearsTheSameInAnyCut) {
  const Host host = TestHost();
  const std::string peer = Hex("ff00000000000000017f0008");
  for (const std::size_t piece : {std::size_t{1}, peer.size()}) {
    auto c = Make(SocketType::kPull, host);
    for (std::size_t at = 0; at < peer.size(); at += piece) {
      Feed(c.get(), peer.substr(at, piece), host.now);
      c->Process(10, host.now);
    }
    EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)), "ff00000000000000017f03") << piece;
    EXPECT_TRUE(c->done());
  }
}

// T-1, T-2, D-15: a misfit gets ERROR, then the close; never again by itself.
TEST(ConnectionTest, SocketTypeMisfitGetsError) {
  const Host host = TestHost();
  auto c = Make(SocketType::kPush, host);
  Feed(c.get(), PeerGreeting() + PeerReady("PUB"), host.now);
  c->Process(10, host.now);
  const std::string out = TakeOutput(c.get(), host.now);
  EXPECT_NE(out.find("\x05"
                     "ERROR"),
            std::string::npos);
  EXPECT_EQ(CauseOf(c->status()), Cause::kPeerIncompatible);
  EXPECT_EQ(RetryRules().For(CauseOf(c->status())), Retry::kNever);
  EXPECT_THAT(std::string(c->status().message()), ::testing::HasSubstr("PUSH cannot talk to PUB"));
}

// G-11: one deadline for the whole handshake, however the peer trickles.
TEST(ConnectionTest, HandshakeDeadline) {
  const Host host = TestHost();
  auto c = Make(SocketType::kPull, host);
  Instant now = host.now;
  const std::string peer = PeerGreeting();
  for (int i = 0; i < 29; ++i) {
    now = now + absl::Seconds(1);
    Feed(c.get(), peer.substr(static_cast<std::size_t>(i), 1), now);
    c->Process(10, now);
    c->HandleTimeout(now);
    ASSERT_TRUE(c->status().ok()) << i;
  }
  EXPECT_EQ(c->NextDeadline(), host.now + absl::Seconds(30));
  c->HandleTimeout(host.now + absl::Seconds(30));
  EXPECT_EQ(CauseOf(c->status()), Cause::kTimeout);
}

// F-11: nothing but commands before the handshake is over. C-5: the COMMAND bit is required.
TEST(ConnectionTest, MessageInHandshakeIsAViolation) {
  for (const std::string& first : {Hex("0003616263"), Hex("0005524541 4459").substr(0, 7)}) {
    const Host host = TestHost();
    auto c = Make(SocketType::kPull, host);
    Feed(c.get(), PeerGreeting() + first, host.now);
    c->Process(10, host.now);
    EXPECT_EQ(CauseOf(c->status()), Cause::kPeerViolation);
  }
}

// N-3, D-2: a message in the same segment as READY is delivered.
TEST(ConnectionTest, MessageRightBehindReady) {
  const Host host = TestHost();
  auto c = Make(SocketType::kPull, host);
  Feed(c.get(), PeerGreeting() + PeerReady("PUSH") + Hex("0003616263"), host.now);
  c->Process(10, host.now);
  Message m;
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kEvent);
  ConnectionEvent event;
  ASSERT_TRUE(c->NextEvent(&event));
  EXPECT_EQ(event.kind, ConnectionEvent::Kind::kReady);
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(m.text(), "abc");
}

// F-5, F-6, F-7, F-9: framing violations end the link; what came whole before them is delivered.
TEST(ConnectionTest, FramingViolations) {
  for (const char* bad :
       {"08 00", "10 00", "05 00", "02 8000000000000000", "02 0000000010000001"}) {
    const Host host = TestHost();
    auto c = Up(SocketType::kPull, "PUSH", host);
    Feed(c.get(), Hex("0003616263") + Hex(bad), host.now);
    c->Process(100, host.now);
    EXPECT_EQ(CauseOf(c->status()), Cause::kPeerViolation) << bad;
    Message m;
    Poll poll = c->Receive(&m, host.now);
    ASSERT_EQ(poll, Poll::kMessage) << bad;
    EXPECT_EQ(m.text(), "abc");
    EXPECT_EQ(c->Receive(&m, host.now), Poll::kEvent);
    EXPECT_TRUE(c->done());
  }
}

// F-8: an unfinished message is dropped when the connection ends.
TEST(ConnectionTest, UnfinishedMessageIsDropped) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host);
  Feed(c.get(), Hex("0101 61") + Hex("0005 6162"), host.now);
  c->OnTransportClosed(absl::OkStatus(), host.now);
  Message m;
  EXPECT_EQ(c->Receive(&m, host.now), Poll::kEvent);
  EXPECT_EQ(CauseOf(c->status()), Cause::kTransport);
}

// F-12, H-1, H-11: a PING between two parts is answered and changes nothing.
TEST(ConnectionTest, PingBetweenParts) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host);
  Feed(c.get(), Hex("0101 61") + Hex("0409 0450494e47 0000 7879") + Hex("0001 62"), host.now);
  c->Process(100, host.now);
  EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)), "040704504f4e477879");
  Message m;
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(m.part_count(), 2u);
  EXPECT_EQ(c->Receive(&m, host.now), Poll::kNeedData);
  EXPECT_EQ(TakeOutput(c.get(), host.now), "");  // not answered twice
}

// H-2, C-2, C-3, C-4.
TEST(ConnectionTest, CommandsInTraffic) {
  struct Case {
    const char* octets;
    bool closes;
  };
  for (const Case& c : {Case{"0406 0450494e47 00", true},   // PING without its ttl
                        Case{"0400", true},                 // no name
                        Case{"0403 056162", true},          // name past the end
                        Case{"0405 0451514e47", false},     // unknown
                        Case{"0406 0552454144 59", false},  // a second READY
                        Case{"040b 09535542534352494245 61", false}}) {
    const Host host = TestHost();
    auto connection = Up(SocketType::kPull, "PUSH", host);
    Feed(connection.get(), Hex(c.octets), host.now);
    connection->Process(100, host.now);
    EXPECT_EQ(!connection->status().ok(), c.closes) << c.octets;
    Message m;
    EXPECT_NE(connection->Receive(&m, host.now), Poll::kMessage) << c.octets;
  }
}

// C-2, H-2, D-12: what lies in front of a malformed command is delivered, and nothing behind it,
// whichever call comes to it first, and also if the peer has gone by then.
TEST(ConnectionTest, NothingBehindAMalformedCommandIsDelivered) {
  for (const char* bad : {"0400", "0403 204142", "0405 0450494e47"}) {
    for (const char* first : {"process", "receive", "close"}) {
      const Host host = TestHost();
      auto c = Up(SocketType::kPull, "PUSH", host);
      Feed(c.get(), Hex("0001 61") + Hex(bad) + Hex("0001 62"), host.now);
      if (first[0] == 'p') c->Process(100, host.now);
      if (first[0] == 'c') c->OnTransportClosed(absl::OkStatus(), host.now);
      Message m;
      ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage) << bad << ", " << first;
      EXPECT_EQ(m.text(), "a");
      EXPECT_EQ(c->Receive(&m, host.now), Poll::kEvent) << bad << ", " << first;
      ConnectionEvent event;
      while (c->NextEvent(&event)) {
      }
      EXPECT_EQ(c->Receive(&m, host.now), Poll::kNeedData) << bad << ", " << first;
      EXPECT_FALSE(c->delivering());
      EXPECT_TRUE(c->done());
    }
  }
}

// S-1, S-2: subscriptions in the form the peer knows; both forms are understood.
TEST(ConnectionTest, SubscriptionsInBothForms) {
  for (const std::uint8_t minor : {std::uint8_t{0}, std::uint8_t{1}}) {
    const Host host = TestHost();
    auto sub = Up(SocketType::kSub, "PUB", host, minor);
    ASSERT_TRUE(sub->SendSubscription(true, AsBytes("ab"), host.now).ok());
    ASSERT_TRUE(sub->SendSubscription(false, AsBytes("ab"), host.now).ok());
    const std::string out = TakeOutput(sub.get(), host.now);
    EXPECT_EQ(ToHex(out), minor == 0 ? "0003016162"
                                       "0003006162"
                                     : "040c095355425343524942456162"
                                       "04090643414e43454c6162");
    auto pub = Up(SocketType::kPub, "SUB", host, minor);
    Feed(pub.get(), out, host.now);
    Message m;
    EXPECT_EQ(pub->Receive(&m, host.now), Poll::kEvent);
    ConnectionEvent event;
    ASSERT_TRUE(pub->NextEvent(&event));
    EXPECT_EQ(event.kind, ConnectionEvent::Kind::kSubscribe);
    EXPECT_EQ(event.data.text(), "ab");
    EXPECT_EQ(pub->Receive(&m, host.now), Poll::kEvent);
    ASSERT_TRUE(pub->NextEvent(&event));
    EXPECT_EQ(event.kind, ConnectionEvent::Kind::kUnsubscribe);
  }
}

// PUB-8: a subscription that is taken behind the end means nothing any more; messages are delivered
// still.
TEST(ConnectionTest, NoSubscriptionBehindTheClosingEvent) {
  const Host host = TestHost();
  auto c = Up(SocketType::kXPub, "SUB", host);
  Feed(c.get(), Hex("0002 0161") + Hex("0001 62") + Hex("0002 0061"), host.now);
  c->OnTransportClosed(absl::OkStatus(), host.now);
  ConnectionEvent event;
  ASSERT_TRUE(c->NextEvent(&event));
  EXPECT_EQ(event.kind, ConnectionEvent::Kind::kClosed);
  Message m;
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(m.text(), "b");
  EXPECT_EQ(c->Receive(&m, host.now), Poll::kNeedData);
  EXPECT_FALSE(c->NextEvent(&event));
  EXPECT_FALSE(c->delivering());
}

// Pitfall 1, F-10: endless MORE ends at the limit of parts, and of octets.
TEST(ConnectionTest, EndlessMore) {
  const Host host = TestHost();
  for (const Limits& limits : {Limits{.max_parts = 10}, Limits{.max_message_bytes = 10}}) {
    auto c = Up(SocketType::kPull, "PUSH", host, 1, {.limits = limits});
    for (int i = 0; i < 11; ++i) {
      ASSERT_TRUE(c->status().ok()) << i;
      Feed(c.get(), Hex("0101 61"), host.now);
      c->Process(10, host.now);
    }
    EXPECT_EQ(CauseOf(c->status()), Cause::kPeerViolation);
  }
}

// The receive mark pauses reading; taking half of it resumes.
TEST(ConnectionTest, ReceiveMarkPausesReading) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host, 1, {.receive_mark = {.messages = 4, .bytes = 0}});
  std::string four;
  for (int i = 0; i < 4; ++i) four += Hex("000161");
  Feed(c.get(), four, host.now);
  EXPECT_EQ(c->read_hint().mode, ReadMode::kAny);
  c->Process(100, host.now);
  EXPECT_EQ(c->read_hint().mode, ReadMode::kPaused);
  EXPECT_EQ(c->PrepareRead().status().code(), absl::StatusCode::kUnavailable);
  Message m;
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(c->read_hint().mode, ReadMode::kPaused);
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(c->read_hint().mode, ReadMode::kAny);
}

// A large body is read straight into its own block.
TEST(ConnectionTest, LargeBodyIsReadDirectly) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host);
  const std::string body(300000, 'q');
  Feed(c.get(), Hex("02 00000000000493e0") + body.substr(0, 10), host.now);
  Message m;
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kNeedData);
  ASSERT_EQ(c->read_hint(), (ReadHint{ReadMode::kDirect, 299990}));
  auto window = c->PrepareRead();
  ASSERT_TRUE(window.ok());
  ASSERT_EQ(window->span().size(), 299990u);
  EXPECT_EQ(c->Donate(Slice::Copy("x"), host.now).code(), absl::StatusCode::kFailedPrecondition);
  std::ranges::copy(AsBytes(body).subspan(10), window->span().begin());
  c->CommitRead(*std::move(window), 299990, host.now);
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(m.text(), body);
}

// Octets that were read directly are behind the look ahead, whatever way the next ones come: it
// goes on at the next frame and not so much further on.
TEST(ConnectionTest, LookAheadAfterADirectRead) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host);
  const std::string body(300000, 'q');
  Feed(c.get(), Hex("03 00000000000493e0") + body.substr(0, 10), host.now);
  Message m;
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kNeedData);
  EXPECT_FALSE(c->Process(100, host.now));
  auto window = c->PrepareRead();
  ASSERT_TRUE(window.ok());
  ASSERT_EQ(window->span().size(), 299990u);
  std::ranges::copy(AsBytes(body).first(1000), window->span().begin());
  c->CommitRead(*std::move(window), 1000, host.now);
  const std::string ping = Hex("04 07 0450494e47 0000");
  Feed(c.get(), body.substr(1010) + Hex("000162") + ping + Hex("000163 0002ffff"), host.now);
  EXPECT_FALSE(c->Process(100, host.now));
  EXPECT_TRUE(c->status().ok()) << c->status();
  EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)), "040504504f4e47");
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(m, Message({body, "b"}));
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(m.text(), "c");
}

// What had not begun when the transport died comes back, in order; what was cut is counted.
TEST(ConnectionTest, UnsentComesBack) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPush, "PULL", host);
  for (const char* text : {"first", "second", "third"}) Send(c.get(), Message(text), host.now);
  TransmitBatch batch;
  ASSERT_TRUE(c->FillTransmit(&batch, 1 << 20));
  Send(c.get(), Message({"four", "th"}), host.now);
  Send(c.get(), Message(std::string(5000, '5')), host.now);
  c->ReturnBatch(std::move(batch), 8, absl::UnavailableError("reset"), host.now);  // 7 for "first"
  c->OnTransportClosed(absl::UnavailableError("reset"), host.now);
  std::vector<std::string> unsent;
  for (Message m; c->TakeUnsent(&m);) unsent.emplace_back(m.multipart() ? m[1].text() : m.text());
  EXPECT_THAT(unsent, ElementsAre("third", "th", std::string(5000, '5')));
  EXPECT_EQ(c->cut_messages(), 1u);
}

// Close writes what was sent, then it is done.
TEST(ConnectionTest, CloseFlushes) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPush, "PULL", host);
  Send(c.get(), Message("last"), host.now);
  c->Close(host.now);
  EXPECT_EQ(c->state(), ConnectionState::kClosing);
  EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)), "00046c617374");
  EXPECT_TRUE(c->done());
  Message m("more");
  EXPECT_EQ(c->Send(&m, host.now), c->status());
  EXPECT_EQ(m.text(), "more");
}

// X-4, G-6: a connection that cannot even queue its greeting, or what follows it, ends for want of
// memory. It never writes a stream with a hole.
TEST(ConnectionTest, NoMemoryForTheHandshakeEndsIt) {
  Host host = TestHost();
  host.budget = Budget::Create(0);
  EXPECT_EQ(CauseOf(Connection::Create({.socket_type = SocketType::kPull}, host).status()),
            Cause::kLimit);
  host.budget->set_limit(Budget::kUnlimited);
  auto c = Make(SocketType::kPull, host);
  EXPECT_EQ(TakeOutput(c.get(), host.now).size(), 10u);
  host.budget->set_limit(0);
  Feed(c.get(), PeerGreeting() + PeerReady("PUSH"), host.now);
  c->Process(10, host.now);
  EXPECT_EQ(CauseOf(c->status()), Cause::kLimit);
  EXPECT_TRUE(c->done());
  host.budget->set_limit(Budget::kUnlimited);
  EXPECT_EQ(TakeOutput(c.get(), host.now), "");
}

// B-6: within the greeting there is no place for an ERROR.
TEST(ConnectionTest, FailWithinTheGreetingWritesNothing) {
  const Host host = TestHost();
  auto c = Make(SocketType::kPull, host);
  c->Fail(TerminalStatus(Cause::kWeRejectedPeer, "no"), "no", host.now);
  EXPECT_EQ(CauseOf(c->status()), Cause::kWeRejectedPeer);
  EXPECT_TRUE(c->done());
  EXPECT_EQ(TakeOutput(c.get(), host.now), "");
}

// Who is refused when it is over already is not heard any more, and its end stays what it was.
TEST(ConnectionTest, FailBehindTheEndDeliversNoMore) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host);
  Feed(c.get(), std::string("\0\1a\0\1b", 6), host.now);
  c->OnTransportClosed(absl::OkStatus(), host.now);
  Message message;
  ConnectionEvent event;
  ASSERT_TRUE(c->NextEvent(&event));
  ASSERT_EQ(c->Receive(&message, host.now), Poll::kMessage);
  c->Fail(TerminalStatus(Cause::kWeRejectedPeer, "no"), "no", host.now);
  EXPECT_EQ(c->Receive(&message, host.now), Poll::kNeedData);
  EXPECT_EQ(CauseOf(c->status()), Cause::kTransport);
}

// Memory was refused for a message: until it is asked for again no other is taken, although a
// smaller one would find room, and CanSend() says so.
TEST(ConnectionTest, NothingIsTakenBetweenARefusalAndTheNextTry) {
  Host host = TestHost(1, {.slab_bytes = 5 * 1024});
  host.budget = Budget::Create(Budget::kUnlimited);
  auto c = Up(SocketType::kPush, "PULL", host);
  Message first("first");
  ASSERT_TRUE(c->Send(&first, host.now).ok());
  host.budget->set_limit(0);
  Message large(std::string(1900, 'l'));
  while (c->Send(&large, host.now).ok()) large = Message(std::string(1900, 'l'));
  EXPECT_FALSE(c->CanSend());
  Message small("small");
  EXPECT_TRUE(absl::IsUnavailable(c->Send(&small, host.now)));
  EXPECT_EQ(small.text(), "small");
  const Instant again = c->NextDeadline();
  EXPECT_EQ(again, host.now + absl::Milliseconds(10));
  c->HandleTimeout(again);
  EXPECT_TRUE(c->CanSend());
  EXPECT_TRUE(c->Send(&small, again).ok());
}

// What was refused memory when its stream ended is delivered once there is some.
TEST(ConnectionTest, MessageThatMemoryRefusedIsDeliveredBehindTheEnd) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  auto c = Up(SocketType::kPull, "PUSH", host);
  host.budget->set_limit(0);
  Feed(c.get(), Hex("02 0000000000000064") + std::string(50, 'a'), host.now);
  Feed(c.get(), std::string(50, 'b'), host.now);
  c->OnTransportClosed(absl::OkStatus(), host.now);
  Message m;
  EXPECT_EQ(c->Receive(&m, host.now), Poll::kEvent);
  ConnectionEvent event;
  ASSERT_TRUE(c->NextEvent(&event));
  EXPECT_TRUE(c->delivering());
  const Instant again = c->NextDeadline();
  EXPECT_EQ(again, host.now + absl::Milliseconds(10));
  host.budget->set_limit(Budget::kUnlimited);
  c->HandleTimeout(again);
  ASSERT_EQ(c->Receive(&m, again), Poll::kMessage);
  EXPECT_EQ(m.text(), std::string(50, 'a') + std::string(50, 'b'));
  EXPECT_EQ(c->Receive(&m, again), Poll::kNeedData);
  EXPECT_FALSE(c->delivering());
  EXPECT_TRUE(c->NextDeadline().is_never());
}

// Behind the end there is nothing to wait for memory for but whole messages: the begin of another
// may be what holds it.
TEST(ConnectionTest, NoMemoryIsWaitedForByWhatIsNotWhole) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  auto c = Up(SocketType::kPull, "PUSH", host);
  Feed(c.get(), Hex("0001 6d 02 0000000000000100") + std::string(100, 'a'), host.now);
  host.budget->set_limit(0);
  c->OnTransportClosed(absl::OkStatus(), host.now);
  ConnectionEvent event;
  ASSERT_TRUE(c->NextEvent(&event));
  Message m;
  ASSERT_EQ(c->Receive(&m, host.now), Poll::kMessage);
  EXPECT_EQ(m.text(), "m");
  EXPECT_EQ(c->Receive(&m, host.now), Poll::kNeedData);
  EXPECT_FALSE(c->delivering());
  EXPECT_TRUE(c->NextDeadline().is_never());
}

}  // namespace
}  // namespace monocoque
