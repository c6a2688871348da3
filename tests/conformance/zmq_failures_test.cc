// What goes wrong between a socket, a live libzmq and the system, alike in each cell: who has an
// address, whose file it is, by what name it is found.
#include <zmq.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/zmq_cell.h"

namespace monocoque::conformance {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ZmqFailuresTest : public ZmqCellTest {
 protected:
  // At place(), where they listen.
  void WeAreRefused(FaceSocket* ours) {
    const absl::StatusOr<std::string> refused = ours->Bind(place());
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(std::string(refused.status().message()),
                AllOf(HasSubstr(place()), HasSubstr("in use")));
  }
  // They, bound at place(), are none the worse for it.
  void TheyAreReached(ZmqPeer* theirs) {
    const auto push = Make(SocketType::kPush, Eager());
    Connect(push.get(), place());
    Send(push.get(), "for them");
    EXPECT_EQ(TheyReceive(theirs), Parts{"for them"});
  }
  // The same of ours, bound at `at`.
  void WeAreReached(FaceSocket* ours, const std::string& at) {
    const auto push = Theirs(ZMQ_PUSH);
    push->Connect(at);
    TheySend(push.get(), {"for us"});
    EXPECT_EQ(Receive(ours), Parts{"for us"});
  }
  void Close(FaceSocket* ours) {
    ours->StartClose(absl::ZeroDuration());
    EXPECT_TRUE(Until([&] { return ours->closed(); }));
  }
};

// E-10: said at once, whoever has it. Their ipc listeners take any path: ZmqFilesTest.
TEST_P(ZmqFailuresTest, AddressInUse) {
  const auto theirs = Theirs(ZMQ_PULL);
  theirs->Bind(place());
  const auto ours = Make(SocketType::kPull);
  WeAreRefused(ours.get());
  TheyAreReached(theirs.get());
  const std::string at = Bind(ours.get(), any());
  if (over("tcp")) {
    EXPECT_EQ(zmq_bind(theirs->socket(), at.c_str()), -1);
    EXPECT_EQ(zmq_errno(), EADDRINUSE);
    TheyAreReached(theirs.get());
  }
  WeAreReached(ours.get(), at);
  ClearPlace();
  Did(over("tcp") ? "whoever comes second is refused, we with a sentence; the first goes on"
                  : "they listen: our bind is refused with a sentence, they go on");
}

INSTANTIATE_TEST_SUITE_P(, ZmqFailuresTest,
                         ::testing::ValuesIn(CellsOf("ZmqFailuresTest", ZmqAbsences())), CellName);

using ZmqFilesTest = ZmqFailuresTest;

// E-12, E-14: what a libzmq that is gone left is replaced, what a live one has is not.
TEST_P(ZmqFilesTest, AStaleSocketIsReplaced) {
  auto theirs = Theirs(ZMQ_PULL);
  theirs->Bind(place());
  const auto ours = Make(SocketType::kPull);
  WeAreRefused(ours.get());
  TheyAreReached(theirs.get());
  theirs.reset();
  ASSERT_TRUE(PlaceHasFile()) << "it takes its file along";
  Bind(ours.get(), place());
  WeAreReached(ours.get(), place());
  Close(ours.get());
  EXPECT_FALSE(PlaceHasFile()) << "closing removes it";
  Did("a live libzmq's file is not replaced, a dead one's is, and closing removes it");
}

// E-14: they replace any file. What they have put there is not ours to remove.
TEST_P(ZmqFilesTest, TheyTakeOurPath) {
  const auto ours = Make(SocketType::kPull);
  Bind(ours.get(), place());
  const auto early = Theirs(ZMQ_PUSH);
  early->Connect(place());
  AwaitPeers(ours.get(), 1);
  const auto theirs = Theirs(ZMQ_PULL);
  theirs->Bind(place());
  TheyAreReached(theirs.get());
  TheySend(early.get(), {"early"});
  EXPECT_EQ(Receive(ours.get()), Parts{"early"});
  Close(ours.get());
  EXPECT_TRUE(PlaceHasFile()) << "closing removes what is not ours";
  TheyAreReached(theirs.get());
  ClearPlace();
  Did("libzmq binds to our path and is reached there; the link that stood goes on, and our close "
      "leaves their file");
}

std::vector<Absence> FilesAbsences() {
  std::vector<Absence> absences = ZmqAbsences();
  absences.push_back({"", "tcp", "has no files"});
  return absences;
}
INSTANTIATE_TEST_SUITE_P(, ZmqFilesTest,
                         ::testing::ValuesIn(CellsOf("ZmqFilesTest", FilesAbsences())), CellName);

class ZmqNamesTest : public ZmqFailuresTest {
 protected:
  static std::string ByName(const std::string& at) {
    return absl::StrCat("tcp://localhost", at.substr(at.rfind(':')));
  }
};

// E-5
TEST_P(ZmqNamesTest, NamesAreLookedUp) {
  const auto theirs = Theirs(ZMQ_PULL);
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), ByName(theirs->Bind(any())));
  Send(push.get(), "by name");
  EXPECT_EQ(TheyReceive(theirs.get()), Parts{"by name"});
  const auto ours = Make(SocketType::kPull);
  WeAreReached(ours.get(), ByName(Bind(ours.get(), any())));
  Did("they are found at localhost, and we are: 1 message arrives each way");
}

// E-5, TR-5: asked for again for each attempt; who comes to listen there is found.
TEST_P(ZmqNamesTest, ANameWhereTheyListenLate) {
  const auto push = Make(SocketType::kPush, Eager());
  const std::string name = ByName(place());
  Connect(push.get(), name);
  Send(push.get(), "late");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const SocketEvent failed = Await(push.get(), SocketEvent::Kind::kDialFailed);
    EXPECT_THAT(std::string(failed.status.message()), HasSubstr(name));
  }
  const auto theirs = Theirs(ZMQ_PULL);
  theirs->Bind(place());
  EXPECT_EQ(TheyReceive(theirs.get()), Parts{"late"});
  Did("2 dials by name fail with a sentence; once they listen, the message arrives");
}

std::vector<Absence> NamesAbsences() {
  std::vector<Absence> absences = ZmqAbsences();
  absences.push_back({"", "ipc", "paths are not looked up"});
  return absences;
}
INSTANTIATE_TEST_SUITE_P(, ZmqNamesTest,
                         ::testing::ValuesIn(CellsOf("ZmqNamesTest", NamesAbsences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
