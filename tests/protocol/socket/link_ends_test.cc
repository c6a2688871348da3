// Links that end at an awkward moment: what simulations found.
#include <string>
#include <string_view>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::ReceiveAll;
using ::testing::ElementsAre;

// A listener that somebody reached who is nothing but octets.
LinkId AcceptStranger(Net& net, Socket& socket) {
  const auto listener = socket.Bind(*ParseEndpoint("sim://stranger"), net.now);
  EXPECT_TRUE(listener.ok());
  const auto link = socket.OnAccepted(*listener, {"sim", "sim"}, net.now);
  EXPECT_TRUE(link.ok());
  return *link;
}

// The stream ends behind the octets that end the handshake, and both are seen at once: the link was
// ready and is over (S-8 finds nobody to tell).
TEST(LinkEndsTest, TheStreamEndsWithTheHandshake) {
  for (const bool accepted : {true, false}) {
    Net net;
    Socket& sub = net.Make(SocketType::kSub);
    ASSERT_TRUE(sub.Subscribe("a", net.now).ok());
    ASSERT_TRUE(sub.Subscribe("b", net.now).ok());
    LinkId link;
    if (accepted) {
      link = AcceptStranger(net, sub);
    } else {
      net.Connect(sub, "stranger");
      Action action;
      ASSERT_TRUE(sub.NextAction(&action));
      link = std::get<action::Dial>(action).link;
      sub.OnDialed(link, {"sim", "sim"}, net.now);
    }
    const std::string octets = PeerGreeting() + PeerReady("PUB");
    ASSERT_TRUE(sub.Donate(link, Slice::Copy(octets), net.now).ok());
    sub.OnTransportClosed(link, absl::OkStatus(), net.now);
    net.Run();
    EXPECT_EQ(sub.ready_peers(), 0u);
    EXPECT_TRUE(net.saw(sub, SocketEvent::Kind::kReady));
    EXPECT_TRUE(net.saw(sub, SocketEvent::Kind::kClosed));
    ASSERT_TRUE(sub.Subscribe("c", net.now).ok());
  }
}

}  // namespace
}  // namespace monocoque
