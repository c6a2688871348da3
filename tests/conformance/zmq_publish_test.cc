// PUB, SUB, XPUB and XSUB with a live libzmq, alike in each cell: whoever binds, whoever publishes,
// over ipc by path and by name; subscriptions in commands from SUB and in messages from libzmq's
// XSUB (S-1, S-2, D-14). Crowds of them are in tests/interop/crowd_test.cc.
#include <zmq.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/zmq_cell.h"

namespace monocoque::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::string Notice(bool subscribe, std::string_view prefix) {
  return absl::StrCat(std::string(1, subscribe ? '\x01' : '\x00'), prefix);
}

std::vector<Parts> Samples() {
  return {{"a"},
          {"abc", "", "parts"},
          {absl::StrCat("a", std::string(300, 'x'))},
          {absl::StrCat("a", std::string(1 << 20, 'm')), "tail"}};
}

class ZmqPublishTest : public ZmqCellTest {
 protected:
  void WePublish(SocketType ours, int theirs) {
    for (const Way& way : Ways()) WePublish(ours, theirs, way);
  }
  void TheyPublish(SocketType ours, int theirs) {
    for (const Way& way : Ways()) TheyPublish(ours, theirs, way);
  }
  void Upstream(SocketType ours, int theirs) {
    for (const Way& way : Ways()) Upstream(ours, theirs, way);
  }

 private:
  static bool Take(FaceSocket* socket, Parts* parts) {
    Message message;
    if (!socket->TryReceive(&message)) return false;
    *parts = PartsOf(message);
    return true;
  }
  // SUB and XSUB say it in their own ways.
  void WeWant(FaceSocket* socket, bool on, std::string_view prefix) {
    if (socket->core().type() == SocketType::kXSub) {
      Send(socket, Notice(on, prefix));
      return;
    }
    socket->Ask([&](Socket* core, Instant now) {
      EXPECT_EQ(on ? core->Subscribe(prefix, now) : core->Unsubscribe(prefix, now),
                absl::OkStatus());
    });
  }
  static void TheyWant(ZmqPeer* peer, int type, bool on, const std::string& prefix) {
    if (type == ZMQ_XSUB) {
      EXPECT_TRUE(peer->Send({Notice(on, prefix)}));
    } else {
      peer->Set(on ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE, prefix);
    }
  }

  void WePublish(SocketType type, int their_type, const Way& way);
  void TheyPublish(SocketType type, int their_type, const Way& way);
  void Upstream(SocketType type, int their_type, const Way& way);
};

// PUB-4, PUB-6, PUB-7, SUB-3, XPUB-4, S-5, S-10
void ZmqPublishTest::WePublish(SocketType type, int their_type, const Way& way) {
  SCOPED_TRACE(way);
  const auto ours = Make(type);
  const auto theirs = Theirs(their_type);
  Join(way, ours.get(), theirs.get());
  TheyWant(theirs.get(), their_type, true, "a");
  // libzmq takes up an accepted connection within a call of its user's.
  Parts nothing;
  ASSERT_TRUE(Until([&] { return !theirs->Receive(&nothing) && ours->core().topics() == 1; }));
  if (type == SocketType::kXPub) {
    EXPECT_THAT(Receive(ours.get()), ElementsAre(Notice(true, "a")));
  }
  for (const Parts& sample : Samples()) {
    Send(ours.get(), Parts{"b", "nobody wants it"});
    Send(ours.get(), sample);
    EXPECT_TRUE(TheyReceive(theirs.get()) == sample) << sample.size() << " parts";
  }
  TheyWant(theirs.get(), their_type, false, "a");
  EXPECT_TRUE(Until([&] { return ours->core().topics() == 0; }));
  if (type == SocketType::kXPub) {
    EXPECT_THAT(Receive(ours.get()), ElementsAre(Notice(false, "a")));
  }
}

// SUB-5, SUB-3, XSUB-4, S-1, S-4
void ZmqPublishTest::TheyPublish(SocketType type, int their_type, const Way& way) {
  SCOPED_TRACE(way);
  const auto ours = Make(type);
  const auto theirs = Theirs(their_type);
  const std::string long_prefix(300, 'p');
  for (const std::string& prefix : {std::string("a"), long_prefix}) {
    WeWant(ours.get(), true, prefix);
  }
  Join(way, ours.get(), theirs.get());
  if (their_type == ZMQ_XPUB) {
    EXPECT_EQ(TheyReceive(theirs.get()), Parts{Notice(true, "a")});
    EXPECT_EQ(TheyReceive(theirs.get()), Parts{Notice(true, long_prefix)});
  }
  // PUB does not say who is there: until the first comes.
  Parts parts;
  ASSERT_TRUE(Until([&] { return theirs->Send({"a first"}) && Take(ours.get(), &parts); }));
  for (const Parts& sample : Samples()) {
    ASSERT_TRUE(theirs->Send({"b", "we do not want it"}));
    ASSERT_TRUE(theirs->Send(sample));
    ASSERT_TRUE(Until([&] { return Take(ours.get(), &parts) && parts != Parts{"a first"}; }));
    EXPECT_TRUE(parts == sample) << sample.size() << " parts";
  }
  ASSERT_TRUE(theirs->Send({long_prefix, "x"}));
  EXPECT_EQ(Receive(ours.get()), (Parts{long_prefix, "x"}));
  WeWant(ours.get(), false, "a");
  if (their_type == ZMQ_XPUB) {
    EXPECT_EQ(TheyReceive(theirs.get()), Parts{Notice(false, "a")});
  }
}

// XPUB-1, XPUB-3, XSUB-1, XSUB-3, S-3: what a subscriber sends that is no subscription is its
// publisher's, parts and all; and what is published goes on.
void ZmqPublishTest::Upstream(SocketType type, int their_type, const Way& way) {
  SCOPED_TRACE(way);
  const auto ours = Make(type);
  const auto theirs = Theirs(their_type);
  const bool we_publish = type == SocketType::kXPub;
  const auto up = [&](const Parts& parts) {
    we_publish ? TheySend(theirs.get(), parts) : Send(ours.get(), parts);
  };
  // libzmq takes up an accepted connection within a call of its user's.
  const auto next_up = [&] {
    Parts parts;
    EXPECT_TRUE(Until([&] {
      if (!we_publish) return theirs->Receive(&parts);
      (void)theirs->events();
      return Take(ours.get(), &parts);
    }));
    return parts;
  };
  Join(way, ours.get(), theirs.get());
  up({Notice(true, "a")});
  EXPECT_EQ(next_up(), Parts{Notice(true, "a")});
  for (const Parts& sample : Samples()) {
    up(sample);
    EXPECT_TRUE(next_up() == sample) << sample.size() << " parts";
  }
  // Between messages a subscription is still one.
  up({"before"});
  up({Notice(true, "b")});
  up({"after"});
  EXPECT_THAT(std::vector({next_up(), next_up(), next_up()}),
              UnorderedElementsAre(Parts{"before"}, Parts{Notice(true, "b")}, Parts{"after"}));
  if (we_publish) {
    Send(ours.get(), "b down");
    EXPECT_EQ(TheyReceive(theirs.get()), Parts{"b down"});
  } else {
    ASSERT_TRUE(theirs->Send({"b down"}));
    EXPECT_EQ(Receive(ours.get()), Parts{"b down"});
  }
}

constexpr char kPublished[] = "4 of 8 messages match and arrive, whoever binds";
constexpr char kShown[] =
    "the subscription shows, begin and end; 4 of 8 messages match and arrive, whoever binds";
constexpr char kUpstream[] =
    "7 messages go upstream, 2 subscriptions between them show; 1 message comes down, whoever "
    "binds";

TEST_P(ZmqPublishTest, PubAndTheirSub) {
  WePublish(SocketType::kPub, ZMQ_SUB);
  Did(kPublished);
}
TEST_P(ZmqPublishTest, PubAndTheirXsub) {
  WePublish(SocketType::kPub, ZMQ_XSUB);
  Did(kPublished);
}
TEST_P(ZmqPublishTest, XpubAndTheirSub) {
  WePublish(SocketType::kXPub, ZMQ_SUB);
  Did(kShown);
}
TEST_P(ZmqPublishTest, XpubAndTheirXsub) {
  WePublish(SocketType::kXPub, ZMQ_XSUB);
  Did(kShown);
}
TEST_P(ZmqPublishTest, SubAndTheirPub) {
  TheyPublish(SocketType::kSub, ZMQ_PUB);
  Did(kPublished);
}
TEST_P(ZmqPublishTest, SubAndTheirXpub) {
  TheyPublish(SocketType::kSub, ZMQ_XPUB);
  Did(kShown);
}
TEST_P(ZmqPublishTest, XsubAndTheirPub) {
  TheyPublish(SocketType::kXSub, ZMQ_PUB);
  Did(kPublished);
}
TEST_P(ZmqPublishTest, XsubAndTheirXpub) {
  TheyPublish(SocketType::kXSub, ZMQ_XPUB);
  Did(kShown);
}
TEST_P(ZmqPublishTest, UpstreamOfXpubAndTheirXsub) {
  Upstream(SocketType::kXPub, ZMQ_XSUB);
  Did(kUpstream);
}
TEST_P(ZmqPublishTest, UpstreamOfXsubAndTheirXpub) {
  Upstream(SocketType::kXSub, ZMQ_XPUB);
  Did(kUpstream);
}

INSTANTIATE_TEST_SUITE_P(, ZmqPublishTest,
                         ::testing::ValuesIn(CellsOf("ZmqPublishTest", ZmqAbsences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
