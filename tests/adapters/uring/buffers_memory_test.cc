// Links that receive while there is no memory for their buffers. This program's slabs come from
// the operator below, which can refuse.
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"
#include "gtest/gtest.h"
#include "tests/adapters/uring/kernel_version.h"
#include "tests/support/raw_peer.h"

namespace {

std::atomic<bool> refuses{false};

}  // namespace

void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  if (refuses) return nullptr;
  try {
    return ::operator new(bytes, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

namespace monocoque::uring {
namespace {

using ::monocoque::testing::RawPeer;

std::int64_t ProcessorNanoseconds() {
  timespec ts{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

class BuffersMemoryTest : public ::testing::TestWithParam<ReadMethod> {};

// They wait, without spinning, and go on once there is memory again.
TEST_P(BuffersMemoryTest, LinksWaitForBuffers) {
  Loop loop({.best_read_method = GetParam()});
  ASSERT_EQ(loop.read_method(), GetParam());
  SocketOptions options;
  options.receive_mark = {.messages = 0, .bytes = 0};
  Socket pull = loop.MakeSocket(SocketType::kPull, options);
  RawPeer peer([&] { loop.RunOnce(absl::ZeroDuration()); }, *pull.Bind("tcp://127.0.0.1:*"));
  peer.HandshakeAs("PUSH");
  ASSERT_TRUE(pull.WaitReady(1, absl::Seconds(10)).ok());
  // More than all buffers hold; what came is kept.
  constexpr int kMessages = 20'000;
  const std::string message = std::string("\0\x40", 2) + std::string(64, 'm');
  std::string octets;
  for (int i = 0; i < kMessages; ++i) octets += message;
  refuses = true;
  ASSERT_TRUE(peer.Write(octets));
  const std::int64_t before = ProcessorNanoseconds();
  for (const Instant end = net::Now() + absl::Milliseconds(300); net::Now() < end;) {
    loop.RunOnce(absl::Milliseconds(30));
  }
  EXPECT_LT(ProcessorNanoseconds() - before, 150'000'000) << "it spins";
  refuses = false;
  Message got;
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(pull.Receive(&got, absl::Seconds(10)).ok()) << i;
    ASSERT_EQ(got.size(), 64u);
  }
}

// Kernels before 6.10 have none of them.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BuffersMemoryTest);
INSTANTIATE_TEST_SUITE_P(Methods, BuffersMemoryTest,
                         ::testing::ValuesIn(OfThisKernel({ReadMethod::kIncremental,
                                                           ReadMethod::kBundle})),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace monocoque::uring
