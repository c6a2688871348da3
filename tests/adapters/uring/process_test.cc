// What the adapter owes the process around it: signals, forks, descriptors. SIGPIPE, on every
// adapter: tests/conformance/wire_test.cc.
#include <signal.h>
#include <spawn.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"
#include "gtest/gtest.h"

namespace monocoque::uring {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);

volatile sig_atomic_t interruptions = 0;

// While it lives, a signal interrupts whatever waits, again and again.
class Interruptions {
 public:
  Interruptions() {
    interruptions = 0;
    struct sigaction action{};
    action.sa_handler = [](int) { interruptions = interruptions + 1; };
    sigaction(SIGALRM, &action, &before_);
    const itimerval every{{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &every, nullptr);
  }
  ~Interruptions() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_{};
};

TEST(ProcessTest, InterruptedWaitsGoOn) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  auto push = loop.Push(*pull.Bind("tcp://127.0.0.1:*"));
  const Interruptions while_waiting;
  // Those that come while the process is held up are one.
  for (int i = 0; i < 100 && interruptions <= 10; ++i) {
    const Instant begin = net::Now();
    EXPECT_EQ(pull.Receive(absl::Milliseconds(100)).status().code(),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_GE(net::Now() - begin, absl::Milliseconds(100));
  }
  ASSERT_TRUE(push->Send(std::string(5'000'000, 'x'), kSoon).ok());
  EXPECT_EQ(pull.Receive(kSoon)->size(), 5'000'000u);
  EXPECT_GT(interruptions, 10);
}

// The descriptors that a program we start finds open.
std::string InheritedDescriptors() {
  std::string all;
  FILE* list = popen("ls /proc/self/fd", "re");
  std::array<char, 256> line;
  while (list != nullptr && fgets(line.data(), line.size(), list) != nullptr) all += line.data();
  if (list != nullptr) pclose(list);
  return all;
}

TEST(ProcessTest, NoDescriptorOutlivesAnExec) {
  const std::string before = InheritedDescriptors();
  Loop loop;
  Socket rep = loop.MakeSocket(SocketType::kRep);
  Socket req = loop.MakeSocket(SocketType::kReq);
  ASSERT_TRUE(rep.Bind("ipc://*").ok());
  const std::string at = *rep.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(req.Connect(absl::StrCat("tcp://localhost", at.substr(at.rfind(':')))).ok());
  ASSERT_TRUE(req.WaitReady(1, kSoon).ok());
  EXPECT_EQ(InheritedDescriptors(), before);
}

// A child that leaves the loop alone takes nothing from its parent.
TEST(ProcessTest, TheParentGoesOnAfterAFork) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  auto push = loop.Push(*pull.Bind("ipc://*"));
  ASSERT_TRUE(push->Send("before").ok());
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  ASSERT_TRUE(push->Send("behind").ok());
  EXPECT_EQ(pull.Receive(kSoon)->text(), "before");
  EXPECT_EQ(pull.Receive(kSoon)->text(), "behind");
}

}  // namespace
}  // namespace monocoque::uring
