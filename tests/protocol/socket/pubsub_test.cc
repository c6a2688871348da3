// PUB, SUB, XPUB and XSUB (RFC 29 and 37) under a virtual clock.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::ReceiveAll;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Status Send(Socket& socket, Message message, Instant now) {
  return socket.Send(&message, now);
}

std::string Notice(bool subscribe, std::string_view prefix) {
  return absl::StrCat(std::string(1, subscribe ? '\x01' : '\x00'), prefix);
}

std::string BigEndian(std::uint64_t value) {
  std::string octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(value >> shift));
  return octets;
}

class PubSubTest : public ::testing::Test {
 protected:
  Socket& Publisher(SocketType type = SocketType::kPub, const SocketOptions& options = {}) {
    Socket& made = net_.Make(type, options);
    net_.Bind(made, "a");
    return made;
  }
  Socket& Subscriber(std::vector<std::string_view> prefixes, const SocketOptions& options = {}) {
    Socket& made = net_.Make(SocketType::kSub, options);
    for (std::string_view prefix : prefixes) EXPECT_TRUE(made.Subscribe(prefix, net_.now).ok());
    net_.Connect(made, "a");
    net_.Run();
    return made;
  }
  // A PUB that dialed a SUB, which wants everything.
  struct Dialed {
    Socket& pub;
    Socket& sub;
    DialerId dialer;
  };
  Dialed DialedSubscriber() {
    Socket& sub = net_.Make(SocketType::kSub);
    EXPECT_TRUE(sub.Subscribe("", net_.now).ok());
    net_.Bind(sub, "b");
    Socket& pub = net_.Make(SocketType::kPub);
    const DialerId dialer = net_.Connect(pub, "b");
    net_.Run();
    return {pub, sub, dialer};
  }
  void Publish(Socket& socket, std::vector<std::string_view> texts) {
    for (std::string_view text : texts) ASSERT_TRUE(Send(socket, Message(text), net_.now).ok());
    net_.Run();
  }
  std::vector<std::string> Received(Socket& socket) { return ReceiveAll(socket, net_.now); }

  Net net_;
};

// S-5, S-6, PUB-4, PUB-7: by prefix, once each, filtered at the sender.
TEST_F(PubSubTest, EachGetsWhatItWantsOnce) {
  Socket& pub = Publisher();
  Socket& weather = Subscriber({"weather.", "weather.de", ""});
  Socket& stocks = Subscriber({"stocks", "st"});
  Socket& nothing = Subscriber({});
  Publish(pub, {"weather.de", "stocks.x", "sport", ""});
  EXPECT_THAT(Received(weather), ElementsAre("weather.de", "stocks.x", "sport", ""));
  EXPECT_THAT(Received(stocks), ElementsAre("stocks.x"));
  EXPECT_THAT(Received(nothing), IsEmpty());
  // The filter is at the sender: what nobody wants crosses no wire.
  EXPECT_EQ(stocks.stats().dropped, 0u);
  EXPECT_EQ(pub.stats().messages_sent, 4u);
}

// S-5: of several parts the first is matched, and all go together (PUB-6).
TEST_F(PubSubTest, TheFirstPartDecides) {
  Socket& pub = Publisher();
  Socket& sub = Subscriber({"a"});
  ASSERT_TRUE(Send(pub, Message({"ab", "", "c"}), net_.now).ok());
  ASSERT_TRUE(Send(pub, Message({"b", "a"}), net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(sub), ElementsAre("ab||c"));
}

// Large bodies are referenced; order holds between them and small ones, for the shared log and for
// filters.
TEST_F(PubSubTest, SmallAndLargeKeepTheirOrder) {
  Socket& pub = Publisher();
  Socket& all = Subscriber({""});
  Socket& some = Subscriber({"k"});
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(
        absl::StrCat("k", i, std::string(i % 7 == 0 ? 5000u : static_cast<std::size_t>(i), 'x')));
  }
  for (const std::string& text : texts) ASSERT_TRUE(Send(pub, Message(text), net_.now).ok());
  net_.Run();
  EXPECT_EQ(Received(all), texts);
  EXPECT_EQ(Received(some), texts);
}

// PUB-5, ALL-8: who does not read loses for itself alone, and it is counted.
TEST_F(PubSubTest, ASlowSubscriberCostsTheOthersNothing) {
  for (const char* subscription : {"000101", "00020161"}) {
    Wires wires(SocketType::kPub, {.send_mark = {.messages = 10, .bytes = 0}});
    const std::string hello = PeerGreeting() + PeerReady("SUB") + Hex(subscription);
    const LinkId slow = wires.Accept(hello);
    const LinkId quick = wires.Accept(hello);
    wires.Stop(slow);
    for (int i = 0; i < 15; ++i) {
      ASSERT_TRUE(wires.Send(Message("a")).ok());
      EXPECT_EQ(wires.Told(quick), "000161") << i;
    }
    EXPECT_EQ(wires.socket.stats().dropped, 5u);
    EXPECT_TRUE(wires.socket.CanSend());
  }
}

// With room again it is back in step, in order and with nothing twice.
TEST_F(PubSubTest, AtItsMarkAndBack) {
  SocketOptions options;
  options.send_mark = {.messages = 4, .bytes = 0};
  Socket& pub = Publisher(SocketType::kPub, options);
  Socket& sub = Subscriber({""});
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(Send(pub, Message(absl::StrCat("m", i)), net_.now).ok());
  net_.Run();
  Publish(pub, {"later"});
  EXPECT_THAT(Received(sub), ElementsAre("m0", "m1", "m2", "m3", "later"));
  EXPECT_EQ(pub.stats().dropped, 2u);
}

// A mark in octets holds as well.
TEST_F(PubSubTest, TheMarkCountsOctetsToo) {
  SocketOptions options;
  options.send_mark = {.messages = 0, .bytes = 100};
  Socket& pub = Publisher(SocketType::kPub, options);
  Socket& sub = Subscriber({""});
  const std::string body(58, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Send(pub, Message(body), net_.now).ok());
  net_.Run();
  EXPECT_EQ(Received(sub).size(), 2u);
  EXPECT_EQ(pub.stats().dropped, 3u);
}

// XPUB_NODROP: not sent to anybody while one cannot take it, and untouched.
TEST_F(PubSubTest, NoDropRefuses) {
  SocketOptions options;
  options.send_mark = {.messages = 2, .bytes = 0};
  options.xpub_nodrop = true;
  Socket& pub = Publisher(SocketType::kPub, options);
  Socket& all = Subscriber({""});
  Socket& some = Subscriber({"m"});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Send(pub, Message(absl::StrCat("m", i)), net_.now).ok());
  Message third("m2");
  EXPECT_EQ(pub.Send(&third, net_.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(third.text(), "m2");
  EXPECT_FALSE(pub.CanSend());
  PeerId peer;
  EXPECT_FALSE(pub.NextWritable(&peer));
  net_.Run();
  EXPECT_TRUE(pub.CanSend());
  EXPECT_TRUE(pub.NextWritable(&peer)) << "who was in the way has room";
  EXPECT_TRUE(pub.Send(&third, net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(all), ElementsAre("m0", "m1", "m2"));
  EXPECT_THAT(Received(some), ElementsAre("m0", "m1", "m2"));
  EXPECT_EQ(pub.stats().dropped, 0u);
}

// S-8: all subscriptions again on the next link, and what was cancelled meanwhile not.
TEST_F(PubSubTest, SubscriptionsSurviveTheLink) {
  Socket& pub = Publisher();
  Socket& sub = Subscriber({"a", "b"});
  net_.CutAll();
  net_.Run();
  EXPECT_EQ(pub.topics(), 0u);  // PUB-8
  ASSERT_TRUE(sub.Unsubscribe("b", net_.now).ok());
  ASSERT_TRUE(sub.Subscribe("c", net_.now).ok());
  net_.Advance(absl::Seconds(1));
  EXPECT_EQ(pub.topics(), 2u);
  Publish(pub, {"a", "b", "c"});
  EXPECT_THAT(Received(sub), ElementsAre("a", "c"));
}

// S-7, SUB-5: counted here, so that publishers hear of a prefix once.
TEST_F(PubSubTest, SubscriptionsAreCounted) {
  Socket& pub = Publisher(SocketType::kXPub);
  Socket& sub = Subscriber({"a", "a"});
  EXPECT_THAT(Received(pub), ElementsAre(Notice(true, "a")));
  EXPECT_EQ(sub.topics(), 1u);
  ASSERT_TRUE(sub.Unsubscribe("a", net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(pub), IsEmpty());
  ASSERT_TRUE(sub.Unsubscribe("a", net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(pub), ElementsAre(Notice(false, "a")));
  EXPECT_EQ(sub.Unsubscribe("a", net_.now).code(), absl::StatusCode::kNotFound);
}

// SUB-4: what was under way when the subscription ended is not shown.
TEST_F(PubSubTest, SubFiltersOnceMore) {
  Socket& pub = Publisher();
  Socket& sub = Subscriber({"a", "b"});
  Publish(pub, {"a1", "b1"});
  ASSERT_TRUE(sub.Unsubscribe("a", net_.now).ok());
  EXPECT_THAT(Received(sub), ElementsAre("b1"));
  EXPECT_EQ(sub.stats().dropped, 1u);
}

// PUB-1, SUB-1: a sentence for the wrong direction; PUB-3: what subscribers send is dropped.
TEST_F(PubSubTest, OneDirectionOnly) {
  Socket& pub = Publisher();
  Socket& xsub = net_.Make(SocketType::kXSub);
  net_.Connect(xsub, "a");
  Socket& sub = Subscriber({""});
  ASSERT_TRUE(Send(xsub, Message("upstream"), net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(pub), IsEmpty());
  EXPECT_EQ(pub.stats().dropped, 1u);
  EXPECT_EQ(pub.ReceiveStatus().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Send(sub, Message("x"), net_.now).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(pub.Subscribe("a", net_.now).code(), absl::StatusCode::kFailedPrecondition);
}

// XPUB-4, XPUB-6, S-10: the first subscription and the last cancellation, made up for who
// vanished.
TEST_F(PubSubTest, XPubShowsTheEdges) {
  Socket& xpub = Publisher(SocketType::kXPub);
  Socket& one = Subscriber({"a", "b"});
  Socket& two = Subscriber({"a"});
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(true, "a"), Notice(true, "b")));
  ASSERT_TRUE(one.Unsubscribe("a", net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(xpub), IsEmpty());
  two.Close(absl::ZeroDuration(), net_.now);
  net_.Run();
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(false, "a")));
}

// XPUB-3, S-3: other messages of subscribers are the application's.
TEST_F(PubSubTest, XPubReceivesUserMessages) {
  Socket& xpub = Publisher(SocketType::kXPub);
  Socket& xsub = net_.Make(SocketType::kXSub);
  net_.Connect(xsub, "a");
  net_.Run();
  ASSERT_TRUE(Send(xsub, Message({"hello", "you"}), net_.now).ok());
  ASSERT_TRUE(Send(xsub, Message(Notice(true, "t")), net_.now).ok());
  ASSERT_TRUE(Send(xsub, Message(""), net_.now).ok());
  net_.Run();
  // The subscription, a command here, does not wait behind messages.
  EXPECT_THAT(Received(xpub), ::testing::UnorderedElementsAre("hello|you", Notice(true, "t"), ""));
  EXPECT_EQ(xpub.topics(), 1u);
}

// XPUB-3, XPUB-4: a subscription that came before a message shows before it, though both are found
// only when the application asks (ALL-5).
TEST_F(PubSubTest, XPubShowsSubscriptionsBeforeLaterMessages) {
  for (const std::string& subscription : {Hex("0002 016e"), Hex("040b 09535542534352494245 6e")}) {
    Wires wires(SocketType::kXPub);
    const LinkId peer = wires.Accept(PeerGreeting() + PeerReady("XSUB"));
    const std::string octets = subscription + Hex("0002 7570");
    BlockPtr block = Block::Allocate(octets.size(), nullptr);
    std::ranges::copy(AsBytes(octets), block->data());
    const std::uint8_t* data = block->data();
    const Slice slice(std::move(block), data, octets.size());
    ASSERT_TRUE(wires.socket.Donate(peer, slice, wires.now).ok());
    EXPECT_THAT(wires.Received(), ElementsAre(Notice(true, "n"), "up"));
  }
}

// XSUB-4, XSUB-6, XSUB-7: subscriptions as messages, to present and future publishers; nothing is
// filtered.
TEST_F(PubSubTest, XSubSubscribesByMessages) {
  Socket& xsub = net_.Make(SocketType::kXSub);
  net_.Connect(xsub, "a");
  net_.Run();
  ASSERT_TRUE(Send(xsub, Message(Notice(true, "a")), net_.now).ok());
  ASSERT_TRUE(Send(xsub, Message(Notice(false, "nothing")), net_.now).ok());
  Socket& xpub = Publisher(SocketType::kXPub);
  net_.Run();
  net_.Advance(absl::Seconds(1));
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(true, "a")));
  Publish(xpub, {"a1"});
  ASSERT_TRUE(Send(xsub, Message(Notice(false, "a")), net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(xsub), ElementsAre("a1"));
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(false, "a")));
}

// ALL-1, XSUB-3: what goes upstream before the publisher is there waits for it, behind the
// subscriptions (S-8).
TEST_F(PubSubTest, UpstreamMessagesWaitForTheirPublisher) {
  Socket& xsub = net_.Make(SocketType::kXSub);
  net_.Connect(xsub, "a");
  net_.Run();
  ASSERT_TRUE(Send(xsub, Message("early"), net_.now).ok());
  ASSERT_TRUE(Send(xsub, Message(Notice(true, "t")), net_.now).ok());
  Socket& xpub = Publisher(SocketType::kXPub);
  net_.Run();
  net_.Advance(absl::Seconds(1));
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(true, "t"), "early"));
}

// XPUB_MANUAL: what a peer asks for shows and does nothing; the application decides.
TEST_F(PubSubTest, ManualSubscribesForThePeer) {
  Socket& xpub = Publisher(SocketType::kXPub, {.xpub_manual = true});
  Socket& sub = Subscriber({"A"});
  Publish(xpub, {"A1"});
  EXPECT_THAT(Received(sub), IsEmpty());
  EXPECT_EQ(xpub.Subscribe("B", net_.now).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(true, "A")));
  ASSERT_TRUE(xpub.Subscribe("B", net_.now).ok());
  ASSERT_TRUE(sub.Subscribe("B", net_.now).ok());  // past its own filter
  Publish(xpub, {"A2", "B2"});
  EXPECT_THAT(Received(sub), ElementsAre("B2"));
  // What the peer asked for is what its end cancels.
  sub.Close(absl::ZeroDuration(), net_.now);
  net_.Run();
  EXPECT_THAT(Received(xpub),
              ElementsAre(Notice(true, "B"), Notice(false, "A"), Notice(false, "B")));
  EXPECT_EQ(xpub.topics(), 0u);
}

// XPUB_MANUAL_LAST_VALUE: the next message is for the newcomer alone.
TEST_F(PubSubTest, ManualLastValueGoesToTheNewcomer) {
  Socket& xpub =
      Publisher(SocketType::kXPub, {.xpub_manual = true, .xpub_manual_last_value = true});
  Socket& one = Subscriber({"A"});
  (void)Received(xpub);
  ASSERT_TRUE(xpub.Subscribe("A", net_.now).ok());
  Publish(xpub, {"A0", "A1"});
  Socket& two = Subscriber({"A"});
  (void)Received(xpub);
  ASSERT_TRUE(xpub.Subscribe("A", net_.now).ok());
  Publish(xpub, {"A2", "A3"});
  EXPECT_THAT(Received(one), ElementsAre("A0", "A1", "A3"));
  EXPECT_THAT(Received(two), ElementsAre("A2", "A3"));
}

// XPUB_WELCOME_MSG: the first message to each, subscribed or not.
TEST_F(PubSubTest, WelcomeMessageComesFirst) {
  Socket& pub = Publisher(SocketType::kPub, {.xpub_welcome_message = "welcome"});
  Socket& sub = Subscriber({""});
  Publish(pub, {"x"});
  EXPECT_THAT(Received(sub), ElementsAre("welcome", "x"));
}

// INVERT_MATCHING: those get it that have no match.
TEST_F(PubSubTest, InvertedMatching) {
  Socket& pub = Publisher(SocketType::kPub, {.invert_matching = true});
  Socket& sub = Subscriber({"a"}, {.invert_matching = true});
  Publish(pub, {"a1", "b1"});
  EXPECT_THAT(Received(sub), ElementsAre("b1"));
}

// A prefix that no SUBSCRIBE has room for is refused on both ends, in whatever form it comes:
// passed on, it would cost whoever did so the link.
TEST_F(PubSubTest, PrefixesHaveALongest) {
  const std::string longest(Limits().max_prefix_bytes(), 'p');
  Socket& xpub = Publisher(SocketType::kXPub);
  Socket& xsub = net_.Make(SocketType::kXSub);
  Message too_long({Notice(true, "a"), Notice(true, longest + "p")});
  EXPECT_EQ(xsub.Send(&too_long, net_.now).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(too_long.part_count(), 2u);
  EXPECT_EQ(xsub.topics(), 0u);
  EXPECT_TRUE(Send(xsub, Message(absl::StrCat("user data ", longest)), net_.now).ok());
  net_.Connect(xsub, "a");
  ASSERT_TRUE(Send(xsub, Message(Notice(true, longest)), net_.now).ok());
  net_.Run();
  const std::vector<std::string> told = Received(xpub);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0] == Notice(true, longest));

  for (const bool manual : {false, true}) {
    Wires wires(SocketType::kXPub, {.xpub_manual = manual});
    const LinkId old = wires.Accept(PeerGreeting(3, 0) + PeerReady("SUB"));
    const std::string notice = Notice(true, longest + "p");
    wires.Say(old, absl::StrCat("\x02", BigEndian(notice.size()), notice));
    EXPECT_EQ(wires.socket.topics(), 0u);
    EXPECT_THAT(wires.Received(), IsEmpty());
    EXPECT_EQ(wires.socket.stats().subscriptions_refused, 1u);
    EXPECT_EQ(wires.socket.ready_peers(), 1u);
  }
}

// A peer that subscribes without end is refused beyond its limit, and told by an event; the others
// live on.
TEST_F(PubSubTest, SubscriptionsHaveALimit) {
  SocketOptions options;
  options.link.limits.max_subscription_bytes = 10 * 256;
  Socket& pub = Publisher(SocketType::kPub, options);
  Socket& greedy = net_.Make(SocketType::kSub);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(greedy.Subscribe(absl::StrCat("t", i), net_.now).ok());
  net_.Connect(greedy, "a");
  net_.Run();
  EXPECT_LE(pub.topics(), 13u);
  EXPECT_TRUE(net_.saw(pub, SocketEvent::Kind::kSubscriptionRefused));
  EXPECT_EQ(pub.stats().subscriptions_refused, 100u - pub.topics());
  Socket& modest = Subscriber({"t99"});
  Publish(pub, {"t99"});
  EXPECT_THAT(Received(modest), ElementsAre("t99"));
}

// An XPUB whose application does not look holds what it is told only up to its receive mark;
// nothing is lost.
TEST_F(PubSubTest, NoticesWaitWithinTheMark) {
  SocketOptions options;
  options.receive_mark = {.messages = 10, .bytes = 0};
  Socket& xpub = Publisher(SocketType::kXPub, options);
  Socket& sub = Subscriber({});
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(sub.Subscribe(absl::StrCat("t", i), net_.now).ok());
    net_.Run();
    expected.push_back(Notice(true, absl::StrCat("t", i)));
  }
  EXPECT_LE(xpub.topics(), 20u);
  std::vector<std::string> received;
  for (int turn = 0; turn < 100 && received.size() < expected.size(); ++turn) {
    for (std::string& each : Received(xpub)) received.push_back(std::move(each));
    net_.Run();
  }
  EXPECT_EQ(received, expected);
}

// A link on which a subscription finds no memory ends while it begins: the publisher would not
// know.
TEST_F(PubSubTest, NoMemoryForASubscriptionEndsTheLink) {
  Publisher();
  SocketOptions options;
  options.link.budget_bytes = 100 * 1000;
  Socket& sub = Subscriber({std::string(60000, 'a'), std::string(60000, 'b')}, options);
  EXPECT_EQ(sub.ready_peers(), 0u);
  const auto closed =
      std::ranges::find(net_.events(sub), SocketEvent::Kind::kClosed, &SocketEvent::kind);
  ASSERT_NE(closed, net_.events(sub).end());
  EXPECT_EQ(closed->status.message(), "no memory for a subscription");
}

// TR-6: what was published is written before a close that lingers, and before links that go singly.
TEST_F(PubSubTest, ClosingWritesWhatWasPublished) {
  for (SocketType type : {SocketType::kPub, SocketType::kXPub}) {
    Net net;
    Socket& pub = net.Make(type);
    net.Bind(pub, "a");
    Socket& sub = net.Make(SocketType::kSub);
    ASSERT_TRUE(sub.Subscribe("", net.now).ok());
    net.Connect(sub, "a");
    net.Run();
    ASSERT_TRUE(Send(pub, Message("last words"), net.now).ok());
    pub.Close(absl::Seconds(10), net.now);
    net.Run();
    EXPECT_THAT(ReceiveAll(sub, net.now), ElementsAre("last words"));
    EXPECT_EQ(pub.stats().lost, 0u);
  }
}

TEST_F(PubSubTest, UnbindingWritesWhatWasPublished) {
  Socket& pub = Publisher();
  Socket& sub = Subscriber({""});
  ASSERT_TRUE(Send(pub, Message("last words"), net_.now).ok());
  net_.Unbind(pub);
  net_.Run();
  EXPECT_THAT(Received(sub), ElementsAre("last words"));
}

TEST_F(PubSubTest, DisconnectingWritesWhatWasPublished) {
  auto [pub, sub, dialer] = DialedSubscriber();
  ASSERT_TRUE(Send(pub, Message("last words"), net_.now).ok());
  ASSERT_TRUE(pub.Disconnect(dialer, net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(sub), ElementsAre("last words"));
}

// A link that dies takes with it what it had not written: counted, as with any other socket.
TEST_F(PubSubTest, WhatALinkHadNotWrittenIsCounted) {
  Socket& pub = Publisher();
  Subscriber({""});
  ASSERT_TRUE(Send(pub, Message("one"), net_.now).ok());
  ASSERT_TRUE(Send(pub, Message("two"), net_.now).ok());
  net_.CutAll();
  net_.Run();
  EXPECT_EQ(pub.stats().lost, 2u);
  const auto closed =
      std::ranges::find(net_.events(pub), SocketEvent::Kind::kClosed, &SocketEvent::kind);
  ASSERT_NE(closed, net_.events(pub).end());
  EXPECT_EQ(closed->lost_messages, 2u);
}

// One that connected keeps it for the next link.
TEST_F(PubSubTest, WhatALinkHadNotWrittenGoesOnTheNext) {
  auto [pub, sub, dialer] = DialedSubscriber();
  ASSERT_TRUE(Send(pub, Message("one"), net_.now).ok());
  net_.CutAll();
  net_.Run();
  net_.Advance(absl::Seconds(1));
  EXPECT_THAT(Received(sub), ElementsAre("one"));
  EXPECT_EQ(pub.stats().lost, 0u);
}

// A publisher that connects, and subscribers that bind, are as good.
TEST_F(PubSubTest, ThePublisherMayConnect) {
  auto [pub, sub, dialer] = DialedSubscriber();
  Publish(pub, {"one"});
  net_.CutAll();
  net_.Run();
  Publish(pub, {"nobody is there"});
  net_.Advance(absl::Seconds(1));
  Publish(pub, {"two"});
  EXPECT_THAT(Received(sub), ElementsAre("one", "two"));
}

// What was taken for a subscriber to everything counts at once, as for any other.
TEST_F(PubSubTest, WhatWaitsInTheLogIsCounted) {
  for (const std::string prefix : {"a", ""}) {
    Net net;
    Socket& pub = net.Make(SocketType::kPub);
    net.Bind(pub, "a");
    Socket& sub = net.Make(SocketType::kSub);
    ASSERT_TRUE(sub.Subscribe(prefix, net.now).ok());
    net.Connect(sub, "a");
    net.Run();
    PeerId peer;
    for (const SocketEvent& event : net.events(pub)) peer = event.peer ? event.peer : peer;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(net.Send(pub, Message("a")).ok());
    EXPECT_EQ(pub.peer_stats(peer)->messages_sent, 3u) << prefix;
    EXPECT_EQ(pub.peer_stats(peer)->unsent_messages, 3u) << prefix;
  }
}

}  // namespace
}  // namespace monocoque
