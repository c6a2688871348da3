#include "protocol/socket/options.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/host.h"
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
