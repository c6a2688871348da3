// How links receive, by each of the ways that this kernel has.
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "gtest/gtest.h"
#include "tests/adapters/uring/kernel_version.h"

namespace monocoque::uring {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);

Message Must(absl::StatusOr<Message> message) {
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : Message();
}

class ReadMethodTest : public ::testing::TestWithParam<ReadMethod> {
 protected:
  ReadMethodTest() : loop_({.best_read_method = GetParam()}) {}
  Loop loop_;
};

TEST_P(ReadMethodTest, TheMethodAskedForIsInUse) {
  ASSERT_TRUE(loop_.status().ok()) << loop_.status();
  ASSERT_EQ(loop_.read_method(), GetParam());
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  auto at = pull.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(at.ok()) << at.status();
  auto push = loop_.Push(*at);
  ASSERT_TRUE(push.ok());
  ASSERT_TRUE(push->Send("hello").ok());
  EXPECT_EQ(Must(pull.Receive(kSoon)).text(), "hello");
  const LoopStats& stats = loop_.stats();
  EXPECT_EQ(stats.reads_incremental > 0, GetParam() == ReadMethod::kIncremental);
  EXPECT_EQ(stats.reads_bundle > 0, GetParam() == ReadMethod::kBundle);
  EXPECT_EQ(stats.reads_one_shot > 0, GetParam() == ReadMethod::kOneShot);
}

// A large frame's rest goes straight into the frame's own block, whatever lies around it.
TEST_P(ReadMethodTest, LargeFramesAreReadDirectly) {
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  auto push = loop_.Push(*pull.Bind("tcp://127.0.0.1:*"));
  ASSERT_TRUE(push.ok());
  for (int i = 0; i < 4; ++i) {
    const std::string large(static_cast<std::size_t>(1 + i) * 700'000, static_cast<char>('a' + i));
    ASSERT_TRUE(push->Send("before").ok());
    ASSERT_TRUE(push->Send(large).ok());
    ASSERT_TRUE(push->Send(Message({"and", large, "behind"})).ok());
    push->Flush();
    EXPECT_EQ(Must(pull.Receive(kSoon)).text(), "before");
    EXPECT_TRUE(Must(pull.Receive(kSoon)).text() == large);
    const Message parts = Must(pull.Receive(kSoon));
    ASSERT_EQ(parts.part_count(), 3u);
    EXPECT_TRUE(parts[1].text() == large);
    EXPECT_EQ(parts[2].text(), "behind");
  }
  EXPECT_EQ(loop_.stats().reads_direct > 0, GetParam() != ReadMethod::kOneShot)
      << "one-shot reads into windows anyway";
}

// SEC-2: what peers make us keep is held against the budget, however it is read; and nothing is
// lost.
TEST_P(ReadMethodTest, ABudgetHoldsWhatIsReceived) {
  constexpr std::size_t kLinks = 30;
  constexpr std::size_t kEach = 20;
  constexpr std::size_t kBudget = 1 << 20;
  const std::string body(30'000, 'm');
  for (const auto& [of_each_link, dials] : {std::pair(false, false), std::pair(true, false),
                                            std::pair(false, true), std::pair(true, true)}) {
    SCOPED_TRACE(dials ? "those that it dials" : "those that come");
    SocketOptions options;
    (of_each_link ? options.link.budget_bytes : options.budget_bytes) = kBudget;
    Socket pull = loop_.MakeSocket(SocketType::kPull, options);
    const auto at = pull.Bind("tcp://127.0.0.1:*");
    ASSERT_TRUE(at.ok()) << at.status();
    Loop others;
    std::vector<Socket> pushes;
    for (std::size_t i = 0; i < (of_each_link ? 1 : kLinks); ++i) {
      pushes.push_back(others.MakeSocket(SocketType::kPush));
      if (dials) {
        ASSERT_TRUE(pull.Connect(*pushes.back().Bind("tcp://127.0.0.1:*")).ok());
        for (int turn = 0; turn < 1000 && !pushes.back().core().CanSend(); ++turn) {
          others.RunOnce(absl::ZeroDuration());
          loop_.RunOnce(absl::Milliseconds(1));
        }
      } else {
        ASSERT_TRUE(pushes.back().Connect(*at).ok());
      }
      for (std::size_t j = 0; j < 2 * kEach; ++j) ASSERT_TRUE(pushes.back().Send(body).ok());
    }
    // Until what comes has come.
    for (int turn = 0; turn < 500; ++turn) {
      others.RunOnce(absl::ZeroDuration());
      loop_.RunOnce(absl::ZeroDuration());
    }
    std::size_t kept = 0;
    for (SocketEvent event; pull.NextEvent(&event);) {
      if (event.kind != SocketEvent::Kind::kReady) continue;
      kept += pull.core().peer_stats(event.peer)->unreceived_bytes;
    }
    EXPECT_GT(kept, kBudget / 4);
    EXPECT_LE(kept, kBudget + body.size() + 100) << "and one message beyond it";
    for (std::size_t i = 0; i < pushes.size() * 2 * kEach; ++i) {
      Message message;
      for (int turn = 0; turn < 1000 && !pull.TryReceive(&message); ++turn) {
        others.RunOnce(absl::ZeroDuration());
        loop_.RunOnce(absl::Milliseconds(5));
      }
      ASSERT_TRUE(message.text() == body) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, ReadMethodTest,
                         ::testing::ValuesIn(OfThisKernel({ReadMethod::kIncremental,
                                                           ReadMethod::kBundle,
                                                           ReadMethod::kOneShot})),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace monocoque::uring
