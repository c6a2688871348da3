#include "protocol/mechanism/zap.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::string> Parts(const Message& message) {
  std::vector<std::string> parts;
  for (const Slice& part : message) parts.emplace_back(part.text());
  return parts;
}

// RFC 27, request. Z-11.
TEST(ZapTest, ARequestHasTheCredentialsOfItsMechanism) {
  AuthRequest request;
  request.domain = "test";
  request.address = "127.0.0.1";
  request.identity = "me";
  request.mechanism = "PLAIN";
  request.username = "admin";
  request.password = "secret";
  EXPECT_THAT(Parts(ZapRequest(request, "1")),
              ElementsAre("1.0", "1", "test", "127.0.0.1", "me", "PLAIN", "admin", "secret"));
  request.mechanism = "NULL";
  EXPECT_THAT(Parts(ZapRequest(request, "")),
              ElementsAre("1.0", "", "test", "127.0.0.1", "me", "NULL"));
  request.mechanism = "CURVE";
  request.client_key = std::string(32, 'k');
  EXPECT_THAT(Parts(ZapRequest(request, "1")),
              ElementsAre("1.0", "1", "test", "127.0.0.1", "me", "CURVE", std::string(32, 'k')));
}

TEST(ZapTest, AReplySaysWhoItIs) {
  const std::string metadata("\5Level\0\0\0\4gold\1X\0\0\0\0", 20);
  const auto verdict = ParseZapReply(Message({"1.0", "7", "200", "OK", "joe", metadata}), "7");
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->status, AuthStatus::kAccepted);
  EXPECT_EQ(verdict->text, "OK");
  EXPECT_EQ(verdict->user_id, "joe");
  EXPECT_THAT(verdict->metadata, ElementsAre(Pair("Level", "gold"), Pair("X", "")));
  for (const auto& [text, status] :
       {std::pair("300", AuthStatus::kTryLater), std::pair("400", AuthStatus::kRefused),
        std::pair("500", AuthStatus::kFailed)}) {
    EXPECT_EQ(ParseZapReply(Message({"1.0", "", text, "no", "", ""}), "")->status, status);
  }
}

// Z-2, Z-3: anything else lets nobody in, and says nothing to the peer.
TEST(ZapTest, WhatIsNoReplyLetsNobodyIn) {
  using List = std::initializer_list<std::string_view>;
  for (const List& parts :
       {List{"1.0", "7", "200", "OK", "joe"}, List{"1.0", "7", "200", "OK", "joe", "", ""},
        List{"", "1.0", "7", "200", "OK", "joe", ""}, List{"1.1", "7", "200", "OK", "joe", ""},
        List{"1.0", "8", "200", "OK", "joe", ""}, List{"1.0", "7", "201", "OK", "joe", ""},
        List{"1.0", "7", "0200", "OK", "joe", ""}, List{"1.0", "7", "", "OK", "joe", ""},
        List{"1.0", "7", "200", "OK", "joe", "x"}}) {
    const Message reply(parts);
    EXPECT_TRUE(absl::IsInvalidArgument(ParseZapReply(reply, "7").status()));
    EXPECT_EQ(ZapVerdict(reply, "7").status, AuthStatus::kTryLater);
  }
}

}  // namespace
}  // namespace monocoque
