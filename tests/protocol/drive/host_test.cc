#include "protocol/drive/host.h"

#include <cstddef>
#include <limits>
#include <memory>

#include "alloc/slab_pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Pair;
using ::monocoque::testing::TestHost;
using ::testing::HasSubstr;

TEST(HostTest, LacksAPoolOrEntropy) {
  for (Host host : {Host{.pool = SlabPool::Create()}, Host{.entropy = TestHost().entropy}}) {
    EXPECT_EQ(CheckHost(host, "bridge").message(),
              "bridge: the host must bring a pool and entropy");
  }
}

// With less a message of a few hundred octets would wait for room that never comes.
TEST(HostTest, SlabsThatAreTooSmallAreRefused) {
  const Host host = TestHost(1, {.slab_bytes = kLeastSlabBytes - 1});
  const absl::Status connection = Connection::Create({}, host).status();
  EXPECT_TRUE(absl::IsInvalidArgument(connection));
  EXPECT_THAT(connection.message(), HasSubstr("slab_bytes must be at least 5120"));
  const absl::Status socket = Socket::Create(SocketType::kPair, {}, host).status();
  EXPECT_THAT(socket.message(), HasSubstr("socket: slabs of 5119 octets are too small"));
}

// With more one link would take the machine's memory, or the size would wrap.
TEST(HostTest, SlabsThatAreTooLargeAreRefused) {
  for (const std::size_t bytes : {kMostSlabBytes + 1, std::numeric_limits<std::size_t>::max()}) {
    const Host host = TestHost(1, {.slab_bytes = bytes});
    const absl::Status connection = Connection::Create({}, host).status();
    EXPECT_TRUE(absl::IsInvalidArgument(connection));
    EXPECT_THAT(connection.message(), HasSubstr("slab_bytes must be at most 1073741824"));
    EXPECT_TRUE(absl::IsInvalidArgument(Socket::Create(SocketType::kPair, {}, host).status()));
  }
  EXPECT_TRUE(CheckHost(TestHost(1, {.slab_bytes = kMostSlabBytes}), "socket").ok());
}

TEST(HostTest, TheSmallestSlabsDo) {
  const ConnectionOptions options{.socket_type = SocketType::kPair};
  Pair pair(options, options, TestHost(1, {.slab_bytes = kLeastSlabBytes}));
  pair.Run();
  for (std::size_t size : {1UL, 100UL, 2048UL, 2049UL, 5119UL, 5120UL, 100'000UL}) {
    Message message(std::string(size, 'x'));
    ASSERT_TRUE(pair.a.connection->Send(&message, pair.now).ok()) << size;
    pair.Run();
    EXPECT_EQ(pair.b.received.back().size(), size);
  }
}

}  // namespace
}  // namespace monocoque
