// The second libzmq is what it is built to be: its draft sockets talk with each other over tcp, and
// CURVE is there. A test of our peer, not of ours.
#include <zmq.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/support/draft_frame.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::DraftFrame;
using ::monocoque::testing::Received;
using ::monocoque::testing::Sent;
using ::monocoque::testing::Until;
using ::monocoque::testing::ZmqPeer;

void Joined(ZmqPeer& binds, ZmqPeer& connects) {
  connects.Connect(binds.Bind("tcp://127.0.0.1:*"));
}

TEST(DraftSmokeTest, ClientAndServer) {
  ZmqPeer server(ZMQ_SERVER);
  ZmqPeer client(ZMQ_CLIENT);
  Joined(server, client);
  ASSERT_TRUE(Sent("question", &client));
  DraftFrame request;
  ASSERT_TRUE(Received(&request, &server));
  EXPECT_EQ(request.text(), "question");
  EXPECT_NE(request.routing_id(), 0u);
  DraftFrame answer("answer");
  answer.set_routing_id(request.routing_id());
  ASSERT_TRUE(Sent(&answer, &server));
  DraftFrame reply;
  ASSERT_TRUE(Received(&reply, &client));
  EXPECT_EQ(reply.text(), "answer");
}

TEST(DraftSmokeTest, RadioAndDish) {
  ZmqPeer radio(ZMQ_RADIO);
  ZmqPeer dish(ZMQ_DISH);
  ASSERT_EQ(zmq_join(dish.socket(), "news"), 0);
  Joined(radio, dish);
  // RADIO drops what nobody has joined yet: once more until it arrives.
  DraftFrame got;
  ASSERT_TRUE(Until([&] {
    for (const char* group : {"other", "news"}) {
      DraftFrame message(group);
      message.set_group(group);
      if (!Sent(&message, &radio)) return false;
    }
    return got.Receive(&dish);
  }));
  EXPECT_EQ(got.text(), "news");
  EXPECT_EQ(got.group(), "news");
}

TEST(DraftSmokeTest, ScatterAndGather) {
  ZmqPeer gather(ZMQ_GATHER);
  ZmqPeer scatter(ZMQ_SCATTER);
  Joined(gather, scatter);
  ASSERT_TRUE(Sent("job", &scatter));
  DraftFrame got;
  ASSERT_TRUE(Received(&got, &gather));
  EXPECT_EQ(got.text(), "job");
}

TEST(DraftSmokeTest, Peers) {
  ZmqPeer one(ZMQ_PEER);
  ZmqPeer other(ZMQ_PEER);
  const uint32_t id = zmq_connect_peer(other.socket(), one.Bind("tcp://127.0.0.1:*").c_str());
  ASSERT_NE(id, 0u);
  DraftFrame hello("hello");
  hello.set_routing_id(id);
  ASSERT_TRUE(Sent(&hello, &other));
  DraftFrame got;
  ASSERT_TRUE(Received(&got, &one));
  EXPECT_EQ(got.text(), "hello");
}

TEST(DraftSmokeTest, Channel) {
  ZmqPeer one(ZMQ_CHANNEL);
  ZmqPeer other(ZMQ_CHANNEL);
  Joined(one, other);
  for (auto [from, to] : {std::pair(&one, &other), std::pair(&other, &one)}) {
    ASSERT_TRUE(Sent("to and fro", from));
    DraftFrame got;
    ASSERT_TRUE(Received(&got, to));
    EXPECT_EQ(got.text(), "to and fro");
  }
}

TEST(DraftSmokeTest, Curve) {
  ASSERT_EQ(zmq_has("curve"), 1);
  ASSERT_EQ(zmq_has("draft"), 1);
  std::array<char, 41> public_key{};
  std::array<char, 41> secret_key{};
  ASSERT_EQ(zmq_curve_keypair(public_key.data(), secret_key.data()), 0);
  ZmqPeer server(ZMQ_SERVER);
  server.Set(ZMQ_CURVE_SERVER, 1);
  server.Set(ZMQ_CURVE_SECRETKEY, std::string(secret_key.data()));
  ZmqPeer client(ZMQ_CLIENT);
  client.Set(ZMQ_CURVE_SERVERKEY, std::string(public_key.data()));
  client.Set(ZMQ_CURVE_PUBLICKEY, std::string(public_key.data()));
  client.Set(ZMQ_CURVE_SECRETKEY, std::string(secret_key.data()));
  Joined(server, client);
  ASSERT_TRUE(Sent("sealed", &client));
  DraftFrame got;
  ASSERT_TRUE(Received(&got, &server));
  EXPECT_EQ(got.text(), "sealed");
}

}  // namespace
}  // namespace monocoque
