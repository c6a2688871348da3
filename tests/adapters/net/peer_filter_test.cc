#include "adapters/net/peer_filter.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adapters/net/address.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/transport_options.h"

namespace monocoque::net {
namespace {

// An accepted descriptor whose peer has this address.
class Visitor {
 public:
  explicit Visitor(const std::string& host, bool dual = false) {
    const Address from = *AddressForBind(*ParseEndpoint("tcp://" + host + ":*"));
    const Address at = dual ? *AddressForBind(*ParseEndpoint("tcp://*:*"), true) : from;
    listener_ = socket(at.family(), SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener_, at.get(), at.size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    Endpoint target = LocalEndpoint(listener_);
    if (dual) target.host = host;
    const Address to = NumericAddresses(target)->front();
    client_ = socket(from.family(), SOCK_STREAM, 0);
    EXPECT_EQ(bind(client_, from.get(), from.size), 0);
    EXPECT_EQ(connect(client_, to.get(), to.size), 0);
    accepted_ = accept(listener_, nullptr, nullptr);
    EXPECT_GE(accepted_, 0);
  }
  ~Visitor() {
    for (const int fd : {accepted_, client_, listener_}) close(fd);
  }
  bool ComesIn(const std::vector<std::string>& filters) const {
    const auto filter = PeerFilter::Create({.tcp_accept_filters = filters});
    EXPECT_TRUE(filter.ok()) << filter.status();
    return filter.ok() && filter->Check(accepted_).ok();
  }

 private:
  int listener_ = -1;
  int client_ = -1;
  int accepted_ = -1;
};

TEST(PeerFilterTest, WithoutFiltersAnybodyComesIn) {
  EXPECT_TRUE(Visitor("127.0.0.1").ComesIn({}));
}

TEST(PeerFilterTest, AddressesAreComparedBitByBit) {
  const Visitor visitor("127.0.0.5");
  for (const char* fits : {"127.0.0.5", "127.0.0.5/32", "127.0.0.4/31", "127.0.0.0/29",
                           "127.0.0.0/8", "0.0.0.0/0", "::/0", "::ffff:127.0.0.0/104"}) {
    EXPECT_TRUE(visitor.ComesIn({fits})) << fits;
  }
  for (const char* other :
       {"127.0.0.4", "127.0.0.6/31", "127.0.0.8/29", "10.0.0.0/8", "::1", "::/97"}) {
    EXPECT_FALSE(visitor.ComesIn({other})) << other;
  }
  EXPECT_TRUE(visitor.ComesIn({"10.0.0.0/8", "127.0.0.5"})) << "one that fits is enough";
}

TEST(PeerFilterTest, Ipv6) {
  const Visitor visitor("[::1]");
  EXPECT_TRUE(visitor.ComesIn({"::1"}));
  EXPECT_TRUE(visitor.ComesIn({"::/127"}));
  EXPECT_FALSE(visitor.ComesIn({"::2/127"}));
  EXPECT_FALSE(visitor.ComesIn({"0.0.0.0/0"}));
}

// A listener for both versions sees a peer of IPv4 in the form that IPv6 has for it.
TEST(PeerFilterTest, MappedAddressesAreThoseOfIpv4) {
  const Visitor visitor("127.0.0.1", true);
  EXPECT_TRUE(visitor.ComesIn({"127.0.0.0/8"}));
  EXPECT_FALSE(visitor.ComesIn({"10.0.0.0/8"}));
}

TEST(PeerFilterTest, WhatIsNoFilterIsQuoted) {
  for (const char* text : {"", "localhost", "127.0.0.1/33", "127.0.0.1/-1", "127.0.0.1/", "::1/129",
                           "127.0.0/8", "127.0.0.1/8x"}) {
    const auto filter = PeerFilter::Create({.tcp_accept_filters = {text}});
    EXPECT_TRUE(absl::IsInvalidArgument(filter.status())) << text;
    EXPECT_NE(filter.status().message().find("\"" + std::string(text) + "\""), std::string::npos);
  }
}

// The other end of a pair is this process; any one filter that fits is enough, and the other groups
// of a process count as its first does.
TEST(PeerFilterTest, ProcessesByAnyFilter) {
  std::array<int, 2> ends;
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  TransportOptions nobody;
  nobody.ipc_filter_uids = {geteuid() + 1};
  nobody.ipc_filter_gids = {getegid() + 1'000'000};
  nobody.ipc_filter_pids = {getpid() + 1};
  EXPECT_TRUE(absl::IsPermissionDenied(PeerFilter::Create(nobody)->Check(ends[0])));
  TransportOptions me = nobody;
  me.ipc_filter_pids.push_back(getpid());
  EXPECT_TRUE(PeerFilter::Create(me)->Check(ends[0]).ok());
  std::vector<gid_t> groups(64);
  const int count = getgroups(static_cast<int>(groups.size()), groups.data());
  for (int i = 0; i < count; ++i) {
    TransportOptions group = nobody;
    group.ipc_filter_gids = {groups[static_cast<std::size_t>(i)]};
    EXPECT_TRUE(PeerFilter::Create(group)->Check(ends[0]).ok())
        << groups[static_cast<std::size_t>(i)];
  }
  for (const int fd : ends) close(fd);
}

}  // namespace
}  // namespace monocoque::net
