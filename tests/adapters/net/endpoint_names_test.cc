#include "adapters/net/endpoint_names.h"

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

// What is not there is named, with nothing in it that a terminal would take for more than text.
TEST(EndpointNamesTest, AStrangerIsNotFound) {
  EndpointNames<ListenerId> names;
  const absl::Status status = names.Take("unbind", "ipc://\x1b[1m").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "unbind ipc://\\x1b[1m: there is no such endpoint here.");
}

}  // namespace
}  // namespace monocoque::net
