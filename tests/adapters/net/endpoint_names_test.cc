#include "adapters/net/endpoint_names.h"

#include <cstdint>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"

namespace monocoque::net {
namespace {

TEST(EndpointNamesTest, TheOldestOfANameGoesFirst) {
  EndpointNames<DialerId> names;
  names.Add("tcp://a:1", DialerId::FromValue(1));
  names.Add("tcp://b:1", DialerId::FromValue(2));
  names.Add("tcp://a:1", DialerId::FromValue(3));
  EXPECT_EQ(*names.Take("disconnect", "tcp://a:1"), DialerId::FromValue(1));
  EXPECT_EQ(*names.Take("disconnect", "tcp://a:1"), DialerId::FromValue(3));
  EXPECT_EQ(*names.Take("disconnect", "tcp://b:1"), DialerId::FromValue(2));
}

// Those that ended by themselves do not pile up; those that live stay, however many.
TEST(EndpointNamesTest, WhatIsGoneIsForgottenInTime) {
  EndpointNames<DialerId> names;
  std::uint64_t alive_from = 0;
  const auto is_gone = [&](DialerId id) { return id.value() < alive_from; };
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    alive_from = i;  // all before are gone
    names.Tidy(is_gone);
    names.Add("stream", DialerId::FromValue(i));
    ASSERT_LE(names.size(), 16u);
  }
  for (std::uint64_t i = 1001; i <= 2000; ++i) {
    names.Tidy(is_gone);
    names.Add("lasting", DialerId::FromValue(i));
  }
  for (std::uint64_t i = 1001; i <= 2000; ++i) {
    EXPECT_EQ(*names.Take("disconnect", "lasting"), DialerId::FromValue(i));
  }
}

// What is not there is named, with nothing in it that a terminal would take for more than text.
TEST(EndpointNamesTest, AStrangerIsNotFound) {
  EndpointNames<ListenerId> names;
  const absl::Status status = names.Take("unbind", "ipc://\x1b[1m").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "unbind ipc://\\x1b[1m: there is no such endpoint here.");
}

}  // namespace
}  // namespace monocoque::net
