#include "adapters/uring/ring.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/uring/buffers.h"
#include "adapters/uring/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "tests/support/forbid.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::Forbid;
using ::testing::HasSubstr;

// Each reason in one sentence that says what to change.
TEST(RingTest, ARefusalNamesItsReason) {
  struct Case {
    int error, disabled;
    absl::StatusCode code;
    const char* says;
  };
  const Case cases[] = {
      {EPERM, 2, absl::StatusCode::kPermissionDenied, "kernel.io_uring_disabled = 2; set it to 0"},
      {EPERM, 1, absl::StatusCode::kPermissionDenied, "kernel.io_uring_disabled = 1; set it to 0"},
      {EPERM, 0, absl::StatusCode::kPermissionDenied, "seccomp filter"},
      {EACCES, 0, absl::StatusCode::kPermissionDenied, "allow io_uring_setup"},
      {ENOSYS, 0, absl::StatusCode::kUnimplemented, "this kernel has none, or a seccomp filter"},
      {ENOMEM, 0, absl::StatusCode::kResourceExhausted, "raise it (ulimit -l)"},
      {EMFILE, 0, absl::StatusCode::kResourceExhausted, "raise the limit (ulimit -n)"},
      {EFAULT, 0, absl::StatusCode::kUnavailable, "io_uring: Bad address."},
  };
  for (const Case& c : cases) {
    const absl::Status refused = SetupRefused(c.error, c.disabled);
    EXPECT_EQ(refused.code(), c.code) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(c.says));
    EXPECT_EQ(refused.message().back(), '.');
  }
}

// Locked memory that closed rings had is back a while later.
TEST(RingTest, MemoryIsWaitedFor) {
  int refusals = 0;
  const auto refuses_thrice = [&] { return ++refusals <= 3 ? -ENOMEM : 0; };
  EXPECT_EQ(SetUpPatiently(refuses_thrice, net::Now() + absl::Seconds(10)), 0);
  EXPECT_EQ(refusals, 4);
  const auto refuses = [&] {
    ++refusals;
    return -ENOMEM;
  };
  const Instant end = net::Now() + absl::Milliseconds(5);
  EXPECT_EQ(SetUpPatiently(refuses, end), -ENOMEM);
  EXPECT_GE(net::Now(), end);
  EXPECT_GT(std::exchange(refusals, 10), 4);
  const auto forbids = [&] {
    ++refusals;
    return -EPERM;
  };
  EXPECT_EQ(SetUpPatiently(forbids, net::Now() + absl::Seconds(10)), -EPERM)
      << "nothing to wait for";
  EXPECT_EQ(refusals, 11);
}

// An old kernel is refused by a sentence, and not by connections that fail.
TEST(RingTest, WhatAKernelLacksIsNamed) {
  constexpr int kAll = 64;
  std::vector<std::uint64_t> memory(
      (sizeof(io_uring_probe) + kAll * sizeof(io_uring_probe_op)) / 8 + 1);
  auto* probe = reinterpret_cast<io_uring_probe*>(memory.data());
  probe->last_op = kAll - 1;
  for (int i = 0; i < kAll; ++i) probe->ops[i].flags = IO_URING_OP_SUPPORTED;
  EXPECT_TRUE(CheckRequests(probe).ok());
  for (const int needed : {IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL, IORING_OP_SENDMSG,
                           IORING_OP_SEND, IORING_OP_RECV, IORING_OP_CLOSE}) {
    probe->ops[needed].flags = 0;
    const absl::Status lacks = CheckRequests(probe);
    EXPECT_EQ(lacks.code(), absl::StatusCode::kUnimplemented) << needed;
    EXPECT_THAT(std::string(lacks.message()), HasSubstr("take Linux 5.6"));
    probe->ops[needed].flags = IO_URING_OP_SUPPORTED;
  }
  EXPECT_TRUE(CheckRequests(nullptr).ok()) << "a filter may forbid to ask";
}

// What `run` says in a process of its own.
std::string InChild(const std::function<std::string()>& run) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const std::string said = run();
    _exit(write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string all;
  std::array<char, 1024> chunk;
  for (ssize_t got; (got = read(ends[0], chunk.data(), chunk.size())) > 0;) {
    all.append(chunk.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return all;
}

std::string UnderFilter(long call, int error) {
  return InChild([&] {
    if (!Forbid(call, error)) return std::string("no filter");
    const Loop loop;
    return std::string(loop.status().message());
  });
}

TEST(RingTest, ASeccompFilterIsNamed) {
  EXPECT_THAT(UnderFilter(SYS_io_uring_setup, EPERM), HasSubstr("forbidden by a seccomp filter"));
  EXPECT_THAT(UnderFilter(SYS_io_uring_setup, ENOSYS), HasSubstr("a seccomp filter hides it"));
}

// Where there is no locked memory it is waited for, and for all that a loop sets up together: then
// it has no ring, or none of the better ways to read.
TEST(RingTest, AWantOfLockedMemoryIsWaitedOut) {
  for (const long call : {SYS_io_uring_setup, SYS_io_uring_register}) {
    const std::string said = InChild([call] {
      if (!Forbid(call, ENOMEM)) return std::string("no filter");
      const Instant begin = net::Now();
      const Loop loop;
      const absl::Duration took = net::Now() - begin;
      if (took < absl::Seconds(1)) return std::string("it was not waited for");
      if (took > absl::Milliseconds(1900)) return std::string("it was waited for twice");
      if (!loop.status().ok()) return std::string(loop.status().message());
      return std::string(loop.read_method() == ReadMethod::kOneShot ? "plain" : "better");
    });
    if (call == SYS_io_uring_setup) {
      EXPECT_THAT(said, HasSubstr("the limit of locked memory is reached"));
    } else {
      EXPECT_EQ(said, "plain");
    }
  }
}

// A filter that lets the setup pass and nothing behind it.
TEST(RingTest, AFilterOfLaterCallsIsNamedToo) {
  EXPECT_THAT(UnderFilter(SYS_io_uring_enter, EPERM),
              HasSubstr("allow io_uring_setup, io_uring_enter"));
}

// Without buffer rings there is still a way to receive.
TEST(RingTest, WithoutRegistrationLinksReadOneShot) {
  const std::string said = InChild([] {
    if (!Forbid(SYS_io_uring_register, EPERM)) return std::string("no filter");
    Loop loop;
    Socket pull = loop.MakeSocket(SocketType::kPull);
    auto push = loop.Push(pull.Bind("tcp://127.0.0.1:*").value_or(""));
    if (!push.ok() || !push->Send("here").ok()) return std::string("no socket");
    const auto got = pull.Receive(absl::Seconds(10));
    const bool one_shot = loop.read_method() == ReadMethod::kOneShot;
    return got.ok() && one_shot ? std::string(got->text()) : std::string(got.status().message());
  });
  EXPECT_EQ(said, "here");
}

// Whatever is asked of it, a loop without a ring says why.
TEST(RingTest, ALoopWithoutARingSaysWhyEverywhere) {
  const std::string said = InChild([] {
    if (!Forbid(SYS_io_uring_setup, EPERM)) return std::string("no filter");
    Loop loop;
    Socket pull = loop.MakeSocket(SocketType::kPull);
    Message message;
    const absl::Status all[] = {Loop::Create().status(),
                                loop.Push("tcp://127.0.0.1:1").status(),
                                pull.status(),
                                pull.Bind("tcp://127.0.0.1:*").status(),
                                pull.Connect("tcp://127.0.0.1:1"),
                                pull.Send("x"),
                                pull.TrySend(&message),
                                pull.Receive().status(),
                                pull.WaitReady(),
                                pull.Close(),
                                loop.WaitAny({&pull}).status()};
    for (const absl::Status& status : all) {
      if (status != loop.status()) return status.ToString();
    }
    pull.Flush();
    loop.RunOnce(absl::InfiniteDuration());
    return std::string(loop.Poll() || pull.TryReceive(&message) ? "?" : "each said so");
  });
  EXPECT_EQ(said, "each said so");
}

Task<void> Wait(Loop& loop) {
  co_await loop.AsyncSleep(absl::Hours(1));
  co_await loop.AsyncReadable(0);
  co_await loop.AsyncWritable(0);
}

// Nor does it wait for what cannot come.
TEST(RingTest, OnALoopWithoutARingNothingIsAwaited) {
  const std::string said = InChild([] {
    alarm(20);
    if (!Forbid(SYS_io_uring_setup, EPERM)) return std::string("no filter");
    Loop loop;
    loop.RunUntil(Wait(loop));
    return std::string("over");
  });
  EXPECT_EQ(said, "over");
}

// Remembers the order of completions.
class Recorder final : public Completion {
 public:
  Recorder(int number, std::vector<int>* order) : number_(number), order_(*order) {}
  void OnCompletion(int, unsigned) override { order_.push_back(number_); }

 private:
  const int number_;
  std::vector<int>& order_;
};

void QueueNop(Ring* ring, Completion* completion) {
  io_uring_sqe* sqe = ring->Prepare();
  io_uring_prep_nop(sqe);
  ring->Own(sqe, completion);
}

TEST(RingTest, AKernelThatTakesNothingIsNotWaitedFor) {
  const std::string said = InChild([] {
    alarm(20);
    auto ring = Ring::Create(4);
    if (!ring.ok() || !Forbid(SYS_io_uring_enter, EAGAIN)) return std::string("no filter");
    for (int i = 0; i < 100; ++i) QueueNop(ring->get(), nullptr);
    (*ring)->SubmitAndWait(absl::Milliseconds(1));
    return std::string("queued");
  });
  EXPECT_EQ(said, "queued");
}

// A kernel that takes nothing just now has not said that it lacks something: what was asked of it
// may come yet, and nothing else is tried in its place.
TEST(RingTest, AKernelThatTakesNothingIsNotFoundWanting) {
  const std::string said = InChild([] {
    alarm(20);
    auto ring = Ring::Create(4);
    if (!ring.ok() || !Forbid(SYS_io_uring_enter, EAGAIN)) return std::string("no filter");
    const auto buffers = Buffers::Create(ring->get(), ReadMethod::kBundle);
    return absl::IsUnavailable(buffers.status()) ? std::string("later")
                                                 : buffers.status().ToString();
  });
  EXPECT_EQ(said, "later");
}

// Another thread's requests are refused by a ring for one thread: they wait for their place, in
// their order.
TEST(RingTest, WhatFindsNoPlaceGoesLater) {
  constexpr int kCount = 20;
  auto ring = Ring::Create(4);
  ASSERT_TRUE(ring.ok()) << ring.status();
  std::vector<int> order;
  std::vector<int> expected;
  std::vector<std::unique_ptr<Recorder>> recorders;
  for (int i = 0; i < kCount; ++i) {
    recorders.push_back(std::make_unique<Recorder>(i, &order));
    expected.push_back(i);
  }
  std::thread([&] {
    for (const auto& recorder : recorders) QueueNop(ring->get(), recorder.get());
  }).join();
  for (int i = 0; i < 100 && (*ring)->outstanding() > 0; ++i) {
    (*ring)->SubmitAndWait(absl::Milliseconds(10));
    (*ring)->Reap(100);
  }
  EXPECT_EQ(order, expected);
}

}  // namespace
}  // namespace monocoque::uring
