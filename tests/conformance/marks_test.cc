// High-water marks, alike in each cell: who waits, who drops, who is told.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"

namespace monocoque::conformance {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kMark = 4;
// More than any kernel takes into its buffers between two sockets, in messages of this size.
constexpr int kTooMany = 200;

SocketOptions Narrow() {
  SocketOptions options = Eager();
  options.send_mark.messages = kMark;
  options.receive_mark.messages = kMark;
  return options;
}

class MarksTest : public CellTest {
 protected:
  // Sends to somebody who takes nothing until nothing more goes; how many went.
  int Fill(FaceSocket* from, std::string_view to = "") {
    int sent = 0;
    for (int quiet = 0; quiet < 20;) {
      if (sent == kTooMany) {
        ADD_FAILURE() << "nobody slows it down";
        break;
      }
      Message message(large_);
      EXPECT_TRUE(message.set_to(to));
      const absl::Status status = from->TrySend(&message);
      EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
      EXPECT_TRUE(!status.ok() || message.size() == 0) << "it was taken";
      EXPECT_TRUE(status.ok() || message.size() == large_.size()) << "it was not taken";
      sent += status.ok() ? 1 : 0;
      quiet = status.ok() ? 0 : quiet + 1;
      Turn();
    }
    return sent;
  }
  // Until everything reaches each of them; then nothing is under way.
  void AwaitSubscriptions(FaceSocket* pub, const std::vector<FaceSocket*>& subs) {
    for (FaceSocket* sub : subs) {
      Message message;
      ASSERT_TRUE(Until([&] {
        Message probe("probe");
        (void)pub->TrySend(&probe);
        return sub->TryReceive(&message);
      }));
    }
    Send(pub, "begin");
    for (FaceSocket* sub : subs) {
      while (Receive(sub) == Parts{"probe"}) {
      }
    }
  }
  void ReceiveLarge(FaceSocket* at, int count) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(ReceiveMessage(at).size(), large_.size());
  }

  const std::string large_ = std::string(1 << 20, 'l');
};

// ALL-3, ALL-7, PUSH-4: so many wait for a peer that is not there yet; the next is refused, and
// is still the caller's.
TEST_P(MarksTest, BeforeAnybodyIsThere) {
  const auto push = Make(SocketType::kPush, Narrow());
  Message message("nobody to wait for");
  EXPECT_TRUE(absl::IsUnavailable(push->TrySend(&message)));
  Connect(push.get(), place());
  for (std::size_t i = 0; i < kMark; ++i) {
    message = Message(absl::StrCat(i));
    EXPECT_EQ(push->TrySend(&message), absl::OkStatus());
  }
  message = Message("one more");
  EXPECT_TRUE(absl::IsUnavailable(push->TrySend(&message)));
  EXPECT_EQ(message.text(), "one more");
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  ASSERT_TRUE(Until([&] { return push->TrySend(&message).ok(); }));
  for (std::size_t i = 0; i < kMark; ++i) EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(i)});
  EXPECT_THAT(Receive(pull.get()), ElementsAre("one more"));
  Did("4 of 5 messages wait for the peer, the 5th is refused until it is there; all 5 arrive");
}

// ALL-3, PULL-2: a receiver at its mark is not read, which slows the sender down; nothing is lost.
TEST_P(MarksTest, ASlowReceiverSlowsTheSenderDown) {
  const auto pull = Make(SocketType::kPull, Narrow());
  const auto push = Make(SocketType::kPush, Narrow());
  Join(pull.get(), push.get());
  const int sent = Fill(push.get());
  EXPECT_GE(sent, static_cast<int>(kMark));
  ReceiveLarge(pull.get(), sent);
  Send(push.get(), "room again");
  EXPECT_THAT(Receive(pull.get()), ElementsAre("room again"));
  Did("the sender is refused while nobody takes; then all it sent arrives, and it sends on");
}

// ALL-6, PUSH-3: one slow peer does not hold the others up.
TEST_P(MarksTest, OneSlowPeerHoldsNobodyUp) {
  const auto push = Make(SocketType::kPush, Narrow());
  const auto slow = Make(SocketType::kPull, Narrow());
  const auto quick = Make(SocketType::kPull, Narrow());
  Join(slow.get(), push.get());
  const int to_slow = Fill(push.get());
  Join(quick.get(), push.get());
  constexpr int kMessages = 50;
  Message taken;
  int by_quick = 0;
  for (int i = 0; i < kMessages; ++i) {
    Message message(absl::StrCat(i));
    ASSERT_TRUE(Until([&] {
      while (quick->TryReceive(&taken)) ++by_quick;
      return push->TrySend(&message).ok();
    }));
  }
  // The kernel may have found room for a few more on the way to the slow one.
  int by_slow = 0;
  EXPECT_TRUE(Until([&] {
    while (quick->TryReceive(&taken)) ++by_quick;
    if (by_quick > kMessages / 2) by_slow += slow->TryReceive(&taken) ? 1 : 0;
    return by_quick + by_slow == kMessages + to_slow;
  })) << by_quick
      << " and " << by_slow << " of " << to_slow;
  EXPECT_GE(by_quick, kMessages - static_cast<int>(kMark));
  Did("50 messages are sent while the slow peer is at its mark; nearly all go to the quick one");
}

// PUB-5, PUB-6, ALL-8: a publisher drops for the slow subscriber alone, whole messages, and tells.
TEST_P(MarksTest, APublisherDropsForTheSlowOneAlone) {
  SocketOptions narrow = Narrow();
  const auto pub = Make(SocketType::kPub, narrow);
  const auto slow = Make(SocketType::kSub, narrow);
  const auto quick = Make(SocketType::kSub, narrow);
  for (const auto* sub : {&slow, &quick}) {
    ASSERT_EQ((*sub)->Subscribe(""), absl::OkStatus());
    Join(sub->get(), pub.get());
  }
  AwaitSubscriptions(pub.get(), {slow.get(), quick.get()});
  std::uint64_t dropped = 0;
  int sent = 0;
  for (; sent < kTooMany && dropped == 0; ++sent) {
    Send(pub.get(), large_);
    Message message;
    ASSERT_TRUE(Until([&] { return quick->TryReceive(&message); })) << sent;
    EXPECT_EQ(message.size(), large_.size());
    dropped = pub->stats().dropped;
  }
  EXPECT_GT(dropped, 0u) << "nobody was slow";
  Await(pub.get(), SocketEvent::Kind::kDropsBegan);
  for (int i = 0; i < sent - static_cast<int>(dropped); ++i) {
    EXPECT_EQ(ReceiveMessage(slow.get()).size(), large_.size());
  }
  EXPECT_EQ(Await(pub.get(), SocketEvent::Kind::kDropsEnded).dropped_messages, dropped);
  Did("the quick one gets everything; the slow one gets all but what is counted as dropped");
}

// ROUTER-5, ROUTER-6: the destination's mark counts, and nobody else's.
TEST_P(MarksTest, ARouterWaitsForOneDestination) {
  SocketOptions mandatory = Narrow();
  mandatory.router_mandatory = true;
  const auto router = Make(SocketType::kRouter, mandatory);
  const std::string at = Bind(router.get(), any());
  SocketOptions options = Narrow();
  options.routing_id = "slow";
  const auto slow = Make(SocketType::kDealer, options);
  options.routing_id = "quick";
  const auto quick = Make(SocketType::kDealer, options);
  Connect(slow.get(), at);
  Connect(quick.get(), at);
  AwaitPeers(router.get(), 2);
  const int to_slow = Fill(router.get(), "slow");
  Message message("for the quick one");
  ASSERT_TRUE(message.set_to(std::string_view("quick")));
  EXPECT_EQ(router->TrySend(&message), absl::OkStatus());
  EXPECT_THAT(Receive(quick.get()), ElementsAre("for the quick one"));
  message = Message("for nobody");
  ASSERT_TRUE(message.set_to(std::string_view("nobody")));
  EXPECT_TRUE(absl::IsNotFound(router->TrySend(&message)));
  ReceiveLarge(slow.get(), to_slow);
  Did("one destination at its mark is refused, another is served, an unknown one is said to be so");
}

INSTANTIATE_TEST_SUITE_P(, MarksTest, ::testing::ValuesIn(CellsOf("MarksTest")), CellName);

}  // namespace
}  // namespace monocoque::conformance
