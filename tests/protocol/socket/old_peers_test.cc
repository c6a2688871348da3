// Sockets that meet peers of ZMTP 2.0 and 1.0 (RFC 15, RFC 13), whose octets are written by
// hand.
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/socket.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using enum SocketType;

const std::string kZmtp10 = Hex("0100");
std::string Zmtp20(std::string_view type_and_identity) {
  return Hex(absl::StrCat("ff00000000000000017f01", type_and_identity));
}
std::string Zmtp31(std::string_view type) { return PeerGreeting() + PeerReady(type); }

// S-9, S-2: side by side, each gets what it is due in frames of its own.
TEST(OldPeersTest, PubServesAllVersionsAtOnce) {
  for (const SocketType type : {kPub, kXPub}) {
    Wires wires(type);
    const LinkId zmtp31 = wires.Accept(Zmtp31("SUB"));
    const LinkId zmtp20 = wires.Accept(Zmtp20("020000"));
    const LinkId zmtp10 = wires.Accept(kZmtp10);
    wires.Say(zmtp31, Hex("040a 09535542534352494245"));
    wires.Say(zmtp20, Hex("0002 0141"));
    for (const char* text : {"A1", "B1"}) ASSERT_TRUE(wires.Send(Message(text)).ok());
    ASSERT_TRUE(wires.Send(Message({"A", "2"})).ok());
    EXPECT_EQ(wires.Told(zmtp31),
              "00024131"
              "00024231"
              "010141"
              "000132");
    EXPECT_EQ(wires.Told(zmtp20),
              "00024131"
              "010141"
              "000132");
    EXPECT_EQ(wires.Told(zmtp10),
              "03004131"
              "03004231"
              "020141"
              "020032");
  }
}

// PUB-5, TR-3: what is published while a peer of 1.0 is at its mark is dropped for it alone.
TEST(OldPeersTest, AMarkHoldsForZmtp10) {
  Wires wires(kPub, {.send_mark = {.messages = 2, .bytes = 0}});
  const LinkId slow = wires.Accept(kZmtp10);
  wires.Stall(true);
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(wires.Send(Message(text)).ok());
  EXPECT_EQ(wires.socket.stats().dropped, 1u);
  wires.Stall(false);
  wires.Turn();
  ASSERT_TRUE(wires.Send(Message("4")).ok());
  EXPECT_EQ(wires.Told(slow),
            "020031"
            "020032"
            "020034");
}

// ver-1.0-xpub: XPUB shows the subscription that a peer of 1.0 is taken to have made, and its end.
TEST(OldPeersTest, XPubShowsTheSubscriptionMadeUp) {
  Wires wires(kXPub);
  const LinkId peer = wires.Accept(kZmtp10);
  EXPECT_THAT(wires.Received(), ElementsAre("\x01"));
  wires.socket.OnTransportClosed(peer, absl::OkStatus(), wires.now);
  EXPECT_THAT(wires.Received(), ElementsAre(std::string(1, '\0')));
}

// S-1, S-8, SUB-4: subscriptions are told in the peer's own form, before anything else; what it
// sends unasked is filtered here.
TEST(OldPeersTest, SubTellsAndFilters) {
  struct Case {
    std::string hello, told, cancelled, news;
  };
  const std::string signature = "ff00000000000000017f";
  for (const Case& c : {Case{kZmtp10, signature + "03000141", "03000041",
                             "03004131"
                             "03004231"},
                        Case{Zmtp20("010000"),
                             signature + "03020000"
                                         "00020141",
                             "00020041",
                             "00024131"
                             "00024231"}}) {
    Wires wires(kSub);
    ASSERT_TRUE(wires.socket.Subscribe("A", wires.now).ok());
    const LinkId pub = wires.Come(c.hello);
    EXPECT_EQ(wires.Told(pub), c.told);
    wires.Say(pub, Hex(c.news));
    EXPECT_THAT(wires.Received(), ElementsAre("A1"));
    ASSERT_TRUE(wires.socket.Unsubscribe("A", wires.now).ok());
    EXPECT_EQ(wires.Told(pub), c.cancelled);
  }
}

// ROUTER-3 to ROUTER-5: the older identity is the routing id; without one there is a
// made one.
TEST(OldPeersTest, RouterKnowsThemByIdentity) {
  Wires wires(kRouter);
  const LinkId zmtp10 = wires.Accept(Hex("0300 6f31"));
  const LinkId zmtp20 = wires.Accept(Zmtp20("05 0002 6f32"));
  const LinkId nameless = wires.Accept(kZmtp10);
  for (const auto& [id, link, frame] :
       {std::tuple("o1", zmtp10, "03006869"), std::tuple("o2", zmtp20, "00026869")}) {
    Message message("hi");
    message.set_to(std::string_view(id));
    ASSERT_TRUE(wires.socket.Send(&message, wires.now).ok());
    EXPECT_EQ(wires.Told(link), frame);
  }
  wires.Say(nameless, Hex("020161 020062"));
  Message message;
  ASSERT_TRUE(wires.socket.Receive(&message, nullptr, wires.now));
  EXPECT_EQ(message.routing_id().size(), 5u);
  ASSERT_TRUE(wires.socket.Send(&message, wires.now).ok());
  EXPECT_EQ(wires.Told(nameless),
            "020161"
            "020062");
}

// ROUTER-8, PAIR-4: who is refused hears nothing, since there is no ERROR; the others go on.
TEST(OldPeersTest, RefusedInSilence) {
  Wires wires(kRouter);
  const LinkId first = wires.Accept(Hex("0300 6f31"));
  for (const std::string& twin : {Hex("0300 6f31"), Zmtp20("05 0002 6f31")}) {
    const LinkId second = wires.Accept(twin);
    EXPECT_EQ(wires.Told(second), "");
    EXPECT_TRUE(wires.closed(second));
    EXPECT_EQ(wires.events.back().kind, SocketEvent::Kind::kClosed);
    EXPECT_EQ(CauseOf(wires.events.back().status), Cause::kWeRejectedPeer);
  }
  EXPECT_FALSE(wires.closed(first));
}

// REQ-3, REQ-8, REP-3, REP-4: the envelope in frames of 1.0.
TEST(OldPeersTest, RequestAndReplyOverZmtp10) {
  Wires req(kReq);
  const LinkId server = req.Accept(kZmtp10);
  ASSERT_TRUE(req.Send(Message("ask")).ok());
  EXPECT_EQ(req.Told(server),
            "0101"
            "0400"
            "61736b");
  req.Say(server, Hex("0101 0700 616e73776572"));
  EXPECT_THAT(req.Received(), ElementsAre("answer"));

  Wires rep(kRep);
  const LinkId client = rep.Accept(kZmtp10);
  rep.Say(client, Hex("0301 6964 0101 0201 61 0200 62"));
  EXPECT_THAT(rep.Received(), ElementsAre("a|b"));
  ASSERT_TRUE(rep.Send(Message({"c", "d"})).ok());
  EXPECT_EQ(rep.Told(client),
            "03016964"
            "0101"
            "020163"
            "020064");
}

// ALL-1, TR-2: what had not begun on a link of 1.0 goes to the dialer's next link in its form,
// once.
TEST(OldPeersTest, UnsentGoesOnToAnotherVersion) {
  Wires wires(kDealer);
  ASSERT_TRUE(wires.socket.Connect(*ParseEndpoint("sim://there"), wires.now).ok());
  wires.Turn();
  const LinkId first = wires.dialed;
  wires.socket.OnDialed(first, {"sim", "sim"}, wires.now);
  wires.Say(first, kZmtp10);
  wires.Told(first);
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message({"two", "parts"})).ok());
  ASSERT_TRUE(wires.Send(Message(std::string(254, 'x'))).ok());
  wires.socket.OnTransportClosed(first, absl::OkStatus(), wires.now);
  wires.Stall(false);
  wires.now = wires.now + absl::Seconds(1);
  wires.Turn();
  const LinkId second = wires.dialed;
  ASSERT_NE(second, first);
  wires.socket.OnDialed(second, {"sim", "sim"}, wires.now);
  wires.Say(second, Zmtp20("060000"));
  EXPECT_EQ(wires.Told(second),
            "ff00000000000000017f"
            "03050000"
            "010374776f"
            "00057061727473"
            "00fe" +
                ToHex(std::string(254, 'x')));
  EXPECT_EQ(wires.socket.stats().lost, 0u);
}

// PeerInfo and the event say who came.
TEST(OldPeersTest, EventsTellTheVersion) {
  Wires wires(kPull);
  for (const auto& [hello, major] :
       {std::pair(kZmtp10, 1), std::pair(Zmtp20("08 00 02 6964"), 2)}) {
    wires.Accept(hello);
    const SocketEvent& event = wires.events.back();
    ASSERT_EQ(event.kind, SocketEvent::Kind::kReady);
    EXPECT_EQ(event.peer_info->version_major, major);
    EXPECT_EQ(event.peer_info->version_minor, 0);
    EXPECT_EQ(event.peer_info->identity, major == 2 ? "id" : "");
  }
}

// B-3: each Bind and each socket decides who is served.
TEST(OldPeersTest, NotServedWhereTheOptionSaysSo) {
  SocketOptions options;
  options.link.serve_zmtp_1 = false;
  Wires no_1(kPull, options);
  const LinkId http = no_1.Accept("G");
  EXPECT_TRUE(no_1.closed(http));
  EXPECT_FALSE(no_1.closed(no_1.Accept(Zmtp20("080000"))));
  options.link = {.serve_zmtp_2 = false};
  Wires no_2(kPull, options);
  EXPECT_TRUE(no_2.closed(no_2.Accept(Zmtp20("080000"))));
  EXPECT_FALSE(no_2.closed(no_2.Accept(kZmtp10)));
}

// S-1, S-2: subscriptions take effect in the order they came in, whichever form each has.
TEST(OldPeersTest, BothFormsOfSubscriptionsKeepTheirOrder) {
  const std::string subscribe = Hex("040b 0953554253435249424541"),
                    cancel = Hex("0408 0643414e43454c41");
  const std::string old_subscribe = Hex("0002 0141"), old_cancel = Hex("0002 0041");
  for (const SocketType type : {kPub, kXPub}) {
    Wires wires(type);
    const LinkId link = wires.Accept(Zmtp31("SUB"));
    wires.Say(link, old_subscribe + cancel);
    wires.Turn();
    EXPECT_EQ(wires.socket.topics(), 0u);
    wires.Say(link, subscribe + old_cancel + subscribe);
    wires.Turn();
    EXPECT_EQ(wires.socket.topics(), 1u);
    wires.Say(link, cancel + old_subscribe + cancel + old_subscribe);
    wires.Turn();
    EXPECT_EQ(wires.socket.topics(), 1u);
  }
}

}  // namespace
}  // namespace monocoque
