// PUB, SUB, XPUB and XSUB with a live libzmq: who binds, who publishes, tcp and ipc; subscriptions
// in commands from SUB and in messages from libzmq's XSUB (S-1, S-2, D-14).
#include <unistd.h>
#include <zmq.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/uring/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::ZmqPeer;
using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

constexpr absl::Duration kSoon = absl::Seconds(10);

std::string Notice(bool subscribe, std::string_view prefix) {
  return absl::StrCat(std::string(1, subscribe ? '\x01' : '\x00'), prefix);
}

class Base : public ::testing::Test {
 protected:
  // Turns our loop until `done`, within a deadline.
  [[nodiscard]] bool Until(const std::function<bool()>& done) {
    const absl::Time deadline = absl::Now() + kSoon;
    while (!done()) {
      if (absl::Now() > deadline) return false;
      loop_.RunOnce(absl::Milliseconds(1));
    }
    return true;
  }
  static bool Take(uring::Socket& socket, Parts* parts) {
    Message message;
    if (!socket.TryReceive(&message)) return false;
    parts->clear();
    for (const Slice& part : message) parts->emplace_back(part.text());
    return true;
  }
  static absl::Status Send(uring::Socket& socket, const Parts& parts) {
    const std::vector<std::string_view> views(parts.begin(), parts.end());
    absl::Status sent = socket.Send(Message(views));
    socket.Flush();
    return sent;
  }
  Parts WeReceive(uring::Socket& socket) {
    Parts parts;
    EXPECT_TRUE(Until([&] { return Take(socket, &parts); }));
    return parts;
  }
  Parts TheyReceive(ZmqPeer& peer) {
    Parts parts;
    EXPECT_TRUE(Until([&] { return peer.Receive(&parts); }));
    return parts;
  }

  uring::Loop loop_;
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

class PublishTest : public Base,
                    public ::testing::WithParamInterface<std::tuple<Side, bool, const char*>> {
 protected:
  void Join(uring::Socket& ours, ZmqPeer& theirs) {
    const bool tcp = std::string(std::get<2>(GetParam())) == "tcp";
    const std::string at =
        tcp ? "tcp://127.0.0.1:*" : absl::StrCat("ipc://@monocoque-publish-", getpid());
    if (std::get<1>(GetParam())) {
      auto bound = ours.Bind(at);
      ASSERT_TRUE(bound.ok()) << bound.status();
      theirs.Connect(*bound);
    } else {
      ASSERT_TRUE(ours.Connect(theirs.Bind(at)).ok());
    }
  }
  Side side() const { return std::get<0>(GetParam()); }
};

// PUB-4, PUB-6, PUB-7, SUB-3, XPUB-4, S-5, S-10: we publish.
class WePublishTest : public PublishTest {};
TEST_P(WePublishTest, TheyGetWhatTheyWant) {
  uring::Socket ours = loop_.MakeSocket(side().ours);
  ZmqPeer theirs(side().theirs);
  const bool xsub = side().theirs == ZMQ_XSUB;
  Join(ours, theirs);
  if (xsub) {
    ASSERT_TRUE(theirs.Send({Notice(true, "a")}));
  } else {
    theirs.Set(ZMQ_SUBSCRIBE, std::string("a"));
  }
  // libzmq takes up an accepted connection within a call of its user's.
  Parts nothing;
  ASSERT_TRUE(Until([&] { return !theirs.Receive(&nothing) && ours.core().topics() == 1; }));
  if (side().ours == SocketType::kXPub) {
    EXPECT_THAT(WeReceive(ours), ElementsAre(Notice(true, "a")));
  }
  for (const Parts& sample : Samples()) {
    ASSERT_TRUE(Send(ours, {"b", "nobody wants it"}).ok());
    ASSERT_TRUE(Send(ours, sample).ok());
    EXPECT_EQ(TheyReceive(theirs), sample);
  }
  if (xsub) {
    ASSERT_TRUE(theirs.Send({Notice(false, "a")}));
  } else {
    theirs.Set(ZMQ_UNSUBSCRIBE, std::string("a"));
  }
  EXPECT_TRUE(Until([&] { return ours.core().topics() == 0; }));
  if (side().ours == SocketType::kXPub) {
    EXPECT_THAT(WeReceive(ours), ElementsAre(Notice(false, "a")));
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, WePublishTest,
    ::testing::Combine(::testing::Values(Side{SocketType::kPub, ZMQ_SUB, "PubSub"},
                                         Side{SocketType::kPub, ZMQ_XSUB, "PubXSub"},
                                         Side{SocketType::kXPub, ZMQ_SUB, "XPubSub"},
                                         Side{SocketType::kXPub, ZMQ_XSUB, "XPubXSub"}),
                       ::testing::Bool(), ::testing::Values("tcp", "ipc")),
    [](const auto& param) {
      return absl::StrCat(std::get<0>(param.param).name,
                          std::get<1>(param.param) ? "WeBind" : "TheyBind",
                          std::get<2>(param.param));
    });

// SUB-5, SUB-3, XSUB-4, S-1, S-4: they publish.
class TheyPublishTest : public PublishTest {};
TEST_P(TheyPublishTest, WeGetWhatWeWant) {
  uring::Socket ours = loop_.MakeSocket(side().ours);
  ZmqPeer theirs(side().theirs);
  const bool xsub = side().ours == SocketType::kXSub;
  const std::string long_prefix(300, 'p');
  for (const std::string& prefix : {std::string("a"), long_prefix}) {
    if (xsub) {
      ASSERT_TRUE(ours.Send(Notice(true, prefix)).ok());
    } else {
      ASSERT_TRUE(ours.Subscribe(prefix).ok());
    }
  }
  Join(ours, theirs);
  if (side().theirs == ZMQ_XPUB) {
    EXPECT_EQ(TheyReceive(theirs), Parts{Notice(true, "a")});
    EXPECT_EQ(TheyReceive(theirs), Parts{Notice(true, long_prefix)});
  }
  // PUB does not say who is there: until the first comes.
  Parts parts;
  ASSERT_TRUE(Until([&] { return theirs.Send({"a first"}) && Take(ours, &parts); }));
  for (const Parts& sample : Samples()) {
    ASSERT_TRUE(theirs.Send({"b", "we do not want it"}));
    ASSERT_TRUE(theirs.Send(sample));
    ASSERT_TRUE(Until([&] { return Take(ours, &parts) && parts != Parts{"a first"}; }));
    EXPECT_EQ(parts, sample);
  }
  ASSERT_TRUE(theirs.Send({long_prefix, "x"}));
  EXPECT_EQ(WeReceive(ours), (Parts{long_prefix, "x"}));
  if (xsub) {
    ASSERT_TRUE(ours.Send(Notice(false, "a")).ok());
  } else {
    ASSERT_TRUE(ours.Unsubscribe("a").ok());
  }
  ours.Flush();
  if (side().theirs == ZMQ_XPUB) {
    EXPECT_EQ(TheyReceive(theirs), Parts{Notice(false, "a")});
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, TheyPublishTest,
    ::testing::Combine(::testing::Values(Side{SocketType::kSub, ZMQ_PUB, "SubPub"},
                                         Side{SocketType::kSub, ZMQ_XPUB, "SubXPub"},
                                         Side{SocketType::kXSub, ZMQ_PUB, "XSubPub"},
                                         Side{SocketType::kXSub, ZMQ_XPUB, "XSubXPub"}),
                       ::testing::Bool(), ::testing::Values("tcp", "ipc")),
    [](const auto& param) {
      return absl::StrCat(std::get<0>(param.param).name,
                          std::get<1>(param.param) ? "WeBind" : "TheyBind",
                          std::get<2>(param.param));
    });

class CrowdTest : public Base {};

// S-6: one publisher, three subscribers with overlapping prefixes, each gets each of its messages
// once.
TEST_F(CrowdTest, OnePublisherThreeSubscribers) {
  uring::Socket pub = loop_.MakeSocket(SocketType::kPub);
  const auto bound = pub.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(bound.ok());
  std::vector<std::unique_ptr<ZmqPeer>> subs;
  const std::vector<Parts> wanted = {{""}, {"a", "ab"}, {"ab", "abc", "c"}};
  for (const Parts& prefixes : wanted) {
    subs.push_back(std::make_unique<ZmqPeer>(ZMQ_SUB));
    for (const std::string& prefix : prefixes) subs.back()->Set(ZMQ_SUBSCRIBE, prefix);
    subs.back()->Connect(*bound);
  }
  ASSERT_TRUE(Until([&] { return pub.core().topics() == 5 && pub.core().ready_peers() == 3; }));
  for (const char* text : {"a", "ab", "abc", "b", "c"}) ASSERT_TRUE(Send(pub, {text}).ok());
  const std::vector<Parts> expected = {
      {"a", "ab", "abc", "b", "c"}, {"a", "ab", "abc"}, {"ab", "abc", "c"}};
  for (std::size_t i = 0; i < subs.size(); ++i) {
    for (const std::string& text : expected[i]) EXPECT_EQ(TheyReceive(*subs[i]), Parts{text});
  }
}

// ALL-5, ALL-6: three DEALER to one ROUTER, four PUSH to one PULL, one PUSH to four PULL.
TEST_F(CrowdTest, ManyToOneAndOneToMany) {
  uring::Socket router = loop_.MakeSocket(SocketType::kRouter);
  const auto front = router.Bind("tcp://127.0.0.1:*");
  uring::Socket pull = loop_.MakeSocket(SocketType::kPull);
  const auto sink = pull.Bind("tcp://127.0.0.1:*");
  uring::Socket push = loop_.MakeSocket(SocketType::kPush);
  const auto source = push.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(front.ok() && sink.ok() && source.ok());
  std::vector<std::unique_ptr<ZmqPeer>> dealers, pushers, pullers;
  for (int i = 0; i < 4; ++i) {
    pushers.push_back(std::make_unique<ZmqPeer>(ZMQ_PUSH));
    pushers.back()->Connect(*sink);
    pullers.push_back(std::make_unique<ZmqPeer>(ZMQ_PULL));
    pullers.back()->Connect(*source);
    if (i == 3) break;
    dealers.push_back(std::make_unique<ZmqPeer>(ZMQ_DEALER));
    dealers.back()->Connect(*front);
  }
  ASSERT_EQ(push.WaitReady(4, kSoon), absl::OkStatus());
  for (std::size_t i = 0; i < dealers.size(); ++i) {
    ASSERT_TRUE(Until([&] { return dealers[i]->Send({absl::StrCat("d", i)}); }));
  }
  for (std::size_t i = 0; i < dealers.size(); ++i) {
    Message request;
    ASSERT_EQ(router.Receive(&request, kSoon), absl::OkStatus());
    ASSERT_EQ(router.Send(&request, kSoon), absl::OkStatus());
  }
  router.Flush();
  for (std::size_t i = 0; i < dealers.size(); ++i) {
    EXPECT_EQ(TheyReceive(*dealers[i]), Parts{absl::StrCat("d", i)});
  }
  for (std::size_t i = 0; i < pushers.size(); ++i) {
    ASSERT_TRUE(Until([&] { return pushers[i]->Send({absl::StrCat("p", i)}); }));
  }
  Parts gathered;
  for (std::size_t i = 0; i < pushers.size(); ++i) gathered.push_back(WeReceive(pull).at(0));
  EXPECT_THAT(gathered, ::testing::UnorderedElementsAre("p0", "p1", "p2", "p3"));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(Send(push, {absl::StrCat("w", i)}).ok());
  for (int round = 0; round < 2; ++round) {
    Parts seen;
    for (const auto& puller : pullers) seen.push_back(TheyReceive(*puller).at(0));
    EXPECT_EQ(seen.size(), 4u);
  }
}

// S-8, TR-5: the publisher dies and comes back; subscriptions are there again without a word of
// ours.
TEST_F(CrowdTest, ThePublisherComesBack) {
  uring::Socket sub = loop_.MakeSocket(SocketType::kSub);
  ASSERT_TRUE(sub.Subscribe("a").ok());
  auto pub = std::make_unique<ZmqPeer>(ZMQ_XPUB);
  const std::string endpoint = pub->Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(sub.Connect(endpoint).ok());
  EXPECT_EQ(TheyReceive(*pub), Parts{Notice(true, "a")});
  pub.reset();
  ASSERT_TRUE(Until([&] { return sub.core().ready_peers() == 0; }));
  pub = std::make_unique<ZmqPeer>(ZMQ_XPUB);
  pub->Bind(endpoint);
  EXPECT_EQ(TheyReceive(*pub), Parts{Notice(true, "a")});
  ASSERT_TRUE(pub->Send({"a again"}));
  EXPECT_EQ(WeReceive(sub), Parts{"a again"});
}

// H-1, H-5: heartbeats of both sides, many intervals long, and the link lives.
TEST_F(CrowdTest, HeartbeatsBothWays) {
  SocketOptions options;
  options.link.heartbeat = {
      .interval = absl::Milliseconds(20), .timeout = absl::Seconds(2), .ttl = absl::Seconds(2)};
  uring::Socket ours = loop_.MakeSocket(SocketType::kPair, options);
  ZmqPeer theirs(ZMQ_PAIR);
  theirs.Set(ZMQ_HEARTBEAT_IVL, 20);
  theirs.Set(ZMQ_HEARTBEAT_TIMEOUT, 2000);
  theirs.Set(ZMQ_HEARTBEAT_TTL, 2000);
  const auto bound = ours.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(bound.ok());
  theirs.Connect(*bound);
  ASSERT_EQ(ours.WaitReady(1, kSoon), absl::OkStatus());
  const absl::Time end = absl::Now() + absl::Milliseconds(300);
  ASSERT_TRUE(Until([&] { return absl::Now() > end; }));
  SocketEvent event;
  while (ours.NextEvent(&event))
    EXPECT_NE(event.kind, SocketEvent::Kind::kClosed) << event.ToString();
  ASSERT_TRUE(theirs.Send({"still here"}));
  EXPECT_EQ(WeReceive(ours), Parts{"still here"});
}

}  // namespace
}  // namespace monocoque
