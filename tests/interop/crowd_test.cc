// Several of libzmq's sockets at one of ours, on every adapter: who gets what, and who comes back.
// Each pairing for itself is in tests/conformance: zmq_patterns_test.cc, zmq_publish_test.cc.
#include <zmq.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/parts.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::MessageOf;
using ::monocoque::testing::Parts;
using ::monocoque::testing::PartsOf;
using ::monocoque::testing::ZmqPeer;
using ::testing::UnorderedElementsAre;

// Our sockets on one adapter.
class Ours {
 protected:
  explicit Ours(std::string_view adapter) : face_(adapter) {}

  std::unique_ptr<FaceSocket> Make(SocketType type, const SocketOptions& options = {}) {
    return face_.MakeSocket(type, options);
  }
  std::string Bind(FaceSocket* socket, std::string_view at) {
    const absl::StatusOr<std::string> bound = socket->Bind(at);
    EXPECT_TRUE(bound.ok()) << bound.status();
    return bound.value_or("");
  }
  [[nodiscard]] bool Until(const std::function<bool()>& holds) { return face_.Until(holds); }
  void AwaitPeers(FaceSocket* socket, std::size_t peers) {
    EXPECT_TRUE(Until([&] { return socket->core().ready_peers() == peers; }));
  }
  static bool Take(FaceSocket* socket, Parts* parts) {
    Message message;
    if (!socket->TryReceive(&message)) return false;
    *parts = PartsOf(message);
    return true;
  }
  void WeSend(FaceSocket* socket, const Parts& parts) {
    Message message = MessageOf(parts);
    EXPECT_EQ(face_.Send(socket, &message), absl::OkStatus());
  }
  Parts WeReceive(FaceSocket* socket) {
    Parts parts;
    EXPECT_TRUE(Until([&] { return Take(socket, &parts); }));
    return parts;
  }
  Parts TheyReceive(ZmqPeer* peer) {
    Parts parts;
    EXPECT_TRUE(Until([&] { return peer->Receive(&parts); }));
    return parts;
  }

  AdapterFace face_;
};

class CrowdTest : public ::testing::TestWithParam<std::string_view>, protected Ours {
 protected:
  CrowdTest() : Ours(GetParam()) {}
};

// S-6: one publisher, three subscribers with overlapping prefixes, each gets each of its messages
// once.
TEST_P(CrowdTest, OnePublisherThreeSubscribers) {
  const auto pub = Make(SocketType::kPub);
  const std::string bound = Bind(pub.get(), "tcp://127.0.0.1:*");
  std::vector<std::unique_ptr<ZmqPeer>> subs;
  const std::vector<Parts> wanted = {{""}, {"a", "ab"}, {"ab", "abc", "c"}};
  for (const Parts& prefixes : wanted) {
    subs.push_back(std::make_unique<ZmqPeer>(ZMQ_SUB));
    for (const std::string& prefix : prefixes) subs.back()->Set(ZMQ_SUBSCRIBE, prefix);
    subs.back()->Connect(bound);
  }
  ASSERT_TRUE(Until([&] { return pub->core().topics() == 5 && pub->core().ready_peers() == 3; }));
  for (const char* text : {"a", "ab", "abc", "b", "c"}) WeSend(pub.get(), {text});
  const std::vector<Parts> expected = {
      {"a", "ab", "abc", "b", "c"}, {"a", "ab", "abc"}, {"ab", "abc", "c"}};
  for (std::size_t i = 0; i < subs.size(); ++i) {
    for (const std::string& text : expected[i]) EXPECT_EQ(TheyReceive(subs[i].get()), Parts{text});
  }
}

// ALL-5, ALL-6: three DEALER to one ROUTER, four PUSH to one PULL, one PUSH to four PULL.
TEST_P(CrowdTest, ManyToOneAndOneToMany) {
  const auto router = Make(SocketType::kRouter);
  const std::string front = Bind(router.get(), "tcp://127.0.0.1:*");
  const auto pull = Make(SocketType::kPull);
  const std::string sink = Bind(pull.get(), "tcp://127.0.0.1:*");
  const auto push = Make(SocketType::kPush);
  const std::string source = Bind(push.get(), "tcp://127.0.0.1:*");
  std::vector<std::unique_ptr<ZmqPeer>> dealers, pushers, pullers;
  for (int i = 0; i < 4; ++i) {
    pushers.push_back(std::make_unique<ZmqPeer>(ZMQ_PUSH));
    pushers.back()->Connect(sink);
    pullers.push_back(std::make_unique<ZmqPeer>(ZMQ_PULL));
    pullers.back()->Connect(source);
    if (i == 3) break;
    dealers.push_back(std::make_unique<ZmqPeer>(ZMQ_DEALER));
    dealers.back()->Connect(front);
  }
  AwaitPeers(push.get(), 4);
  for (std::size_t i = 0; i < dealers.size(); ++i) {
    ASSERT_TRUE(Until([&] { return dealers[i]->Send({absl::StrCat("d", i)}); }));
  }
  for (std::size_t i = 0; i < dealers.size(); ++i) {
    Message request;
    ASSERT_EQ(face_.Receive(router.get(), &request), absl::OkStatus());
    ASSERT_EQ(face_.Send(router.get(), &request), absl::OkStatus());
  }
  for (std::size_t i = 0; i < dealers.size(); ++i) {
    EXPECT_EQ(TheyReceive(dealers[i].get()), Parts{absl::StrCat("d", i)});
  }
  for (std::size_t i = 0; i < pushers.size(); ++i) {
    ASSERT_TRUE(Until([&] { return pushers[i]->Send({absl::StrCat("p", i)}); }));
  }
  Parts gathered;
  for (std::size_t i = 0; i < pushers.size(); ++i) gathered.push_back(WeReceive(pull.get()).at(0));
  EXPECT_THAT(gathered, UnorderedElementsAre("p0", "p1", "p2", "p3"));
  for (int i = 0; i < 8; ++i) WeSend(push.get(), {absl::StrCat("w", i)});
  Parts shared;
  for (int round = 0; round < 2; ++round) {
    for (const auto& puller : pullers) shared.push_back(TheyReceive(puller.get()).at(0));
  }
  EXPECT_THAT(shared, UnorderedElementsAre("w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"));
}

// S-8, TR-5: the publisher dies and comes back; subscriptions are there again without a word of
// ours.
TEST_P(CrowdTest, ThePublisherComesBack) {
  const auto sub = Make(SocketType::kSub);
  ASSERT_EQ(sub->Subscribe("a"), absl::OkStatus());
  auto pub = std::make_unique<ZmqPeer>(ZMQ_XPUB);
  const std::string endpoint = pub->Bind("tcp://127.0.0.1:*");
  ASSERT_EQ(sub->Connect(endpoint), absl::OkStatus());
  EXPECT_EQ(TheyReceive(pub.get()), Parts{"\1a"});
  pub.reset();
  AwaitPeers(sub.get(), 0);
  pub = std::make_unique<ZmqPeer>(ZMQ_XPUB);
  pub->Bind(endpoint);
  EXPECT_EQ(TheyReceive(pub.get()), Parts{"\1a"});
  ASSERT_TRUE(pub->Send({"a again"}));
  EXPECT_EQ(WeReceive(sub.get()), Parts{"a again"});
}

INSTANTIATE_TEST_SUITE_P(All, CrowdTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& info) { return AdapterTestName(info.param); });

}  // namespace
}  // namespace monocoque
