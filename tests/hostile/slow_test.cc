// Attacks by peers that are slow, or silent, at each step of each handshake: as its client and as
// its server.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/zap.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/make.h"
#include "protocol/mechanism/mechanism.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/command.h"
#include "protocol/wire/limits.h"
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
using testing::SeededEntropy;
using testing::TestCurveClient;
using testing::TestCurveServer;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
constexpr std::size_t kGreetingBytes = 64;
constexpr std::size_t kAsServerAt = 32;
// An attacker who has to hear something first comes so far in it.
constexpr absl::Duration kPatience = absl::Seconds(1);

std::string Half(std::string_view octets) {
  return std::string(octets.substr(0, octets.size() / 2));
}

// An attacker's handshake, which stops wherever it likes.
struct Talk {
  std::unique_ptr<RawPeer> peer;
  std::unique_ptr<Mechanism> speaker;
  std::string heard;  // and not yet looked at
  bool begun = false;
};

class SlowSiege : public SiegeTest {
 protected:
  // Whose greeting is through.
  Talk Meet(const MechanismOptions& mechanism) {
    std::string properties;
    AppendProperty(&properties, "Socket-Type", "PUSH");
    Talk talk{.speaker = MakeMechanism(mechanism, properties, Limits(),
                                       std::make_shared<SeededEntropy>(1))};
    std::string greeting = PeerGreeting(3, 1, talk.speaker->name());
    greeting[kAsServerAt] = talk.speaker->as_server() ? 1 : 0;
    talk.peer = Attacker(greeting);
    Hear(&talk, kGreetingBytes);
    return talk;
  }
  // The next octets from the socket.
  std::string Hear(Talk* talk, std::size_t bytes) {
    EXPECT_TRUE(Until([&] {
      talk->heard += talk->peer->Take();
      return talk->heard.size() >= bytes;
    })) << "the attack came not so far";
    const std::string octets = talk->heard.substr(0, bytes);
    talk->heard.erase(0, bytes);
    return octets;
  }
  std::string HearCommand(Talk* talk) {
    const bool is_long = Hear(talk, 1)[0] == '\6';
    std::size_t size = 0;
    for (const char octet : Hear(talk, is_long ? 8 : 1)) {
      size = size << 8 | static_cast<std::uint8_t>(octet);
    }
    return Hear(talk, size);
  }
  // What it would say next, once it has heard what comes before that.
  std::string Next(Talk* talk) {
    std::string says;
    Mechanism* const speaker = talk->speaker.get();
    if (!std::exchange(talk->begun, true)) {
      EXPECT_TRUE(speaker->Start(&says).ok());
      if (!says.empty()) return says;
    }
    const std::string body = HearCommand(talk);
    const absl::StatusOr<monocoque::Command> command = ParseCommand(AsBytes(body));
    EXPECT_TRUE(command.ok()) << command.status();
    const absl::Status heard = speaker->OnCommand(*command, &says);
    EXPECT_TRUE(heard.ok()) << heard;
    if (speaker->asking()) {
      EXPECT_TRUE(speaker->Admit(&says).ok());
    }
    if (speaker->as_server() && speaker->peer_metadata() != nullptr) speaker->Finish(&says);
    return says;
  }

  // Every link beside the honest one ends by its deadline, though one of them says this octet by
  // octet as long as it may.
  void ExpectTimeouts(std::size_t links, RawPeer* trickles, std::string_view rest) {
    std::size_t said = 0;
    std::size_t closed = 0;
    EXPECT_TRUE(Until([&] {
      if (said < rest.size()) said += trickles->Offer(rest.substr(said, 1));
      SocketEvent event;
      while (socket().NextEvent(&event)) {
        if (event.kind != SocketEvent::Kind::kClosed) continue;
        EXPECT_EQ(CauseOf(event.status), Cause::kTimeout) << event.ToString();
        EXPECT_FALSE(event.was_ready);
        ++closed;
      }
      return closed == links;
    })) << closed;
    EXPECT_GT(said, 0u);
    EXPECT_EQ(intruders(), 0u);
    ExpectServed();
  }
  // Either thing that has to be said behind the greeting is not, or half, or in octets.
  void ExpectSlowOnesLeave(const MechanismOptions& mechanism) {
    std::vector<Talk> slow;
    std::string rest;
    for (const int step : {1, 2}) {
      for (const bool half : {false, true}) {
        Talk talk = Meet(mechanism);
        if (step == 2) talk.peer->Write(Next(&talk));
        const std::string says = Next(&talk);
        EXPECT_FALSE(says.empty());
        if (half) talk.peer->Write(Half(says));
        rest = says.substr(says.size() / 2);
        slow.push_back(std::move(talk));
      }
    }
    rest.pop_back();
    ExpectServed();
    ExpectTimeouts(slow.size(), slow.back().peer.get(), rest);
    // With that octet it would have been let in.
    Talk whole = Meet(mechanism);
    for (int step = 0; step < 2; ++step) whole.peer->Write(Next(&whole));
    EXPECT_TRUE(Until([&] { return intruders() == 1; }));
    ExpectServed();
    ExpectHeldAtMost(2 * kMebibyte);
  }
  // Lets in whoever asks.
  static std::shared_ptr<Authenticator> Anybody() {
    return AuthenticateBy(
        [](const AuthRequest&) { return AuthVerdict{.status = AuthStatus::kAccepted}; });
  }
};

// G-11: slow at each step, octet by octet or with nothing at all: one deadline for all of it.
TEST_P(SlowSiege, SlowAtEachStepOfNull) {
  Open(Impatient());
  const std::string whole = PeerGreeting() + PeerReady("PUSH");
  std::vector<std::unique_ptr<RawPeer>> slow;
  for (const std::size_t begun : {0u, 1u, 9u, 10u, 11u, 40u, 63u, 64u, 66u, 80u}) {
    slow.push_back(Attacker(whole.substr(0, begun)));
  }
  ExpectServed();
  // Who goes on all the time gains nothing.
  const auto trickles = Attacker();
  ExpectTimeouts(slow.size() + 1, trickles.get(),
                 std::string_view(whole).substr(0, whole.size() - 1));
  ExpectHeldAtMost(2 * kMebibyte);
}

// G-11: clients of PLAIN that stop before and within HELLO, and before and within INITIATE.
TEST_P(SlowSiege, ClientsOfPlain) {
  const PlainClient client{.username = "ada", .password = "right"};
  OpenGuarded(Impatient(PlainServer{}, kPatience), Anybody(), Impatient(client, kPatience));
  ExpectSlowOnesLeave(client);
}

// G-11: servers of PLAIN that stop before and within WELCOME, and before and within READY.
TEST_P(SlowSiege, ServersOfPlain) {
  const PlainClient client{.username = "ada", .password = "right"};
  OpenGuarded(Impatient(client, kPatience), Anybody(), Impatient(PlainServer{}, kPatience));
  ExpectSlowOnesLeave(PlainServer{});
}

// G-11: the same of CURVE.
TEST_P(SlowSiege, ClientsOfCurve) {
  Open(SocketType::kPull, Impatient(TestCurveServer(), kPatience), SocketType::kPush,
       Impatient(TestCurveClient(), kPatience));
  ExpectSlowOnesLeave(TestCurveClient());
}

// G-11: and of its servers.
TEST_P(SlowSiege, ServersOfCurve) {
  Open(SocketType::kPull, Impatient(TestCurveClient(), kPatience), SocketType::kPush,
       Impatient(TestCurveServer(), kPatience));
  ExpectSlowOnesLeave(TestCurveServer());
}

// G-11: the same where nobody decides. Whoever sends without end meanwhile is read no further than
// a handshake needs.
TEST_P(SlowSiege, NobodyDecides) {
  class DecidesOnce final : public Authenticator {
   public:
    void Authenticate(std::shared_ptr<const AuthRequest> /*request*/, Reply reply) override {
      if (!std::exchange(decided_, true)) reply({.status = AuthStatus::kAccepted});
    }

   private:
    bool decided_ = false;
  };
  OpenGuarded(Impatient(NullMechanism{.domain = "guarded"}), std::make_shared<DecidesOnce>(),
              Impatient());
  const auto waits = Attacker(PeerGreeting() + PeerReady("PUSH"));
  const std::string much(64 * 1024, '\0');
  std::size_t taken = 0;
  for (int i = 0; i < 200; ++i) taken += waits->Offer(much);
  EXPECT_LT(taken, 200 * much.size()) << "all is read";
  ExpectServed();
  ExpectClosed(1, Cause::kTimeout, "");
  ExpectHeldAtMost(2 * kMebibyte);
}

INSTANTIATE_TEST_SUITE_P(, SlowSiege, ::testing::ValuesIn(testing::AllAdapters()),
                         [](const auto& param) { return testing::AdapterTestName(param.param); });

}  // namespace
}  // namespace monocoque::hostile
