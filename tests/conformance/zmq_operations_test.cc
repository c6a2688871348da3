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
#include "tests/conformance/operations_scenario.h"
#include "tests/conformance/zmq_cell.h"
#include "tests/support/zmq_peer.h"

namespace monocoque::conformance {
namespace {

class ZmqOperationsTest : public OperationsScenario {};

// One of three is cancelled while all wait; the others get their messages, in order.
TEST_P(ZmqOperationsTest, ACancelledReceiveTakesNothing) {
  const auto pull = Make(SocketType::kPull);
  const absl::StatusOr<std::string> bound = pull->Bind(any());
  ASSERT_TRUE(bound.ok()) << bound.status();
  ZmqPeer push(ZMQ_PUSH);
  push.Connect(*bound);
  bool ready = false;
  pull->WaitReady(1, [&](const absl::Status& status) { ready = status.ok(); });
  EXPECT_TRUE(Until([&] { return ready; }));
  CancelOneOfThree(pull.get(), [&](std::string_view text) {
    EXPECT_TRUE(Until([&] { return push.Send({std::string(text)}); }));
  });
}

// A send that waits for room is cancelled: it never reaches libzmq, those around it do.
TEST_P(ZmqOperationsTest, ACancelledSendIsNotSent) {
  SocketOptions narrow = Eager();
  narrow.send_mark.messages = 1;
  const auto push = Make(SocketType::kPush, narrow);
  ASSERT_EQ(push->Connect(place()), absl::OkStatus());
  int sent = 0;
  const auto count = [&](const absl::Status& status) { sent += status.ok() ? 1 : 0; };
  push->Send(Message("taken"), count);
  const OperationSocket::Id cancelled = push->Send(Message("cancelled"), count);
  push->Send(Message("patient"), count);
  Turns(2);
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
      {"uv", "", "it calls back, and has one operation, to close, which cannot be cancelled"});
  return absences;
}
INSTANTIATE_TEST_SUITE_P(, ZmqOperationsTest,
                         ::testing::ValuesIn(CellsOf("ZmqOperationsTest", Absences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
