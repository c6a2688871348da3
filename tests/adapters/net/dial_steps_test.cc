#include "adapters/net/dial_steps.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/address.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/transport_options.h"

namespace monocoque::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Next = DialSteps::Next;

action::Dial To(const std::string& endpoint, const TransportOptions& options = {},
                std::uint32_t attempt = 0) {
  action::Dial dial;
  dial.endpoint = std::make_shared<const Endpoint>(*ParseEndpoint(endpoint));
  dial.transport = std::make_shared<const TransportOptions>(options);
  dial.attempt = attempt;
  return dial;
}

std::vector<Address> Addresses(const std::vector<std::string>& endpoints) {
  std::vector<Address> found;
  for (const std::string& each : endpoints) {
    found.push_back(NumericAddresses(*ParseEndpoint(each))->front());
  }
  return found;
}

std::string Text(const Address& address) { return EndpointOf(address).ToString(); }

// E-5: the addresses of a name in turn; what the last one said is the reason.
TEST(DialStepsTest, AddressesInTurn) {
  DialSteps steps(To("tcp://somewhere:5"));
  ASSERT_EQ(steps.Start(), Next::kResolve);
  EXPECT_EQ(steps.host(), "somewhere");
  ASSERT_EQ(steps.OnResolved(Addresses({"tcp://127.0.0.1:5", "tcp://[::1]:5"})), Next::kConnect);
  EXPECT_EQ(Text(steps.address()), "tcp://127.0.0.1:5");
  ASSERT_EQ(steps.OnConnected(ECONNREFUSED), Next::kConnect);
  EXPECT_EQ(Text(steps.address()), "tcp://[::1]:5");
  ASSERT_EQ(steps.OnTimeout(), Next::kFailed);
  EXPECT_THAT(std::string(steps.status().message()), HasSubstr("timed out"));
  EXPECT_EQ(steps.fd(), -1);
}

// E-5: one that never answers takes all of an attempt's time, and not that of each.
TEST(DialStepsTest, EachAttemptBeginsWithAnotherAddress) {
  std::vector<std::string> firsts;
  for (std::uint32_t attempt = 0; attempt < 4; ++attempt) {
    DialSteps steps(To("tcp://somewhere:5", {}, attempt));
    ASSERT_EQ(steps.Start(), Next::kResolve);
    ASSERT_EQ(steps.OnResolved(
                  Addresses({"tcp://127.0.0.1:5", "tcp://127.0.0.2:5", "tcp://127.0.0.3:5"})),
              Next::kConnect);
    firsts.push_back(Text(steps.address()));
    ASSERT_EQ(steps.OnConnected(ECONNREFUSED), Next::kConnect);
    ASSERT_EQ(steps.OnConnected(ECONNREFUSED), Next::kConnect);
    EXPECT_EQ(steps.OnConnected(ECONNREFUSED), Next::kFailed) << "all the same each is tried";
  }
  EXPECT_THAT(firsts, ElementsAre("tcp://127.0.0.1:5", "tcp://127.0.0.2:5", "tcp://127.0.0.3:5",
                                  "tcp://127.0.0.1:5"));
}

TEST(DialStepsTest, ANameWithoutAnAddress) {
  DialSteps steps(To("tcp://somewhere:5"));
  ASSERT_EQ(steps.Start(), Next::kResolve);
  EXPECT_EQ(steps.OnResolved(NoAddressError("somewhere", "gone")), Next::kFailed);
  DialSteps empty(To("tcp://somewhere:5"));
  ASSERT_EQ(empty.Start(), Next::kResolve);
  EXPECT_EQ(empty.OnResolved(std::vector<Address>()), Next::kFailed);
  EXPECT_THAT(std::string(empty.status().message()), HasSubstr("somewhere has no address"));
}

TEST(DialStepsTest, AddressesOfIpv6AreLeftOutWhereTheyAreNotWanted) {
  DialSteps steps(To("tcp://somewhere:5", {.ipv6 = false}));
  ASSERT_EQ(steps.Start(), Next::kResolve);
  ASSERT_EQ(steps.OnResolved(Addresses({"tcp://[::1]:5", "tcp://127.0.0.1:5"})), Next::kConnect);
  EXPECT_EQ(Text(steps.address()), "tcp://127.0.0.1:5");
  EXPECT_EQ(steps.OnConnected(ECONNREFUSED), Next::kFailed);
}

TEST(DialStepsTest, PatienceIsTheConnectTimeout) {
  EXPECT_EQ(DialSteps(To("tcp://127.0.0.1:5")).patience(), absl::InfiniteDuration());
  EXPECT_EQ(DialSteps(To("tcp://127.0.0.1:5", {.connect_timeout = absl::Seconds(3)})).patience(),
            absl::Seconds(3));
}

// It is the proxy that is looked up and dialed, never the endpoint; ipc knows no proxy.
TEST(DialStepsTest, AProxyIsDialedInstead) {
  DialSteps steps(To("tcp://hidden:5", {.socks_proxy = "proxy:1080"}));
  ASSERT_EQ(steps.Start(), Next::kResolve);
  EXPECT_EQ(steps.host(), "proxy");
  EXPECT_EQ(steps.port(), 1080);
  ASSERT_EQ(steps.OnResolved(Addresses({"tcp://127.0.0.1:1080"})), Next::kConnect);
  ASSERT_EQ(steps.OnConnected(ECONNREFUSED), Next::kFailed);
  EXPECT_THAT(std::string(steps.status().message()),
              HasSubstr("connect tcp://hidden:5 by proxy tcp://proxy:1080: connection refused"));
  DialSteps ipc(To("ipc://@x", {.socks_proxy = "proxy:1080"}));
  EXPECT_EQ(ipc.Start(), Next::kConnect);
}

// A name that SOCKS5 has no room for is not cut short.
TEST(DialStepsTest, AProxyIsNotAskedForANameThatIsTooLong) {
  const TransportOptions by_proxy{.socks_proxy = "127.0.0.1:1080"};
  DialSteps longest(To("tcp://" + std::string(255, 'h') + ":5", by_proxy));
  EXPECT_EQ(longest.Start(), Next::kConnect);
  // No text is parsed to such an endpoint; a program may have made it.
  action::Dial dial = To("tcp://h:5", by_proxy);
  Endpoint beyond = *dial.endpoint;
  beyond.host = std::string(256, 'h');
  dial.endpoint = std::make_shared<const Endpoint>(beyond);
  DialSteps steps(dial);
  EXPECT_EQ(steps.Start(), Next::kFailed);
  EXPECT_TRUE(absl::IsInvalidArgument(steps.status())) << steps.status();
  EXPECT_THAT(std::string(steps.status().message()), HasSubstr("at most 255"));
}

// The first attempt alone: what was connected once is not connected for ever.
TEST(DialStepsTest, ADescriptorServesOnce) {
  std::array<int, 2> ends;
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const TransportOptions options{.descriptor = ends[0]};
  int ours = -1;
  {
    DialSteps first(To("ipc://@x", options));
    ASSERT_EQ(first.Start(), Next::kDone);
    first.Take(&ours);
    EXPECT_NE(ours, ends[0]);
    EXPECT_EQ(write(ours, "x", 1), 1) << "it is not closed with the steps";
  }
  EXPECT_EQ(DialSteps(To("ipc://@x", options, 1)).Start(), Next::kConnect);
  EXPECT_EQ(DialSteps(To("tcp://127.0.0.1:1", options)).Start(), Next::kFailed) << "no tcp";
  for (const int fd : {ours, ends[0], ends[1]}) close(fd);
}

}  // namespace
}  // namespace monocoque::net
