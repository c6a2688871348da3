// Messages that a socket makes by itself: its first words on a link, and what it tells its
// application of links that come and go.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What a ROUTER receives: "id:text".
std::vector<std::string> Routed(Net& net, Socket& router) {
  net.Run();
  std::vector<std::string> all;
  for (Message message; router.Receive(&message, nullptr, net.now);) {
    all.push_back(absl::StrCat(AsText(message.routing_id()), ":", message.text()));
  }
  return all;
}

// PROBE_ROUTER: an empty message on each link, dialed and accepted, in front of what waits. A
// ROUTER sees it as one with the peer's id.
TEST(NoticesTest, AProbeGoesOutFirst) {
  for (const SocketType type : {SocketType::kDealer, SocketType::kReq, SocketType::kRouter}) {
    Net net;
    Socket& router = net.Make(SocketType::kRouter);
    net.Bind(router, "a");
    Socket& probing = net.Make(type, {.routing_id = "p", .probe_router = true});
    net.Connect(probing, "a");
    if (type == SocketType::kDealer) {
      ASSERT_TRUE(net.Send(probing, Message("waited")).ok());
      EXPECT_THAT(Routed(net, router), ElementsAre("p:", "p:waited"));
    } else {
      EXPECT_THAT(Routed(net, router), ElementsAre("p:"));
    }
    net.CutAll();
    net.Advance(absl::Seconds(2));
    EXPECT_THAT(Routed(net, router), ElementsAre("p:"));
    EXPECT_EQ(probing.stats().messages_sent, type == SocketType::kDealer ? 1u : 0u);
  }
  Net net;
  Socket& listens = net.Make(SocketType::kDealer, {.routing_id = "p", .probe_router = true});
  net.Bind(listens, "a");
  Socket& router = net.Make(SocketType::kRouter);
  net.Connect(router, "a");
  EXPECT_THAT(Routed(net, router), ElementsAre("p:"));
}

// HELLO_MSG: on each link, and once on each: what a dead link had not sent of it is not sent again.
TEST(NoticesTest, AHelloOnEachLink) {
  Net net;
  Socket& listens = net.Make(SocketType::kDealer);
  net.Bind(listens, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.hello_message = "hello"});
  net.Connect(dealer, "a");
  ASSERT_TRUE(net.Send(dealer, Message("m1")).ok());
  // Neither the hello nor the message gets out before the wire goes.
  net.Run();
  EXPECT_THAT(net.Received(listens), ElementsAre("hello", "m1"));
  net.HoldBatches(true);
  net.CutAll();
  net.Advance(absl::Seconds(2));
  ASSERT_TRUE(net.Send(dealer, Message("m2")).ok());
  net.HoldBatches(false);
  net.CutAll();
  net.Advance(absl::Seconds(2));
  EXPECT_THAT(net.Received(listens), ElementsAre("hello", "m2"));
}

// A cut in the middle of the hello cuts no message of the application's.
TEST(NoticesTest, ACutHelloIsNoLostMessage) {
  Net net;
  Socket& listens = net.Make(SocketType::kDealer);
  net.Bind(listens, "a");
  Socket& dealer = net.Make(SocketType::kDealer);
  net.Connect(dealer, "a");
  net.Run();
  Socket& hello = net.Make(SocketType::kDealer, {.hello_message = std::string(300, 'h')});
  net.Connect(hello, "a");
  // The signature; the rest of the greeting; READY; then the hello, of which half passes.
  std::size_t limit = 0;
  ASSERT_TRUE(net.Send(hello, Message("kept")).ok());
  for (limit = 10; limit < 300 && hello.stats().reconnects == 0; limit += 30) {
    net.CutAfter(limit);
    net.Run();
    net.CutAfter(static_cast<std::size_t>(-1));
    net.Advance(absl::Seconds(2));
  }
  EXPECT_EQ(hello.stats().lost, 0u);
  std::vector<std::string> received = net.Received(listens);
  EXPECT_EQ(received.back(), "kept");
}

// ROUTER_NOTIFY: in front of what comes on a link, and behind; over two links of one peer in order,
// though nobody receives meanwhile.
TEST(NoticesTest, RouterTellsOfLinksInOrder) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter,
                            {.router_notify_connect = true, .router_notify_disconnect = true});
  net.Connect(router, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "d"});
  net.Bind(dealer, "a");
  net.Run();
  net.Advance(absl::Seconds(1));
  ASSERT_TRUE(net.Send(dealer, Message("m1")).ok());
  net.Run();
  net.CutAll();
  net.Advance(absl::Seconds(2));
  ASSERT_TRUE(net.Send(dealer, Message("m2")).ok());
  net.Run();
  net.CutAll();
  EXPECT_THAT(Routed(net, router), ElementsAre("d:", "d:m1", "d:", "d:", "d:m2", "d:"));
}

// One of the two alone; a probe shows as well, as a message.
TEST(NoticesTest, RouterTellsOfConnectsAlone) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter, {.router_notify_connect = true});
  net.Bind(router, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "d", .probe_router = true});
  net.Connect(dealer, "a");
  EXPECT_THAT(Routed(net, router), ElementsAre("d:", "d:"));
  dealer.Close(absl::ZeroDuration(), net.now);
  EXPECT_THAT(Routed(net, router), IsEmpty());
}

// A peer that is refused was never there.
TEST(NoticesTest, NothingOfARefusedPeer) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter,
                            {.router_notify_connect = true, .router_notify_disconnect = true});
  net.Bind(router, "a");
  Socket& first = net.Make(SocketType::kDealer, {.routing_id = "twin"});
  Socket& second = net.Make(SocketType::kDealer, {.routing_id = "twin"});
  net.Connect(first, "a");
  net.Run();
  net.Connect(second, "a");
  EXPECT_THAT(Routed(net, router), ElementsAre("twin:"));
}

// DISCONNECT_MSG: behind the last message of an accepted peer, with its routing id; not for one
// that we dialed, nor when we close.
TEST(NoticesTest, TheLastWordOfAnAcceptedPeer) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter, {.disconnect_message = "gone"});
  net.Bind(router, "a");
  net.Connect(router, "b");
  Socket& comes = net.Make(SocketType::kDealer, {.routing_id = "comes"});
  Socket& listens = net.Make(SocketType::kDealer, {.routing_id = "listens"});
  net.Bind(listens, "b");
  net.Connect(comes, "a");
  net.Run();
  net.Advance(absl::Seconds(1));
  ASSERT_TRUE(net.Send(comes, Message("last")).ok());
  net.Run();
  net.CutAll();
  EXPECT_THAT(Routed(net, router), ElementsAre("comes:last", "comes:gone"));
  net.Advance(absl::Seconds(2));
  net.Unbind(router);
  EXPECT_THAT(Routed(net, router), IsEmpty());
}

// HICCUP_MSG: when the link that we dialed is lost; not for accepted ones, nor when we disconnect.
TEST(NoticesTest, AHiccupOfADialedPeer) {
  Net net;
  Socket& dealer = net.Make(SocketType::kDealer, {.hiccup_message = "hiccup"});
  const DialerId dialer = net.Connect(dealer, "a");
  net.Bind(dealer, "b");
  Socket& listens = net.Make(SocketType::kDealer);
  Socket& comes = net.Make(SocketType::kDealer);
  net.Bind(listens, "a");
  net.Connect(comes, "b");
  net.Run();
  net.Advance(absl::Seconds(1));
  ASSERT_TRUE(net.Send(listens, Message("before")).ok());
  net.Run();
  net.CutAll();
  EXPECT_THAT(net.Received(dealer), ElementsAre("before", "hiccup"));
  net.Advance(absl::Seconds(2));
  ASSERT_TRUE(dealer.Disconnect(dialer, net.now).ok());
  EXPECT_THAT(net.Received(dealer), IsEmpty());
}

// A notice can be looked at, and counts as received.
TEST(NoticesTest, ANoticeIsAMessage) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter, {.router_notify_connect = true});
  net.Bind(router, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "d"});
  net.Connect(dealer, "a");
  net.Run();
  PeerId from;
  const Message* seen = router.Peek(&from, net.now);
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(from, router.FindPeer(AsBytes("d")));
  EXPECT_THAT(Routed(net, router), ElementsAre("d:"));
  EXPECT_EQ(router.stats().messages_received, 1u);
  // Closed, the socket hands out nothing any more.
  net.CutAll();
  net.Advance(absl::Seconds(2));
  router.Close(absl::ZeroDuration(), net.now);
  EXPECT_THAT(Routed(net, router), IsEmpty());
}

}  // namespace
}  // namespace monocoque
