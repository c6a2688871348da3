// Traffic with peers of ZMTP 2.0 and 1.0 (RFC 15, RFC 13) once their handshake is
// over.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alloc/budget.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/cause.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Feed;
using ::monocoque::testing::Hex;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::ToHex;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum SocketType;

constexpr std::string_view kZmtp10 = "0100";
std::string Zmtp20(std::string_view type) {
  return absl::StrCat("ff00000000000000017f 01", type, "0000");
}
const std::string kZmtp20Push = Zmtp20("08");

// A connection to an older peer whose handshake is over; the output so far is thrown away.
struct Subject {
  Subject(SocketType type, std::string_view hello, ConnectionOptions options = {},
          const Host& with = TestHost())
      : host(with) {
    options.socket_type = type;
    connection = *Connection::Create(options, host);
    Feed(hello);
    EXPECT_EQ(connection->state(), ConnectionState::kTraffic) << connection->status();
    EXPECT_TRUE(NextEvent(ConnectionEvent::Kind::kReady));
    Output();
  }

  void Feed(std::string_view hex) { FeedOctets(Hex(hex)); }
  void FeedOctets(std::string_view octets) {
    testing::Feed(connection.get(), octets, host.now);
    connection->Process(1000, host.now);
  }
  bool NextEvent(ConnectionEvent::Kind kind, std::string_view data = "") {
    ConnectionEvent event;
    return connection->NextEvent(&event) && event.kind == kind && event.data.text() == data;
  }
  std::string Octets() { return TakeOutput(connection.get(), host.now); }
  std::string Output() { return ToHex(Octets()); }
  void Send(Message message, std::string_view prefix = "") {
    ASSERT_TRUE(connection->Send(&message, host.now, AsBytes(prefix)).ok());
  }
  // What can be received now, parts joined.
  std::vector<std::string> Received() {
    std::vector<std::string> texts;
    for (Message m; connection->Receive(&m, host.now) == Poll::kMessage;) {
      std::vector<std::string_view> parts;
      for (std::size_t i = 0; i < m.part_count(); ++i) parts.push_back(m[i].text());
      texts.push_back(absl::StrJoin(parts, "|"));
    }
    return texts;
  }
  std::vector<std::string> Unsent() {
    std::vector<std::string> texts;
    for (Message m; connection->TakeUnsent(&m);) {
      std::vector<std::string_view> parts;
      for (std::size_t i = 0; i < m.part_count(); ++i) parts.push_back(m[i].text());
      texts.push_back(absl::StrJoin(parts, "|"));
    }
    return texts;
  }
  Cause cause() const { return CauseOf(connection->status()); }

  const Host host;
  std::unique_ptr<Connection> connection;
};

// RFC 13: a frame of 1.0, written by hand.
std::string Frame10(std::string_view body, bool more = false) {
  std::string out;
  const std::size_t length = body.size() + 1;
  if (length < 255) {
    out.push_back(static_cast<char>(length));
  } else {
    out = Hex(absl::StrCat("ff", absl::Hex(length, absl::kZeroPad16)));
  }
  out.push_back(more ? '\x01' : '\x00');
  return out.append(body);
}

// RFC 13: bodies up to 253 octets go short, larger ones long, small and large alike by copy or by
// share.
TEST(OldTrafficTest, Zmtp10FramesGoOut) {
  Subject subject(kPush, kZmtp10);
  for (const std::size_t size : {0u, 1u, 80u, 81u, 253u, 254u, 255u, 256u, 2048u, 2049u, 70000u}) {
    const std::string body(size, 'b');
    subject.Send(Message(body));
    EXPECT_EQ(subject.Octets(), Frame10(body)) << size;
  }
  const std::string large(70000, 'l'), middle(3000, 'm');
  subject.Send(Message({"a", "", middle}));
  EXPECT_EQ(subject.Octets(), Frame10("a", true) + Frame10("", true) + Frame10(middle));
  subject.Send(Message({large, "b"}));
  EXPECT_EQ(subject.Octets(), Frame10(large, true) + Frame10("b"));
  // An envelope comes in the wire form of 2.0, as messages keep their parts.
  subject.Send(Message("body"), Hex("01 02 6964 01 00"));
  subject.Send(Message({"two", "parts"}), Hex("01 00"));
  EXPECT_EQ(subject.Octets(), Frame10("id", true) + Frame10("", true) + Frame10("body") +
                                  Frame10("", true) + Frame10("two", true) + Frame10("parts"));
}

// RFC 13, G-9, F-3: either length for any size, in any cut; parts stay together.
TEST(OldTrafficTest, Zmtp10FramesComeIn) {
  const std::string large(70000, 'l');
  const std::string stream = Frame10("p1", true) + Hex("ff 0000000000000003 00 7032") +
                             Frame10(std::string(300, 'y')) + Frame10("") + Frame10(large, true) +
                             Frame10("", true) + Frame10("end") + Frame10(large) +
                             Frame10(std::string(80, 'i'));
  for (const std::size_t cut : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, stream.size()}) {
    Subject subject(kPull, kZmtp10);
    std::vector<std::string> all;
    for (std::size_t at = 0; at < stream.size(); at += cut) {
      subject.FeedOctets(std::string_view(stream).substr(at, cut));
      for (std::string& text : subject.Received()) all.push_back(std::move(text));
    }
    EXPECT_THAT(all, ElementsAre("p1|p2", std::string(300, 'y'), "", large + "||end", large,
                                 std::string(80, 'i')))
        << cut;
  }
}

// ver-1.0-flags-reserved: of the flags only MORE is looked at. No octet is taken for a command.
TEST(OldTrafficTest, Zmtp10FlagsBesideMoreMeanNothing) {
  Subject subject(kPull, kZmtp10);
  subject.Feed("04 fe 616263  02 05 64  02 04 65");
  EXPECT_THAT(subject.Received(), ElementsAre("abc", "d|e"));
}

// Parts are kept in one form, whatever they came in: what came from 1.0 goes on to 3.1.
TEST(OldTrafficTest, APartedMessageGoesOnToANewerPeer) {
  Subject from(kDealer, kZmtp10);
  from.FeedOctets(Frame10("head", true) + Frame10(std::string(254, 'x')));
  Message message;
  ASSERT_EQ(from.connection->Receive(&message, from.host.now), Poll::kMessage);
  Subject to(kDealer, ToHex(PeerGreeting() + PeerReady("DEALER")));
  to.Send(message);
  EXPECT_EQ(to.Octets(), Hex("01 04 68656164 00 fe") + std::string(254, 'x'));
}

// ver-1.0-zero-length: such a length is none.
TEST(OldTrafficTest, Zmtp10ViolationsAndLimits) {
  const ConnectionOptions tight{
      .limits = {.max_frame_bytes = 300, .max_message_bytes = 400, .max_parts = 3}};
  const std::string body(250, 'b');
  for (const std::string& bad :
       {Hex("00"), Hex("00 03 616263"), Hex("ff 0000000000000000"), Hex("ff 8000000000000000"),
        Hex("ff ffffffffffffffff 00"), Hex("ff 7fffffffffffffff 00"), Hex("ff 000000000000012e 00"),
        Frame10(body, true) + Frame10(body),
        Frame10("", true) + Frame10("", true) + Frame10("", true) + Frame10("")}) {
    Subject subject(kPull, kZmtp10, tight);
    subject.FeedOctets(Frame10("whole") + bad);
    EXPECT_EQ(subject.cause(), Cause::kPeerViolation) << ToHex(bad);
    EXPECT_THAT(subject.Received(), ElementsAre("whole"));
    EXPECT_TRUE(subject.connection->done());
  }
  Subject subject(kPull, kZmtp10, tight);
  subject.FeedOctets(Frame10(std::string(300, 'b')) + Frame10("", true) + Frame10("", true) +
                     Frame10(""));
  EXPECT_THAT(subject.Received(), ElementsAre(std::string(300, 'b'), "||"));
}

// SEC-3, F-9: a length takes no memory; a large body comes straight into its own block.
TEST(OldTrafficTest, Zmtp10LargeBodyIsReadDirectly) {
  Subject subject(kPull, kZmtp10);
  const std::string body(300000, 'q');
  subject.FeedOctets(Frame10(body).substr(0, 20));
  EXPECT_THAT(subject.Received(), IsEmpty());
  ASSERT_EQ(subject.connection->read_hint(), (ReadHint{ReadMode::kDirect, 299990}));
  auto window = subject.connection->PrepareRead();
  ASSERT_TRUE(window.ok());
  std::ranges::copy(AsBytes(body).subspan(10), window->span().begin());
  subject.connection->CommitRead(*std::move(window), 299990, subject.host.now);
  EXPECT_THAT(subject.Received(), ElementsAre(body));
}

// The look ahead counts messages of 1.0 for the receive mark.
TEST(OldTrafficTest, Zmtp10ReceiveMark) {
  Subject subject(kPull, kZmtp10, {.receive_mark = {.messages = 2, .bytes = 0}});
  subject.FeedOctets(Frame10("a", true) + Frame10("b") + Frame10("c"));
  EXPECT_EQ(subject.connection->stored_messages(), 2u);
  EXPECT_EQ(subject.connection->read_hint().mode, ReadMode::kPaused);
  EXPECT_THAT(subject.Received(), ElementsAre("a|b", "c"));
  EXPECT_EQ(subject.connection->read_hint().mode, ReadMode::kAny);
}

// F-8: an unfinished message is dropped, what came whole is not.
TEST(OldTrafficTest, Zmtp10UnfinishedMessageIsDropped) {
  Subject subject(kPull, kZmtp10);
  subject.FeedOctets(Frame10("whole") + Frame10("half", true));
  subject.connection->OnTransportClosed(absl::OkStatus(), subject.host.now);
  EXPECT_THAT(subject.Received(), ElementsAre("whole"));
}

// The send mark counts, and Close writes what was sent.
TEST(OldTrafficTest, Zmtp10SendMarkAndClose) {
  Subject subject(kPush, kZmtp10, {.send_mark = {.messages = 2, .bytes = 0}});
  subject.Send(Message("one"));
  subject.Send(Message({"two", "2"}));
  EXPECT_FALSE(subject.connection->CanSend());
  Message third("three");
  EXPECT_EQ(subject.connection->Send(&third, subject.host.now).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(third.text(), "three");
  subject.connection->Close(subject.host.now);
  EXPECT_EQ(subject.Octets(), Frame10("one") + Frame10("two", true) + Frame10("2"));
  EXPECT_EQ(subject.connection->Send(&third, subject.host.now), subject.connection->status());
}

// What had not begun comes back as it was sent, whatever frames it was in.
TEST(OldTrafficTest, UnsentComesBack) {
  for (const std::string& hello : {std::string(kZmtp10), Zmtp20("07")}) {
    Subject subject(kPush, hello);
    for (const char* text : {"first", "second", "third"}) subject.Send(Message(text));
    TransmitBatch batch;
    ASSERT_TRUE(subject.connection->FillTransmit(&batch, 1 << 20));
    subject.Send(Message({"four", "th"}));
    subject.Send(Message(std::string(5000, '5')));
    subject.Send(Message("six"), Hex("01 02 6964"));
    subject.Send(Message({std::string(70000, '7'), ""}));
    // 7 octets of "first", 1 of "second".
    subject.connection->ReturnBatch(std::move(batch), 8, absl::UnavailableError("reset"),
                                    subject.host.now);
    subject.connection->OnTransportClosed(absl::UnavailableError("reset"), subject.host.now);
    EXPECT_THAT(subject.Unsent(), ElementsAre("third", "four|th", std::string(5000, '5'), "id|six",
                                              std::string(70000, '7') + "|"));
    EXPECT_EQ(subject.connection->cut_messages(), 1u);
  }
}

// A message beyond a slab is one for the mark, and comes back, like any other.
TEST(OldTrafficTest, ALargePartedMessageCountsAsOne) {
  Subject subject(kPush, kZmtp10);
  const std::string large(70000, 'l');
  subject.Send(Message({large, "tail"}));
  EXPECT_EQ(subject.connection->unsent_messages(), 1u);
  subject.connection->OnTransportClosed(absl::OkStatus(), subject.host.now);
  EXPECT_THAT(subject.Unsent(), ElementsAre(large + "|tail"));
}

// A message for which memory is refused stays, and nothing of it goes out; others do, once memory
// is asked for again.
TEST(OldTrafficTest, RefusedMemoryLeavesNothingBehind) {
  Host host = TestHost();
  host.budget = Budget::Create(100000);
  Subject subject(kPush, kZmtp10, {}, host);
  Message large({std::string(150000, 'l'), "tail"});
  EXPECT_EQ(subject.connection->Send(&large, subject.host.now).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(large.part_count(), 2u);
  EXPECT_EQ(subject.connection->unsent_messages(), 0u);
  subject.connection->HandleTimeout(subject.connection->NextDeadline());
  subject.Send(Message({"a", "b"}));
  EXPECT_EQ(subject.Octets(), Frame10("a", true) + Frame10("b"));
}

// Frames that others encoded are of 2.0 on: a link of 1.0 takes none. One that is over gives them
// back.
TEST(OldTrafficTest, SharedEncoding) {
  Subject zmtp20(kPub, Zmtp20("02"));
  EXPECT_TRUE(zmtp20.connection->shares_encoding());
  zmtp20.connection->Close(zmtp20.host.now);
  EXPECT_FALSE(zmtp20.connection->shares_encoding());
  zmtp20.connection->SendEncoded(Slice::Copy(Hex("00 01 61")), 1);
  EXPECT_EQ(zmtp20.Output(), "");
  Message unsent;
  ASSERT_TRUE(zmtp20.connection->TakeUnsent(&unsent));
  EXPECT_EQ(unsent.text(), "a");
  EXPECT_FALSE(zmtp20.connection->TakeUnsent(&unsent));
  Subject zmtp10(kPub, kZmtp10);
  EXPECT_FALSE(zmtp10.connection->shares_encoding());
  zmtp10.connection->SendEncoded(Slice::Copy(Hex("00 01 61")), 1);
  EXPECT_EQ(zmtp10.Output(), "");
}

// RFC 15: messages both ways in frames as today's; a frame with bit 2 set ends it.
TEST(OldTrafficTest, Zmtp20HasNoCommands) {
  // A PING, and a name that nobody knows.
  for (const char* command : {"04 07 0450494e47 0000", "04 02 0158"}) {
    Subject subject(kPull, kZmtp20Push);
    subject.Feed(absl::StrCat("01 02 7031 00 02 7032", command));
    EXPECT_EQ(subject.cause(), Cause::kPeerViolation);
    EXPECT_THAT(subject.Received(), ElementsAre("p1|p2"));
    EXPECT_EQ(subject.Output(), "");
  }

  Subject push(kPush, Zmtp20("07"));
  push.Send(Message({"a", std::string(300, 'x')}));
  EXPECT_EQ(push.Octets(), Hex("01 01 61 02 000000000000012c") + std::string(300, 'x'));
}

// H-10: no PING goes out, and silence is no reason to close.
TEST(OldTrafficTest, NoHeartbeats) {
  for (const std::string& hello : {std::string(kZmtp10), kZmtp20Push}) {
    Subject subject(kPull, hello,
                    {.heartbeat = {.interval = absl::Seconds(1), .timeout = absl::Seconds(3)}});
    EXPECT_TRUE(subject.connection->NextDeadline().is_never());
    subject.connection->HandleTimeout(subject.host.now + absl::Hours(1));
    EXPECT_EQ(subject.Output(), "");
    EXPECT_TRUE(subject.connection->status().ok());
  }
}

// There is no ERROR for an older peer: refused, it is closed. What was sent to it comes back.
TEST(OldTrafficTest, FailSaysNothing) {
  for (const std::string& hello : {std::string(kZmtp10), Zmtp20("06")}) {
    Subject subject(kDealer, hello);
    subject.Send(Message("unsent"));
    subject.connection->Fail(TerminalStatus(Cause::kWeRejectedPeer, "in use"), "in use",
                             subject.host.now);
    EXPECT_EQ(subject.Output(), "");
    EXPECT_TRUE(subject.connection->done());
    EXPECT_THAT(subject.Unsent(), ElementsAre("unsent"));
  }
}

// B-6: nor for one that has not shown yet what it is.
TEST(OldTrafficTest, FailInTheGreetingSaysNothing) {
  const Host host = TestHost();
  auto connection = *Connection::Create({.socket_type = kDealer}, host);
  connection->Fail(TerminalStatus(Cause::kWeRejectedPeer, "no"), "no", host.now);
  EXPECT_EQ(TakeOutput(connection.get(), host.now), "");
  EXPECT_TRUE(connection->done());
}

// S-1: subscriptions as messages.
TEST(OldTrafficTest, SubscriptionsGoOutAsMessages) {
  const std::string long_prefix(300, 'p');
  struct Case {
    std::string hello;
    std::string expected;
  };
  for (const Case& c :
       {Case{std::string(kZmtp10), Hex("03 00 01 41 02 00 00") + Frame10("\x01" + long_prefix)},
        Case{Zmtp20("01"), Hex("00 02 01 41 00 01 00 02 000000000000012d 01") + long_prefix}}) {
    Subject subject(kSub, c.hello);
    for (const auto& [subscribe, prefix] :
         {std::pair(true, std::string("A")), std::pair(false, std::string()),
          std::pair(true, long_prefix)}) {
      ASSERT_TRUE(
          subject.connection->SendSubscription(subscribe, AsBytes(prefix), subject.host.now).ok());
    }
    EXPECT_EQ(subject.Octets(), c.expected);
  }
}

// S-9: a subscriber of 1.0 wants everything from the start, one of 2.0 what it asks for. S-2, S-3:
// both may ask.
TEST(OldTrafficTest, SubscriptionsComeInAsMessages) {
  using enum ConnectionEvent::Kind;
  for (const SocketType type : {kPub, kXPub}) {
    Subject zmtp10(type, kZmtp10);
    EXPECT_TRUE(zmtp10.NextEvent(kSubscribe, ""));
    zmtp10.FeedOctets(
        Frame10("\x01"
                "A"));
    EXPECT_THAT(zmtp10.Received(), IsEmpty());
    EXPECT_TRUE(zmtp10.NextEvent(kSubscribe, "A"));
    zmtp10.FeedOctets(Frame10(std::string(1, '\0')));
    EXPECT_THAT(zmtp10.Received(), IsEmpty());
    EXPECT_TRUE(zmtp10.NextEvent(kUnsubscribe, ""));

    Subject zmtp20(type, Zmtp20("02"));
    EXPECT_FALSE(zmtp20.NextEvent(kSubscribe, ""));
    zmtp20.Feed("00 02 01 41");
    EXPECT_THAT(zmtp20.Received(), IsEmpty());
    EXPECT_TRUE(zmtp20.NextEvent(kSubscribe, "A"));
  }
}

// S-8: the next publisher is told of subscriptions anew; those that had the form of messages are
// not sent to it again.
TEST(OldTrafficTest, UnsentSubscriptionsAreNoMessages) {
  for (const std::string& hello :
       {std::string(kZmtp10), Zmtp20("01"), ToHex(PeerGreeting(3, 0) + PeerReady("PUB"))}) {
    Subject subject(kXSub, hello);
    subject.Send(Message("upstream"));
    ASSERT_TRUE(subject.connection->SendSubscription(true, AsBytes("A"), subject.host.now).ok());
    subject.Send(Message("again"));
    subject.connection->OnTransportClosed(absl::OkStatus(), subject.host.now);
    EXPECT_THAT(subject.Unsent(), ElementsAre("upstream", "again"));
  }
}

}  // namespace
}  // namespace monocoque
