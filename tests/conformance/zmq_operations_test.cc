// Operations that wait for a live libzmq, alike on each adapter that has such: what cancelling them
// does.
#include <zmq.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/operations.h"
#include "tests/conformance/zmq_cell.h"
#include "tests/support/zmq_peer.h"

namespace monocoque::conformance {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kSoon = absl::Seconds(40);

class ZmqOperationsTest : public ScenarioTest {
 protected:
  ZmqOperationsTest() : loop_(MakeOperationLoop(cell().adapter)) {}

  [[nodiscard]] bool Until(const std::function<bool()>& holds) {
    for (const absl::Time deadline = absl::Now() + kSoon; !holds();) {
      if (absl::Now() > deadline) return false;
      loop_->Turn();
    }
    return true;
  }
  OperationSocket::Id ReceiveInto(OperationSocket* at, std::vector<std::string>* list) {
    return at->Receive([list](const absl::StatusOr<Message>& received) {
      list->emplace_back(received.ok() ? received->text() : "error");
    });
  }

  std::unique_ptr<OperationLoop> loop_;
};

// One of three is cancelled while all wait; the others get their messages, in order.
TEST_P(ZmqOperationsTest, ACancelledReceiveTakesNothing) {
  const auto pull = loop_->MakeSocket(SocketType::kPull, Eager());
  const absl::StatusOr<std::string> bound = pull->Bind(any());
  ASSERT_TRUE(bound.ok()) << bound.status();
  ZmqPeer push(ZMQ_PUSH);
  push.Connect(*bound);
  bool ready = false;
  pull->WaitReady(1, [&](const absl::Status& status) { ready = status.ok(); });
  EXPECT_TRUE(Until([&] { return ready; }));
  std::vector<std::string> first, second, third;
  ReceiveInto(pull.get(), &first);
  const OperationSocket::Id cancelled = ReceiveInto(pull.get(), &second);
  ReceiveInto(pull.get(), &third);
  for (int i = 0; i < 2; ++i) loop_->Turn();
  loop_->Cancel(cancelled);
  for (const char* text : {"one", "two"}) EXPECT_TRUE(Until([&] { return push.Send({text}); }));
  EXPECT_TRUE(Until([&] { return !first.empty() && !third.empty(); }));
  EXPECT_THAT(first, ElementsAre("one"));
  EXPECT_THAT(third, ElementsAre("two"));
  EXPECT_TRUE(second.empty() || second == Parts{"error"});
  Did(second.empty() ? "2 messages go to the other two; the cancelled coroutine is destroyed"
                     : "2 messages go to the other two; the cancelled one completes with an error");
}

// A send that waits for room is cancelled: it never reaches libzmq, those around it do.
TEST_P(ZmqOperationsTest, ACancelledSendIsNotSent) {
  SocketOptions narrow = Eager();
  narrow.send_mark.messages = 1;
  const auto push = loop_->MakeSocket(SocketType::kPush, narrow);
  ASSERT_EQ(push->Connect(place()), absl::OkStatus());
  int sent = 0;
  const auto count = [&](const absl::Status& status) { sent += status.ok() ? 1 : 0; };
  push->Send(Message("taken"), count);
  const OperationSocket::Id cancelled = push->Send(Message("cancelled"), count);
  push->Send(Message("patient"), count);
  for (int i = 0; i < 2; ++i) loop_->Turn();
  loop_->Cancel(cancelled);
  ZmqPeer pull(ZMQ_PULL);
  pull.Bind(place());
  for (const char* text : {"taken", "patient"}) {
    Parts parts;
    EXPECT_TRUE(Until([&] { return pull.Receive(&parts); }));
    EXPECT_EQ(parts, Parts{text});
  }
  EXPECT_TRUE(Until([&] { return sent == 2; }));
  push->Send(Message("last"), count);
  Parts parts;
  EXPECT_TRUE(Until([&] { return pull.Receive(&parts); }));
  EXPECT_EQ(parts, Parts{"last"});
  ClearPlace();
  Did("3 of 4 messages arrive, all but the cancelled one");
}

std::vector<Absence> Absences() {
  std::vector<Absence> absences = ZmqAbsences();
  absences.push_back(
      {"uv", "", "it calls back, and has no operations: nothing comes once a socket is gone"});
  return absences;
}
INSTANTIATE_TEST_SUITE_P(, ZmqOperationsTest,
                         ::testing::ValuesIn(CellsOf("ZmqOperationsTest", Absences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
