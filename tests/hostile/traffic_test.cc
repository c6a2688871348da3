// Attacks by peers that were let in: sizes, floods of frames and commands, and those that never
// read.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/command.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/hostile/siege.h"
#include "tests/support/adapter_face.h"
#include "tests/support/pair.h"
#include "tests/support/raw_peer.h"

namespace monocoque::hostile {
namespace {

using testing::PeerGreeting;
using testing::PeerReady;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MONOCOQUE_SLOW_BUILD 1
#endif
#endif
#ifdef MONOCOQUE_SLOW_BUILD
constexpr int kTinySubscriptions = 100'000;
#else
constexpr int kTinySubscriptions = 1'000'000;
#endif

class TrafficSiege : public SiegeTest {
 protected:
  // One who was let in.
  std::unique_ptr<RawPeer> Intruder(std::string_view type) {
    const std::size_t before = intruders();
    auto peer = Attacker(PeerGreeting() + PeerReady(type));
    EXPECT_TRUE(Until([&] { return intruders() == before + 1; }));
    return peer;
  }
  // Says it again and again, as long as anything of it is taken; how many octets were.
  std::size_t Flood(RawPeer* peer, std::string_view octets, std::size_t most) {
    std::size_t taken = 0;
    int refused = 0;
    while (taken < most && refused < 50) {
      const std::size_t now = peer->Offer(octets.substr(taken % octets.size()));
      taken += now;
      refused = now == 0 ? refused + 1 : 0;
    }
    return taken;
  }
  static std::string SubscribeTo(std::string_view prefix) {
    return Command(command::kSubscribe, prefix);
  }
  static std::string Repeated(std::string_view octets, std::size_t count) {
    std::string all;
    all.reserve(octets.size() * count);
    for (std::size_t i = 0; i < count; ++i) all.append(octets);
    return all;
  }
};

// F-5, F-9, SEC-3: a frame of 2^63-1 octets, of more, and sizes that are allowed and never come.
TEST_P(TrafficSiege, Sizes) {
  Open();
  const auto most = Intruder("PUSH");
  ASSERT_TRUE(most->Write(std::string("\2\x7f\xff\xff\xff\xff\xff\xff\xff", 9)));
  ExpectClosed(1, Cause::kPeerViolation, "limit");
  const auto beyond = Intruder("PUSH");
  ASSERT_TRUE(beyond->Write(std::string("\2\xff\xff\xff\xff\xff\xff\xff\xff", 9)));
  ExpectClosed(1, Cause::kPeerViolation, "");
  std::vector<std::unique_ptr<RawPeer>> claim;
  for (int i = 0; i < 8; ++i) {
    claim.push_back(Intruder("PUSH"));
    ASSERT_TRUE(claim.back()->Write(std::string("\2\0\0\0\0\x0f\xff\xff\xff", 9) + "first"));
  }
  ExpectServed();
  // A MiB for each, whatever it claims.
  ExpectHeldAtMost(12 * kMebibyte);
}

// F-10: MORE without end, by the number of parts and by their octets.
TEST_P(TrafficSiege, EndlessMore) {
  SocketOptions options;
  options.link.limits.max_parts = 1000;
  options.link.limits.max_message_bytes = 1 << 20;
  Open(options);
  const auto parts = Intruder("PUSH");
  Flood(parts.get(), Repeated(std::string("\1\0", 2), 1000), 100'000);
  ExpectClosed(1, Cause::kPeerViolation, "parts");
  const auto octets = Intruder("PUSH");
  Flood(octets.get(), std::string("\3\0\0\0\0\0\0\xff\xff", 9) + std::string(65535, 'm'),
        8 * kMebibyte);
  ExpectClosed(1, Cause::kPeerViolation, "");
  ExpectServed();
  ExpectHeldAtMost(8 * kMebibyte);
}

// S-4, S-7: a million subscriptions of a few octets: as many are kept as the limit says, each
// further one is refused and told, and other subscribers are served, those that come later too.
TEST_P(TrafficSiege, TinySubscriptionsWithoutEnd) {
  SocketOptions options;
  options.link.limits.max_subscription_bytes = 256 * 1024;
  Open(SocketType::kPub, options, SocketType::kSub);
  const auto subscriber = Intruder("SUB");
  std::string some;
  for (int i = 1; i <= kTinySubscriptions; ++i) {
    AppendCommand(&some, command::kSubscribe, AsBytes(absl::StrCat(i)));
    if (i % 10'000 != 0) continue;
    ASSERT_TRUE(subscriber->Write(some));
    some.clear();
    // An application that looks at what happens.
    if (i % 100'000 == 0) ExpectServed();
  }
  const SocketEvent refused = Await(SocketEvent::Kind::kSubscriptionRefused);
  EXPECT_EQ(CauseOf(refused.status), Cause::kLimit) << refused.ToString();
  // All were looked at, and next to all refused.
  constexpr std::uint64_t kMostKept = 2000;
  EXPECT_TRUE(Until(
      [&] { return socket().stats().subscriptions_refused >= kTinySubscriptions - kMostKept; }));
  const std::size_t kept = socket().core().topics();
  EXPECT_LE(kept, kMostKept);
  ExpectServed();
  // The limit is each subscriber's own.
  const auto newcomer = Intruder("SUB");
  ASSERT_TRUE(newcomer->Write(SubscribeTo("new")));
  EXPECT_TRUE(Until([&] { return socket().core().topics() == kept + 1; }));
  Message message("new to somebody");
  ASSERT_TRUE(socket().TrySend(&message).ok());
  EXPECT_TRUE(absl::StrContains(newcomer->ReadUntil("to somebody"), "new to somebody"));
  ExpectHeldAtMost(4 * kMebibyte);
}

// S-1: one message of as many parts as there may be, the first a subscription: all of them are
// looked at, once.
TEST_P(TrafficSiege, ASubscriptionOfManyParts) {
  Open(SocketType::kPub, {}, SocketType::kSub);
  const auto subscriber = Intruder("SUB");
  const std::size_t parts = LinkOptions().limits.max_parts;
  const std::size_t before = socket().core().topics();
  ASSERT_TRUE(subscriber->Write(std::string("\1\6\1first", 8) +
                                Repeated(std::string("\1\0", 2), parts - 2) +
                                std::string("\0\5\1last", 7)));
  EXPECT_TRUE(Until([&] { return socket().core().topics() == before + 2; }));
  ExpectServed();
}

// H-1, H-8: PINGs without end from one who reads no PONG. Answers wait up to a limit, and are left
// out beyond it.
TEST_P(TrafficSiege, AFloodOfPings) {
  Open();
  const auto intruder = Intruder("PUSH");
  std::string pings;
  for (int i = 0; i < 2000; ++i) AppendPing(&pings, absl::ZeroDuration(), AsBytes("context"));
  Flood(intruder.get(), pings, 4 * kMebibyte);
  ExpectServed();
  EXPECT_EQ(intruders(), 1u) << "it keeps the protocol";
  // A MiB of PONGs, and what is under way.
  ExpectHeldAtMost(4 * kMebibyte);
}

// C-3, H-7: the same of commands that say nothing, and of ERROR, which says nothing in traffic:
// none of them costs anything.
TEST_P(TrafficSiege, AFloodOfCommands) {
  Open();
  const auto intruder = Intruder("PUSH");
  std::string commands;
  for (int i = 0; i < 1000; ++i) {
    AppendPong(&commands, AsBytes("stray"));
    AppendError(&commands, "enough");
    AppendCommand(&commands, "NONSENSE", AsBytes("x"));
    AppendCommand(&commands, command::kSubscribe, AsBytes("x"));
    AppendCommand(&commands, command::kJoin, AsBytes("x"));
  }
  EXPECT_GE(Flood(intruder.get(), commands, 2 * kMebibyte), std::size_t{2 * kMebibyte});
  ExpectServed();
  EXPECT_EQ(intruders(), 1u);
  ExpectHeldAtMost(2 * kMebibyte);
}

// ALL-3, PULL-2: messages without end for an application that does not receive: reading stops at
// the mark.
TEST_P(TrafficSiege, AFloodOfMessages) {
  SocketOptions options;
  options.receive_mark = {.messages = 1000, .bytes = 1 << 20};
  Open(options);
  const auto intruder = Intruder("PUSH");
  const std::string messages = Repeated(std::string("\0\x0a", 2) + "0123456789", 5000);
  EXPECT_LT(Flood(intruder.get(), messages, 64 * kMebibyte), std::size_t{64 * kMebibyte});
  ExpectHeldAtMost(4 * kMebibyte);
  ExpectServed();
}

// PUB-5, ALL-8: one who subscribes to everything and never reads: it misses messages, which is
// told, and the others none.
TEST_P(TrafficSiege, ASubscriberThatNeverReads) {
  SocketOptions options;
  options.send_mark = {.messages = 100, .bytes = 1 << 20};
  Open(SocketType::kPub, options, SocketType::kSub);
  const auto deaf = Intruder("SUB");
  ASSERT_TRUE(deaf->Write(std::string("\4\x0a\x09SUBSCRIBE", 12)));
  EXPECT_TRUE(Until([&] { return socket().core().topics() == 2; }));
  const std::string body(64 * 1024, 'd');
  for (int i = 0; i < 400; ++i) {
    Message message(body);
    ASSERT_TRUE(socket().TrySend(&message).ok());
    Turn();
    if (i % 100 == 0) ExpectServed();
  }
  const SocketEvent told = Await(SocketEvent::Kind::kDropsBegan);
  EXPECT_TRUE(told.peer);
  ExpectServed();
  ExpectHeldAtMost(8 * kMebibyte);
}

// H-5: the same of one who takes no PING: with heartbeats it is left.
TEST_P(TrafficSiege, ASubscriberThatNeverReadsIsLeft) {
  SocketOptions options;
  options.send_mark = {.messages = 100, .bytes = 1 << 20};
  options.link.heartbeat.interval = absl::Milliseconds(50);
  options.link.heartbeat.timeout = absl::Milliseconds(100);
  Open(SocketType::kPub, options, SocketType::kSub);
  const auto deaf = Intruder("SUB");
  ASSERT_TRUE(deaf->Write(std::string("\4\x0a\x09SUBSCRIBE", 12)));
  EXPECT_TRUE(Until([&] { return socket().core().topics() == 2; }));
  const std::string body(64 * 1024, 'd');
  for (int i = 0; i < 200; ++i) {
    Message message(body);
    ASSERT_TRUE(socket().TrySend(&message).ok());
    Turn();
  }
  ExpectServed();
  ExpectClosed(1, Cause::kHeartbeat, "");
  ExpectServed();
  ExpectHeldAtMost(8 * kMebibyte);
}

INSTANTIATE_TEST_SUITE_P(, TrafficSiege, ::testing::ValuesIn(testing::AllAdapters()),
                         [](const auto& param) { return testing::AdapterTestName(param.param); });

}  // namespace
}  // namespace monocoque::hostile
