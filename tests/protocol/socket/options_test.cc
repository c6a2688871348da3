#include "protocol/socket/options.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

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

// Each type takes the defaults.
TEST(OptionsTest, DefaultsFitAll) {
  for (int type = 0; type <= static_cast<int>(kChannel); ++type) {
    EXPECT_TRUE(CheckOptions(static_cast<SocketType>(type), SocketOptions()).ok());
  }
}

}  // namespace
}  // namespace monocoque
