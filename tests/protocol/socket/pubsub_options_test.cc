// Options of PUB, XPUB and XSUB that say which subscriptions are told: to the application of the
// publisher, and to publishers.
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
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Wires;
using ::testing::ElementsAreArray;

std::string Notice(bool subscribe, std::string_view prefix) {
  return absl::StrCat(std::string(1, subscribe ? '\x01' : '\x00'), prefix);
}

std::string On() { return Notice(true, "a"); }
std::string Off() { return Notice(false, "a"); }

// What an XPUB with these options shows of each step of two subscribers.
struct Shown {
  const char* name;
  SocketOptions options;
  std::vector<std::string> both_subscribe;
  std::vector<std::string> one_cancels;
  std::vector<std::string> other_cancels;
};

std::vector<Shown> ShownCases() {
  return {
      {"default", {}, {On()}, {}, {Off()}},
      {"verbose", {.xpub_verbose = true}, {On(), On()}, {}, {Off()}},
      {"verboser", {.xpub_verboser = true}, {On(), On()}, {Off()}, {Off()}},
  };
}

// What waited for the application of an XPUB that closes holds nobody's octets any more.
TEST(PubSubOptionsTest, AClosedXPubReadsOn) {
  Wires wires(SocketType::kXPub, {.receive_mark = {.messages = 0, .bytes = 50}});
  const std::string prefix(60, 'p');
  const LinkId link =
      wires.Accept(PeerGreeting() + PeerReady("SUB") + std::string("\x00\x3d\x01", 3) + prefix);
  ASSERT_EQ(wires.socket.read_hint(link).mode, ReadMode::kPaused);
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message(prefix)).ok());
  wires.socket.Close(absl::Seconds(10), wires.now);
  wires.Turn();
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
}

// XPUB-5: the edges alone, or each subscription, or each cancellation too.
TEST(PubSubOptionsTest, XPubShowsEdgesOrAll) {
  for (const Shown& shown : ShownCases()) {
    SCOPED_TRACE(shown.name);
    Net net;
    Socket& xpub = net.Make(SocketType::kXPub, shown.options);
    net.Bind(xpub, "a");
    Socket& one = net.Make(SocketType::kSub);
    Socket& other = net.Make(SocketType::kSub);
    for (Socket* sub : {&one, &other}) {
      ASSERT_TRUE(sub->Subscribe("a", net.now).ok());
      net.Connect(*sub, "a");
    }
    EXPECT_THAT(net.Received(xpub), ElementsAreArray(shown.both_subscribe));
    ASSERT_TRUE(one.Unsubscribe("a", net.now).ok());
    EXPECT_THAT(net.Received(xpub), ElementsAreArray(shown.one_cancels));
    ASSERT_TRUE(other.Unsubscribe("a", net.now).ok());
    EXPECT_THAT(net.Received(xpub), ElementsAreArray(shown.other_cancels));
    EXPECT_EQ(xpub.topics(), 0u);
  }
}

// XPUB-5, XPUB-6: of two that vanish each makes a cancellation where all are shown, the last one
// otherwise.
TEST(PubSubOptionsTest, XPubShowsEdgesOrAllOfThoseThatVanish) {
  for (const Shown& shown : ShownCases()) {
    SCOPED_TRACE(shown.name);
    Wires wires(SocketType::kXPub, shown.options);
    const LinkId one = wires.Accept(PeerGreeting() + PeerReady("SUB"));
    const LinkId other = wires.Accept(PeerGreeting() + PeerReady("SUB"));
    for (LinkId link : {one, other}) wires.Say(link, Hex("0002") + On());
    EXPECT_THAT(wires.Received(), ElementsAreArray(shown.both_subscribe));
    wires.HangUp(one);
    EXPECT_THAT(wires.Received(), ElementsAreArray(shown.one_cancels));
    wires.HangUp(other);
    EXPECT_THAT(wires.Received(), ElementsAreArray(shown.other_cancels));
  }
}

// XPUB-5: a subscription that its peer has already shows only where all do.
TEST(PubSubOptionsTest, ARepeatedSubscriptionIsOneOfAll) {
  for (const Shown& shown : ShownCases()) {
    SCOPED_TRACE(shown.name);
    Wires wires(SocketType::kXPub, shown.options);
    const LinkId link = wires.Accept(PeerGreeting() + PeerReady("SUB"));
    wires.Say(link, Hex("0002") + On());
    wires.Say(link, Hex("0002") + On());
    EXPECT_THAT(wires.Received(), ElementsAreArray(shown.both_subscribe));
    EXPECT_EQ(wires.socket.topics(), 1u);
  }
}

// XSUB_VERBOSE_UNSUBSCRIBE: of a prefix asked for twice each cancellation goes out, or the last
// alone. XSUB-7: of one that was never asked for none does.
TEST(PubSubOptionsTest, XSubTellsTheLastCancellationOrEach) {
  const std::string subscribe = ToHex(Hex("040b 09535542534352494245") + "a");
  const std::string cancel = ToHex(Hex("0408 0643414e43454c") + "a");
  for (const bool each : {false, true}) {
    SCOPED_TRACE(each);
    Wires wires(SocketType::kXSub, {.xsub_verbose_unsubscribe = each});
    const LinkId link = wires.Accept(PeerGreeting() + PeerReady("XPUB"));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(wires.Send(Message(On())).ok());
    EXPECT_EQ(wires.Told(link), subscribe);
    ASSERT_TRUE(wires.Send(Message(Off())).ok());
    EXPECT_EQ(wires.Told(link), each ? cancel : "");
    ASSERT_TRUE(wires.Send(Message(Off())).ok());
    EXPECT_EQ(wires.Told(link), cancel);
    ASSERT_TRUE(wires.Send(Message(Off())).ok());
    EXPECT_EQ(wires.Told(link), "");
    EXPECT_EQ(wires.socket.topics(), 0u);
  }
}

// ONLY_FIRST_SUBSCRIBE where it is sent: of a message of subscriptions the first part goes out, or
// each that is one.
TEST(PubSubOptionsTest, XSubTellsTheFirstPartOrEach) {
  for (const bool first : {false, true}) {
    SCOPED_TRACE(first);
    Net net;
    Socket& xpub = net.Make(SocketType::kXPub);
    net.Bind(xpub, "a");
    Socket& xsub = net.Make(SocketType::kXSub, {.only_first_subscribe = first});
    net.Connect(xsub, "a");
    net.Run();
    ASSERT_TRUE(net.Send(xsub, Message({Notice(true, "a"), Notice(true, "b"), "c"})).ok());
    std::vector<std::string> shown = {Notice(true, "a")};
    if (!first) shown.push_back(Notice(true, "b"));
    EXPECT_THAT(net.Received(xpub), ElementsAreArray(shown));
    EXPECT_EQ(xsub.topics(), shown.size());
  }
}

// ONLY_FIRST_SUBSCRIBE where it is received, with both publishers; what begins as a message is one
// in any case.
TEST(PubSubOptionsTest, PublishersTakeTheFirstPartOrEach) {
  const std::string subscriptions = Hex("0102 0161 0102 0162 0001 63");
  const std::string message = Hex("0102 6161 0002 0164");
  for (const SocketType type : {SocketType::kPub, SocketType::kXPub}) {
    for (const bool first : {false, true}) {
      SCOPED_TRACE(first);
      Wires wires(type, {.only_first_subscribe = first});
      const LinkId link = wires.Accept(PeerGreeting() + PeerReady("XSUB"));
      wires.Say(link, subscriptions);
      std::vector<std::string> shown = {Notice(true, "a")};
      if (!first) shown.push_back(Notice(true, "b"));
      EXPECT_EQ(wires.socket.topics(), shown.size());
      wires.Say(link, message);
      EXPECT_EQ(wires.socket.topics(), shown.size());
      shown.push_back("aa|" + Notice(true, "d"));
      if (type == SocketType::kPub) shown.clear();
      EXPECT_THAT(wires.Received(), ElementsAreArray(shown));
      ASSERT_TRUE(wires.Send(Message("b")).ok());
      EXPECT_EQ(wires.Told(link), first ? "" : ToHex(Hex("0001 62")));
    }
  }
}

}  // namespace
}  // namespace monocoque
