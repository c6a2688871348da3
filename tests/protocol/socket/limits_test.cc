// Limits of what a peer may send in commands, from both sides of the bound.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "alloc/transmit_batch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/command.h"
#include "protocol/wire/metadata.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Wires;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A short command in traffic or in the handshake.
std::string Command(std::string_view name, std::string_view data) {
  const std::string body = absl::StrCat(std::string(1, static_cast<char>(name.size())), name, data);
  return absl::StrCat("\x04", std::string(1, static_cast<char>(body.size())), body);
}

// A READY with a body of so many octets.
std::string LongReady(std::string_view type, std::size_t bytes) {
  std::string properties;
  AppendProperty(&properties, metadata::kSocketType, type);
  const std::size_t rest = bytes - properties.size() - 1 - command::kReady.size();
  AppendProperty(&properties, "X-a", std::string(rest - 8, 'v'));
  std::string out;
  AppendCommand(&out, command::kReady, AsBytes(properties));
  return out;
}

// READY is let in with as many octets as its limit, and ends the link with one more.
TEST(LimitsTest, AHandshakeCommandFitsOrEndsTheLink) {
  constexpr std::size_t kLimit = 512;
  SocketOptions options;
  options.link.limits.max_handshake_bytes = kLimit;
  for (const std::size_t body : {kLimit, kLimit + 1}) {
    SCOPED_TRACE(body);
    Wires wires(SocketType::kPull, options);
    const LinkId link = wires.Come(PeerGreeting() + LongReady("PUSH", body));
    wires.Turn();  // what it had to write was written
    EXPECT_EQ(wires.socket.ready_peers(), body == kLimit ? 1u : 0u);
    EXPECT_EQ(wires.closed(link), body != kLimit);
    if (body == kLimit) continue;
    const SocketEvent closed = wires.events.back();
    ASSERT_EQ(closed.kind, SocketEvent::Kind::kClosed);
    EXPECT_EQ(CauseOf(closed.status), Cause::kLimit);
    EXPECT_THAT(closed.ToString(), HasSubstr(absl::StrCat(body, " octets")));
  }
}

// The limit of the handshake is none of traffic, and the other way round. F-9: the size alone is
// enough to be too much.
TEST(LimitsTest, ACommandInTrafficFitsOrEndsTheLink) {
  SocketOptions options;
  options.link.limits.max_command_bytes = 32;
  Wires wires(SocketType::kPull, options);
  const LinkId link = wires.Accept(PeerGreeting() + LongReady("PUSH", 300));
  ASSERT_EQ(wires.socket.ready_peers(), 1u);
  const std::string context(16, 'c');
  wires.Say(link, Command("PING", std::string(2, '\0') + context));
  EXPECT_EQ(wires.Told(link), ToHex(Command("PONG", context)));
  wires.Say(link, Command("FUTURE", std::string(25, 'f')));
  EXPECT_FALSE(wires.closed(link));
  wires.Say(link, Command("FUTURE", std::string(26, 'f')).substr(0, 2));
  EXPECT_TRUE(wires.closed(link));
  EXPECT_EQ(wires.Told(link), "");
  EXPECT_EQ(wires.socket.ready_peers(), 0u);
  EXPECT_THAT(wires.events.back().ToString(), HasSubstr("command larger than the limit"));
}

// The limit of handshake commands does not count for commands in traffic.
TEST(LimitsTest, TheHandshakesLimitEndsWithIt) {
  SocketOptions options;
  options.link.limits.max_handshake_bytes = 512;
  Wires wires(SocketType::kPub, options);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("SUB"));
  std::string subscribe;
  AppendCommand(&subscribe, command::kSubscribe, AsBytes(std::string(600, 'p')));
  wires.Say(link, subscribe);
  EXPECT_EQ(wires.socket.topics(), 1u);
  EXPECT_FALSE(wires.closed(link));
}

// The least limits of RADIO let a peer join and leave the longest group, though no other besides.
TEST(LimitsTest, TheLeastOfRadio) {
  SocketOptions options;
  options.link.limits.max_frame_bytes = options.link.limits.max_command_bytes = 271;
  options.link.limits.max_subscription_bytes = 336 + 255;
  Wires wires(SocketType::kRadio, options);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("DISH"));
  for (const std::string_view name : {command::kJoin, command::kLeave, command::kJoin}) {
    std::string said;
    AppendCommand(&said, name, AsBytes(std::string(255, 'g')));
    wires.Say(link, said);
    EXPECT_EQ(wires.socket.topics(), name == command::kJoin ? 1u : 0u);
  }
  EXPECT_EQ(wires.socket.stats().subscriptions_refused, 0u);
  EXPECT_FALSE(wires.closed(link));
}

// The longest prefix follows from the longest command: beyond it a subscription is refused and
// counted, beyond the command's own bound the link ends.
TEST(LimitsTest, TheLongestPrefixFollows) {
  SocketOptions options;
  options.link.limits.max_command_bytes = 32;
  Wires wires(SocketType::kXPub, options);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("SUB"));
  const auto subscribe = [&](std::size_t bytes) {
    wires.Say(link, Command("SUBSCRIBE", std::string(bytes, 'p')));
  };
  subscribe(16);
  EXPECT_EQ(wires.socket.topics(), 1u);
  EXPECT_EQ(wires.socket.stats().subscriptions_refused, 0u);
  subscribe(17);
  subscribe(22);
  EXPECT_EQ(wires.socket.topics(), 1u);
  EXPECT_EQ(wires.socket.stats().subscriptions_refused, 2u);
  EXPECT_FALSE(wires.closed(link));
  subscribe(23);
  EXPECT_TRUE(wires.closed(link));
  EXPECT_EQ(wires.socket.topics(), 0u);

  Wires ours(SocketType::kSub, options);
  EXPECT_TRUE(ours.socket.Subscribe(std::string(16, 'p'), ours.now).ok());
  EXPECT_EQ(ours.socket.Subscribe(std::string(17, 'p'), ours.now).code(),
            absl::StatusCode::kInvalidArgument);
}

// SEC-2: who goes on beyond its limit of subscriptions drives out no other events: one a link
// tells of it, all are counted.
TEST(LimitsTest, RefusedSubscriptionsAreToldOnceALink) {
  for (const auto& [type, peer, name] : {std::tuple(SocketType::kPub, "SUB", "SUBSCRIBE"),
                                         std::tuple(SocketType::kXPub, "SUB", "SUBSCRIBE"),
                                         std::tuple(SocketType::kRadio, "DISH", "JOIN")}) {
    SCOPED_TRACE(SocketTypeName(type));
    SocketOptions options;
    options.link.limits.max_subscription_bytes = 400;
    Wires wires(type, options);
    const auto told = [&] {
      return std::ranges::count(wires.events, SocketEvent::Kind::kSubscriptionRefused,
                                &SocketEvent::kind);
    };
    std::string some;
    for (int i = 0; i < 500; ++i) some += Command(name, absl::StrCat(i));
    for (int came = 1; came <= 2; ++came) {
      const LinkId link = wires.Accept(PeerGreeting() + PeerReady(peer));
      wires.Say(link, some);
      EXPECT_EQ(told(), came);
      wires.HangUp(link);
      EXPECT_EQ(wires.events.back().kind, SocketEvent::Kind::kClosed);
    }
    EXPECT_EQ(wires.socket.stats().subscriptions_refused, 2 * 499u);
  }
}

// That event names its link also while an earlier one's batch is still out.
TEST(LimitsTest, RefusedSubscriptionsNameTheirLink) {
  SocketOptions options;
  options.link.limits.max_subscription_bytes = 400;
  Wires wires(SocketType::kPub, options);
  const auto connected = [&wires](std::string_view says) {
    wires.socket.OnDialed(wires.dialed, {"sim", "sim://x"}, wires.now);
    wires.Say(wires.dialed, PeerGreeting() + PeerReady("SUB") + std::string(says));
  };
  ASSERT_TRUE(wires.socket.Connect(*ParseEndpoint("sim://x"), options.link, wires.now).ok());
  wires.Turn();
  connected(Command("SUBSCRIBE", ""));
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message("x")).ok());
  const LinkId first = wires.dialed;
  TransmitBatch batch;
  ASSERT_TRUE(wires.socket.FillTransmit(first, &batch, 1 << 20));
  wires.HangUp(first);
  wires.now = wires.now + absl::Seconds(60);
  wires.Turn();
  ASSERT_NE(wires.dialed, first);
  connected(Command("SUBSCRIBE", "1") + Command("SUBSCRIBE", "2"));
  const auto told =
      std::ranges::find(wires.events, SocketEvent::Kind::kSubscriptionRefused, &SocketEvent::kind);
  ASSERT_NE(told, wires.events.end());
  EXPECT_EQ(told->link, wires.dialed);
  EXPECT_EQ(told->endpoint, "sim://x");
  wires.socket.ReturnBatch(first, std::move(batch), 0, absl::UnavailableError("closed"), wires.now);
}

// Notices that nobody takes stay within the mark, but for what one link brings at a time, however
// fast they come: also where each turn ends in the middle of them.
TEST(LimitsTest, NoticesThatComeFasterThanTurnsAreBounded) {
  SocketOptions options;
  options.receive_mark = {.messages = 10, .bytes = 0};
  Wires wires(SocketType::kXPub, options);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("SUB"));
  std::string flood;
  for (int i = 0; i < 20'000; ++i) {
    flood += Command("SUBSCRIBE", "a");
    flood += Command("CANCEL", "a");
  }
  wires.Say(link, flood);
  for (int turn = 0; turn < 20; ++turn) wires.Turn();
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kPaused);
  // Those that lie here: beyond them Receive goes on with what the link brought.
  std::size_t received = 0;
  Message message;
  while (wires.socket.read_hint(link).mode == ReadMode::kPaused &&
         wires.socket.Receive(&message, nullptr, wires.now)) {
    ++received;
  }
  EXPECT_LE(received, 10u + 256u);
  // Nothing is lost by it.
  for (int turn = 0; turn < 1000; ++turn) received += wires.Received().size();
  EXPECT_EQ(received, 40'000u);
}

// Links that the mark holds go on once half of it was taken, and not with each notice.
TEST(LimitsTest, NoticesAtTheMarkAreWaitedForByHalves) {
  SocketOptions options;
  options.receive_mark = {.messages = 10, .bytes = 0};
  Wires wires(SocketType::kXPub, options);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("SUB"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
    wires.Say(link, Command("SUBSCRIBE", absl::StrCat(i)));
  }
  Message message;
  for (int left = 10; left > 5; --left) {
    EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kPaused) << left;
    ASSERT_TRUE(wires.socket.Receive(&message, nullptr, wires.now));
    wires.Turn();
  }
  ASSERT_TRUE(wires.socket.Receive(&message, nullptr, wires.now));
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
}

// XPUB_NODROP: nothing is dropped for a subscriber whom PONGs, which count for no message, brought
// to its mark since it was looked at.
TEST(LimitsTest, PongsCountAtAMarkThatDropsNothing) {
  SocketOptions options;
  options.send_mark = {.messages = 0, .bytes = 100};
  options.xpub_nodrop = true;
  Wires wires(SocketType::kPub, options);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("SUB") + Command("SUBSCRIBE", ""));
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message(std::string(60, 'a'))).ok());
  for (int i = 0; i < 6; ++i) wires.Say(link, Command("PING", std::string(2, '\0')));
  EXPECT_EQ(wires.Send(Message(std::string(3000, 'b'))).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(wires.socket.stats().dropped, 0u);
  wires.Stall(false);
  wires.Turn();
  EXPECT_TRUE(wires.Send(Message(std::string(3000, 'b'))).ok());
}

// Whoever comes while it is at its mark is refused, or each would bring some: what a peer says
// right behind its handshake comes before anything could hold it, and each that goes leaves
// cancellations.
TEST(LimitsTest, NoticesOfThoseWhoComeAndGoAreBounded) {
  std::string many = PeerGreeting() + PeerReady("SUB");
  for (int i = 0; i < 200; ++i) many += Command("SUBSCRIBE", absl::StrCat("p", i));
  for (const std::string& hello : {many, std::string("\x01\x00", 2)}) {
    SocketOptions options;
    options.receive_mark = {.messages = 10, .bytes = 0};
    options.xpub_verboser = true;
    Wires wires(SocketType::kXPub, options);
    for (int i = 0; i < 100; ++i) wires.HangUp(wires.Come(hello));
    EXPECT_EQ(CauseOf(wires.events.back().status), Cause::kLimit);
    std::size_t received = 0;
    for (int turn = 0; turn < 100; ++turn) received += wires.Received().size();
    EXPECT_GE(received, 10u);
    EXPECT_LE(received, 2 * (10u + 256u));
    // They may come again once there is room.
    wires.Come(hello);
    EXPECT_EQ(wires.socket.ready_peers(), 1u);
  }
}

// A link whose handshake is under way is read all the same, and told; or it would time out.
TEST(LimitsTest, NoticesAtTheMarkHoldNoHandshake) {
  SocketOptions options;
  options.receive_mark = {.messages = 10, .bytes = 0};
  Wires wires(SocketType::kXPub, options);
  const LinkId early = wires.Accept(PeerGreeting());
  const LinkId other = wires.Accept(PeerGreeting() + PeerReady("SUB"));
  for (int i = 0; i < 10; ++i) wires.Say(other, Command("SUBSCRIBE", absl::StrCat(i)));
  EXPECT_EQ(wires.socket.read_hint(other).mode, ReadMode::kPaused);
  EXPECT_EQ(wires.socket.read_hint(early).mode, ReadMode::kAny);
  wires.Say(early, PeerReady("SUB"));
  EXPECT_THAT(wires.Told(early), HasSubstr(ToHex(Command("ERROR", "\4busy"))));
  EXPECT_TRUE(wires.closed(early));
}

// A socket that closes goes on reading while it writes, and lets go what comes: or two who wait for
// each other to read would wait for ever.
TEST(LimitsTest, TheMarkHoldsNobodyWhileTheSocketCloses) {
  for (const bool full : {false, true}) {
    for (const SocketType type : {SocketType::kDealer, SocketType::kXPub}) {
      SCOPED_TRACE(SocketTypeName(type));
      const bool dealer = type == SocketType::kDealer;
      SocketOptions options;
      options.receive_mark = {.messages = 8, .bytes = 0};
      Wires wires(type, options);
      const LinkId link = wires.Accept(PeerGreeting() + PeerReady(dealer ? "DEALER" : "SUB"));
      if (!dealer) wires.Say(link, Command("SUBSCRIBE", ""));
      wires.Stop(link);
      ASSERT_TRUE(wires.Send(Message("unwritten")).ok());
      int said = 0;
      const auto say = [&](int count) {
        for (; count > 0; --count, ++said) {
          const std::string prefix = absl::StrCat(100 + said);
          wires.Say(link, dealer ? absl::StrCat(std::string("\0\3", 2), prefix)
                                 : Command("SUBSCRIBE", prefix));
        }
      };
      if (full) say(20);
      EXPECT_EQ(wires.socket.read_hint(link).mode == ReadMode::kPaused, full);
      wires.socket.Close(absl::Seconds(100), wires.now);
      wires.Turn();
      EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
      say(20);
      EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
      EXPECT_FALSE(wires.socket.drained());
      EXPECT_THAT(wires.Received(), IsEmpty());
      EXPECT_EQ(wires.socket.stats().dropped, 0u) << "what nobody was to receive is no loss";
    }
  }
}

}  // namespace
}  // namespace monocoque
