// Links that end at an awkward moment: what simulations found.
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

// There is nobody left to greet, and what the peer said is received all the same.
TEST(LinkEndsTest, WhoCannotBeGreetedIsHeard) {
  Net net;
  Socket& dealer = net.Make(SocketType::kDealer, {.hello_message = "hello"});
  const LinkId link = AcceptStranger(net, dealer);
  const std::string octets = PeerGreeting() + PeerReady("DEALER") + std::string("\0\x04last", 6);
  ASSERT_TRUE(dealer.Donate(link, Slice::Copy(octets), net.now).ok());
  dealer.OnTransportClosed(link, absl::OkStatus(), net.now);
  net.Run();
  EXPECT_THAT(net.Received(dealer), ElementsAre("last"));
}

// PAIR-4: a link that is over, too, with a message behind the handshake, from a peer that there is
// no room for. It is refused, so nothing of it is received, although it was over before it could be
// told.
TEST(LinkEndsTest, WhoIsRefusedIsNotHeardAlthoughItIsGone) {
  for (const bool violates : {false, true}) {
    Net net;
    Socket& pair = net.Make(SocketType::kPair);
    Socket& first = net.Make(SocketType::kPair);
    net.Bind(pair, "a");
    net.Connect(first, "a");
    net.Run();
    ASSERT_EQ(pair.ready_peers(), 1u);
    net.Connect(pair, "stranger");
    Action action;
    ASSERT_TRUE(pair.NextAction(&action));
    const LinkId link = std::get<action::Dial>(action).link;
    pair.OnDialed(link, {"sim", "sim"}, net.now);
    // A whole message; then, it may be, a frame with reserved flag bits.
    const std::string octets = PeerGreeting() + PeerReady("PAIR") + std::string("\0\x05hello", 7) +
                               (violates ? "\xff" : "");
    ASSERT_TRUE(pair.Donate(link, Slice::Copy(octets), net.now).ok());
    if (!violates) pair.OnTransportClosed(link, absl::OkStatus(), net.now);
    net.Run();
    EXPECT_TRUE(net.saw(pair, SocketEvent::Kind::kClosed));
    EXPECT_THAT(net.Received(pair), IsEmpty());
    EXPECT_EQ(pair.ready_peers(), 1u);
  }
}

// ALL-3: the mark counts what waits in a peer's queue and what waits on its link, and on one that
// is over and has its batch out, together.
TEST(LinkEndsTest, TheMarkCountsAllThatWaits) {
  constexpr std::size_t kMark = 4;
  Net net;
  Socket& push = net.Make(SocketType::kPush, {.send_mark = {.messages = kMark, .bytes = 0}});
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  net.Run();
  const DialerId dialer = net.Connect(push, "a");
  net.Run();
  std::vector<std::string> sent;
  const auto fill = [&] {
    for (int i = 0; i < 20; ++i) {
      // A batch takes some of so large ones.
      Message message(absl::StrCat(sent.size(), std::string(200'000, 'x')));
      const std::string text(message.text());
      if (!push.Send(&message, net.now).ok()) break;
      sent.push_back(text);
      EXPECT_LE(push.peer_stats(push.peer(dialer))->unsent_messages, kMark);
    }
    net.Run();
  };
  net.HoldBatches(true, 1000);
  fill();
  fill();
  EXPECT_GT(sent.size(), kMark);
  net.CutAll();
  // Three are out, and the mark's four wait behind them.
  const std::size_t before = sent.size();
  fill();
  EXPECT_EQ(sent.size(), before);
  net.HoldBatches(false);
  net.Run();
  // All is back in the queue, and beyond the mark. The next link takes some of it, and is held.
  net.HoldBatches(true, 1000);
  net.Advance(absl::Seconds(2));
  EXPECT_EQ(push.ready_peers(), 1u);
  fill();
  net.HoldBatches(false);
  net.CutAll();
  net.Advance(absl::Seconds(2));
  EXPECT_EQ(net.Received(pull), sent);
}

// A link that a wish ended is cut once its peer took nothing for a while, and what is left counts
// as lost; of a socket that closes the linger time counts alone, and the newest of them.
TEST(LinkEndsTest, WhoTakesNothingIsNotWaitedFor) {
  enum class Way { kDisconnect, kUnbind, kClose };
  for (const Way way : {Way::kDisconnect, Way::kUnbind, Way::kClose}) {
    Net net;
    Socket& push = net.Make(SocketType::kPush);
    Socket& pull = net.Make(SocketType::kPull);
    net.Bind(way == Way::kUnbind ? push : pull, "a");
    net.Run();
    const DialerId dialer = net.Connect(way == Way::kUnbind ? pull : push, "a");
    net.Run();
    net.HoldBatches(true);
    ASSERT_TRUE(net.Send(push, Message("out")).ok());
    net.Run();
    ASSERT_TRUE(net.Send(push, Message("behind")).ok());
    switch (way) {
      case Way::kDisconnect:
        ASSERT_TRUE(push.Disconnect(dialer, net.now).ok());
        break;
      case Way::kUnbind:
        net.Unbind(push);
        break;
      case Way::kClose:
        push.Close(absl::InfiniteDuration(), net.now);
        break;
    }
    net.Advance(absl::Seconds(29));
    EXPECT_EQ(net.wires(), 1u);
    net.Advance(absl::Seconds(1));
    if (way == Way::kClose) {
      net.Advance(absl::Hours(100));
      EXPECT_EQ(net.wires(), 1u);
      push.Close(absl::Seconds(5), net.now);
      net.Advance(absl::Seconds(4));
      EXPECT_EQ(net.wires(), 1u);
      net.Advance(absl::Seconds(1));
    }
    EXPECT_EQ(net.wires(), 0u);
    net.HoldBatches(false);
    net.Run();
    EXPECT_EQ(push.stats().lost, 2u);
    EXPECT_TRUE(net.saw(push, SocketEvent::Kind::kClosed));
  }
}

// ALL-3: a peer that sends up to the mark, hangs up and is dialed again has no second mark.
TEST(LinkEndsTest, TheReceiveMarkOutlivesTheLink) {
  constexpr int kMark = 4;
  Wires wires(SocketType::kPull, {.receive_mark = {.messages = kMark, .bytes = 0}});
  ASSERT_TRUE(wires.socket.Connect(*ParseEndpoint("sim://there"), wires.now).ok());
  wires.Turn();
  const auto come = [&] {
    wires.socket.OnDialed(wires.dialed, {"sim", "sim"}, wires.now);
    wires.Say(wires.dialed, PeerGreeting() + PeerReady("PUSH"));
    return wires.dialed;
  };
  const auto mode = [&](LinkId link) { return wires.socket.read_hint(link).mode; };
  const auto again = [&](LinkId link) {
    wires.HangUp(link);
    wires.now = wires.socket.NextDeadline();
    wires.Turn();
    return come();
  };
  LinkId link = come();
  wires.Say(link, std::string("\0\1a\0\1b", 6));
  link = again(link);
  // Half of the mark is no reason to wait.
  ASSERT_EQ(mode(link), ReadMode::kAny);
  wires.Say(link, std::string("\0\1c\0\1d", 6));
  link = again(link);
  EXPECT_EQ(mode(link), ReadMode::kPaused);
  link = again(link);
  EXPECT_EQ(mode(link), ReadMode::kPaused);
  EXPECT_THAT(wires.Received(), ElementsAre("a", "b", "c", "d"));
  ASSERT_EQ(mode(link), ReadMode::kAny);
  wires.Say(link, std::string("\0\1e", 3));
  EXPECT_THAT(wires.Received(), ElementsAre("e"));
}

// So does what comes in one turn with the end: all of it counts, and is told.
TEST(LinkEndsTest, TheReceiveMarkCountsWhatCameWithTheEnd) {
  Wires wires(SocketType::kPull, {.receive_mark = {.messages = 4, .bytes = 0}});
  const DialerId dialer = *wires.socket.Connect(*ParseEndpoint("sim://there"), wires.now);
  wires.Turn();
  const auto come = [&] {
    wires.socket.OnDialed(wires.dialed, {"sim", "sim"}, wires.now);
    wires.Say(wires.dialed, PeerGreeting() + PeerReady("PUSH"));
  };
  come();
  const PeerId peer = wires.socket.peer(dialer);
  wires.HangUp(wires.dialed, std::string("\0\1a\0\1b\0\1c\0\1d\0\1e", 15));
  EXPECT_EQ(wires.socket.peer_stats(peer)->unreceived_messages, 5u);
  wires.now = wires.socket.NextDeadline();
  wires.Turn();
  come();
  EXPECT_EQ(wires.socket.read_hint(wires.dialed).mode, ReadMode::kPaused);
  EXPECT_THAT(wires.Received(), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(wires.socket.read_hint(wires.dialed).mode, ReadMode::kAny);
}

// TR-6: what had not begun on a link whose batch is still out when it dies is sent on the next one,
// also while the socket closes.
TEST(LinkEndsTest, WhatComesBackWhileClosingIsSentAnew) {
  enum class Closes { kNever, kBefore, kInThePause };
  for (const Closes closes : {Closes::kNever, Closes::kBefore, Closes::kInThePause}) {
    Net net;
    Socket& pull = net.Make(SocketType::kPull);
    net.Bind(pull, "a");
    net.Run();
    Socket& push = net.Make(SocketType::kPush);
    net.Connect(push, "a");
    net.Run();
    net.HoldBatches(true);
    ASSERT_TRUE(net.Send(push, Message("first")).ok());
    net.Run();
    ASSERT_TRUE(net.Send(push, Message("second")).ok());
    if (closes == Closes::kBefore) push.Close(absl::Seconds(30), net.now);
    net.CutAll();
    if (closes == Closes::kInThePause) push.Close(absl::Seconds(30), net.now);
    net.HoldBatches(false);
    net.Run();
    net.Advance(absl::Seconds(2));
    EXPECT_THAT(net.Received(pull), ElementsAre("first", "second")) << static_cast<int>(closes);
    EXPECT_EQ(push.stats().lost, 0u) << static_cast<int>(closes);
  }
}

// Where all of it had left, nothing is left to do: nobody is dialed in vain.
TEST(LinkEndsTest, ACloseEndsWithTheBatchThatTookAll) {
  Wires wires(SocketType::kPush);
  ASSERT_TRUE(wires.socket.Connect(*ParseEndpoint("sim://there"), wires.now).ok());
  wires.Turn();
  const LinkId link = wires.dialed;
  wires.socket.OnDialed(link, {"sim", "sim"}, wires.now);
  wires.Say(link, PeerGreeting() + PeerReady("PULL"));
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message("last")).ok());
  TransmitBatch batch;
  ASSERT_TRUE(wires.socket.FillTransmit(link, &batch, 1000));
  wires.HangUp(link);
  wires.socket.Close(absl::Seconds(30), wires.now);
  wires.Turn();
  EXPECT_FALSE(wires.socket.drained()) << "the batch may come back";
  const std::size_t all = batch.remaining();
  wires.socket.ReturnBatch(link, std::move(batch), all, absl::OkStatus(), wires.now);
  wires.Turn();
  EXPECT_TRUE(wires.socket.drained());
  EXPECT_EQ(wires.socket.stats().lost, 0u);
}

// ALL-1, TR-3: a link that stands already sends nothing before the old one's batch is back, and
// then what that had not begun goes first; also while the socket closes.
TEST(LinkEndsTest, ANewLinkWaitsForTheOldBatch) {
  for (const bool closes : {false, true}) {
    for (const bool more : {false, true}) {
      Net net;
      Socket& pull = net.Make(SocketType::kPull);
      net.Bind(pull, "a");
      net.Run();
      Socket& push = net.Make(SocketType::kPush);
      net.Connect(push, "a");
      net.Run();
      // Handshakes pass, and the message is held.
      net.HoldBatches(true, 200);
      const std::string held(300, 'h');
      ASSERT_TRUE(net.Send(push, Message(held)).ok());
      net.Run();
      net.CutAll();
      net.Advance(absl::Seconds(2));
      ASSERT_EQ(push.ready_peers(), 1u);
      if (more) {
        ASSERT_TRUE(net.Send(push, Message("behind")).ok());
      }
      EXPECT_THAT(net.Received(pull), IsEmpty());
      if (closes) push.Close(absl::Seconds(30), net.now);
      net.HoldBatches(false);
      net.Run();
      net.Advance(absl::Seconds(2));
      std::vector<std::string> all = {held};
      if (more) all.push_back("behind");
      EXPECT_EQ(net.Received(pull), all) << closes << more;
      EXPECT_EQ(push.stats().lost, 0u) << closes << more;
    }
  }
}

// The stranger's handshake, of this type, and octets behind it: who it is.
PeerId Says(Net& net, Socket& socket, LinkId link, const char* type, const std::string& octets) {
  const std::string all = PeerGreeting() + PeerReady(type) + octets;
  EXPECT_TRUE(socket.Donate(link, Slice::Copy(all), net.now).ok());
  net.Run();
  for (const SocketEvent& event : net.events(socket)) {
    if (event.kind == SocketEvent::Kind::kReady && event.link == link) return event.peer;
  }
  ADD_FAILURE() << "the handshake is not done";
  return {};
}

// The messages of a link that is over lie untaken all the same.
TEST(LinkEndsTest, WhatADeadLinkBroughtCountsAsUnreceived) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  const LinkId link = AcceptStranger(net, pull);
  const PeerId peer = Says(net, pull, link, "PUSH", std::string("\0\1a\0\1b", 6));
  ASSERT_TRUE(pull.peer_stats(peer).has_value());
  EXPECT_EQ(pull.peer_stats(peer)->unreceived_messages, 2u);
  pull.OnTransportClosed(link, absl::OkStatus(), net.now);
  net.Run();
  ASSERT_TRUE(pull.peer_stats(peer).has_value());
  EXPECT_EQ(pull.peer_stats(peer)->unreceived_messages, 2u);
  EXPECT_THAT(net.Received(pull), ElementsAre("a", "b"));
}

// Whoever is gone for good takes nothing, ever: not found, and nobody waits for its room.
TEST(LinkEndsTest, NothingIsSentToWhoIsGone) {
  Net net;
  Socket& dealer = net.Make(SocketType::kDealer);
  const LinkId link = AcceptStranger(net, dealer);
  const PeerId peer = Says(net, dealer, link, "DEALER", std::string("\0\1a", 3));
  dealer.OnTransportClosed(link, absl::OkStatus(), net.now);
  net.Run();
  Message message("x");
  EXPECT_EQ(dealer.SendTo(peer, &message, net.now).code(), absl::StatusCode::kNotFound);
}

// The event of a link's end tells all that was lost with its accepted peer.
TEST(LinkEndsTest, AnEndTellsWhatWaitedForItsPeer) {
  for (const bool conflate : {false, true}) {
    Net net;
    Socket& push = net.Make(SocketType::kPush, {.conflate = conflate});
    net.Bind(push, "a");
    net.Run();
    net.Connect(net.Make(SocketType::kPull), "a");
    net.Run();
    ASSERT_TRUE(net.Send(push, Message("m")).ok());
    net.CutAll();
    net.Run();
    EXPECT_EQ(push.stats().lost, 1u) << conflate;
    EXPECT_TRUE(net.saw(push, SocketEvent::Kind::kClosed));
    for (const SocketEvent& event : net.events(push)) {
      if (event.kind != SocketEvent::Kind::kClosed) continue;
      EXPECT_EQ(event.lost_messages, 1u) << conflate;
    }
  }
}

}  // namespace
}  // namespace monocoque
