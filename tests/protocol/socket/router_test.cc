// ROUTER's routing ids: given by the peer, by us, or by whoever dials.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Message To(std::string_view id, std::string_view text) {
  Message message(text);
  message.set_to(id);
  return message;
}

// The peer of the last link that got ready.
PeerId PeerOf(Net& net, Socket& socket) {
  PeerId peer;
  for (const SocketEvent& event : net.events(socket)) {
    if (event.kind == SocketEvent::Kind::kReady) peer = event.peer;
  }
  return peer;
}

// CONNECT_ROUTING_ID: the name counts from Connect on, so that messages wait for who is dialed; it
// stays over reconnects, whatever the peer calls itself.
TEST(RouterTest, ADialedPeerHasOurName) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter, {.router_mandatory = true});
  net.Connect(router, "a", {.connect_routing_id = "server"});
  ASSERT_TRUE(net.Send(router, To("server", "early")).ok());
  net.Run();
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "itself"});
  net.Bind(dealer, "a");
  net.Run();
  net.Advance(absl::Seconds(1));
  EXPECT_THAT(net.Received(dealer), ElementsAre("early"));
  EXPECT_EQ(net.Send(router, To("itself", "x")).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(net.Send(dealer, Message("m")).ok());
  net.Run();
  Message received;
  ASSERT_TRUE(router.Receive(&received, nullptr, net.now));
  EXPECT_EQ(AsText(received.routing_id()), "server");
  net.CutAll();
  ASSERT_TRUE(net.Send(router, To("server", "between")).ok());
  net.Advance(absl::Seconds(2));
  EXPECT_THAT(net.Received(dealer), ElementsAre("between"));
}

// Two dialers of one name, and names of other sockets, are refused by Connect.
TEST(RouterTest, ConnectRefusesAName) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter);
  net.Connect(router, "a", {.connect_routing_id = "name"});
  const Endpoint endpoint = *ParseEndpoint("sim://b");
  const auto twice = router.Connect(endpoint, {.connect_routing_id = "name"}, net.now);
  EXPECT_EQ(twice.status().code(), absl::StatusCode::kAlreadyExists);
  const auto zero =
      router.Connect(endpoint, {.connect_routing_id = std::string("\0x", 2)}, net.now);
  EXPECT_EQ(zero.status().code(), absl::StatusCode::kInvalidArgument);
  Socket& push = net.Make(SocketType::kPush);
  const auto other = push.Connect(endpoint, {.connect_routing_id = "name"}, net.now);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("is for ROUTER, STREAM, not PUSH"));
}

// ROUTER-8: who comes with a name that a dialer gave is refused, or gets it.
TEST(RouterTest, ANameGivenIsInUse) {
  for (const RoutingIdClash clash : {RoutingIdClash::kRefuseNewcomer, RoutingIdClash::kHandOver}) {
    Net net;
    Socket& router = net.Make(SocketType::kRouter, {.router_id_clash = clash});
    net.Connect(router, "nobody", {.connect_routing_id = "name"});
    net.Bind(router, "a");
    Socket& comes = net.Make(SocketType::kDealer, {.routing_id = "name"});
    net.Run();
    net.Connect(comes, "a");
    net.Run();
    const bool refused = clash == RoutingIdClash::kRefuseNewcomer;
    EXPECT_EQ(router.ready_peers(), refused ? 0u : 1u);
    ASSERT_TRUE(net.Send(router, To("name", "m")).ok());
    EXPECT_EQ(net.Received(comes).size(), refused ? 0u : 1u);
  }
}

// ROUTER-8: what was received from the one who had the name is still delivered.
TEST(RouterTest, HandingOverLosesNothingReceived) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter, {.router_id_clash = RoutingIdClash::kHandOver});
  net.Bind(router, "a");
  Socket& old = net.Make(SocketType::kDealer, {.routing_id = "name"});
  net.Connect(old, "a");
  net.Run();
  for (const std::string_view text : {"m1", "m2"}) {
    ASSERT_TRUE(net.Send(old, Message(text)).ok());
  }
  net.Run();
  Socket& comes = net.Make(SocketType::kDealer, {.routing_id = "name"});
  net.Connect(comes, "a");
  net.Run();
  EXPECT_EQ(router.ready_peers(), 1u);
  EXPECT_EQ(old.ready_peers(), 0u);
  EXPECT_THAT(net.Received(router), ElementsAre("m1", "m2"));
  ASSERT_TRUE(net.Send(router, To("name", "reply")).ok());
  EXPECT_THAT(net.Received(comes), ElementsAre("reply"));
}

// Who is dialed may be another at each reconnect: what the one before had sent, and nobody took
// yet, goes by the id that one had; so does word that it is gone. A reply to it is for nobody.
TEST(RouterTest, MessagesKeepTheIdTheyCameWith) {
  Net net;
  Socket& router = net.Make(
      SocketType::kRouter,
      {.router_mandatory = true, .router_notify_connect = true, .router_notify_disconnect = true});
  net.Connect(router, "a");
  for (const std::string name : {"one", "two", "three"}) {
    Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = name});
    net.Bind(dealer, "a");
    net.Run();
    net.Advance(absl::Seconds(2));
    ASSERT_TRUE(router.FindPeer(AsBytes(name)));
    ASSERT_TRUE(net.Send(dealer, Message("m")).ok());
    ASSERT_TRUE(net.Send(dealer, Message("n")).ok());
    net.Run();
    if (name == "three") break;
    net.Unbind(dealer);
    net.Run();
  }
  std::vector<std::string> all;
  for (Message message; router.Receive(&message, nullptr, net.now);) {
    all.push_back(absl::StrCat(AsText(message.routing_id()), ":", message.text()));
    const absl::Status sent = net.Send(router, message);
    EXPECT_EQ(sent.ok(), absl::StartsWith(all.back(), "three")) << all.back();
  }
  EXPECT_THAT(all, ElementsAre("one:", "one:m", "one:n", "one:", "two:", "two:m", "two:n",
                               "two:", "three:", "three:m", "three:n"));
}

// SERVER's and PEER's numbers, and the ids that we make, are the dialer's: they stay.
TEST(RouterTest, ANumberIsTheDialers) {
  for (const SocketType type : {SocketType::kServer, SocketType::kPeer, SocketType::kRouter}) {
    Net net;
    Socket& dials = net.Make(type);
    net.Connect(dials, "a");
    std::set<std::string> ids;
    const SocketType other = type == SocketType::kPeer     ? SocketType::kPeer
                             : type == SocketType::kServer ? SocketType::kClient
                                                           : SocketType::kDealer;
    for (int i = 0; i < 2; ++i) {
      Socket& listens = net.Make(other);
      net.Bind(listens, "a");
      net.Run();
      net.Advance(absl::Seconds(2));
      Message message("m");
      if (other == SocketType::kPeer) message.set_to(listens.routing_id(PeerOf(net, listens)));
      ASSERT_TRUE(listens.Send(&message, net.now).ok());
      net.Run();
      if (i == 0) net.Unbind(listens);
      net.Run();
    }
    int received = 0;
    for (Message message; dials.Receive(&message, nullptr, net.now); ++received) {
      ids.emplace(AsText(message.routing_id()));
    }
    EXPECT_EQ(received, 2);
    EXPECT_EQ(ids.size(), 1u);
  }
}

// A peer that will not be dialed again is nobody.
TEST(RouterTest, NobodyOnceGivenUp) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter, {.router_mandatory = true});
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  net.Run();
  const DialerId dialer = net.Connect(router, "a", {.connect_routing_id = "name"});
  net.Run();
  EXPECT_TRUE(net.saw(router, SocketEvent::Kind::kGaveUp));
  EXPECT_EQ(net.Send(router, To("name", "m")).code(), absl::StatusCode::kNotFound);
  // Its name is free again once the dialer is gone.
  ASSERT_TRUE(router.Disconnect(dialer, net.now).ok());
  net.Connect(router, "b", {.connect_routing_id = "name"});
  EXPECT_TRUE(net.Send(router, To("name", "m")).ok());
}

// ROUTER-9: a routing id alone is no message; an empty part behind it is an empty message.
TEST(RouterTest, AnIdAloneIsNothing) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter);
  net.Bind(router, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "d"});
  net.Connect(dealer, "a");
  net.Run();
  Message alone("d");
  EXPECT_FALSE(alone.FrontToId());
  EXPECT_EQ(router.Send(&alone, net.now).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(alone.text(), "d");
  Message empty({"d", ""});
  ASSERT_TRUE(empty.FrontToId());
  ASSERT_TRUE(router.Send(&empty, net.now).ok());
  EXPECT_THAT(net.Received(dealer), ElementsAre(""));
}

// ROUTER-6 without router_mandatory: what a peer at its mark would get is dropped and counted;
// sending never waits.
TEST(RouterTest, AFullPeerIsSkipped) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter, {.send_mark = {.messages = 2, .bytes = 0}});
  net.Connect(router, "nobody", {.connect_routing_id = "name"});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(net.Send(router, To("name", "m")).ok());
  EXPECT_EQ(router.stats().dropped, 3u);
  EXPECT_EQ(router.stats().messages_sent, 2u);
}

// ROUTER-2, ROUTER-3: many peers without a name, each with an id of its own that begins with zero.
TEST(RouterTest, GeneratedIdsDiffer) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter);
  net.Bind(router, "a");
  constexpr std::size_t kPeers = 20;
  for (std::size_t i = 0; i < kPeers; ++i) {
    Socket& dealer = net.Make(SocketType::kDealer);
    net.Connect(dealer, "a");
    ASSERT_TRUE(net.Send(dealer, Message("m")).ok());
  }
  net.Run();
  std::set<std::string> ids;
  for (Message message; router.Receive(&message, nullptr, net.now);) {
    ASSERT_EQ(message.routing_id().size(), 5u);
    EXPECT_EQ(message.routing_id()[0], 0);
    ids.insert(std::string(AsText(message.routing_id())));
  }
  EXPECT_EQ(ids.size(), kPeers);
}

// ROUTER_NOTIFY, ROUTER-8: whoever has a name is heard of last: that the one before it is gone
// does not come behind.
TEST(RouterTest, WhoGotANameIsHeardOfLast) {
  for (const bool untaken : {false, true}) {
    Net net;
    Socket& router = net.Make(SocketType::kRouter, {.router_id_clash = RoutingIdClash::kHandOver,
                                                    .router_notify_connect = true,
                                                    .router_notify_disconnect = true});
    net.Bind(router, "a");
    Socket& old = net.Make(SocketType::kDealer, {.routing_id = "name"});
    net.Connect(old, "a");
    net.Run();
    const PeerId before = router.FindPeer(AsBytes("name"));
    if (untaken) {
      ASSERT_TRUE(net.Send(old, Message("m")).ok());
      net.Run();
    }
    net.Connect(net.Make(SocketType::kDealer, {.routing_id = "name"}), "a");
    net.Run();
    PeerId last;
    PeerId from;
    for (Message message; router.Receive(&message, &from, net.now);) {
      if (message.size() == 0) last = from;
    }
    EXPECT_NE(last, before) << untaken;
    EXPECT_EQ(last, router.FindPeer(AsBytes("name"))) << untaken;
  }
}

// Of a peer that we dialed, and that gets its name back, the next end is heard of again.
TEST(RouterTest, WhoGotItsNameBackIsHeardOf) {
  Net net;
  SocketOptions options{.router_id_clash = RoutingIdClash::kHandOver,
                        .router_notify_connect = true,
                        .router_notify_disconnect = true};
  options.link.retry.we_rejected_peer = Retry::kBackoff;
  Socket& router = net.Make(SocketType::kRouter, options);
  net.Bind(router, "a");
  net.Bind(net.Make(SocketType::kDealer, {.routing_id = "name"}), "b");
  net.Run();
  net.Connect(router, "b");
  net.Run();
  Socket& other = net.Make(SocketType::kDealer, {.routing_id = "name"});
  net.Connect(other, "a");
  net.Run();
  other.Close(absl::ZeroDuration(), net.now);
  net.Run();
  (void)net.Received(router);
  net.Advance(absl::Seconds(1));
  EXPECT_THAT(net.Received(router), ElementsAre("")) << "it is there again";
  net.CutAll();
  EXPECT_THAT(net.Received(router), ElementsAre("")) << "and gone";
}

}  // namespace
}  // namespace monocoque
