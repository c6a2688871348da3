// The second libzmq is what it is built to be: its draft sockets talk with each other over tcp, and
// CURVE is there. A test of our peer, not of ours.
#include <poll.h>
#include <zmq.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::ZmqPeer;

bool Until(const std::function<bool()>& done) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (!done()) {
    if (absl::Now() > deadline) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

// One frame with what the draft sockets attach to it: a routing id, a group.
class Frame {
 public:
  Frame() { zmq_msg_init(&message_); }
  explicit Frame(std::string_view text) {
    zmq_msg_init_size(&message_, text.size());
    text.copy(static_cast<char*>(zmq_msg_data(&message_)), text.size());
  }
  ~Frame() { zmq_msg_close(&message_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  zmq_msg_t* get() { return &message_; }
  std::string text() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  bool Send(ZmqPeer& peer) {
    return Until([&] { return zmq_msg_send(&message_, peer.socket(), ZMQ_DONTWAIT) >= 0; });
  }
  bool Receive(ZmqPeer& peer) {
    return Until([&] { return zmq_msg_recv(&message_, peer.socket(), ZMQ_DONTWAIT) >= 0; });
  }

 private:
  zmq_msg_t message_;
};

void Joined(ZmqPeer& binds, ZmqPeer& connects) {
  connects.Connect(binds.Bind("tcp://127.0.0.1:*"));
}

TEST(DraftSmokeTest, ClientAndServer) {
  ZmqPeer server(ZMQ_SERVER);
  ZmqPeer client(ZMQ_CLIENT);
  Joined(server, client);
  ASSERT_TRUE(Frame("question").Send(client));
  Frame request;
  ASSERT_TRUE(request.Receive(server));
  EXPECT_EQ(request.text(), "question");
  EXPECT_NE(zmq_msg_routing_id(request.get()), 0u);
  Frame answer("answer");
  ASSERT_EQ(zmq_msg_set_routing_id(answer.get(), zmq_msg_routing_id(request.get())), 0);
  ASSERT_TRUE(answer.Send(server));
  Frame reply;
  ASSERT_TRUE(reply.Receive(client));
  EXPECT_EQ(reply.text(), "answer");
}

TEST(DraftSmokeTest, RadioAndDish) {
  ZmqPeer radio(ZMQ_RADIO);
  ZmqPeer dish(ZMQ_DISH);
  ASSERT_EQ(zmq_join(dish.socket(), "news"), 0);
  Joined(radio, dish);
  // RADIO drops what nobody has joined yet: once more until it arrives.
  Frame got;
  ASSERT_TRUE(Until([&] {
    for (const char* group : {"other", "news"}) {
      Frame message(group);
      zmq_msg_set_group(message.get(), group);
      message.Send(radio);
    }
    return zmq_msg_recv(got.get(), dish.socket(), ZMQ_DONTWAIT) >= 0;
  }));
  EXPECT_EQ(got.text(), "news");
  EXPECT_STREQ(zmq_msg_group(got.get()), "news");
}

TEST(DraftSmokeTest, ScatterAndGather) {
  ZmqPeer gather(ZMQ_GATHER);
  ZmqPeer scatter(ZMQ_SCATTER);
  Joined(gather, scatter);
  ASSERT_TRUE(Frame("job").Send(scatter));
  Frame got;
  ASSERT_TRUE(got.Receive(gather));
  EXPECT_EQ(got.text(), "job");
}

TEST(DraftSmokeTest, Peers) {
  ZmqPeer one(ZMQ_PEER);
  ZmqPeer other(ZMQ_PEER);
  const uint32_t id = zmq_connect_peer(other.socket(), one.Bind("tcp://127.0.0.1:*").c_str());
  ASSERT_NE(id, 0u);
  Frame hello("hello");
  ASSERT_EQ(zmq_msg_set_routing_id(hello.get(), id), 0);
  ASSERT_TRUE(hello.Send(other));
  Frame got;
  ASSERT_TRUE(got.Receive(one));
  EXPECT_EQ(got.text(), "hello");
}

TEST(DraftSmokeTest, Channel) {
  ZmqPeer one(ZMQ_CHANNEL);
  ZmqPeer other(ZMQ_CHANNEL);
  Joined(one, other);
  for (auto [from, to] : {std::pair(&one, &other), std::pair(&other, &one)}) {
    ASSERT_TRUE(Frame("to and fro").Send(*from));
    Frame got;
    ASSERT_TRUE(got.Receive(*to));
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
  ASSERT_TRUE(Frame("sealed").Send(client));
  Frame got;
  ASSERT_TRUE(got.Receive(server));
  EXPECT_EQ(got.text(), "sealed");
}

}  // namespace
}  // namespace monocoque
