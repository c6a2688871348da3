#include "protocol/socket/options.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/host.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/socket.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::testing::HasSubstr;
using enum SocketType;

std::string Refusal(SocketType type, const SocketOptions& options) {
  return std::string(CheckOptions(type, options).message());
}

// An option of other types is refused, with a sentence that names it and them.
TEST(OptionsTest, ForWhomTheyAre) {
  EXPECT_EQ(Refusal(kPush, {.router_mandatory = true}),
            "socket: router_mandatory is for ROUTER, not PUSH");
  EXPECT_EQ(Refusal(kReq, {.disconnect_message = "x"}),
            "socket: disconnect_message is for ROUTER, SERVER, PEER, not REQ");
  EXPECT_THAT(Refusal(kDealer, {.req_relaxed = true}), HasSubstr("req_relaxed is for REQ"));
  EXPECT_THAT(Refusal(kDealer, {.req_correlate = true}), HasSubstr("is for REQ"));
  EXPECT_THAT(Refusal(kDealer, {.router_id_clash = RoutingIdClash::kHandOver}),
              HasSubstr("is for ROUTER"));
  EXPECT_THAT(Refusal(kDealer, {.router_notify_connect = true}), HasSubstr("is for ROUTER"));
  EXPECT_THAT(Refusal(kDealer, {.router_notify_disconnect = true}), HasSubstr("is for ROUTER"));
  EXPECT_THAT(Refusal(kPush, {.probe_router = true}), HasSubstr("REQ, DEALER, ROUTER"));
  EXPECT_THAT(Refusal(kReq, {.hello_message = "x"}), HasSubstr("DEALER"));
  EXPECT_THAT(Refusal(kRouter, {.hiccup_message = "x"}), HasSubstr("DEALER, CLIENT, PEER"));
  EXPECT_THAT(Refusal(kXPub, {.conflate = true}), HasSubstr("PUB, SUB, PUSH, PULL, DEALER"));
  EXPECT_THAT(Refusal(kRouter, {.conflate = true}), HasSubstr("not ROUTER"));
  EXPECT_THAT(Refusal(kPub, {.xpub_verbose = true}), HasSubstr("is for XPUB"));
  EXPECT_THAT(Refusal(kPub, {.xpub_verboser = true}), HasSubstr("is for XPUB"));
  EXPECT_THAT(Refusal(kPub, {.xpub_manual = true}), HasSubstr("is for XPUB"));
  EXPECT_THAT(Refusal(kXSub, {.invert_matching = true}), HasSubstr("PUB, XPUB, SUB"));
  EXPECT_THAT(Refusal(kSub, {.xsub_verbose_unsubscribe = true}), HasSubstr("is for XSUB"));
  EXPECT_THAT(Refusal(kSub, {.only_first_subscribe = true}), HasSubstr("PUB, XPUB, XSUB"));
  EXPECT_THAT(Refusal(kPush, {.xpub_nodrop = true}), HasSubstr("PUB"));
  EXPECT_THAT(Refusal(kSub, {.xpub_welcome_message = "x"}), HasSubstr("PUB, XPUB"));
  EXPECT_THAT(Refusal(kDealer, {.link = {.connect_routing_id = "x"}}), HasSubstr("is for ROUTER"));
}

TEST(OptionsTest, WhatNeedsAnother) {
  EXPECT_THAT(Refusal(kXPub, {.xpub_manual_last_value = true}), HasSubstr("needs xpub_manual"));
  EXPECT_TRUE(
      CheckOptions(kXPub, SocketOptions{.xpub_manual = true, .xpub_manual_last_value = true}).ok());
}

// What is set, for which type, and what the refusal says; empty: it is accepted.
struct Row {
  void (*set)(SocketOptions& options);
  SocketType type;
  std::string_view says;
};

// A link's options are refused by Bind and Connect with the same words.
void Expect(const Row& row) {
  SocketOptions options;
  row.set(options);
  const Host host = testing::TestHost();
  const absl::Status made = Socket::Create(row.type, options, host).status();
  SCOPED_TRACE(absl::StrCat(row.says, " | ", made.ToString()));
  EXPECT_EQ(made.code(),
            row.says.empty() ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(made.message()), HasSubstr(row.says));
  SocketOptions own = options;
  own.link = {};
  absl::StatusOr<Socket> socket = Socket::Create(row.type, own, host);
  if (!socket.ok()) return;  // it is the socket's own that is refused
  const Endpoint endpoint = *ParseEndpoint("tcp://127.0.0.1:5555");
  EXPECT_EQ(socket->Bind(endpoint, options.link, host.now).status(), made);
  EXPECT_EQ(socket->Connect(endpoint, options.link, host.now).status(), made);
}

using O = SocketOptions;

// What could only do harm.
TEST(OptionsTest, WhatCouldOnlyDoHarm) {
  const Row rows[] = {
      {[](O& o) { o.budget_bytes = 0; }, kPull,
       "socket: budget_bytes is at least 1, not 0; leave it at Budget::kUnlimited for no limit"},
      {[](O& o) { o.budget_bytes = -1; }, kPull, "budget_bytes is at least 1, not -1"},
      {[](O& o) { o.budget_bytes = 1; }, kPull, ""},
      {[](O& o) { o.link.budget_bytes = 0; }, kPull, "link: budget_bytes is at least 1, not 0"},
      {[](O& o) { o.link.budget_bytes = 1; }, kPull, ""},
      {[](O& o) { o.link.reconnect.interval = absl::Milliseconds(-1); }, kPull,
       "reconnect.interval is 0 or more, not -1ms; RetryRules::Never() makes one attempt"},
      {[](O& o) { o.link.reconnect.max_interval = absl::Milliseconds(-1); }, kPull,
       "reconnect.max_interval is 0 or more, not -1ms; RetryRules::Never() makes one attempt"},
      {[](O& o) { o.link.reconnect = {absl::ZeroDuration(), absl::ZeroDuration()}; }, kPull, ""},
      {[](O& o) { o.link.limits.max_subscription_bytes = 335; }, kPub,
       "limits.max_subscription_bytes is at least 336 for PUB, not 335"},
      {[](O& o) { o.link.limits.max_subscription_bytes = 0; }, kXPub, "336 for XPUB, not 0"},
      {[](O& o) { o.link.limits.max_subscription_bytes = 0; }, kRadio, "336 for RADIO, not 0"},
      {[](O& o) { o.link.limits.max_subscription_bytes = 336; }, kPub, ""},
      {[](O& o) { o.link.limits.max_subscription_bytes = 0; }, kSub, ""},
      {[](O& o) { o.xpub_nodrop = o.conflate = true; }, kPub,
       "xpub_nodrop and conflate exclude each other"},
      {[](O& o) { o.req_correlate = true, o.link.limits.max_parts = 2; }, kReq,
       "limits.max_parts is at least 3 for REQ with req_correlate, not 2"},
      {[](O& o) { o.req_correlate = true, o.link.limits.max_parts = 3; }, kReq, ""},
      {[](O& o) { o.req_correlate = true, o.link.limits.max_message_bytes = 4; }, kReq,
       "limits.max_message_bytes is at least 5 for REQ with req_correlate, not 4"},
      {[](O& o) { o.req_correlate = true, o.link.limits.max_message_bytes = 5; }, kReq, ""},
      {[](O& o) { o.link.limits.max_parts = 2; }, kReq, ""},
      {[](O& o) { o.xpub_nodrop = true; }, kPub, ""},
      {[](O& o) { o.conflate = true; }, kPub, ""},
      // The checks that a connection shares.
      {[](O& o) { o.link.handshake_timeout = absl::Seconds(-1); }, kPull,
       "handshake_timeout is 0 (no deadline) or more, not -1s"},
      {[](O& o) { o.link.closing_timeout = absl::Seconds(-1); }, kPull, "closing_timeout is 0"},
      {[](O& o) { o.link.heartbeat.ttl = absl::Seconds(1); }, kPull, "needs heartbeat.interval"},
      {[](O& o) { o.link.heartbeat.timeout = absl::Seconds(1); }, kStream, "`heartbeat` off"},
      {[](O& o) { o.link.limits.max_parts = 1; }, kRep, "limits.max_parts is at least 2 for REP"},
      {[](O& o) { o.link.properties = {{"X-a", "1"}, {"x-a", "2"}}; }, kPull, "is there twice"},
      {[](O& o) { o.link.transport.keepalive_count = 3; }, kPull, "needs keepalive = true"},
      {[](O& o) { o.link.transport.connect_timeout = absl::Seconds(-1); }, kPull,
       "transport: connect_timeout is from 0"},
  };
  for (const Row& row : rows) Expect(row);
}

// One struct serves sockets of several types, and Bind and Connect: what has no meaning for the one
// may have for the other.
TEST(OptionsTest, WhatMayBeShared) {
  const Row rows[] = {
      {[](O& o) { o.routing_id = "me"; }, kPull, ""},
      {[](O& o) { o.send_mark = {.messages = 1, .bytes = 0}; }, kPull, ""},
      {[](O& o) { o.receive_mark = {.messages = 1, .bytes = 0}; }, kPush, ""},
      {[](O& o) { o.link.immediate = true; }, kPush, ""},
      {[](O& o) { o.link.connect_routing_id = "them"; }, kRouter, ""},
      {[](O& o) { o.link.max_pending_links = 1; }, kPush, ""},
      {[](O& o) { o.link.transport.connect_timeout = absl::Seconds(1); }, kPush, ""},
      {[](O& o) { o.link.transport.tcp_accept_filters = {"10.0.0.0/8"}; }, kPush, ""},
      {[](O& o) { o.xpub_verbose = o.xpub_verboser = o.xpub_manual = true; }, kXPub, ""},
  };
  for (const Row& row : rows) Expect(row);
}

// The socket's routing id goes out beside what a link brings.
TEST(OptionsTest, PropertiesBesideALongRoutingId) {
  LinkOptions link;
  link.limits.max_handshake_bytes = 512;
  link.properties = {{"X-a", std::string(300, 'v')}};
  EXPECT_TRUE(CheckOptions(kDealer, link).ok());
  const SocketOptions options{.routing_id = std::string(255, 'i'), .link = link};
  EXPECT_THAT(Refusal(kDealer, options), HasSubstr("limits.max_handshake_bytes, 512"));
  EXPECT_EQ(Refusal(kPull, options), "");  // PULL does not send it
  const Host host = testing::TestHost();
  Socket socket = *Socket::Create(kDealer, {.routing_id = options.routing_id}, host);
  const Endpoint endpoint = *ParseEndpoint("tcp://127.0.0.1:5555");
  EXPECT_TRUE(absl::IsInvalidArgument(socket.Bind(endpoint, link, host.now).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(socket.Connect(endpoint, link, host.now).status()));
}

TEST(OptionsTest, RoutingIds) {
  for (const std::string& id : {std::string("\0x", 2), std::string(256, 'x')}) {
    EXPECT_THAT(Refusal(kReq, {.routing_id = id}), HasSubstr("1 to 255 octets"));
    EXPECT_THAT(Refusal(kRouter, {.link = {.connect_routing_id = id}}),
                HasSubstr("1 to 255 octets"));
  }
  EXPECT_TRUE(CheckOptions(kReq, SocketOptions{.routing_id = std::string(255, 'x')}).ok());
}

// What a mechanism lacks is said at once, and shows no secret.
TEST(OptionsTest, Mechanisms) {
  const auto refusal = [](MechanismOptions mechanism) {
    LinkOptions options;
    options.mechanism = std::move(mechanism);
    return std::string(CheckOptions(kDealer, options).message());
  };
  EXPECT_EQ(refusal(testing::TestCurveServer()), "");
  EXPECT_EQ(refusal(testing::TestCurveClient()), "");
  CurveServer server = testing::TestCurveServer();
  server.crypto = nullptr;
  EXPECT_THAT(refusal(server), HasSubstr("Set `crypto` to sodium::MakeCrypto()"));
  EXPECT_THAT(refusal(CurveServer{.crypto = testing::TestCrypto()}),
              HasSubstr("`keys` are not set"));
  server = testing::TestCurveServer();
  server.keys.public_key[0] ^= 1;
  EXPECT_THAT(refusal(server), HasSubstr("not that of the secret key"));
  CurveClient client = testing::TestCurveClient();
  client.server_key = {};
  EXPECT_THAT(refusal(client), HasSubstr("`server_key`"));
  server = testing::TestCurveServer(/*allow_any_key=*/true);
  server.domain = "d";
  EXPECT_THAT(refusal(server), HasSubstr("`allow_any_key` and `domain` exclude each other"));
  server.allow_any_key = false;
  EXPECT_EQ(refusal(server), "");
  EXPECT_THAT(refusal(PlainClient{.password = std::string(256, 'x')}),
              HasSubstr("the password has 256 octets, at most 255"));
  EXPECT_THAT(refusal(PlainServer{.domain = std::string(256, 'x')}), HasSubstr("domain"));
}

// So is it where a socket is made, binds or connects.
TEST(OptionsTest, MechanismsAreCheckedWhereverTheyAreBrought) {
  LinkOptions options;
  options.mechanism = CurveServer{};
  const Host host = testing::TestHost();
  EXPECT_FALSE(Socket::Create(kDealer, {.link = options}, host).ok());
  Socket socket = *Socket::Create(kDealer, {}, host);
  const Endpoint endpoint = *ParseEndpoint("tcp://127.0.0.1:5555");
  EXPECT_THAT(std::string(socket.Bind(endpoint, options, host.now).status().message()),
              HasSubstr("CURVE"));
  EXPECT_THAT(std::string(socket.Connect(endpoint, options, host.now).status().message()),
              HasSubstr("CURVE"));
}

// Each type takes the defaults.
TEST(OptionsTest, DefaultsFitAll) {
  for (int type = 0; type <= static_cast<int>(kChannel); ++type) {
    EXPECT_TRUE(CheckOptions(static_cast<SocketType>(type), SocketOptions()).ok());
  }
}

// M-14: what no link could be made with is said at once, and not by each link anew.
TEST(OptionsTest, Properties) {
  for (const std::string& name : {std::string("Name"), std::string("X-\xc3\xa4"), std::string()}) {
    LinkOptions options;
    options.properties = {{name, "value"}};
    EXPECT_FALSE(CheckOptions(kDealer, options).ok()) << name;
  }
}

}  // namespace
}  // namespace monocoque
