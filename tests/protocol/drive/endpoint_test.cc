#include "protocol/drive/endpoint.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

enum class Use { kBind, kConnect };

// What a user sees who binds or connects, as far as syntax goes.
absl::Status Judge(Use use, std::string_view text) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  return use == Use::kBind ? CheckForBind(*endpoint) : CheckForConnect(*endpoint);
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

Endpoint Parsed(std::string_view text) {
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  EXPECT_TRUE(endpoint.ok()) << endpoint.status();
  return endpoint.ok() ? *std::move(endpoint) : Endpoint();
}

// E-2: the last colon separates the port; brackets go.
TEST(EndpointTest, TcpIsHostAndPort) {
  const Endpoint plain = Parsed("tcp://127.0.0.1:5555");
  EXPECT_EQ(plain.transport, Transport::kTcp);
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_EQ(plain.port, 5555);
  EXPECT_FALSE(plain.any_port);
  EXPECT_EQ(Parsed("tcp://[::1]:80").host, "::1");
  EXPECT_EQ(Parsed("tcp://::1:80").host, "::1");
  EXPECT_EQ(Parsed("tcp://[127.0.0.1]:80").host, "127.0.0.1");
  EXPECT_EQ(Parsed("tcp://host_1.example-2.org:65535").port, 65535);
}

// E-4: "*" and 0 both leave the choice to the system.
TEST(EndpointTest, WildcardPort) {
  EXPECT_TRUE(Parsed("tcp://*:*").any_port);
  EXPECT_TRUE(Parsed("tcp://lo:0").any_port);
  EXPECT_EQ(Parsed("tcp://*:*").host, "*");
  EXPECT_EQ(Parsed("tcp://lo:0"), Parsed("tcp://lo:*"));
}

// E-7
TEST(EndpointTest, SourceAddressStandsBeforeASemicolon) {
  const Endpoint endpoint = Parsed("tcp://192.0.2.1:1000;host:5555");
  EXPECT_EQ(endpoint.source_host, "192.0.2.1");
  EXPECT_EQ(endpoint.source_port, 1000);
  EXPECT_EQ(endpoint.host, "host");
  EXPECT_EQ(endpoint.port, 5555);
  EXPECT_EQ(Parsed("tcp://lo:*;host:1").source_port, 0);
  EXPECT_EQ(Parsed("tcp://[::1]:0;[::2]:1").source_host, "::1");
  EXPECT_TRUE(CheckForConnect(endpoint).ok());
  EXPECT_FALSE(CheckForBind(endpoint).ok());
  EXPECT_FALSE(ParseEndpoint("tcp://a:1;b:2;c:3").ok());
  EXPECT_FALSE(ParseEndpoint("tcp://a:1;").ok());
  EXPECT_FALSE(ParseEndpoint("tcp://;b:2").ok());
}

// E-8: the zone stays with the address. An address with no port is not taken apart wrongly.
TEST(EndpointTest, Ipv6) {
  EXPECT_EQ(Parsed("tcp://[fe80::1%eth0]:5555").host, "fe80::1%eth0");
  EXPECT_EQ(Parsed("tcp://[::]:5555").host, "::");
  for (const char* text : {"tcp://::1", "tcp://fe80::1", "tcp://[fe80:]:1"}) {
    EXPECT_FALSE(ParseEndpoint(text).ok()) << text;
  }
}

// E-4, E-6: a port is digits and fits.
TEST(EndpointTest, PortsThatAreNone) {
  for (const char* port : {"", "-1", "+1", " 1", "1 ", "65536", "70000", "99999", "100000", "5555x",
                           "0x10", "**", "4294967297", "18446744073709551617", "1/res"}) {
    EXPECT_FALSE(ParseEndpoint(std::string("tcp://127.0.0.1:") + port).ok()) << port;
  }
}

TEST(EndpointTest, HostsThatAreNone) {
  for (const char* host : {"", "[]", "[", "]", "[::1", "::1]", "-bad", "a b", "a/b", "@x", "a*",
                           "**", "*.org", "user@host", "h\xc3\xa4user", "a\"b", "\x1b[2J"}) {
    EXPECT_FALSE(ParseEndpoint(std::string("tcp://") + host + ":5555").ok()) << host;
  }
  EXPECT_FALSE(ParseEndpoint(std::string_view("tcp://a\0b:1", 11)).ok());
}

// E-11, E-13: a path or, behind "@", a name; 107 octets with the "@" counted.
TEST(EndpointTest, IpcPathsAndNames) {
  const Endpoint path = Parsed("ipc://relative/path:1");
  EXPECT_EQ(path.transport, Transport::kIpc);
  EXPECT_EQ(path.path, "relative/path:1");
  EXPECT_FALSE(path.abstract);
  EXPECT_EQ(Parsed("ipc:///tmp/a").path, "/tmp/a");
  const Endpoint name = Parsed("ipc://@name");
  EXPECT_TRUE(name.abstract);
  EXPECT_EQ(name.path, "name");
  EXPECT_TRUE(ParseEndpoint("ipc://" + std::string(107, 'a')).ok());
  EXPECT_FALSE(ParseEndpoint("ipc://" + std::string(108, 'a')).ok());
  EXPECT_TRUE(ParseEndpoint("ipc://@" + std::string(106, 'a')).ok());
  EXPECT_FALSE(ParseEndpoint("ipc://@" + std::string(107, 'a')).ok());
  EXPECT_FALSE(ParseEndpoint("ipc://@").ok());
}

// E-11, E-13: a path ends at a zero octet, so it may have none; an abstract name may.
TEST(EndpointTest, ZeroOctets) {
  EXPECT_FALSE(ParseEndpoint(std::string_view("ipc://a\0b", 9)).ok());
  EXPECT_TRUE(ParseEndpoint(std::string_view("ipc://@a\0b", 10)).ok());
}

// E-12: "*" alone is a path of the library's choice; to connect there is refused. Elsewhere it is a
// character like others.
TEST(EndpointTest, IpcWildcard) {
  const Endpoint any = Parsed("ipc://*");
  EXPECT_TRUE(any.any_path);
  EXPECT_TRUE(CheckForBind(any).ok());
  EXPECT_FALSE(CheckForConnect(any).ok());
  EXPECT_FALSE(Parsed("ipc://@*").any_path);
  EXPECT_FALSE(Parsed("ipc://a*").any_path);
}

// E-5, E-6: neither host nor port of a peer is a wildcard.
TEST(EndpointTest, ConnectNeedsHostAndPort) {
  for (const char* text : {"tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0"}) {
    EXPECT_EQ(CheckForConnect(Parsed(text)).code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(CheckForBind(Parsed(text)).ok()) << text;
  }
}

// E-16: any name that is not empty.
TEST(EndpointTest, InprocAndSimTakeAnyName) {
  EXPECT_EQ(Parsed("inproc://a/b c?").path, "a/b c?");
  EXPECT_EQ(Parsed("inproc://*").transport, Transport::kInproc);
  EXPECT_TRUE(CheckForConnect(Parsed("inproc://*")).ok());
  EXPECT_EQ(Parsed("sim://server").transport, Transport::kSim);
  EXPECT_FALSE(ParseEndpoint("inproc://").ok());
  EXPECT_FALSE(ParseEndpoint("sim://").ok());
}

// E-1: form first, then the transport. udp, ws and wss are not built.
TEST(EndpointTest, TransportMustBeKnownAndLowerCase) {
  for (const char* text : {"", "tcp", "tcp:", "tcp:/x:1", "tcp://", "://x", "//x"}) {
    EXPECT_EQ(ParseEndpoint(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  for (const char* text :
       {"TCP://a:1", " tcp://a:1", "udp://a:1", "ws://a:1", "wss://a:1", "x://y"}) {
    EXPECT_EQ(ParseEndpoint(text).status().code(), absl::StatusCode::kUnimplemented) << text;
  }
}

TEST(EndpointTest, CanonicalTextParsesBack) {
  const std::pair<const char*, const char*> cases[] = {
      {"tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555"},
      {"tcp://127.0.0.1:05555", "tcp://127.0.0.1:5555"},
      {"tcp://[127.0.0.1]:1", "tcp://127.0.0.1:1"},
      {"tcp://::1:80", "tcp://[::1]:80"},
      {"tcp://*:0", "tcp://*:*"},
      {"tcp://lo:*;[::1]:7", "tcp://lo:0;[::1]:7"},
      {"ipc://@x", "ipc://@x"},
      {"ipc://*", "ipc://*"},
      {"ipc:///run/a", "ipc:///run/a"},
      {"inproc://a b", "inproc://a b"},
      {"sim://s", "sim://s"},
  };
  for (const auto& [text, canonical] : cases) {
    const Endpoint endpoint = Parsed(text);
    EXPECT_EQ(endpoint.ToString(), canonical);
    EXPECT_EQ(Parsed(canonical), endpoint) << text;
  }
}

// Nothing that a user typed reaches a terminal raw, and an error stays readable.
TEST(EndpointTest, ErrorsQuoteTheEndpointEscaped) {
  for (const Use use : {Use::kBind, Use::kConnect}) {
    for (const char* text : {"tcp://\x1b[2J:1", "x\n://y", "ipc:\t//", "nothing", "tcp://a:\x07"}) {
      const absl::Status status = Judge(use, text);
      EXPECT_FALSE(status.ok());
      EXPECT_TRUE(IsPrintable(status.message())) << status;
      EXPECT_TRUE(status.message().starts_with("endpoint \"")) << status;
    }
  }
  const absl::Status lone = ParseEndpoint("tcp://\x1b[2J:1").status();
  EXPECT_NE(lone.message().find("\\x1b[2J"), std::string_view::npos) << lone;
  EXPECT_LT(ParseEndpoint(std::string(1 << 20, '\x01')).status().message().size(), 2000u);
}

// E-5: a name has at most 255 octets, whichever side of the semicolon; a longer one is no name.
TEST(EndpointTest, AHostHasAtMost255Octets) {
  const std::string most(255, 'h');
  EXPECT_TRUE(ParseEndpoint("tcp://" + most + ":1").ok());
  for (const std::string& text : {"tcp://" + most + "h:1", "tcp://" + most + "h:1;b:2"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseEndpoint(text).status())) << text;
  }
}

}  // namespace
}  // namespace monocoque
