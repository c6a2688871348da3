// What bare sockets do to the other adapters in wire_test.cc the simulator does itself: links that
// are cut in the middle of a frame, half open, silent. Alike whatever the endpoint.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/sim/simulation.h"
#include "adapters/sim/socket.h"
#include "cli/host.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/sim_host.h"

namespace monocoque::conformance {
namespace {

class SimWireTest : public CellTest {
 protected:
  SimWireTest() : SimWireTest(new SimHost) {}

  static const sim::Socket& Of(const std::unique_ptr<FaceSocket>& socket) {
    return SimHost::SocketOf(*socket);
  }
  SimHost& host() { return host_; }
  sim::Simulation& simulation() { return host_.simulation(); }
  static SocketOptions Beating() {
    SocketOptions options = Eager();
    options.link.heartbeat.interval = absl::Milliseconds(20);
    options.link.heartbeat.timeout = absl::Milliseconds(40);
    return options;
  }
  static SocketOptions Hasty() {
    SocketOptions options = Eager();
    options.link.handshake_timeout = absl::Milliseconds(60);
    return options;
  }
  // They are linked, and a message shows it.
  void Linked(FaceSocket* push, FaceSocket* pull) {
    AwaitPeers(push, 1);
    AwaitPeers(pull, 1);
    Send(push, "linked");
    EXPECT_EQ(Receive(pull), Parts{"linked"});
  }
  void Closed(FaceSocket* at, bool was_ready, Cause cause) {
    const SocketEvent closed = Await(at, SocketEvent::Kind::kClosed);
    EXPECT_EQ(closed.was_ready, was_ready);
    EXPECT_EQ(CauseOf(closed.status), cause) << closed.status;
  }

 private:
  explicit SimWireTest(SimHost* host) : CellTest(std::unique_ptr<cli::Host>(host)), host_(*host) {}

  SimHost& host_;  // face()'s
};

// TR-1, F-8, ALL-2: what was cut is not delivered, and counted where it was sent; what comes later
// arrives.
TEST_P(SimWireTest, KilledInMidFrame) {
  constexpr std::uint64_t kHead = 9, kBody = 1 << 20;
  const std::vector<std::uint64_t> moments = {1, 3, kHead, kHead + 1, 100'000, kHead + kBody - 1};
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush, Eager());
  Join(pull.get(), push.get());
  std::uint64_t killed = 0;
  for (const std::uint64_t octets : moments) {
    Linked(push.get(), pull.get());
    simulation().CutAfterBytes(Of(push), Of(pull), octets);
    Send(push.get(), std::string(kBody, 'c'));
    Closed(pull.get(), true, Cause::kTransport);
    Closed(push.get(), true, Cause::kTransport);
    EXPECT_EQ(push->stats().lost, ++killed);
    Message message;
    EXPECT_FALSE(pull->TryReceive(&message)) << "a message was cut, and delivered";
  }
  Linked(push.get(), pull.get());
  EXPECT_EQ(push->stats().reconnects, killed);
  Did(absl::StrCat(killed,
                   " links are cut in mid-frame: none of the messages is delivered, each is "
                   "counted as lost; the dialer comes back each time"));
}

// TR-5, ALL-1: before the handshake is done nothing is lost.
TEST_P(SimWireTest, KilledInTheHandshake) {
  const std::vector<std::uint64_t> moments = {1, 10, 11, 63, 64, 65, 80};
  const auto pull = Make(SocketType::kPull);
  const std::string at = Bind(pull.get(), any());
  for (const std::uint64_t octets : moments) {
    for (const bool dialer : {true, false}) {
      const auto push = Make(SocketType::kPush, Eager());
      dialer ? simulation().CutAfterBytes(Of(push), Of(pull), octets)
             : simulation().CutAfterBytes(Of(pull), Of(push), octets);
      Connect(push.get(), at);
      Send(push.get(), absl::StrCat(octets));
      // Its dial fails, if it is not back yet, or its link closes.
      EXPECT_NE(Await(push.get(), SocketEvent::Kind::kRetry).status.message(), "");
      EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(octets)});
      EXPECT_EQ(push->stats().lost, 0u);
    }
  }
  Did(absl::StrCat(2 * moments.size(),
                   " links are cut in the handshake, at what either sends: the dialer comes again, "
                   "and its message arrives"));
}

// H-5: nothing passes any more, and nobody is told: heartbeats notice, at either end.
TEST_P(SimWireTest, HalfOpen) {
  for (const bool receiver_beats : {true, false}) {
    const auto pull = Make(SocketType::kPull, receiver_beats ? Beating() : Eager());
    const auto push = Make(SocketType::kPush, receiver_beats ? Eager() : Beating());
    Join(pull.get(), push.get());
    Linked(push.get(), pull.get());
    simulation().Partition(Of(push), Of(pull));
    FaceSocket* const beats = receiver_beats ? pull.get() : push.get();
    FaceSocket* const waits = receiver_beats ? push.get() : pull.get();
    Closed(beats, true, Cause::kHeartbeat);
    for (int i = 0; i < 100; ++i) Turn();
    EXPECT_EQ(waits->core().ready_peers(), 1u) << "nobody told it";
    simulation().Heal(Of(push), Of(pull));
    Closed(waits, true, Cause::kTransport);
    Linked(push.get(), pull.get());
    EXPECT_EQ(push->stats().lost, 0u);
  }
  Did("2 links fall silent: the end that beats leaves, the other learns of it once octets pass "
      "again; both are linked anew");
}

// H-5: the same while there is much to write.
TEST_P(SimWireTest, SilentAndDeaf) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush, Beating());
  Join(pull.get(), push.get());
  Linked(push.get(), pull.get());
  simulation().Partition(Of(push), Of(pull));
  Send(push.get(), std::string(8 << 20, 'd'));
  const SocketEvent closed = Await(push.get(), SocketEvent::Kind::kClosed);
  EXPECT_EQ(CauseOf(closed.status), Cause::kHeartbeat) << closed.status;
  EXPECT_EQ(closed.lost_messages, 1u);
  simulation().Heal(Of(push), Of(pull));
  Linked(push.get(), pull.get());
  Did("a peer that takes nothing is left, and the message on its way counted as lost; healed, it "
      "is linked anew");
}

// H-5: a process that stands still is left, and comes back when it goes on.
TEST_P(SimWireTest, StandsStill) {
  const auto pull = Make(SocketType::kPull, Beating());
  const auto push = Make(SocketType::kPush, Eager());
  Join(pull.get(), push.get());
  Linked(push.get(), pull.get());
  simulation().Freeze(Of(push), absl::Milliseconds(200));
  Closed(pull.get(), true, Cause::kHeartbeat);
  Linked(push.get(), pull.get());
  Did("a process that stands still is left after the heartbeat's timeout, and comes back later");
}

// G-11: whoever connects and says nothing is left at the handshake's deadline; others are served.
TEST_P(SimWireTest, ConnectsAndSaysNothing) {
  const auto pull = Make(SocketType::kPull, Hasty());
  const auto mute = Make(SocketType::kPush, Eager());
  const std::string at = Bind(pull.get(), any());
  Connect(mute.get(), at);
  // The dial is there, and not back yet.
  host().RunOnce(absl::Microseconds(300));
  simulation().Freeze(Of(mute), absl::Milliseconds(200));
  const auto push = Make(SocketType::kPush);
  Connect(push.get(), at);
  Send(push.get(), "meanwhile");
  EXPECT_EQ(Receive(pull.get()), Parts{"meanwhile"});
  Closed(pull.get(), false, Cause::kTimeout);
  AwaitPeers(pull.get(), 2);
  Did("a process that stands still in the handshake is left at its deadline, another is served; it "
      "comes in later");
}

// G-11, TR-5: the same of one who is dialed: it is tried again, and nothing is lost.
TEST_P(SimWireTest, AcceptsAndSaysNothing) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush, Hasty());
  const std::string at = Bind(pull.get(), any());
  simulation().Freeze(Of(pull), absl::Milliseconds(200));
  Connect(push.get(), at);
  Send(push.get(), "patience");
  Closed(push.get(), false, Cause::kTimeout);
  EXPECT_EQ(Receive(pull.get()), Parts{"patience"});
  EXPECT_EQ(push->stats().lost, 0u);
  Did("the dialer leaves at the handshake's deadline and comes again; its message arrives then");
}

INSTANTIATE_TEST_SUITE_P(
    , SimWireTest,
    ::testing::ValuesIn(CellsOf("SimWireTest",
                                {{kReal, "", "peers that are bare sockets do it: Wire"}})),
    CellName);

}  // namespace
}  // namespace monocoque::conformance
