// A host with a loop of its own, which waits for what it is told to between slices of work.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"
#include "gtest/gtest.h"
#include "tests/support/few_descriptors.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::FewDescriptors;
using ::monocoque::testing::TakenDescriptors;

// A host that waits for what it is told to, and takes messages between slices as
// examples/own_loop.cc does, gets all of them.
TEST(OwnLoopTest, AHostThatTakesBetweenSlicesHearsOfTheRest) {
  Loop loop;
  SocketOptions options;
  options.receive_mark = {.messages = 4, .bytes = 0};
  Socket pull = loop.MakeSocket(SocketType::kPull, options);
  const auto at = pull.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(at.ok());
  constexpr int kMany = 64;
  std::atomic<bool> looked = false;
  std::thread sender([&] {
    Loop other;
    auto push = other.Push(*at);
    for (int i = 0; i < kMany; ++i) {
      if (!push->Send(std::string(1 << 20, 'x'), absl::Seconds(20)).ok()) return;
    }
    while (!looked) other.RunOnce(absl::Milliseconds(1));
    (void)push->Close(absl::Seconds(20));
  });
  int got = 0;
  absl::Duration longest = absl::ZeroDuration();
  while (loop.Poll(/*max_work=*/1000)) continue;
  while (got < kMany) {
    const Instant due = loop.NextDeadline();
    const int most = due.is_never() ? 10'000 : 1;
    pollfd ready{loop.descriptor(), POLLIN, 0};
    const Instant begin = net::Now();
    const int told = poll(&ready, 1, most);
    longest = std::max(longest, net::Now() - begin);
    if (told == 0 && due.is_never()) break;  // nobody has said that anything is left
    while (loop.Poll(/*max_work=*/1000)) continue;
    for (Message message; pull.TryReceive(&message);) ++got;
  }
  EXPECT_EQ(got, kMany) << "it waits for ever";
  EXPECT_LT(longest, absl::Seconds(5)) << "the descriptor does not end a wait";
  EXPECT_FALSE(loop.Poll()) << "although work is left";
  looked = true;
  sender.join();
}

Task<void> CountReads(Loop& loop, int event, int* count) {
  for (;;) {
    co_await loop.AsyncReadable(event);
    eventfd_t value = 0;
    if (eventfd_read(event, &value) == 0) ++*count;
  }
}

// What a coroutine waits for ends the host's wait each time, an eventfd too.
TEST(OwnLoopTest, AnEventDescriptorWakesTheHostAgainAndAgain) {
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  {
    Loop loop;
    int count = 0;
    loop.Spawn(CountReads(loop, event, &count));
    for (int round = 1; round <= 4; ++round) {
      while (loop.Poll()) continue;
      ASSERT_EQ(eventfd_write(event, 1), 0);
      pollfd ready{loop.descriptor(), POLLIN, 0};
      ASSERT_EQ(poll(&ready, 1, 2000), 1) << "missed in round " << round;
      while (loop.Poll()) continue;
      EXPECT_EQ(count, round);
    }
  }
  close(event);
}

// A descriptor that wakes nobody is none: with descriptors out it may say so, and later has one.
TEST(OwnLoopTest, WithoutDescriptorsItGivesNoneThatWakesNobody) {
  for (const int left : {0, 1}) {
    Loop loop;
    Loop other;
    Socket pull = loop.MakeSocket(SocketType::kPull);
    Socket push = other.MakeSocket(SocketType::kPush);
    ASSERT_TRUE(push.Connect(*pull.Bind("tcp://127.0.0.1:*")).ok());
    while (push.core().ready_peers() == 0) {
      other.RunOnce(absl::ZeroDuration());
      loop.RunOnce(absl::ZeroDuration());
    }
    int given = -1;
    {
      const FewDescriptors few(100);
      const TakenDescriptors taken(left);
      given = loop.descriptor();
    }
    if (given < 0) given = loop.descriptor();
    while (loop.Poll()) continue;
    // As hosts do that name it once and wait for it then.
    const int host = epoll_create1(EPOLL_CLOEXEC);
    epoll_event ready{.events = EPOLLIN, .data = {}};
    ASSERT_EQ(epoll_ctl(host, EPOLL_CTL_ADD, given, &ready), 0);
    EXPECT_EQ(epoll_wait(host, &ready, 1, 0), 0);
    ASSERT_TRUE(push.Send("x").ok());
    EXPECT_EQ(epoll_wait(host, &ready, 1, 10'000), 1) << "with " << left;
    close(host);
  }
}

}  // namespace
}  // namespace monocoque::uring
