// XPUB in manual mode: the application subscribes for its peers.
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::testing::ElementsAre;

std::string Notice(bool subscribe, std::string_view prefix) {
  return absl::StrCat(std::string(1, subscribe ? '\x01' : '\x00'), prefix);
}

class ManualXPubTest : public ::testing::Test {
 protected:
  Socket& Publisher(SocketType type, const SocketOptions& options) {
    Socket& made = net_.Make(type, options);
    net_.Bind(made, "a");
    return made;
  }
  Socket& Subscriber(std::vector<std::string_view> prefixes) {
    Socket& made = net_.Make(SocketType::kSub);
    for (std::string_view prefix : prefixes) EXPECT_TRUE(made.Subscribe(prefix, net_.now).ok());
    net_.Connect(made, "a");
    net_.Run();
    return made;
  }
  void Publish(Socket& xpub, std::vector<std::string_view> texts) {
    for (std::string_view text : texts) EXPECT_TRUE(net_.Send(xpub, Message(text)).ok());
    net_.Run();
  }
  std::vector<std::string> Received(Socket& socket) { return net_.Received(socket); }

  Net net_;
};

// XPUB_MANUAL_LAST_VALUE: only Subscribe makes the next message one peer's; a cancellation that was
// acted on takes it from nobody.
TEST_F(ManualXPubTest, ManualLastValueIsNotForACancellation) {
  Socket& xpub =
      Publisher(SocketType::kXPub, {.xpub_manual = true, .xpub_manual_last_value = true});
  Socket& one = Subscriber({"A"});
  (void)Received(xpub);
  ASSERT_TRUE(xpub.Subscribe("A", net_.now).ok());
  Publish(xpub, {"A0"});
  Socket& two = Subscriber({"A"});
  (void)Received(xpub);
  ASSERT_TRUE(xpub.Subscribe("A", net_.now).ok());
  Publish(xpub, {"A1"});
  ASSERT_TRUE(two.Unsubscribe("A", net_.now).ok());
  net_.Run();
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(false, "A")));
  ASSERT_TRUE(xpub.Unsubscribe("A", net_.now).ok());
  Publish(xpub, {"A2"});
  EXPECT_THAT(Received(one), ElementsAre("A0", "A2"));
}

// The message is for the peer that was subscribed, whoever else was heard of since, and if it is
// gone for nobody.
TEST_F(ManualXPubTest, ManualLastValueIsForWhoWasSubscribed) {
  for (const bool gone : {false, true}) {
    Net net;
    Socket& xpub =
        net.Make(SocketType::kXPub, {.xpub_manual = true, .xpub_manual_last_value = true});
    net.Bind(xpub, "a");
    const auto subscriber = [&]() -> Socket& {
      Socket& sub = net.Make(SocketType::kSub);
      EXPECT_TRUE(sub.Subscribe("A", net.now).ok());
      net.Connect(sub, "a");
      return sub;
    };
    Socket& one = subscriber();
    (void)net.Received(xpub);
    ASSERT_TRUE(xpub.Subscribe("A", net.now).ok());
    ASSERT_TRUE(net.Send(xpub, Message("A0")).ok());
    Socket& two = subscriber();
    (void)net.Received(xpub);
    ASSERT_TRUE(xpub.Subscribe("A", net.now).ok());
    if (gone) {
      two.Close(absl::ZeroDuration(), net.now);
      net.Run();
    } else {
      (void)subscriber();
      EXPECT_THAT(net.Received(xpub), ElementsAre(Notice(true, "A")));
    }
    ASSERT_TRUE(net.Send(xpub, Message("A1, of old")).ok());
    const std::vector<std::string> heard = gone ? std::vector<std::string>() : net.Received(two);
    EXPECT_EQ(heard.size(), gone ? 0u : 1u);
    EXPECT_THAT(net.Received(one), ElementsAre("A0")) << gone;
  }
}

// The same where the peer's dialer gave up, and the peer is still known.
TEST_F(ManualXPubTest, LastValueForAPeerThatWasGivenUp) {
  Socket& sub = net_.Make(SocketType::kSub);
  ASSERT_TRUE(sub.Subscribe("", net_.now).ok());
  net_.Bind(sub, "b");
  SocketOptions options = {.xpub_manual = true, .xpub_manual_last_value = true};
  options.link.retry.transport = Retry::kNever;
  Socket& xpub = net_.Make(SocketType::kXPub, options);
  const DialerId dialer = net_.Connect(xpub, "b");
  EXPECT_THAT(Received(xpub), ElementsAre(Notice(true, "")));
  ASSERT_TRUE(xpub.Subscribe("", net_.now).ok());
  net_.CutAll();
  net_.Run();
  ASSERT_TRUE(net_.saw(xpub, SocketEvent::Kind::kGaveUp));
  ASSERT_TRUE(xpub.peer(dialer));
  EXPECT_TRUE(net_.Send(xpub, Message("for nobody")).ok());
  EXPECT_EQ(xpub.stats().dropped, 1u);
}

// A subscription that the application gives and that is beyond the peer's limit is refused to its
// face.
TEST_F(ManualXPubTest, ManualSubscribeSaysThatItWasRefused) {
  SocketOptions options = {.xpub_manual = true};
  options.link.limits.max_subscription_bytes = 400;
  Socket& xpub = Publisher(SocketType::kXPub, options);
  (void)Subscriber({"A"});
  (void)Received(xpub);
  EXPECT_TRUE(xpub.Subscribe("A", net_.now).ok());
  EXPECT_FALSE(xpub.Subscribe("B", net_.now).ok());
  EXPECT_EQ(xpub.topics(), 1u);
}

}  // namespace
}  // namespace monocoque
