#include "adapters/net/address.h"

#include <cerrno>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"

namespace monocoque::net {
namespace {

using ::testing::HasSubstr;

Endpoint Parsed(const std::string& text) {
  auto endpoint = ParseEndpoint(text);
  EXPECT_TRUE(endpoint.ok()) << endpoint.status();
  return endpoint.ok() ? *endpoint : Endpoint();
}

// To the system's form and back.
TEST(AddressTest, NumericAddressesComeBack) {
  for (const char* text : {"tcp://127.0.0.1:5555", "tcp://255.255.255.255:65535", "tcp://[::1]:1",
                           "tcp://[fe80::1]:80", "tcp://[fe80::1%lo]:80", "ipc:///tmp/x",
                           "ipc://relative", "ipc://@name"}) {
    const auto addresses = NumericAddresses(Parsed(text));
    ASSERT_TRUE(addresses.ok()) << addresses.status();
    ASSERT_EQ(addresses->size(), 1u) << text;
    EXPECT_EQ(EndpointOf((*addresses)[0]).ToString(), text);
  }
}

// E-13: an abstract name counts exactly, zero octets in it too.
TEST(AddressTest, AbstractNamesCountExactly) {
  Endpoint endpoint;
  endpoint.transport = Transport::kIpc;
  endpoint.abstract = true;
  endpoint.path = std::string("a\0b", 3);
  const auto addresses = NumericAddresses(endpoint);
  EXPECT_EQ(EndpointOf(addresses->front()).path, endpoint.path);
}

// E-11: the longest path there is.
TEST(AddressTest, LongestPath) {
  const std::string text = "ipc://" + std::string(107, 'p');
  EXPECT_EQ(EndpointOf(NumericAddresses(Parsed(text))->front()).ToString(), text);
}

TEST(AddressTest, ANameIsNoNumericAddress) {
  EXPECT_TRUE(NumericAddresses(Parsed("tcp://localhost:1"))->empty());
  EXPECT_EQ(NumericAddresses(Parsed("inproc://x")).status().code(),
            absl::StatusCode::kUnimplemented);
}

// E-3: to listen at, a name is an interface's, never a host's.
TEST(AddressTest, WhereToListen) {
  EXPECT_EQ(EndpointOf(*AddressForBind(Parsed("tcp://*:7"))).ToString(), "tcp://0.0.0.0:7");
  EXPECT_EQ(EndpointOf(*AddressForBind(Parsed("tcp://lo:7"))).ToString(), "tcp://127.0.0.1:7");
  EXPECT_EQ(AddressForBind(Parsed("tcp://localhost:7")).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(AddressTest, NamesAreResolved) {
  const auto found = ResolveName("localhost", 5555);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_FALSE(found->empty());
  EXPECT_EQ(EndpointOf(found->front()).port, 5555);
  const auto none = ResolveName(std::string(64, 'x') + "\x1b.invalid", 1);
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("xx\\x1b.invalid has no address: "));
}

TEST(AddressTest, ErrorsQuoteWhatTheySpeakOfEscaped) {
  Endpoint endpoint;
  endpoint.transport = Transport::kIpc;
  endpoint.path = "/tmp/\x1b[31m";
  EXPECT_EQ(SystemError("bind", endpoint, ENOENT).message(),
            "bind ipc:///tmp/\\x1b[31m: the directory does not exist; make it first.");
  EXPECT_EQ(SystemError("connect", endpoint, ENOTDIR).message(),
            "connect ipc:///tmp/\\x1b[31m: Not a directory.");
}

}  // namespace
}  // namespace monocoque::net
