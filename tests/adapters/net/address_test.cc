#include "adapters/net/address.h"

#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/status/status.h"
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

std::uint32_t ScopeOf(const Address& address) {
  sockaddr_in6 v6;
  std::memcpy(&v6, address.get(), sizeof(v6));
  return v6.sin6_scope_id;
}

// A zone is an interface, by its name or by its number.
TEST(AddressTest, ZonesByNameAndByNumber) {
  const std::uint32_t lo = if_nametoindex("lo");
  for (const std::string& zone : {std::string("lo"), std::to_string(lo)}) {
    const Endpoint endpoint = Parsed("tcp://[fe80::1%" + zone + "]:80");
    const auto dialed = NumericAddresses(endpoint);
    ASSERT_TRUE(dialed.ok()) << dialed.status();
    ASSERT_EQ(dialed->size(), 1u) << zone;
    EXPECT_EQ(ScopeOf(dialed->front()), lo) << zone;
    const auto bound = AddressForBind(endpoint);
    ASSERT_TRUE(bound.ok()) << bound.status();
    EXPECT_EQ(ScopeOf(*bound), lo) << zone;
  }
}

// It is not passed over: without it the address means another place, or none.
TEST(AddressTest, AZoneThatIsNoneIsNamed) {
  for (const std::string zone : {"nowhere", "0", "4294967296", "-1", "1x"}) {
    const std::string text = "tcp://[fe80::1%" + zone + "]:80";
    const std::string why = ": there is no network interface \"" + zone + "\"; see `ip link`.";
    const absl::Status dialed = NumericAddresses(Parsed(text)).status();
    EXPECT_TRUE(absl::IsNotFound(dialed)) << dialed;
    EXPECT_EQ(dialed.message(), "connect " + text + why);
    EXPECT_EQ(AddressForBind(Parsed(text)).status().message(), "bind " + text + why);
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
  const absl::Status name = AddressForBind(Parsed("tcp://localhost:7")).status();
  EXPECT_EQ(name.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(name.message(),
            "bind tcp://localhost:7: there is no such interface, and names are not looked up to "
            "listen; write 127.0.0.1, [::1], an interface's name, or *.");
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

// What one errno means depends on what was asked, and of what.
TEST(AddressTest, WhatTheSystemRefusesIsSaidAsItIsMeant) {
  const auto said = [](const char* what, const char* endpoint, int error) {
    return std::string(SystemError(what, *ParseEndpoint(endpoint), error).message());
  };
  EXPECT_THAT(said("bind", "tcp://192.0.2.1:5555", EADDRNOTAVAIL), HasSubstr("no such address"));
  EXPECT_THAT(said("connect", "tcp://192.0.2.1:5555", EADDRNOTAVAIL),
              HasSubstr("no local port is free"));
  EXPECT_THAT(said("connect", "tcp://192.0.2.7:0;192.0.2.1:5555", EADDRNOTAVAIL),
              HasSubstr("no such source address"));
  EXPECT_THAT(said("bind", "tcp://127.0.0.1:80", EACCES), HasSubstr("CAP_NET_BIND_SERVICE"));
  for (const char* other : {"ipc://@name", "tcp://127.0.0.1:0", "tcp://127.0.0.1:5555"}) {
    EXPECT_THAT(said("bind", other, EACCES), HasSubstr("a rule of the system forbids it"));
  }
}

}  // namespace
}  // namespace monocoque::net
