#include "adapters/net/host.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "gtest/gtest.h"
#include "tests/support/forbid.h"

namespace monocoque::net {
namespace {

using Octets = std::array<std::uint8_t, 64>;

// Two fillings that differ: chance alone never gives that many equal octets.
bool Fills() {
  OsEntropy entropy;
  Octets one{};
  Octets other{};
  entropy.Fill(one);
  entropy.Fill(other);
  return one != other && one != Octets{} && other != Octets{};
}

TEST(HostTest, RandomOctets) { EXPECT_TRUE(Fills()); }

// As a container's filter may have it: no waiting for ever for a call that never comes.
TEST(HostTest, RandomOctetsWithoutTheSystemCall) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(testing::Forbid(SYS_getrandom, EPERM) && Fills() ? 0 : 1);
  }
  int ended = -1;
  ASSERT_EQ(waitpid(child, &ended, 0), child);
  EXPECT_EQ(ended, 0);
}

}  // namespace
}  // namespace monocoque::net
