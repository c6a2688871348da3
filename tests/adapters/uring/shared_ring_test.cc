// A loop on the host's own ring: both use it, each hears of its own.
#include <liburing.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/net/address.h"
#include "adapters/uring/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"

namespace monocoque::uring {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kSoon = absl::Seconds(10);

class SharedRingTest : public ::testing::Test {
 protected:
  explicit SharedRingTest(unsigned flags = 0) {
    EXPECT_EQ(io_uring_queue_init(64, &ring_, flags), 0);
  }
  ~SharedRingTest() override { io_uring_queue_exit(&ring_); }

  LoopOptions Options() {
    LoopOptions options;
    options.ring = &ring_;
    options.on_host_completion = [this](const io_uring_cqe& completion) {
      heard_.push_back(completion.user_data);
    };
    return options;
  }
  void QueueNop(std::uint64_t user_data) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    ASSERT_NE(sqe, nullptr);
    io_uring_prep_nop(sqe);
    io_uring_sqe_set_data64(sqe, user_data);
  }

  io_uring ring_{};
  std::vector<std::uint64_t> heard_;
};

// The loop's turns hand over what the host queued, and give its completions back in their order.
TEST_F(SharedRingTest, EachHearsOfItsOwn) {
  Loop loop(Options());
  ASSERT_TRUE(loop.status().ok()) << loop.status();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  int target = 0;
  QueueNop(0);
  QueueNop(reinterpret_cast<std::uintptr_t>(&target));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(push.Send(absl::StrCat(i), kSoon).ok());
  for (int i = 0; i < 100; ++i) {
    auto got = pull.Receive(kSoon);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->text(), absl::StrCat(i));
  }
  loop.Poll();
  EXPECT_THAT(heard_, ElementsAre(0u, reinterpret_cast<std::uintptr_t>(&target)));
}

// A host with a loop of its own takes completions off the ring and offers each to ours.
TEST_F(SharedRingTest, TheHostTurnsTheRing) {
  Loop loop(Options());
  ASSERT_TRUE(loop.status().ok()) << loop.status();
  Socket rep = loop.MakeSocket(SocketType::kRep);
  Socket req = loop.MakeSocket(SocketType::kReq);
  ASSERT_TRUE(req.Connect(rep.Bind("ipc://*").value_or("")).ok());
  ASSERT_TRUE(req.Send("question").ok());
  std::vector<std::uint64_t> own;
  std::string answer;
  QueueNop(7);
  const absl::Time deadline = absl::Now() + kSoon;
  while (answer.empty() && absl::Now() < deadline) {
    __kernel_timespec wait{0, 10'000'000};
    io_uring_cqe* cqe = nullptr;
    io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &wait, nullptr);
    while (io_uring_peek_cqe(&ring_, &cqe) == 0 && cqe != nullptr) {
      const io_uring_cqe completion = *cqe;
      io_uring_cqe_seen(&ring_, cqe);
      if (!loop.Give(completion)) own.push_back(completion.user_data);
    }
    while (loop.Poll()) continue;
    Message message;
    if (rep.TryReceive(&message)) {
      EXPECT_TRUE(rep.Send("answer").ok());
    }
    if (req.TryReceive(&message)) answer = message.text();
  }
  EXPECT_EQ(answer, "answer");
  own.insert(own.end(), heard_.begin(), heard_.end());
  EXPECT_THAT(own, ElementsAre(7u));
}

// A blocking call of ours is no end of the host's work: its completions come meanwhile, and its
// code may use our sockets.
TEST_F(SharedRingTest, TheHostsCodeMayUseSockets) {
  LoopOptions options = Options();
  Socket* sends = nullptr;
  options.on_host_completion = [&](const io_uring_cqe& completion) {
    EXPECT_EQ(completion.user_data, 3u);
    EXPECT_TRUE(sends->Send("from the host").ok());
  };
  Loop loop(options);
  Socket pull = loop.MakeSocket(SocketType::kPull);
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  sends = &push;
  QueueNop(3);
  auto got = pull.Receive(kSoon);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->text(), "from the host");
}

// The loop's end takes none of the host's requests with it.
TEST_F(SharedRingTest, TheHostsRequestsOutliveTheLoop) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  {
    LoopOptions options = Options();
    options.resolve = [](const std::string&, std::uint16_t port) {
      return net::NumericAddresses(*ParseEndpoint(absl::StrCat("tcp://127.0.0.1:", port)));
    };
    Loop loop(options);
    Socket pull = loop.MakeSocket(SocketType::kPull);
    Socket push = loop.MakeSocket(SocketType::kPush);
    const std::string bound = pull.Bind("tcp://127.0.0.1:*").value_or("");
    // By a name: the loop waits for the resolver by a request of its own on the ring.
    const std::string port = bound.substr(bound.rfind(':') + 1);
    ASSERT_TRUE(push.Connect(absl::StrCat("tcp://here.test:", port)).ok());
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    ASSERT_NE(sqe, nullptr);
    io_uring_prep_poll_add(sqe, pipe_ends[0], POLLIN);
    io_uring_sqe_set_data64(sqe, 9);
    ASSERT_TRUE(push.Send("x", kSoon).ok());
    ASSERT_TRUE(pull.Receive(kSoon).ok());
  }
  EXPECT_THAT(heard_, ElementsAre());
  ASSERT_EQ(write(pipe_ends[1], "x", 1), 1);
  io_uring_cqe* cqe = nullptr;
  __kernel_timespec wait{10, 0};
  ASSERT_EQ(io_uring_wait_cqe_timeout(&ring_, &cqe, &wait), 0);
  EXPECT_EQ(cqe->user_data, 9u);
  EXPECT_EQ(cqe->res, POLLIN);
  io_uring_cqe_seen(&ring_, cqe);
  // Nothing of the loop's is left on the ring.
  EXPECT_NE(io_uring_peek_cqe(&ring_, &cqe), 0);
  for (int end : pipe_ends) close(end);
}

// Two loops on one ring: each with a tag and a group of its own, each gives the other what is its.
TEST_F(SharedRingTest, TwoLoopsShareARing) {
  LoopOptions first = Options();
  LoopOptions second = Options();
  second.user_data_tag = 0x1234;
  second.buffer_group = 0x1234;
  Loop* other = nullptr;
  first.on_host_completion = [&](const io_uring_cqe& c) { EXPECT_TRUE(other->Give(c)); };
  Loop one(first);
  second.on_host_completion = [&](const io_uring_cqe& c) { EXPECT_TRUE(one.Give(c)); };
  Loop two(second);
  other = &two;
  ASSERT_TRUE(two.status().ok()) << two.status();
  Socket pull = one.MakeSocket(SocketType::kPull);
  Socket push = two.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  ASSERT_TRUE(push.Send("across").ok());
  Message got;
  const absl::Time deadline = absl::Now() + kSoon;
  while (!pull.TryReceive(&got) && absl::Now() < deadline) {
    one.RunOnce(absl::Milliseconds(1));
    two.RunOnce(absl::Milliseconds(1));
  }
  EXPECT_EQ(got.text(), "across");
}

// The flags that a modern host gives its ring, and no more. It waits for the descriptor and polls.
class DeferringRingTest : public SharedRingTest {
 protected:
  DeferringRingTest() : SharedRingTest(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) {}
};

TEST_F(DeferringRingTest, PollTakesWhatIsThere) {
  Loop loop(Options());
  ASSERT_TRUE(loop.status().ok()) << loop.status();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  Socket push = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  ASSERT_TRUE(push.Send("polled").ok());
  Message got;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  std::size_t told = 0;
  while (!pull.TryReceive(&got) && absl::Now() < deadline) {
    pollfd ready{loop.descriptor(), POLLIN, 0};
    told += static_cast<std::size_t>(poll(&ready, 1, 10));
    while (loop.Poll()) continue;
  }
  EXPECT_EQ(got.text(), "polled") << "the descriptor was ready " << told << " times";
}

// What cannot be shared is refused in words.
TEST(SharedRingRefusalTest, SaysWhy) {
  io_uring ring{};
  LoopOptions options;
  options.ring = &ring;
  EXPECT_THAT(Loop(options).status().ToString(), HasSubstr("needs on_host_completion"));
  options.on_host_completion = [](const io_uring_cqe&) {};
  ring.flags = IORING_SETUP_IOPOLL;
  EXPECT_THAT(Loop(options).status().ToString(), HasSubstr("IORING_SETUP_IOPOLL"));
  ring.flags = IORING_SETUP_CQE32;
  EXPECT_THAT(Loop(options).status().ToString(), HasSubstr("IORING_SETUP_CQE32"));
  ring.flags = 0;
  options.user_data_tag = 0;
  EXPECT_THAT(Loop(options).status().ToString(), HasSubstr("must not be 0"));
  options.user_data_tag = 1;
  ASSERT_EQ(io_uring_queue_init(8, &ring, IORING_SETUP_R_DISABLED), 0);
  EXPECT_THAT(Loop(options).status().ToString(), HasSubstr("enable it first"));
  EXPECT_EQ(io_uring_sq_ready(&ring), 0u) << "nothing of ours is left in the host's queue";
  io_uring_queue_exit(&ring);
}

TEST(SharedRingRefusalTest, AnotherThreadsRing) {
  io_uring ring{};
  std::atomic<bool> made = false;
  std::atomic<bool> over = false;
  std::thread owner([&] {
    EXPECT_EQ(io_uring_queue_init(8, &ring, IORING_SETUP_SINGLE_ISSUER), 0);
    made = true;
    made.notify_one();
    over.wait(false);
  });
  made.wait(false);
  LoopOptions options;
  options.ring = &ring;
  options.on_host_completion = [](const io_uring_cqe&) {};
  EXPECT_THAT(Loop(options).status().ToString(), HasSubstr("another thread"));
  EXPECT_EQ(io_uring_sq_ready(&ring), 0u) << "nothing of ours is left in the host's queue";
  over = true;
  over.notify_one();
  owner.join();
  io_uring_queue_exit(&ring);
}

}  // namespace
}  // namespace monocoque::uring
