// PUB, SUB, XPUB and XSUB on every adapter with a live libzmq: who binds, who publishes, tcp and
// ipc; subscriptions in commands from SUB and in messages from libzmq's XSUB (S-1, S-2, D-14).
#include <unistd.h>
#include <zmq.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
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
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::string Notice(bool subscribe, std::string_view prefix) {
  return absl::StrCat(std::string(1, subscribe ? '\x01' : '\x00'), prefix);
}

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
  // SUB and XSUB say it in their own ways.
  void Want(FaceSocket* socket, bool on, std::string_view prefix) {
    if (socket->core().type() == SocketType::kXSub) {
      WeSend(socket, {Notice(on, prefix)});
      return;
    }
    socket->Ask([&](Socket* core, Instant now) {
      EXPECT_EQ(on ? core->Subscribe(prefix, now) : core->Unsubscribe(prefix, now),
                absl::OkStatus());
    });
  }

  AdapterFace face_;
};

std::vector<Parts> Samples() {
  return {{"a"},
          {"abc", "", "parts"},
          {absl::StrCat("a", std::string(300, 'x'))},
          {absl::StrCat("a", std::string(1 << 20, 'm')), "tail"}};
}

struct Side {
  SocketType ours;
  int theirs;
  const char* name;
};

using Pairing = std::tuple<Side, bool /*we bind*/, std::string_view /*transport*/,
                           std::string_view /*adapter*/>;

std::string PairingName(const ::testing::TestParamInfo<Pairing>& info) {
  const auto& [side, we_bind, transport, adapter] = info.param;
  return absl::StrCat(side.name, we_bind ? "WeBind" : "TheyBind", transport,
                      AdapterTestName(adapter));
}

class PublishTest : public ::testing::TestWithParam<Pairing>, protected Ours {
 protected:
  PublishTest() : Ours(std::get<3>(GetParam())) {}

  void Join(FaceSocket* ours, ZmqPeer* theirs) {
    const std::string at = std::get<2>(GetParam()) == "Tcp"
                               ? "tcp://127.0.0.1:*"
                               : absl::StrCat("ipc://@monocoque-publish-", getpid());
    if (std::get<1>(GetParam())) {
      theirs->Connect(Bind(ours, at));
    } else {
      ASSERT_EQ(ours->Connect(theirs->Bind(at)), absl::OkStatus());
    }
  }
  Side side() const { return std::get<0>(GetParam()); }
};

// PUB-4, PUB-6, PUB-7, SUB-3, XPUB-4, S-5, S-10: we publish.
class WePublishTest : public PublishTest {};
TEST_P(WePublishTest, TheyGetWhatTheyWant) {
  const auto ours = Make(side().ours);
  ZmqPeer theirs(side().theirs);
  const bool xsub = side().theirs == ZMQ_XSUB;
  Join(ours.get(), &theirs);
  if (xsub) {
    ASSERT_TRUE(theirs.Send({Notice(true, "a")}));
  } else {
    theirs.Set(ZMQ_SUBSCRIBE, std::string("a"));
  }
  // libzmq takes up an accepted connection within a call of its user's.
  Parts nothing;
  ASSERT_TRUE(Until([&] { return !theirs.Receive(&nothing) && ours->core().topics() == 1; }));
  if (side().ours == SocketType::kXPub) {
    EXPECT_THAT(WeReceive(ours.get()), ElementsAre(Notice(true, "a")));
  }
  for (const Parts& sample : Samples()) {
    WeSend(ours.get(), {"b", "nobody wants it"});
    WeSend(ours.get(), sample);
    EXPECT_EQ(TheyReceive(&theirs), sample);
  }
  if (xsub) {
    ASSERT_TRUE(theirs.Send({Notice(false, "a")}));
  } else {
    theirs.Set(ZMQ_UNSUBSCRIBE, std::string("a"));
  }
  EXPECT_TRUE(Until([&] { return ours->core().topics() == 0; }));
  if (side().ours == SocketType::kXPub) {
    EXPECT_THAT(WeReceive(ours.get()), ElementsAre(Notice(false, "a")));
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, WePublishTest,
    ::testing::Combine(::testing::Values(Side{SocketType::kPub, ZMQ_SUB, "PubSub"},
                                         Side{SocketType::kPub, ZMQ_XSUB, "PubXSub"},
                                         Side{SocketType::kXPub, ZMQ_SUB, "XPubSub"},
                                         Side{SocketType::kXPub, ZMQ_XSUB, "XPubXSub"}),
                       ::testing::Bool(), ::testing::Values("Tcp", "Ipc"),
                       ::testing::ValuesIn(AllAdapters())),
    PairingName);

// SUB-5, SUB-3, XSUB-4, S-1, S-4: they publish.
class TheyPublishTest : public PublishTest {};
TEST_P(TheyPublishTest, WeGetWhatWeWant) {
  const auto ours = Make(side().ours);
  ZmqPeer theirs(side().theirs);
  const std::string long_prefix(300, 'p');
  for (const std::string& prefix : {std::string("a"), long_prefix}) Want(ours.get(), true, prefix);
  Join(ours.get(), &theirs);
  if (side().theirs == ZMQ_XPUB) {
    EXPECT_EQ(TheyReceive(&theirs), Parts{Notice(true, "a")});
    EXPECT_EQ(TheyReceive(&theirs), Parts{Notice(true, long_prefix)});
  }
  // PUB does not say who is there: until the first comes.
  Parts parts;
  ASSERT_TRUE(Until([&] { return theirs.Send({"a first"}) && Take(ours.get(), &parts); }));
  for (const Parts& sample : Samples()) {
    ASSERT_TRUE(theirs.Send({"b", "we do not want it"}));
    ASSERT_TRUE(theirs.Send(sample));
    ASSERT_TRUE(Until([&] { return Take(ours.get(), &parts) && parts != Parts{"a first"}; }));
    EXPECT_EQ(parts, sample);
  }
  ASSERT_TRUE(theirs.Send({long_prefix, "x"}));
  EXPECT_EQ(WeReceive(ours.get()), (Parts{long_prefix, "x"}));
  Want(ours.get(), false, "a");
  if (side().theirs == ZMQ_XPUB) {
    EXPECT_EQ(TheyReceive(&theirs), Parts{Notice(false, "a")});
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, TheyPublishTest,
    ::testing::Combine(::testing::Values(Side{SocketType::kSub, ZMQ_PUB, "SubPub"},
                                         Side{SocketType::kSub, ZMQ_XPUB, "SubXPub"},
                                         Side{SocketType::kXSub, ZMQ_PUB, "XSubPub"},
                                         Side{SocketType::kXSub, ZMQ_XPUB, "XSubXPub"}),
                       ::testing::Bool(), ::testing::Values("Tcp", "Ipc"),
                       ::testing::ValuesIn(AllAdapters())),
    PairingName);

// XPUB-1, XPUB-3, XSUB-1, XSUB-3, S-3: what a subscriber sends that is no subscription is its
// publisher's, parts and all; and what is published goes on.
class UpstreamTest : public PublishTest {};
TEST_P(UpstreamTest, MessagesOfSubscribersArrive) {
  const auto ours = Make(side().ours);
  ZmqPeer theirs(side().theirs);
  const bool we_publish = side().ours == SocketType::kXPub;
  const auto up = [&](const Parts& parts) {
    if (we_publish) {
      ASSERT_TRUE(Until([&] { return theirs.Send(parts); }));
    } else {
      WeSend(ours.get(), parts);
    }
  };
  // libzmq takes up an accepted connection within a call of its user's.
  const auto next_up = [&] {
    Parts parts;
    EXPECT_TRUE(Until([&] {
      if (!we_publish) return theirs.Receive(&parts);
      (void)theirs.events();
      return Take(ours.get(), &parts);
    }));
    return parts;
  };
  Join(ours.get(), &theirs);
  up({Notice(true, "a")});
  EXPECT_EQ(next_up(), Parts{Notice(true, "a")});
  for (const Parts& sample : Samples()) {
    up(sample);
    EXPECT_EQ(next_up(), sample);
  }
  // Between messages a subscription is still one.
  up({"before"});
  up({Notice(true, "b")});
  up({"after"});
  EXPECT_THAT(std::vector({next_up(), next_up(), next_up()}),
              UnorderedElementsAre(Parts{"before"}, Parts{Notice(true, "b")}, Parts{"after"}));
  if (we_publish) {
    WeSend(ours.get(), {"b down"});
    EXPECT_EQ(TheyReceive(&theirs), Parts{"b down"});
  } else {
    ASSERT_TRUE(theirs.Send({"b down"}));
    EXPECT_EQ(WeReceive(ours.get()), Parts{"b down"});
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, UpstreamTest,
    ::testing::Combine(::testing::Values(Side{SocketType::kXPub, ZMQ_XSUB, "XPubXSub"},
                                         Side{SocketType::kXSub, ZMQ_XPUB, "XSubXPub"}),
                       ::testing::Bool(), ::testing::Values("Tcp", "Ipc"),
                       ::testing::ValuesIn(AllAdapters())),
    PairingName);

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
  Want(sub.get(), true, "a");
  auto pub = std::make_unique<ZmqPeer>(ZMQ_XPUB);
  const std::string endpoint = pub->Bind("tcp://127.0.0.1:*");
  ASSERT_EQ(sub->Connect(endpoint), absl::OkStatus());
  EXPECT_EQ(TheyReceive(pub.get()), Parts{Notice(true, "a")});
  pub.reset();
  AwaitPeers(sub.get(), 0);
  pub = std::make_unique<ZmqPeer>(ZMQ_XPUB);
  pub->Bind(endpoint);
  EXPECT_EQ(TheyReceive(pub.get()), Parts{Notice(true, "a")});
  ASSERT_TRUE(pub->Send({"a again"}));
  EXPECT_EQ(WeReceive(sub.get()), Parts{"a again"});
}

INSTANTIATE_TEST_SUITE_P(All, CrowdTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& info) { return AdapterTestName(info.param); });

}  // namespace
}  // namespace monocoque
