#include "adapters/net/quiet_thread.h"

#include <signal.h>

#include <thread>

#include "gtest/gtest.h"
#include "tests/support/no_threads.h"

namespace monocoque::net {
namespace {

bool Blocked(int signal) {
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  return sigismember(&blocked, signal) == 1;
}

TEST(QuietThreadTest, SignalsAreForTheOthers) {
  bool ran = false;
  bool blocked = false;
  std::thread thread = StartQuietThread([&] {
    ran = true;
    blocked = Blocked(SIGTERM) && Blocked(SIGCHLD);
  });
  EXPECT_FALSE(Blocked(SIGTERM));
  EXPECT_FALSE(Blocked(SIGCHLD));
  ASSERT_TRUE(thread.joinable());
  thread.join();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(blocked);
}

TEST(QuietThreadTest, NoneCanBeHad) {
  const monocoque::testing::NoThreads none;
  std::thread thread = StartQuietThread([] {});
  EXPECT_FALSE(thread.joinable());
  if (thread.joinable()) thread.join();
  EXPECT_FALSE(Blocked(SIGTERM)) << "the caller hears of signals as before";
}

}  // namespace
}  // namespace monocoque::net
