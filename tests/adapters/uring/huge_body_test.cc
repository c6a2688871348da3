// A body beyond the length that one request can have.
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"
#include "tests/support/pair.h"
#include "tests/support/raw_peer.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::ConnectRaw;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;

constexpr std::size_t kBody = (std::size_t{1} << 32) + 100;

// What is there, thrown away where it lies; how much that was.
std::size_t ThrowAway(int fd) {
  const ssize_t got = recv(fd, nullptr, std::size_t{1} << 30, MSG_TRUNC | MSG_DONTWAIT);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

TEST(HugeBodyTest, MoreThanARequestTakesGoesInSeveral) {
  // Pages that nobody touched take no memory.
  void* const pages = mmap(nullptr, kBody, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  {
    Loop loop;
    Socket push = loop.MakeSocket(SocketType::kPush);
    const auto at = push.Bind("tcp://127.0.0.1:*");
    ASSERT_TRUE(at.ok()) << at.status();
    const int peer = ConnectRaw(*at);
    const std::string hello = PeerGreeting() + PeerReady("PULL");
    ASSERT_EQ(write(peer, hello.data(), hello.size()), static_cast<ssize_t>(hello.size()));
    ASSERT_TRUE(push.WaitReady(1, absl::Seconds(10)).ok());
    Message message(Slice::Adopt(pages, kBody, [](void*) {}, nullptr));
    ASSERT_TRUE(push.Send(&message).ok());
    std::size_t received = 0;
    const Instant deadline = net::Now() + absl::Seconds(100);
    while (received < kBody && net::Now() < deadline) {
      loop.RunOnce(absl::ZeroDuration());
      received += ThrowAway(peer);
    }
    // The greeting, READY and the frame's header come with it.
    EXPECT_GT(received, kBody);
    close(peer);
  }
  munmap(pages, kBody);
}

}  // namespace
}  // namespace monocoque::uring
