#include "protocol/drive/transport_options.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

using ::testing::HasSubstr;

TEST(TransportOptionsTest, WhatSystemsTakeIsFine) {
  EXPECT_TRUE(CheckTransportOptions({}).ok());
  EXPECT_TRUE(CheckTransportOptions({.keepalive = false}).ok());
  TransportOptions all;
  all.keepalive = true;
  all.keepalive_idle = absl::Seconds(32767);
  all.keepalive_interval = absl::Seconds(1);
  all.keepalive_count = 127;
  all.max_retransmit_time = absl::Hours(24);
  all.type_of_service = 255;
  all.backlog = 1;
  all.connect_timeout = absl::InfiniteDuration();
  all.socks_proxy = "[::1]:1080";
  all.socks_username = std::string(255, 'u');
  all.socks_password = std::string(255, 'p');
  EXPECT_TRUE(CheckTransportOptions(all).ok()) << CheckTransportOptions(all);
}

// One sentence that names the option.
TEST(TransportOptionsTest, WhatNoSystemTakesIsNamed) {
  struct Case {
    std::string name;
    TransportOptions options;
  };
  const Case cases[] = {
      {"keepalive_idle", {.keepalive_idle = absl::Seconds(32768)}},
      {"keepalive_interval", {.keepalive_interval = absl::Seconds(-1)}},
      {"keepalive_count", {.keepalive_count = 128}},
      {"keepalive_idle needs keepalive = true", {.keepalive_idle = absl::Seconds(1)}},
      {"keepalive_interval needs keepalive = true",
       {.keepalive = false, .keepalive_interval = absl::Seconds(1)}},
      {"keepalive_count needs keepalive = true", {.keepalive_count = 1}},
      {"max_retransmit_time", {.max_retransmit_time = absl::Seconds(-1)}},
      {"max_retransmit_time", {.max_retransmit_time = absl::Hours(24 * 365)}},
      {"type_of_service", {.type_of_service = 256}},
      {"priority", {.priority = -1}},
      {"send_buffer_bytes", {.send_buffer_bytes = -1}},
      {"receive_buffer_bytes", {.receive_buffer_bytes = -1}},
      {"busy_poll", {.busy_poll = -1}},
      {"backlog", {.backlog = 0}},
      {"connect_timeout", {.connect_timeout = absl::Nanoseconds(-1)}},
      {"socks_proxy", {.socks_proxy = "proxy"}},
      {"socks_proxy", {.socks_proxy = "proxy:*"}},
      {"socks_proxy", {.socks_proxy = "127.0.0.1:1;proxy:1080"}},
      {"needs socks_proxy", {.socks_username = "u", .socks_password = "p"}},
      {"socks_password", {.socks_proxy = "p:1", .socks_username = "u"}},
      {"socks_username",
       {.socks_proxy = "p:1", .socks_username = std::string(256, 'u'), .socks_password = "p"}},
      {"descriptor", {.descriptor = -2}},
  };
  for (const Case& each : cases) {
    const absl::Status status = CheckTransportOptions(each.options);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << each.name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.name));
  }
}

}  // namespace
}  // namespace monocoque
