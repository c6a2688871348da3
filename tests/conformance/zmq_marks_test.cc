// High-water marks with a live libzmq at the other side, alike in each cell: who waits, who drops,
// who is told.
#include <zmq.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/zmq_cell.h"

namespace monocoque::conformance {
namespace {

constexpr int kMark = 4;

class ZmqMarksTest : public ZmqCellTest {
 protected:
  static SocketOptions Narrow() {
    SocketOptions options = Eager();
    options.send_mark.messages = kMark;
    options.receive_mark.messages = kMark;
    return options;
  }
  static SocketOptions NarrowAndNamed(const char* name) {
    SocketOptions options = Narrow();
    options.routing_id = name;
    return options;
  }
  static std::unique_ptr<ZmqPeer> TheirsNarrow(int type) {
    auto peer = Theirs(type);
    peer->Set(ZMQ_SNDHWM, kMark);
    peer->Set(ZMQ_RCVHWM, kMark);
    return peer;
  }
  static bool TrySend(FaceSocket* from, const std::string& text) {
    Message message(text);
    return from->TrySend(&message).ok();
  }
  static bool Take(FaceSocket* at) {
    Message message;
    return at->TryReceive(&message);
  }
  static bool TheyTake(ZmqPeer* at) {
    Parts parts;
    return at->Receive(&parts);
  }
  // One of two receivers, who takes nothing, has got so many; 50 more are sent, and nearly all
  // reach the other. The slow one takes up only then, and gets its own.
  void SlowAndQuick(int to_slow, const std::function<bool(const std::string&)>& send,
                    const std::function<bool()>& slow_takes,
                    const std::function<bool()>& quick_takes) {
    constexpr int kMessages = 50;
    int by_quick = 0, by_slow = 0;
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_TRUE(Until([&] {
        while (quick_takes()) ++by_quick;
        return send(absl::StrCat(i));
      })) << i;
    }
    // The kernel may have found room for a few more on the way to the slow one.
    EXPECT_TRUE(Until([&] {
      while (quick_takes()) ++by_quick;
      if (by_quick > kMessages / 2) by_slow += slow_takes() ? 1 : 0;
      return by_quick + by_slow == kMessages + to_slow;
    })) << by_quick
        << " and " << by_slow << " of " << to_slow;
    EXPECT_GE(by_quick, kMessages - kMark);
  }
  void TheyReceiveLarge(ZmqPeer* at, int count) {
    for (int i = 0; i < count; ++i) ASSERT_EQ(TheyReceive(at), Parts{large_}) << i;
  }
  void ReceiveLarge(FaceSocket* at, int count) {
    for (int i = 0; i < count; ++i) ASSERT_EQ(ReceiveMessage(at).size(), large_.size()) << i;
  }
};

// ALL-3, ALL-7, PUSH-4: so many wait for a peer that is not there yet, on either side.
TEST_P(ZmqMarksTest, BeforeAnybodyIsThere) {
  {
    const auto push = Make(SocketType::kPush, Narrow());
    Connect(push.get(), place());
    Message message;
    for (int i = 0; i < kMark; ++i) {
      message = Message(absl::StrCat(i));
      EXPECT_EQ(push->TrySend(&message), absl::OkStatus());
    }
    message = Message(absl::StrCat(kMark));
    EXPECT_TRUE(absl::IsUnavailable(push->TrySend(&message)));
    const auto pull = Theirs(ZMQ_PULL);
    pull->Bind(place());
    ASSERT_TRUE(Until([&] { return push->TrySend(&message).ok(); }));
    for (int i = 0; i <= kMark; ++i) EXPECT_EQ(TheyReceive(pull.get()), Parts{absl::StrCat(i)});
  }
  ClearPlace();
  const auto push = TheirsNarrow(ZMQ_PUSH);
  push->Connect(place());
  for (int i = 0; i < kMark; ++i) EXPECT_TRUE(push->Send({absl::StrCat(i)}));
  EXPECT_FALSE(push->Send({"refused"}));
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  TheySend(push.get(), {absl::StrCat(kMark)});
  for (int i = 0; i <= kMark; ++i) EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(i)});
  Did("4 of 5 messages wait for the peer, theirs and then ours, the 5th is refused until it is "
      "there; all 5 arrive");
}

// ALL-3, PULL-2: whoever is slow, the other is slowed down, and nothing is lost.
TEST_P(ZmqMarksTest, ASlowReceiverSlowsTheSenderDown) {
  {
    const auto pull = TheirsNarrow(ZMQ_PULL);
    const auto push = Make(SocketType::kPush, Narrow());
    Connect(push.get(), pull->Bind(any()));
    TheyReceiveLarge(pull.get(), WeFill(push.get()));
  }
  const auto pull = Make(SocketType::kPull, Narrow());
  const auto push = TheirsNarrow(ZMQ_PUSH);
  push->Connect(Bind(pull.get(), any()));
  ReceiveLarge(pull.get(), TheyFill(push.get()));
  Did("each sender is refused while the other takes nothing; then all it sent arrives");
}

// ALL-6, PUSH-3: their slow peer does not hold their quick one up, nor ours ours.
TEST_P(ZmqMarksTest, OneSlowPeerHoldsNobodyUp) {
  {
    const auto push = Make(SocketType::kPush, Narrow());
    const auto slow = TheirsNarrow(ZMQ_PULL);
    const auto quick = TheirsNarrow(ZMQ_PULL);
    Connect(push.get(), slow->Bind(any()));
    const int to_slow = WeFill(push.get());
    Connect(push.get(), quick->Bind(any()));
    SlowAndQuick(
        to_slow, [&](const std::string& text) { return TrySend(push.get(), text); },
        [&] { return TheyTake(slow.get()); }, [&] { return TheyTake(quick.get()); });
  }
  const auto push = TheirsNarrow(ZMQ_PUSH);
  const auto slow = Make(SocketType::kPull, Narrow());
  const auto quick = Make(SocketType::kPull, Narrow());
  push->Connect(Bind(slow.get(), any()));
  const int to_slow = TheyFill(push.get());
  push->Connect(Bind(quick.get(), any()));
  SlowAndQuick(
      to_slow, [&](const std::string& text) { return push->Send({text}); },
      [&] { return Take(slow.get()); }, [&] { return Take(quick.get()); });
  Did("50 messages are sent while the slow peer is at its mark, theirs and then ours; nearly all "
      "go to the quick one");
}

// PUB-5, PUB-6, ALL-8: we drop for their slow subscriber alone, whole messages, and tell.
TEST_P(ZmqMarksTest, OurPublisherDropsForTheSlowOneAlone) {
  const auto pub = Make(SocketType::kPub, Narrow());
  const std::string at = Bind(pub.get(), any());
  const auto slow = TheirsNarrow(ZMQ_SUB);
  const auto quick = TheirsNarrow(ZMQ_SUB);
  slow->Set(ZMQ_SUBSCRIBE, std::string("l"));
  quick->Set(ZMQ_SUBSCRIBE, std::string("ll"));
  slow->Connect(at);
  quick->Connect(at);
  ASSERT_TRUE(Until([&] { return pub->core().topics() == 2; }));
  std::uint64_t dropped = 0;
  int sent = 0;
  for (; sent < 200 && dropped == 0; ++sent) {
    Send(pub.get(), large_);
    ASSERT_EQ(TheyReceive(quick.get()), Parts{large_}) << sent;
    dropped = pub->stats().dropped;
  }
  EXPECT_GT(dropped, 0u) << "nobody was slow";
  Await(pub.get(), SocketEvent::Kind::kDropsBegan);
  TheyReceiveLarge(slow.get(), sent - static_cast<int>(dropped));
  EXPECT_EQ(Await(pub.get(), SocketEvent::Kind::kDropsEnded).dropped_messages, dropped);
  Send(pub.get(), "last");
  EXPECT_EQ(TheyReceive(slow.get()), Parts{"last"});
  Did("their quick one gets everything; their slow one gets all but what is counted as dropped");
}

// SUB-5: the other way round: what libzmq drops for our slow subscriber is whole messages, and our
// quick one does not suffer.
TEST_P(ZmqMarksTest, TheirPublisherDropsForTheSlowOneAlone) {
  constexpr int kMessages = 60;
  const auto pub = TheirsNarrow(ZMQ_XPUB);
  const std::string at = pub->Bind(any());
  const auto slow = Make(SocketType::kSub, Narrow());
  const auto quick = Make(SocketType::kSub, Narrow());
  ASSERT_EQ(slow->Subscribe("l"), absl::OkStatus());
  ASSERT_EQ(quick->Subscribe("ll"), absl::OkStatus());
  Connect(slow.get(), at);
  EXPECT_EQ(TheyReceive(pub.get()), Parts{"\1l"});
  Connect(quick.get(), at);
  EXPECT_EQ(TheyReceive(pub.get()), Parts{"\1ll"});
  for (int i = 0; i < kMessages; ++i) {
    // Has it hear what it may send on: sending alone looks no more than once a millisecond.
    pub->events();
    TheySend(pub.get(), {large_});
    ASSERT_EQ(ReceiveMessage(quick.get()).size(), large_.size()) << i;
  }
  int received = 0;
  // It may be dropped, too, until there is room.
  EXPECT_TRUE(Until([&] {
    pub->Send({"last"});
    for (Message message; slow->TryReceive(&message); ++received) {
      if (message.text() == "last") return true;
      EXPECT_EQ(message.size(), large_.size());
    }
    return false;
  }));
  EXPECT_GE(received, kMark);
  EXPECT_LT(received, kMessages);
  Did("our quick one gets all 60; our slow one some of them, each whole, and what comes later");
}

// ROUTER-5, ROUTER-6: the destination's mark counts, and nobody else's.
TEST_P(ZmqMarksTest, OurRouterWaitsForOneDestination) {
  SocketOptions mandatory = Narrow();
  mandatory.router_mandatory = true;
  const auto router = Make(SocketType::kRouter, mandatory);
  const std::string at = Bind(router.get(), any());
  const auto slow = TheirsNarrow(ZMQ_DEALER);
  const auto quick = TheirsNarrow(ZMQ_DEALER);
  slow->Set(ZMQ_ROUTING_ID, std::string("slow"));
  quick->Set(ZMQ_ROUTING_ID, std::string("quick"));
  slow->Connect(at);
  quick->Connect(at);
  AwaitPeers(router.get(), 2);
  const int to_slow = WeFill(router.get(), "slow");
  Message message("for the quick one");
  ASSERT_TRUE(message.set_to(std::string_view("quick")));
  EXPECT_EQ(router->TrySend(&message), absl::OkStatus());
  EXPECT_EQ(TheyReceive(quick.get()), Parts{"for the quick one"});
  message = Message("for nobody");
  ASSERT_TRUE(message.set_to(std::string_view("nobody")));
  EXPECT_TRUE(absl::IsNotFound(router->TrySend(&message)));
  TheyReceiveLarge(slow.get(), to_slow);
  Did("one destination at its mark is refused, another is served, an unknown one is said to be so");
}

// ALL-3: the same of their ROUTER, whose one destination does not read.
TEST_P(ZmqMarksTest, TheirRouterWaitsForOneDestination) {
  const auto router = TheirsNarrow(ZMQ_ROUTER);
  router->Set(ZMQ_ROUTER_MANDATORY, 1);
  const std::string at = router->Bind(any());
  const auto slow = Make(SocketType::kDealer, NarrowAndNamed("slow"));
  const auto quick = Make(SocketType::kDealer, NarrowAndNamed("quick"));
  Connect(slow.get(), at);
  Connect(quick.get(), at);
  for (const char* name : {"slow", "quick"}) TheySend(router.get(), {name, "welcome"});
  EXPECT_EQ(Receive(slow.get()), Parts{"welcome"});
  EXPECT_EQ(Receive(quick.get()), Parts{"welcome"});
  const int to_slow = TheyFill(router.get(), "slow");
  EXPECT_TRUE(router->Send({"quick", "for the quick one"}));
  EXPECT_EQ(Receive(quick.get()), Parts{"for the quick one"});
  EXPECT_FALSE(router->Send({"nobody", "for nobody"}));
  EXPECT_EQ(zmq_errno(), EHOSTUNREACH);
  ReceiveLarge(slow.get(), to_slow);
  Did("our DEALER that takes nothing is refused by their ROUTER, another is served; all that was "
      "sent arrives");
}

INSTANTIATE_TEST_SUITE_P(, ZmqMarksTest,
                         ::testing::ValuesIn(CellsOf("ZmqMarksTest", ZmqAbsences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
