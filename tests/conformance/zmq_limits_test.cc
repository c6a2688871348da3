// All descriptors are taken while a live libzmq is at the other side, alike in each cell. A program
// of its own, since it takes everybody's; who dials has a process of its own, and all it wants.
#include <zmq.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/out_of_descriptors.h"
#include "tests/conformance/zmq_cell.h"
#include "tests/support/command.h"
#include "tests/support/few_descriptors.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::Command;
using ::monocoque::testing::TakenDescriptors;

// A process of its own that pushes to an endpoint.
constexpr char kPusher[] = "tests/conformance/zmq_pusher";

class ZmqLimitsTest : public WithFewDescriptors<ZmqCellTest> {
 protected:
  void CrossBothWays(FaceSocket* ours, ZmqPeer* theirs) {
    for (const std::size_t size : {1u, 1000u, 1u << 20}) {
      const std::string text(size, 'g');
      Send(ours, text);
      EXPECT_TRUE(TheyReceive(theirs) == Parts{text}) << size;
      TheySend(theirs, {text});
      EXPECT_TRUE(Receive(ours) == Parts{text}) << size;
    }
  }
};

// They dial and nobody can be let in: accepting pauses, is told, and goes on once it can; who was
// in already is served meanwhile.
TEST_P(ZmqLimitsTest, NoDescriptorToAccept) {
  constexpr int kPeers = 3;
  const auto dealer = Make(SocketType::kDealer);
  const auto inside = Theirs(ZMQ_DEALER);
  inside->Connect(Bind(dealer.get(), any()));
  AwaitPeers(dealer.get(), 1);
  std::vector<std::unique_ptr<Command>> dialers;
  const auto pull = Make(SocketType::kPull);
  for (int i = 0; i < kPeers; ++i) {
    dialers.push_back(std::make_unique<Command>(std::vector<std::string>{place(), "1"},
                                                testing::CommandSetup{.program = kPusher}));
  }
  Bind(pull.get(), place());
  // Before the first turn, so that none is in.
  TakenDescriptors taken(0);
  ExpectPatience(pull.get(), SocketEvent::Kind::kAcceptFailed, 2);
  EXPECT_EQ(pull->core().ready_peers(), 0u);
  CrossBothWays(dealer.get(), inside.get());
  taken.Free(2 * kPeers);
  AwaitPeers(pull.get(), kPeers);
  EXPECT_EQ(Receive(pull.get()), Parts{"k"});
  Did("3 of theirs wait while accepting fails, ten times a second at most; 6 messages cross beside "
      "them; then all 3 are let in");
}

// Dialing one of theirs fails with a sentence, is tried again with pauses, and succeeds in the end;
// the link that stands goes on meanwhile.
TEST_P(ZmqLimitsTest, NoDescriptorToDial) {
  const auto pull = Theirs(ZMQ_PULL);
  const std::string at = pull->Bind(any());
  const auto dealer = Make(SocketType::kDealer);
  const auto their_dealer = Theirs(ZMQ_DEALER);
  Connect(dealer.get(), their_dealer->Bind(any()));
  CrossBothWays(dealer.get(), their_dealer.get());
  const auto push = Make(SocketType::kPush);
  Turn();
  TakenDescriptors taken(0);
  Connect(push.get(), at);
  Send(push.get(), "late");
  ExpectPatience(push.get(), SocketEvent::Kind::kDialFailed, 1);
  CrossBothWays(dealer.get(), their_dealer.get());
  taken.Free(8);
  EXPECT_EQ(TheyReceive(pull.get()), Parts{"late"});
  Did("dialing fails with a sentence and pauses; 6 messages cross beside it; once there are "
      "descriptors the message arrives there");
}

INSTANTIATE_TEST_SUITE_P(, ZmqLimitsTest,
                         ::testing::ValuesIn(CellsOf("ZmqLimitsTest", ZmqAbsences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
