// CLIENT and SERVER (RFC 41), PEER (RFC 51): peers by number.
#include <set>
#include <string>

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
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Message Numbered(std::uint32_t number, std::string_view text) {
  Message message(text);
  message.set_to_number(number);
  return message;
}

class ClientServerTest : public ::testing::Test {
 protected:
  Socket& Server(const SocketOptions& options = {}) {
    Socket& server = net_.Make(SocketType::kServer, options);
    net_.Bind(server, "a");
    net_.Run();
    return server;
  }
  Socket& Client(const SocketOptions& options = {}) {
    Socket& client = net_.Make(SocketType::kClient, options);
    net_.Connect(client, "a");
    net_.Run();
    return client;
  }
  Message Next(Socket& socket) {
    net_.Run();
    Message message;
    EXPECT_TRUE(socket.Receive(&message, nullptr, net_.now));
    return message;
  }

  Net net_;
};

// SERVER-1, SERVER-2, SERVER-3: each client has a number of its own, which is read off its messages
// and set on those to it; a message that is sent back finds its sender.
TEST_F(ClientServerTest, RepliesByNumber) {
  Socket& server = Server();
  Socket& one = Client();
  Socket& two = Client();
  ASSERT_TRUE(net_.Send(one, Message("from one")).ok());
  ASSERT_TRUE(net_.Send(two, Message("from two")).ok());
  Message first = Next(server);
  const Message second = Next(server);
  EXPECT_NE(first.routing_number(), 0u);
  EXPECT_NE(second.routing_number(), 0u);
  EXPECT_NE(first.routing_number(), second.routing_number());
  EXPECT_EQ(first.routing_id().size(), 4u);
  EXPECT_EQ(server.FindPeer(first.routing_id()), first.peer());
  EXPECT_EQ(AsText(server.routing_id(second.peer())), AsText(second.routing_id()));
  ASSERT_TRUE(net_.Send(server, Numbered(second.routing_number(), "to two")).ok());
  ASSERT_TRUE(server.Send(&first, net_.now).ok());
  EXPECT_THAT(net_.Received(one), ElementsAre("from one"));
  EXPECT_THAT(net_.Received(two), ElementsAre("to two"));
}

// SERVER-2: what a peer calls itself does not count, and no number is on the wire.
TEST_F(ClientServerTest, TheNumberIsNotThePeers) {
  Wires wires(SocketType::kServer);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("CLIENT", "name"));
  wires.Say(link, Hex("0002 6869"));
  Message message;
  ASSERT_TRUE(wires.socket.Receive(&message, nullptr, wires.now));
  EXPECT_NE(message.routing_number(), 0u);
  EXPECT_FALSE(wires.socket.FindPeer(AsBytes("name")));
  ASSERT_TRUE(wires.socket.Send(&message, wires.now).ok());
  EXPECT_EQ(wires.Told(link), "00026869");
}

// SERVER-4: nobody's number, that of who is gone, and no number at all.
TEST_F(ClientServerTest, NobodysNumber) {
  Socket& server = Server();
  Socket& client = Client();
  ASSERT_TRUE(net_.Send(client, Message("m")).ok());
  const Message message = Next(server);
  const std::uint32_t number = message.routing_number();
  EXPECT_EQ(net_.Send(server, Numbered(number + 1, "x")).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(net_.Send(server, Numbered(0, "x")).code(), absl::StatusCode::kNotFound);
  Message odd("x");
  odd.set_to("four more");
  EXPECT_EQ(server.Send(&odd, net_.now).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(odd.text(), "x");
  EXPECT_THAT(std::string(net_.Send(server, Message("x")).message()), HasSubstr("call set_to"));
  net_.CutAll();
  net_.Run();
  EXPECT_EQ(net_.Send(server, message).code(), absl::StatusCode::kNotFound);
  // Who comes back is somebody else.
  net_.Advance(absl::Seconds(2));
  ASSERT_TRUE(net_.Send(client, Message("m")).ok());
  EXPECT_NE(Next(server).routing_number(), number);
  EXPECT_EQ(server.stats().dropped, 0u);
}

// SERVER-5: at the mark the message stays with the caller, and NextWritable tells when there is
// room.
TEST_F(ClientServerTest, AFullPeerWaits) {
  Socket& server = Server({.send_mark = {.messages = 2, .bytes = 0}});
  Socket& client = Client();
  ASSERT_TRUE(net_.Send(client, Message("m")).ok());
  const Message message = Next(server);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(net_.Send(server, message).ok());
  Message third = message;
  EXPECT_EQ(server.Send(&third, net_.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(third.text(), "m");
  net_.Run();
  PeerId writable;
  ASSERT_TRUE(server.NextWritable(&writable));
  EXPECT_EQ(writable, message.peer());
  EXPECT_TRUE(server.Send(&third, net_.now).ok());
  EXPECT_THAT(net_.Received(client), ElementsAre("m", "m", "m"));
}

// CLIENT-1, CLIENT-2, ALL-6, ALL-7: to its servers by turns, from them fairly.
TEST_F(ClientServerTest, AClientGoesAround) {
  Socket& client = net_.Make(SocketType::kClient);
  Message kept("kept");
  EXPECT_EQ(client.Send(&kept, net_.now).code(), absl::StatusCode::kUnavailable);
  net_.Bind(client, "c");
  net_.Run();
  Socket& one = net_.Make(SocketType::kServer);
  Socket& two = net_.Make(SocketType::kServer);
  net_.Connect(one, "c");
  net_.Connect(two, "c");
  net_.Run();
  for (const char* text : {"1", "2", "3", "4"}) ASSERT_TRUE(net_.Send(client, Message(text)).ok());
  EXPECT_THAT(net_.Received(one), ElementsAre("1", "3"));
  EXPECT_THAT(net_.Received(two), ElementsAre("2", "4"));
  for (Socket* server : {&one, &two}) {
    // A dialed peer has its number from the first on.
    const PeerId peer = net_.events(*server).back().peer;
    for (int i = 0; i < 2; ++i) {
      Message reply(server == &one ? "a" : "b");
      ASSERT_TRUE(server->SendTo(peer, &reply, net_.now).ok());
    }
  }
  EXPECT_THAT(net_.Received(client), ElementsAre("a", "b", "a", "b"));
}

// SERVER-6, ALL-5: from its clients fairly.
TEST_F(ClientServerTest, AServerIsFair) {
  Socket& server = Server();
  Socket& busy = Client();
  Socket& calm = Client();
  for (const char* text : {"b0", "b1", "b2"}) ASSERT_TRUE(net_.Send(busy, Message(text)).ok());
  ASSERT_TRUE(net_.Send(calm, Message("c0")).ok());
  EXPECT_THAT(net_.Received(server), ElementsAre("b0", "c0", "b1", "b2"));
}

// PEER-3: connecting gives the number at once; messages wait for the peer, which keeps its number.
TEST_F(ClientServerTest, ConnectPeerGivesTheNumber) {
  Socket& peer = net_.Make(SocketType::kPeer);
  const auto number = peer.ConnectPeer(*ParseEndpoint("sim://p"), net_.now);
  ASSERT_TRUE(number.ok());
  EXPECT_NE(*number, 0u);
  const auto another = peer.ConnectPeer(*ParseEndpoint("sim://q"), {.immediate = true}, net_.now);
  ASSERT_TRUE(another.ok());
  EXPECT_NE(*another, *number);
  EXPECT_EQ(net_.Send(peer, Numbered(*another, "x")).code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(net_.Send(peer, Numbered(*number, "early")).ok());
  net_.Run();
  Socket& listens = net_.Make(SocketType::kPeer);
  net_.Bind(listens, "p");
  net_.Run();
  net_.Advance(absl::Seconds(1));
  EXPECT_THAT(net_.Received(listens), ElementsAre("early"));
  net_.CutAll();
  net_.Advance(absl::Seconds(2));
  ASSERT_TRUE(net_.Send(peer, Numbered(*number, "later")).ok());
  EXPECT_THAT(net_.Received(listens), ElementsAre("later"));
  Socket& client = net_.Make(SocketType::kClient);
  EXPECT_THAT(
      std::string(client.ConnectPeer(*ParseEndpoint("sim://p"), net_.now).status().message()),
      HasSubstr("CLIENT does not"));
  EXPECT_FALSE(peer.ConnectPeer(*ParseEndpoint("tcp://*:1"), net_.now).ok());
}

// PEER-1, PEER-2: any number of peers, at any time, by number.
TEST_F(ClientServerTest, PeersTalkFreely) {
  Socket& hub = net_.Make(SocketType::kPeer);
  net_.Bind(hub, "p");
  net_.Run();
  std::vector<Socket*> others;
  std::vector<std::uint32_t> hub_as_seen;
  for (int i = 0; i < 3; ++i) {
    others.push_back(&net_.Make(SocketType::kPeer));
    hub_as_seen.push_back(*others.back()->ConnectPeer(*ParseEndpoint("sim://p"), net_.now));
  }
  net_.Run();
  for (std::size_t i = 0; i < others.size(); ++i) {
    ASSERT_TRUE(net_.Send(*others[i], Numbered(hub_as_seen[i], absl::StrCat("hi", i))).ok());
  }
  net_.Run();
  std::set<std::uint32_t> numbers;
  for (Message message; hub.Receive(&message, nullptr, net_.now);) {
    numbers.insert(message.routing_number());
    ASSERT_TRUE(hub.Send(&message, net_.now).ok());
  }
  EXPECT_EQ(numbers.size(), 3u);
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_THAT(net_.Received(*others[i]), ElementsAre(absl::StrCat("hi", i)));
  }
}

// HELLO_MSG, DISCONNECT_MSG and HICCUP_MSG, with the number of whom they are about.
TEST_F(ClientServerTest, NoticesCarryTheNumber) {
  Socket& server = Server({.hello_message = "welcome", .disconnect_message = "gone"});
  Socket& client = Client({.hello_message = "hello", .hiccup_message = "hiccup"});
  EXPECT_THAT(net_.Received(client), ElementsAre("welcome"));
  const std::uint32_t number = Next(server).routing_number();
  net_.CutAll();
  net_.Run();
  const Message gone = Next(server);
  EXPECT_EQ(gone.text(), "gone");
  EXPECT_EQ(gone.routing_number(), number);
  EXPECT_THAT(net_.Received(client), ElementsAre("hiccup"));

  Socket& peer = net_.Make(SocketType::kPeer, {.hiccup_message = "hiccup"});
  Socket& listens = net_.Make(SocketType::kPeer, {.disconnect_message = "gone"});
  net_.Bind(listens, "p");
  net_.Run();
  const std::uint32_t dialed = *peer.ConnectPeer(*ParseEndpoint("sim://p"), net_.now);
  net_.Run();
  net_.CutAll();
  EXPECT_EQ(Next(peer).routing_number(), dialed);
  EXPECT_EQ(Next(listens).text(), "gone");
  EXPECT_THAT(net_.Received(listens), IsEmpty());
}

}  // namespace
}  // namespace monocoque
