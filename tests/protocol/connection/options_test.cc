#include "protocol/connection/options.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/event.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Pair;
using ::monocoque::testing::TestHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum SocketType;

using O = ConnectionOptions;
using Properties = std::vector<std::pair<std::string, std::string>>;

// What is set, for which type, and what the refusal says; empty: it is accepted.
struct Row {
  void (*set)(O& options);
  SocketType type;
  std::string_view says;
};

template <typename Rows>
void Expect(const Rows& rows) {
  for (const Row& row : rows) {
    ConnectionOptions options;
    options.socket_type = row.type;
    row.set(options);
    const absl::Status made = Connection::Create(options, TestHost()).status();
    SCOPED_TRACE(absl::StrCat(row.says, " | ", made.ToString()));
    if (row.says.empty()) {
      EXPECT_TRUE(made.ok());
      continue;
    }
    EXPECT_TRUE(absl::IsInvalidArgument(made));
    EXPECT_THAT(std::string(made.message()), HasSubstr(row.says));
  }
}

TEST(ConnectionOptionsTest, Heartbeats) {
  static constexpr auto kMs = absl::Milliseconds(1);
  static constexpr auto kS = absl::Seconds(1);
  Expect(std::vector<Row>{
      {[](O& o) { o.heartbeat.interval = -kS; }, kPair,
       "heartbeat.interval is 0 (off) or at least 1ms, not -1s"},
      {[](O& o) { o.heartbeat.interval = absl::Microseconds(1); }, kPair,
       "heartbeat.interval is 0 (off) or at least 1ms, not 1us"},
      {[](O& o) { o.heartbeat.interval = kMs; }, kPair, ""},
      {[](O& o) { o.heartbeat = {.interval = kS, .timeout = -kMs}; }, kPair,
       "heartbeat.timeout is 0 (as the interval) or at least 1ms, not -1ms"},
      {[](O& o) { o.heartbeat = {.interval = kS, .timeout = kMs / 2}; }, kPair,
       "heartbeat.timeout is 0 (as the interval) or at least 1ms, not 500us"},
      {[](O& o) { o.heartbeat = {.interval = kS, .timeout = kMs}; }, kPair, ""},
      {[](O& o) { o.heartbeat.timeout = kS; }, kPair,
       "heartbeat.timeout needs heartbeat.interval: without it no PING goes out"},
      {[](O& o) { o.heartbeat.ttl = kS; }, kPair, "heartbeat.ttl needs heartbeat.interval"},
      {[](O& o) { o.heartbeat = {.interval = kS, .ttl = -kS}; }, kPair,
       "heartbeat.ttl is 0 (ask nothing) or at least 100ms, not -1s"},
      {[](O& o) { o.heartbeat = {.interval = kMs, .ttl = 99 * kMs}; }, kPair, "not 99ms"},
      {[](O& o) { o.heartbeat = {.interval = kMs, .ttl = 100 * kMs}; }, kPair, ""},
      {[](O& o) { o.heartbeat = {.interval = 30 * kS, .ttl = 10 * kS}; }, kPair,
       "heartbeat.ttl of 10s goes out as 10s; it must be more than heartbeat.interval, 30s, or the "
       "peer closes a quiet link between two PINGs"},
      {[](O& o) { o.heartbeat = {.interval = kS, .ttl = 1099 * kMs}; }, kPair,
       "of 1.099s goes out as 1s; it must be more"},
      {[](O& o) { o.heartbeat = {.interval = kS, .ttl = 1100 * kMs}; }, kPair, ""},
      {[](O& o) { o.heartbeat = {.interval = 90 * kS, .ttl = 270 * kS}; }, kPair,
       "of 4m30s goes out as 1m5.5s, since libzmq computes it in 16 bits; it must be more"},
      {[](O& o) { o.heartbeat = {.interval = 65 * kS, .ttl = absl::Hours(1)}; }, kPair, ""},
      {[](O& o) { o.heartbeat = {.interval = kS, .ttl = absl::InfiniteDuration()}; }, kPair, ""},
      {[](O& o) { o.heartbeat.interval = kS; }, kStream, "leave `heartbeat` off"},
      {[](O& o) { o.heartbeat.timeout = kS; }, kStream, "leave `heartbeat` off"},
      {[](O& o) { o.heartbeat.ttl = -kS; }, kStream, "leave `heartbeat` off"},
  });
}

TEST(ConnectionOptionsTest, Timeouts) {
  Expect(std::vector<Row>{
      {[](O& o) { o.handshake_timeout = -absl::Seconds(1); }, kPair,
       "handshake_timeout is 0 (no deadline) or more, not -1s"},
      {[](O& o) { o.closing_timeout = -absl::Nanoseconds(1); }, kPair,
       "closing_timeout is 0 (no deadline) or more, not -1ns"},
      {[](O& o) { o.handshake_timeout = o.closing_timeout = absl::ZeroDuration(); }, kPair, ""},
      {[](O& o) { o.handshake_timeout = absl::InfiniteDuration(); }, kPair, ""},
  });
}

TEST(ConnectionOptionsTest, Limits) {
  Expect(std::vector<Row>{
      {[](O& o) { o.limits.max_frame_bytes = 0; }, kPull,
       "limits.max_frame_bytes is at least 1 for PULL, not 0"},
      {[](O& o) { o.limits.max_frame_bytes = 1; }, kPull, ""},
      {[](O& o) { o.limits.max_frame_bytes = 31; }, kXPub, "is at least 32 for XPUB, not 31"},
      {[](O& o) { o.limits.max_frame_bytes = 32; }, kXPub, ""},
      {[](O& o) { o.limits.max_frame_bytes = 270; }, kRadio, "is at least 271 for RADIO, not 270"},
      {[](O& o) { o.limits.max_message_bytes = 0; }, kStream,
       "limits.max_message_bytes is at least 1 for STREAM, not 0"},
      {[](O& o) { o.limits.max_message_bytes = 1; }, kPull, ""},
      {[](O& o) { o.limits.max_message_bytes = 31; }, kPub,
       "limits.max_message_bytes is at least 32 for PUB, not 31: what peers subscribe to"},
      {[](O& o) { o.limits.max_message_bytes = 32; }, kPub, ""},
      {[](O& o) { o.limits.max_message_bytes = 1; }, kRadio, ""},
      {[](O& o) { o.limits.max_parts = 0; }, kDealer,
       "limits.max_parts is at least 1 for DEALER, not 0"},
      {[](O& o) { o.limits.max_parts = 1; }, kReq,
       "limits.max_parts is at least 2 for REQ, not 1: what stands in front"},
      {[](O& o) { o.limits.max_parts = 1; }, kRep, "is at least 2 for REP"},
      {[](O& o) { o.limits.max_parts = 1; }, kDish, "2 for DISH, not 1: the group is a part"},
      {[](O& o) { o.limits.max_parts = 2; }, kRep, ""},
      {[](O& o) { o.limits.max_parts = 1; }, kRadio, ""},
      {[](O& o) { o.limits.max_parts = 1; }, kRouter, ""},
      {[](O& o) { o.limits.max_parts = 1; }, kDealer, ""},
      {[](O& o) { o.limits.max_command_bytes = 31; }, kPull,
       "limits.max_command_bytes is at least 32 for PULL, not 31: a peer may send a PING"},
      {[](O& o) { o.limits.max_command_bytes = 32; }, kDish, ""},
      {[](O& o) { o.limits.max_command_bytes = 270; }, kRadio,
       "is at least 271 for RADIO, not 270: a group may have 255 octets"},
      {[](O& o) { o.limits.max_command_bytes = 271; }, kRadio, ""},
      {[](O& o) { o.limits.max_handshake_bytes = 511; }, kPull,
       "limits.max_handshake_bytes is at least 512 for PULL, not 511"},
      {[](O& o) { o.limits.max_handshake_bytes = 512; }, kPull, ""},
      {[](O& o) { o.limits.max_properties = 1; }, kPull,
       "limits.max_properties is at least 2 for PULL, not 1"},
      {[](O& o) { o.limits.max_properties = 2; }, kPull, ""},
  });
}

TEST(ConnectionOptionsTest, Properties) {
  Expect(std::vector<Row>{
      {[](O& o) { o.properties = {{"Name", "v"}}; }, kPull, "the name \"Name\" must begin with X-"},
      {[](O& o) { o.properties = {{"X-a", ""}, {"X-b", ""}}; }, kPull, ""},
      {[](O& o) { o.properties = {{"X-a", "1"}, {"X-b", "2"}, {"x-A", "3"}}; }, kPull,
       "the name \"x-A\" is there twice"},
      {[](O& o) { o.properties = {{"X-a", "v"}}; }, kStream, "leave `properties` empty"},
      {[](O& o) { o.properties = Properties(63, {"X-a", "v"}); }, kDealer,
       "properties: 63 and 2 of the socket's are more than limits.max_properties, 64"},
      {[](O& o) { o.properties = Properties(64, {"X-a", "v"}); }, kPull,
       "64 and 1 of the socket's"},
      {[](O& o) { o.properties = {{"X-a", std::string(1 << 20, 'v')}}; }, kPull,
       "octets, more than limits.max_handshake_bytes, 16384"},
      {[](O& o) {
         o.limits = {.max_handshake_bytes = 512, .max_properties = 3};
         o.properties = {{"X-a", "v"}};
       },
       kDealer, ""},
      {[](O& o) {
         o.limits.max_properties = 2;
         o.properties = {{"X-a", "v"}};
       },
       kDealer, "limits.max_properties, 2"},
  });
}

// With properties of so many octets that one more is refused, two with the same options meet; so
// the sum is right whatever the mechanism puts in front.
TEST(ConnectionOptionsTest, PropertiesThatFillTheHandshake) {
  const std::pair<MechanismOptions, MechanismOptions> sides[] = {
      {NullMechanism{}, NullMechanism{}},
      {testing::TestCurveClient(), testing::TestCurveServer()},
      {testing::TestCurveServer(), testing::TestCurveClient()},
      {PlainClient{.username = "u"}, PlainServer{}},
  };
  for (const auto& [mine, theirs] : sides) {
    ConnectionOptions options;
    options.socket_type = kDealer;
    options.routing_id = std::string(255, 'i');
    options.mechanism = mine;
    options.limits.max_handshake_bytes = 1000;
    options.properties = {{"X-a", ""}};
    std::string& value = options.properties[0].second;
    while (Connection::Create(options, TestHost()).ok()) value.push_back('v');
    EXPECT_EQ(Connection::Create(options, TestHost()).status().message(),
              "properties: with them the handshake takes 1001 octets, more than "
              "limits.max_handshake_bytes, 1000, which is what peers take");
    const std::size_t most = value.size() - 1;
    value.resize(most);
    ConnectionOptions peer;
    peer.socket_type = kDealer;
    peer.mechanism = theirs;
    peer.limits = options.limits;
    Pair pair(options, peer);
    pair.Run();
    if (testing::Answer(&pair.b, {.status = AuthStatus::kAccepted}, pair.now)) pair.Run();
    EXPECT_TRUE(pair.b.connection->status().ok()) << pair.b.connection->status();
    ASSERT_TRUE(pair.b.saw(ConnectionEvent::Kind::kReady));
    EXPECT_EQ(pair.b.connection->peer().properties[0].second.size(), most);
    // As exact from the other side.
    peer.limits.max_handshake_bytes = 999;
    Pair tight(options, peer);
    tight.Run();
    if (testing::Answer(&tight.b, {.status = AuthStatus::kAccepted}, tight.now)) tight.Run();
    EXPECT_FALSE(tight.b.connection->status().ok());
  }
}

// Each type takes the defaults, and with each mechanism the least limits let a peer in.
TEST(ConnectionOptionsTest, TheLeastLimitsLetPeersIn) {
  for (int type = 0; type <= static_cast<int>(kChannel); ++type) {
    ConnectionOptions options;
    options.socket_type = static_cast<SocketType>(type);
    EXPECT_TRUE(Connection::Create(options, TestHost()).ok()) << type;
  }
  const std::pair<MechanismOptions, MechanismOptions> sides[] = {
      {NullMechanism{}, NullMechanism{}},
      {testing::TestCurveClient(), testing::TestCurveServer()},
  };
  for (const auto& [a, b] : sides) {
    ConnectionOptions options;
    options.limits = {.max_frame_bytes = 512,
                      .max_message_bytes = 1,
                      .max_parts = 1,
                      .max_command_bytes = 32,
                      .max_handshake_bytes = 512,
                      .max_properties = 2};
    options.routing_id = std::string(200, 'i');
    options.mechanism = a;
    ConnectionOptions peer = options;
    peer.mechanism = b;
    Pair pair(options, peer);
    pair.Run();
    EXPECT_TRUE(pair.a.saw(ConnectionEvent::Kind::kReady));
    EXPECT_TRUE(pair.b.saw(ConnectionEvent::Kind::kReady));
    Message message("x");
    ASSERT_TRUE(pair.a.connection->Send(&message, pair.now).ok());
    pair.Run();
    EXPECT_EQ(pair.b.texts(), std::vector<std::string>{"x"});
  }
}

}  // namespace
}  // namespace monocoque
