// What becomes of a close whose socket goes before it is over: `done` comes once all the same, from
// the loop.
#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/uv/socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/uv/fixture.h"
#include "tests/support/uv_loop.h"

namespace monocoque::uv {
namespace {

using ::testing::ElementsAre;

class CloseTest : public UvTest {
 protected:
  // One that cannot end its close: what it has sent is for nobody.
  std::unique_ptr<Socket>& MakePatient() {
    auto& push = Make(SocketType::kPush);
    EXPECT_TRUE(push->Connect("ipc://@monocoque-uv-close-nobody").ok());
    EXPECT_TRUE(push->Send("to nobody").ok());
    return push;
  }
  // Notes how a close ended.
  std::function<void(const absl::Status&)> Note() {
    return [this](const absl::Status& status) { told_.push_back(status.code()); };
  }
  void RunOnceWithoutWaiting() { uv_run(loop(), UV_RUN_NOWAIT); }

  std::vector<absl::StatusCode> told_;
};

TEST_F(CloseTest, DestroyedMeanwhileEachDoneComesFromTheNextIteration) {
  for (const bool begun : {false, true}) {
    told_.clear();
    auto& push = MakePatient();
    push->Close(absl::InfiniteDuration(), Note());
    if (begun) loop_->RunFor(absl::Milliseconds(10));
    push->Close(absl::InfiniteDuration(), Note());
    push.reset();
    EXPECT_THAT(told_, ElementsAre()) << "within the destructor";
    RunOnceWithoutWaiting();
    EXPECT_THAT(told_, ElementsAre(absl::StatusCode::kCancelled, absl::StatusCode::kCancelled));
    EXPECT_TRUE(loop_->RunOut()) << "the loop does not end by itself";
    EXPECT_EQ(told_.size(), 2u) << "one came twice";
  }
}

TEST_F(CloseTest, DestroyedAtAnyMomentDoneComesOnce) {
  const std::string large(100'000, 'c');
  for (int turns = 0; turns < 10; ++turns) {
    auto& pull = Make(SocketType::kPull);
    auto& push = Make(SocketType::kPush);
    ASSERT_TRUE(push->Connect(*pull->Bind("tcp://127.0.0.1:*")).ok());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(push->Send(large).ok());
    told_.clear();
    push->Close(absl::InfiniteDuration(), Note());
    for (int i = 0; i < turns; ++i) loop_->RunOnce(absl::Milliseconds(1));
    push.reset();
    pull.reset();
    EXPECT_TRUE(loop_->RunOut());
    ASSERT_EQ(told_.size(), 1u) << turns;
    EXPECT_TRUE(told_[0] == absl::StatusCode::kOk || told_[0] == absl::StatusCode::kCancelled);
    if (turns == 0) {
      EXPECT_EQ(told_[0], absl::StatusCode::kCancelled);
    }
  }
}

// In a callback of its own it is later, too: not before that returns.
TEST_F(CloseTest, DestroyedByItsOwnCallback) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  bool returned = false;
  bool told = false;
  pull->OnMessage([&](const Message&) {
    pull->Close(absl::InfiniteDuration(), [&](const absl::Status& status) {
      EXPECT_TRUE(absl::IsCancelled(status)) << status;
      EXPECT_TRUE(returned);
      told = true;
    });
    pull.reset();
    returned = true;
  });
  ASSERT_TRUE(push->Connect(*pull->Bind("ipc://*")).ok());
  ASSERT_TRUE(push->Send("x").ok());
  EXPECT_TRUE(RunUntil([&] { return told; }));
}

// The first of two destroys the socket, which is closed: the other hears of that as well.
TEST_F(CloseTest, DestroyedByTheFirstDone) {
  auto& pull = Make(SocketType::kPull);
  ASSERT_TRUE(pull->Bind("ipc://*").ok());
  pull->Close(absl::InfiniteDuration(), [&](const absl::Status& status) {
    Note()(status);
    pull.reset();
  });
  pull->Close(absl::InfiniteDuration(), Note());
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_THAT(told_, ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kOk));
}

TEST_F(CloseTest, ALateDoneMayDestroyAndMakeSockets) {
  auto& first = MakePatient();
  auto& second = MakePatient();
  std::unique_ptr<Socket> made;
  second->Close(absl::InfiniteDuration(), Note());
  first->Close(absl::InfiniteDuration(), [&](const absl::Status& status) {
    Note()(status);
    second.reset();
    made = std::make_unique<Socket>(loop(), SocketType::kPull);
    EXPECT_TRUE(made->Bind("ipc://*").ok());
    made->Close(absl::InfiniteDuration(), Note());
  });
  first.reset();
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_THAT(told_,
              ::testing::UnorderedElementsAre(absl::StatusCode::kCancelled,
                                              absl::StatusCode::kCancelled, absl::StatusCode::kOk));
}

// Destroyed by one that comes late, the next is later still, also if that was the loop's last
// socket.
TEST_F(CloseTest, ALateDoneThatStopsTheLoop) {
  auto& first = MakePatient();
  auto& second = MakePatient();
  second->Close(absl::InfiniteDuration(), Note());
  first->Close(absl::InfiniteDuration(), [&](const absl::Status& status) {
    Note()(status);
    second.reset();
    uv_stop(loop());
  });
  first.reset();
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_THAT(told_, ElementsAre(absl::StatusCode::kCancelled));
  EXPECT_NE(uv_loop_alive(loop()), 0) << "somebody is still to be told";
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_THAT(told_, ElementsAre(absl::StatusCode::kCancelled, absl::StatusCode::kCancelled));
  EXPECT_EQ(uv_loop_alive(loop()), 0);
}

// A handle that is assigned to closes what it had, as its destructor does.
TEST_F(CloseTest, DestroyedByAnAssignment) {
  auto& push = MakePatient();
  push->Close(absl::InfiniteDuration(), Note());
  Socket other(loop(), SocketType::kPush);
  *push = std::move(other);
  RunOnceWithoutWaiting();
  EXPECT_THAT(told_, ElementsAre(absl::StatusCode::kCancelled));
  EXPECT_TRUE(absl::IsFailedPrecondition(other.status())) << other.status();
  EXPECT_TRUE(push->status().ok());
  Socket& same = *push;
  *push = std::move(same);
  EXPECT_TRUE(push->status().ok());
}

// It has no loop that could tell later.
TEST_F(CloseTest, WhereThereIsNoSocketDoneComesAtOnce) {
  Socket push(loop(), SocketType::kPush);
  const Socket taken = std::move(push);
  push.Close(absl::InfiniteDuration(), Note());
  EXPECT_THAT(told_, ElementsAre(absl::StatusCode::kFailedPrecondition));
}

TEST_F(CloseTest, ASocketThatCannotBeMadeSaysSo) {
  SocketOptions options;
  options.routing_id = std::string(300, 'i');
  absl::Status told;
  {
    Socket bad(loop(), SocketType::kDealer, options);
    bad.Close(absl::InfiniteDuration(), [&](const absl::Status& status) { told = status; });
    EXPECT_TRUE(told.ok()) << "within the call";
    EXPECT_TRUE(absl::IsInvalidArgument(bad.status())) << bad.status();
  }
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_TRUE(absl::IsInvalidArgument(told)) << told;
}

}  // namespace
}  // namespace monocoque::uv
