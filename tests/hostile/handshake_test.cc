// Attacks before anybody is let in: floods, peers that are slow or silent at each step, sizes,
// versions, and what may be learnt from a refusal.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/auth/password_hash.h"
#include "adapters/auth/password_store.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/command.h"
#include "protocol/wire/metadata.h"
#include "protocol/wire/socket_type.h"
#include "tests/hostile/siege.h"
#include "tests/support/adapter_face.h"
#include "tests/support/pair.h"
#include "tests/support/raw_peer.h"
#include "tests/support/security.h"

namespace monocoque::hostile {
namespace {

using testing::PeerGreeting;
using testing::PeerReady;
using testing::TestCurveClient;
using testing::TestCurveServer;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

class HandshakeSiege : public SiegeTest {
 protected:
  // One more honest peer, dialed from here, that comes while the attack stands.
  std::unique_ptr<FaceSocket> Newcomer(const SocketOptions& options) {
    std::unique_ptr<FaceSocket> peer = MakeSocket(SocketType::kPush, options);
    EXPECT_TRUE(peer->Connect(at()).ok());
    return peer;
  }
};

// SEC-2, V-19: more connect and say nothing than may wait. No more than that are held, it is told,
// those that stand are served, and the deadline lets a newcomer in.
TEST_P(HandshakeSiege, AFloodOfConnections) {
  SocketOptions options = Impatient();
  options.link.max_pending_links = 8;
  Open(options);
  std::vector<std::unique_ptr<RawPeer>> flood;
  for (int i = 0; i < 24; ++i) flood.push_back(Attacker());
  const SocketEvent told = Await(SocketEvent::Kind::kAcceptFailed);
  EXPECT_EQ(CauseOf(told.status), Cause::kLimit) << told.ToString();
  EXPECT_TRUE(told.status.message().starts_with("8 links have not finished")) << told.ToString();
  ExpectServed();
  const auto newcomer = Newcomer(Impatient());
  EXPECT_TRUE(Until([&] { return intruders() == 1; })) << "nobody is let in any more";
  const SocketEvent closed = Await(SocketEvent::Kind::kClosed);
  EXPECT_EQ(CauseOf(closed.status), Cause::kTimeout) << closed.ToString();
  ExpectHeldAtMost(2 * kMebibyte);
}

// F-5, F-9, SEC-3: sizes without end, in the handshake: judged by themselves.
TEST_P(HandshakeSiege, SizesInTheHandshake) {
  Open();
  const std::string greeting = PeerGreeting();
  const auto most = Attacker(greeting + std::string("\6\x7f\xff\xff\xff\xff\xff\xff\xff", 9));
  ExpectClosed(1, Cause::kLimit, "");
  const auto beyond = Attacker(greeting + std::string("\6\xff\xff\xff\xff\xff\xff\xff\xff", 9));
  ExpectClosed(1, Cause::kPeerViolation, "");
  // M-7: the same of a property's value.
  const auto value = Attacker(greeting + Command("READY", std::string("\1x\x7f\xff\xff\xff", 6)));
  ExpectClosed(1, Cause::kPeerViolation, "");
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// READY with more octets, or properties, than anybody needs.
TEST_P(HandshakeSiege, TooMuchMetadata) {
  Open();
  const auto octets = Attacker(PeerGreeting() + Command("READY", std::string(17'000, 'r')));
  ExpectClosed(1, Cause::kLimit, "");
  std::string properties;
  for (int i = 0; i < 65; ++i) AppendProperty(&properties, absl::StrCat("X-", i), "v");
  const auto many = Attacker(PeerGreeting() + Command("READY", properties));
  ExpectClosed(1, Cause::kPeerViolation, "more properties than the limit");
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// C-3, F-11: commands that no handshake has, and messages before its end.
TEST_P(HandshakeSiege, OtherFramesInTheHandshake) {
  Open();
  int links = 0;
  for (const std::string& frame :
       {Command("PING", std::string(2, '\0')), Command("SUBSCRIBE", "x"), Command("NONE", ""),
        std::string("\0\5hello", 7), std::string("\1\0", 2), std::string("\4\0", 2)}) {
    const auto attacker = Attacker(PeerGreeting() + frame + frame);
    ExpectClosed(1, Cause::kPeerViolation, "");
    ++links;
  }
  EXPECT_EQ(links, 6);
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// SEC-1, B-4: a greeting that asks for less security than the socket has.
TEST_P(HandshakeSiege, DowngradeByGreeting) {
  Open(SocketType::kPull, Impatient(TestCurveServer()), SocketType::kPush,
       Impatient(TestCurveClient()));
  const std::string identity("\xff\0\0\0\0\0\0\0\1\x7f\1\0\0\0", 14);
  const std::string old_frames("\1\0\6\0hello", 9);
  for (const std::string& greeting :
       {PeerGreeting(3, 1, "NULL") + PeerReady("PUSH"),
        PeerGreeting(3, 0, "NULL") + PeerReady("PUSH"), PeerGreeting(3, 1, "PLAIN"),
        PeerGreeting(3, 1, "curve"), PeerGreeting(3, 1, "CURVE2"), identity, old_frames}) {
    const auto attacker = Attacker(greeting);
    ExpectClosed(1, Cause::kPeerIncompatible, "");
  }
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// G-8, P-8: two servers wait for each other until the deadline.
TEST_P(HandshakeSiege, TwoServers) {
  Open(SocketType::kPull, Impatient(TestCurveServer()), SocketType::kPush,
       Impatient(TestCurveClient()));
  SocketOptions patient = Impatient(TestCurveServer());
  patient.link.handshake_timeout = absl::ZeroDuration();
  const auto server = Newcomer(patient);
  ExpectClosed(1, Cause::kTimeout, "");
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// Two clients part at once.
TEST_P(HandshakeSiege, TwoClients) {
  // The socket dials nobody and is the mechanism's client: who listens is independent.
  Open(SocketType::kPull, Impatient(TestCurveClient()), SocketType::kPush,
       Impatient(TestCurveServer()));
  const auto client = Newcomer(Impatient(TestCurveClient()));
  const SocketEvent closed = Await(SocketEvent::Kind::kClosed);
  EXPECT_NE(CauseOf(closed.status), Cause::kTimeout) << closed.ToString();
  EXPECT_EQ(intruders(), 0u);
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// X-1, N-4: ERROR by the hundred ends the link with the first, whose reason is told.
TEST_P(HandshakeSiege, AFloodOfErrors) {
  Open();
  std::string errors;
  for (int i = 0; i < 100; ++i) AppendError(&errors, std::string(255, 'e'));
  for (int i = 0; i < 20; ++i) {
    const auto attacker = Attacker();
    attacker->Write(PeerGreeting() + errors);
    ExpectClosed(1, Cause::kPeerRejectedUs, "the peer refused us: eeee");
  }
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// P-9: what a refusal says, and what it costs, is the same for a name that exists.
TEST_P(HandshakeSiege, NobodyLearnsWhoExists) {
  const PasswordCost cheap{.passes = 1, .memory_bytes = 8192};
  const auto store = PasswordStore::Create({{"ada", *HashPassword("right", cheap)}});
  ASSERT_TRUE(store.ok());
  OpenGuarded(Impatient(PlainServer{}), *store,
              Impatient(PlainClient{.username = "ada", .password = "right"}));
  std::vector<std::string> heard;
  const std::size_t before = (*store)->verifications();
  for (const std::string_view hello : {"\3ada\5wrong", "\3eve\5wrong", "\3eve\5right"}) {
    const auto attacker = Attacker(PeerGreeting(3, 1, "PLAIN") + Command("HELLO", hello));
    EXPECT_TRUE(attacker->ReadToEnd());
    heard.push_back(attacker->ReadUntil(""));
    EXPECT_EQ((*store)->verifications(), before + heard.size());
    ExpectClosed(1, Cause::kWeRejectedPeer, "unknown name or wrong password");
  }
  EXPECT_EQ(heard[0], heard[1]);
  EXPECT_EQ(heard[0], heard[2]);
  EXPECT_TRUE(heard[0].ends_with("400"));
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

INSTANTIATE_TEST_SUITE_P(, HandshakeSiege, ::testing::ValuesIn(testing::AllAdapters()),
                         [](const auto& param) { return testing::AdapterTestName(param.param); });

}  // namespace
}  // namespace monocoque::hostile
