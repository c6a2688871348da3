// Operations that wait, alike on each adapter that has such: what cancelling them does, and what
// becomes of them when their socket goes. Closing is one on each.
#include "tests/conformance/operations.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/operations_scenario.h"

namespace monocoque::conformance {
namespace {

using ::testing::ElementsAre;

class OperationsTest : public OperationsScenario {
 protected:
  void Join(OperationSocket* binds, OperationSocket* connects) {
    const absl::StatusOr<std::string> bound = binds->Bind(any());
    ASSERT_TRUE(bound.ok()) << bound.status();
    ASSERT_EQ(connects->Connect(*bound), absl::OkStatus());
  }
};

void Ignore(const absl::Status&) {}

// What a list of operations came to.
struct Tally {
  int begun = 0;
  int ok = 0;
  int cancelled = 0;
  int otherwise = 0;

  int over() const { return ok + cancelled + otherwise; }
  void Add(const absl::Status& status) {
    ++(status.ok() ? ok : absl::IsCancelled(status) ? cancelled : otherwise);
  }
  OperationSocket::Done Count() {
    ++begun;
    return [this](const absl::Status& status) { Add(status); };
  }
  OperationSocket::Received CountReceived() {
    ++begun;
    return [this](const absl::StatusOr<Message>& received) { Add(received.status()); };
  }
};

// One of three is cancelled; the others get the messages, in order.
TEST_P(OperationsTest, ACancelledReceiveTakesNothing) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush);
  Join(pull.get(), push.get());
  CancelOneOfThree(pull.get(), [&](std::string_view text) { push->Send(Message(text), Ignore); });
}

// A send that waits for room is cancelled: it is not sent, and those behind it are.
TEST_P(OperationsTest, ACancelledSendIsNotSent) {
  SocketOptions narrow = Eager();
  narrow.send_mark.messages = 1;
  const auto push = Make(SocketType::kPush, narrow);
  ASSERT_EQ(push->Connect(place()), absl::OkStatus());
  Tally sends;
  push->Send(Message("taken"), sends.Count());
  const OperationSocket::Id cancelled = push->Send(Message("cancelled"), sends.Count());
  push->Send(Message("patient"), sends.Count());
  Turns(2);
  loop_->Cancel(cancelled);
  Turns(1);
  const auto pull = Make(SocketType::kPull);
  ASSERT_TRUE(pull->Bind(place()).ok());
  std::vector<std::string> received;
  for (int i = 0; i < 3; ++i) ReceiveInto(pull.get(), &received);
  push->Send(Message("last"), sends.Count());
  EXPECT_TRUE(Until([&] { return received.size() == 3 && sends.ok == 3; }));
  EXPECT_THAT(received, ElementsAre("taken", "patient", "last"));
  EXPECT_EQ(sends.otherwise, 0);
  Did("3 of 4 messages arrive, all but the cancelled one");
}

// Destroyed at any moment: each operation completes once, those without a result with an error.
TEST_P(OperationsTest, DestroyedWithOperationsOutstanding) {
  const std::string large(1 << 20, 'o');
  SocketOptions narrow = Eager();
  narrow.send_mark.messages = 1;
  narrow.receive_mark.messages = 1;
  constexpr int kMoments = 10;
  for (int turns = 0; turns < kMoments; ++turns) {
    const auto stays = Make(SocketType::kDealer, narrow);
    auto goes = Make(SocketType::kDealer, narrow);
    turns % 2 == 0 ? Join(stays.get(), goes.get()) : Join(goes.get(), stays.get());
    Tally operations;
    for (int i = 0; i < 20; ++i) goes->Send(Message(large), operations.Count());
    for (int i = 0; i < 3; ++i) goes->Receive(operations.CountReceived());
    goes->WaitReady(5, operations.Count());
    stays->Send(Message("one of three"), Ignore);
    Turns(turns);
    EXPECT_LT(operations.over(), operations.begun);
    goes.reset();
    EXPECT_TRUE(Until([&] { return operations.over() == operations.begun; })) << turns;
    EXPECT_GT(operations.cancelled, 0);
    EXPECT_EQ(operations.otherwise, 0);
    Turns(2);
    EXPECT_EQ(operations.over(), operations.begun) << "one completed twice";
  }
  Did("destroyed at 10 moments: each of 24 operations completes once, the outstanding ones with an "
      "error");
}

// A handler may destroy its own socket, and others' operations.
TEST_P(OperationsTest, DestroyedByAHandler) {
  auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush);
  Join(pull.get(), push.get());
  Tally others;
  pull->Receive([&](const absl::StatusOr<Message>& received) {
    EXPECT_TRUE(received.ok());
    pull.reset();
  });
  for (int i = 0; i < 3; ++i) pull->Receive(others.CountReceived());
  pull->WaitReady(5, others.Count());
  for (int i = 0; i < 4; ++i) push->Send(Message(absl::StrCat(i)), Ignore);
  EXPECT_TRUE(Until([&] { return others.over() == others.begun; }));
  EXPECT_EQ(pull, nullptr);
  EXPECT_EQ(others.cancelled, others.begun);
  Did("the first of 4 receives destroys the socket; the other operations complete with an error");
}

// TR-6: closing ends what could not come any more, and writes what was sent.
TEST_P(OperationsTest, ClosedWithOperationsOutstanding) {
  auto push = Make(SocketType::kDealer);
  const auto pull = Make(SocketType::kDealer);
  Join(pull.get(), push.get());
  Tally operations, close;
  std::vector<std::string> received;
  ReceiveInto(pull.get(), &received);
  push->Send(Message("last words"), Ignore);
  push->Receive(operations.CountReceived());
  push->WaitReady(5, operations.Count());
  push->Close(absl::InfiniteDuration(), close.Count());
  EXPECT_TRUE(Until([&] { return close.ok == 1 && received.size() == 1; }));
  EXPECT_THAT(received, ElementsAre("last words"));
  EXPECT_TRUE(Until([&] { return operations.over() == 2; }));
  EXPECT_EQ(operations.ok, 0);
  Did("what was sent arrives, the close completes; a receive and a wait complete with an error");
}

INSTANTIATE_TEST_SUITE_P(
    , OperationsTest,
    ::testing::ValuesIn(
        CellsOf("OperationsTest",
                {{"sim", "", "its calls wait in virtual time, one by one: none is outstanding"},
                 {"uv", "", "it calls back, and has one operation, to close: see Closing"}},
                {"sim", "uring", "uv", "asio"})),
    CellName);

class ClosingTest : public OperationsScenario {
 protected:
  // A socket that cannot end its close: what it has sent is for nobody.
  std::unique_ptr<OperationSocket> MakePatient() {
    auto push = Make(SocketType::kPush);
    EXPECT_EQ(push->Connect(place()), absl::OkStatus());
    push->Send(Message("for nobody"), Ignore);
    return push;
  }
};

// Destroyed at any moment: the close is over, and said to be cut off.
TEST_P(ClosingTest, DestroyedWhileItCloses) {
  constexpr int kMoments = 10;
  for (int turns = 0; turns < kMoments; ++turns) {
    auto goes = MakePatient();
    Tally closes;
    for (int i = 0; i < 2; ++i) goes->Close(absl::InfiniteDuration(), closes.Count());
    Turns(turns);
    goes.reset();
    EXPECT_EQ(closes.over(), 0) << "within the destructor, or before";
    EXPECT_TRUE(Until([&] { return closes.over() == 2; })) << turns;
    EXPECT_EQ(closes.cancelled, 2);
    Turns(2);
    EXPECT_EQ(closes.over(), 2) << "one completed twice";
  }
  Did("destroyed at 10 moments: each of 2 closes completes once, with an error");
}

// Who is told so may do anything.
TEST_P(ClosingTest, ItsHandlerDestroysAndMakesSockets) {
  auto first = MakePatient();
  auto second = MakePatient();
  std::unique_ptr<OperationSocket> third;
  Tally closes;
  second->Close(absl::InfiniteDuration(), closes.Count());
  const auto count = closes.Count();
  first->Close(absl::InfiniteDuration(), [&](const absl::Status& status) {
    count(status);
    second.reset();
    third = Make(SocketType::kPull);
    EXPECT_TRUE(third->Bind(any()).ok());
    third->Close(absl::InfiniteDuration(), closes.Count());
  });
  first.reset();
  EXPECT_TRUE(Until([&] { return closes.over() == 3; }));
  EXPECT_EQ(closes.cancelled, 2);
  EXPECT_EQ(closes.ok, 1);
  Did("the close that is cut off tells somebody who destroys a socket and closes a new one: each "
      "of "
      "3 closes completes once");
}

INSTANTIATE_TEST_SUITE_P(
    , ClosingTest,
    ::testing::ValuesIn(
        CellsOf("ClosingTest",
                {{"sim", "", "its calls wait in virtual time, one by one: none is outstanding"}},
                {"sim", "uring", "uv", "asio"})),
    CellName);

}  // namespace
}  // namespace monocoque::conformance
