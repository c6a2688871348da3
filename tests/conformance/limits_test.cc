// All descriptors are taken: told in a sentence, no busy loop, and made up for once some are free.
// Alike in each cell. A program of its own, since it takes everybody's.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/out_of_descriptors.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/raw_peer.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::RawPeer;
using ::monocoque::testing::TakenDescriptors;
using ::testing::HasSubstr;

class LimitsTest : public WithFewDescriptors<CellTest> {
 protected:
  RawPeer::Turn turn() {
    return [this] { Turn(); };
  }
};

// A crowd comes and nobody can be let in: accepting pauses, is told, and goes on once it can.
TEST_P(LimitsTest, NoDescriptorToAccept) {
  const auto pull = Make(SocketType::kPull);
  const std::string at = Bind(pull.get(), any());
  Turn();
  constexpr int kPeers = 3;
  TakenDescriptors taken(kPeers);
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(std::make_unique<RawPeer>(turn(), at));
    ASSERT_TRUE(peers.back()->connected());
  }
  ExpectPatience(pull.get(), SocketEvent::Kind::kAcceptFailed, 2);
  taken.Free(kPeers);
  for (const auto& peer : peers) peer->HandshakeAs("PUSH");
  AwaitPeers(pull.get(), kPeers);
  Did("3 peers wait while accepting fails, ten times a second at most; then all 3 are let in");
}

// The links that stand go on meanwhile.
TEST_P(LimitsTest, LinksThatStandGoOn) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush);
  Join(pull.get(), push.get());
  AwaitPeers(push.get(), 1);
  AwaitPeers(pull.get(), 1);
  const TakenDescriptors taken(0);
  for (const std::size_t size : {1u, 1000u, 1u << 20}) {
    Send(push.get(), std::string(size, 'g'));
    EXPECT_EQ(Receive(pull.get())[0].size(), size);
  }
  Did("3 messages cross while no descriptor is left");
}

// Dialing fails with a sentence, is tried again with pauses that grow, and succeeds in the end.
TEST_P(LimitsTest, NoDescriptorToDial) {
  const auto pull = Make(SocketType::kPull);
  const std::string at = Bind(pull.get(), any());
  const auto push = Make(SocketType::kPush);
  Turn();
  TakenDescriptors taken(0);
  Connect(push.get(), at);
  Send(push.get(), "late");
  ExpectPatience(push.get(), SocketEvent::Kind::kDialFailed, 1);
  taken.Free(8);
  EXPECT_EQ(Receive(pull.get()), Parts{"late"});
  Did("dialing fails with a sentence and pauses; once there are descriptors the message arrives");
}

// Listening fails with a sentence, and the socket is none the worse for it.
TEST_P(LimitsTest, NoDescriptorToListen) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush);
  Turn();
  TakenDescriptors taken(0);
  const absl::StatusOr<std::string> bound = pull->Bind(any());
  ASSERT_FALSE(bound.ok());
  EXPECT_THAT(std::string(bound.status().message()), HasSubstr(kDescriptorsAreOut));
  taken.Free(8);
  Join(pull.get(), push.get());
  Send(push.get(), "after all");
  EXPECT_EQ(Receive(pull.get()), Parts{"after all"});
  Did("the bind is refused with a sentence; once there are descriptors it succeeds");
}

// A loop that cannot be made says so; one that asks for descriptors only when it has to has its
// first socket say it.
TEST_P(LimitsTest, NoDescriptorForALoop) {
  const TakenDescriptors taken(0);
  const std::unique_ptr<cli::Host> host = MakeHost(cell().adapter);
  absl::Status why = host->status();
  const bool at_once = !why.ok();
  if (why.ok()) {
    const auto socket = host->MakeSocket(SocketType::kPull, {});
    why = socket.ok() ? (*socket)->Bind(any()).status() : socket.status();
  }
  EXPECT_FALSE(why.ok());
  EXPECT_NE(why.message(), "");
  Did(at_once ? "its status is a sentence" : "its first socket gets the sentence");
}

INSTANTIATE_TEST_SUITE_P(
    , LimitsTest,
    ::testing::ValuesIn(CellsOf("LimitsTest", {{"sim", "", "a simulation has no descriptors"},
                                               {"", "inproc", "has no descriptors of its own"}})),
    CellName);

}  // namespace
}  // namespace monocoque::conformance
