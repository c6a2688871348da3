// The suite with one side a live libzmq: who comes first, who comes back, who lingers, who is slow,
// who is killed. Alike in each cell. Every pattern with libzmq: tests/interop/patterns_test.cc.
#include <unistd.h>
#include <zmq.h>

#include <csignal>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/support/command.h"
#include "tests/support/zmq_peer.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::Command;
using ::monocoque::testing::ZmqPeer;

// A process of its own that pushes to an endpoint.
constexpr char kPusher[] = "tests/conformance/zmq_pusher";

class ZmqTest : public CellTest {
 protected:
  // Their socket, which dials again quickly, as ours do.
  static std::unique_ptr<ZmqPeer> Theirs(int type) {
    auto peer = std::make_unique<ZmqPeer>(type);
    peer->Set(ZMQ_RECONNECT_IVL, 5);
    return peer;
  }
  void TheySend(ZmqPeer* from, const Parts& parts) {
    EXPECT_TRUE(Until([&] { return from->Send(parts); }));
  }
  Parts TheyReceive(ZmqPeer* at) {
    Parts parts;
    EXPECT_TRUE(Until([&] { return at->Receive(&parts); }));
    return parts;
  }
};

// TR-5: whoever connects first gets through once the other listens.
TEST_P(ZmqTest, ConnectBeforeBind) {
  {
    const auto push = Make(SocketType::kPush, Eager());
    Connect(push.get(), place());
    Send(push.get(), "ours");
    const auto pull = Theirs(ZMQ_PULL);
    pull->Bind(place());
    EXPECT_EQ(TheyReceive(pull.get()), Parts{"ours"});
  }
  if (over("ipc")) unlink(place().substr(std::string("ipc://").size()).c_str());
  const auto push = Theirs(ZMQ_PUSH);
  push->Connect(place());
  TheySend(push.get(), {"theirs"});
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  EXPECT_EQ(Receive(pull.get()), Parts{"theirs"});
  Did("each side's message, sent before the other listens, arrives");
}

// TR-5, ALL-1: their listener goes and comes back, and ours does.
TEST_P(ZmqTest, Reconnect) {
  constexpr int kLives = 3;
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  for (int life = 0; life < kLives; ++life) {
    Send(push.get(), absl::StrCat(life));
    const auto pull = Theirs(ZMQ_PULL);
    pull->Bind(place());
    EXPECT_EQ(TheyReceive(pull.get()), Parts{absl::StrCat(life)});
    pull->Close();
    AwaitPeers(push.get(), 0);
  }
  EXPECT_EQ(push->stats().lost, 0u);
  push->StartClose(absl::ZeroDuration());
  if (over("ipc")) unlink(place().substr(std::string("ipc://").size()).c_str());
  const auto theirs = Theirs(ZMQ_PUSH);
  theirs->Connect(place());
  for (int life = 0; life < kLives; ++life) {
    const auto pull = Make(SocketType::kPull);
    Bind(pull.get(), place());
    // What libzmq had given to a link that is gone is lost: it has to be sent until it arrives.
    Message message;
    EXPECT_TRUE(Until([&] {
      theirs->Send({absl::StrCat(life)});
      return pull->TryReceive(&message) && message.text() == absl::StrCat(life);
    }));
  }
  Did("the listener, theirs and then ours, lives 3 times: the other comes back each time, and its "
      "message arrives");
}

// TR-6: what was sent before a close arrives, whoever closes.
TEST_P(ZmqTest, CloseLingers) {
  constexpr int kMessages = 300;
  const std::string padding(1000, 'x');
  {
    const auto pull = Theirs(ZMQ_PULL);
    const auto push = Make(SocketType::kPush);
    Connect(push.get(), pull->Bind(any()));
    for (int i = 0; i < kMessages; ++i) Send(push.get(), {absl::StrCat(i), padding});
    push->StartClose(absl::InfiniteDuration());
    for (int i = 0; i < kMessages; ++i) ASSERT_EQ(TheyReceive(pull.get())[0], absl::StrCat(i));
    EXPECT_TRUE(Until([&] { return push->closed(); }));
  }
  const auto pull = Make(SocketType::kPull);
  const auto push = Theirs(ZMQ_PUSH);
  push->Set(ZMQ_LINGER, 30'000);
  push->Connect(Bind(pull.get(), any()));
  AwaitPeers(pull.get(), 1);
  for (int i = 0; i < kMessages; ++i) TheySend(push.get(), {absl::StrCat(i), padding});
  push->Close();
  for (int i = 0; i < kMessages; ++i) ASSERT_EQ(Receive(pull.get())[0], absl::StrCat(i));
  AwaitPeers(pull.get(), 0);
  Did("300 messages sent before our close arrive there, 300 before theirs arrive here");
}

// ALL-3, PULL-2: whoever is slow, the other is slowed down, and nothing is lost.
TEST_P(ZmqTest, ASlowReceiverSlowsTheSenderDown) {
  const std::string large(1 << 20, 'l');
  SocketOptions narrow = Eager();
  narrow.send_mark.messages = 4;
  narrow.receive_mark.messages = 4;
  {
    const auto pull = Theirs(ZMQ_PULL);
    pull->Set(ZMQ_RCVHWM, 4);
    const auto push = Make(SocketType::kPush, narrow);
    Connect(push.get(), pull->Bind(any()));
    int sent = 0;
    for (int quiet = 0; quiet < 20 && sent < 200; Turn()) {
      Message message(large);
      push->TrySend(&message).ok() ? ++sent : ++quiet;
    }
    EXPECT_LT(sent, 200) << "nobody slows us down";
    for (int i = 0; i < sent; ++i) ASSERT_EQ(TheyReceive(pull.get())[0].size(), large.size());
  }
  const auto pull = Make(SocketType::kPull, narrow);
  const auto push = Theirs(ZMQ_PUSH);
  push->Set(ZMQ_SNDHWM, 4);
  push->Connect(Bind(pull.get(), any()));
  int sent = 0;
  for (int quiet = 0; quiet < 20 && sent < 200; Turn()) push->Send({large}) ? ++sent : ++quiet;
  EXPECT_LT(sent, 200) << "nobody slows them down";
  for (int i = 0; i < sent; ++i) ASSERT_EQ(Receive(pull.get())[0].size(), large.size());
  Did("each sender is refused while the other takes nothing; then all it sent arrives");
}

// ALL-2: each side may close while octets are under way in both directions.
TEST_P(ZmqTest, CloseWithIoInFlight) {
  const std::string large(1 << 20, 'f');
  for (int turns = 0; turns < 6; ++turns) {
    auto theirs = Theirs(ZMQ_DEALER);
    const auto ours = Make(SocketType::kDealer);
    Connect(ours.get(), theirs->Bind(any()));
    AwaitPeers(ours.get(), 1);
    for (int i = 0; i < 4; ++i) {
      Message message(large);
      (void)ours->TrySend(&message);
      theirs->Send({large});
    }
    for (int i = 0; i < turns; ++i) Turn();
    if (turns % 2 == 0) {
      theirs.reset();
      AwaitPeers(ours.get(), 0);
    } else {
      ours->StartClose(absl::ZeroDuration());
      EXPECT_TRUE(Until([&] { return ours->closed(); }));
    }
    Message whole;
    while (ours->TryReceive(&whole)) EXPECT_EQ(whole.size(), large.size());
  }
  Did("each side closes 3 times in mid-stream; what is received is whole");
}

// F-8: their process is killed while it sends; what was cut is not delivered.
TEST_P(ZmqTest, KilledWhileItSends) {
  SocketOptions narrow;
  narrow.receive_mark.messages = 2;
  const auto pull = Make(SocketType::kPull, narrow);
  const std::string at = Bind(pull.get(), any());
  constexpr std::size_t kLarge = 1 << 20;
  const Command child({at, absl::StrCat(kLarge)}, {.program = kPusher});
  AwaitPeers(pull.get(), 1);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(Receive(pull.get())[0].size(), kLarge);
  child.Signal(SIGKILL);
  EXPECT_TRUE(Until([&] {
    Message message;
    while (pull->TryReceive(&message)) EXPECT_EQ(message.size(), kLarge);
    return pull->core().ready_peers() == 0;
  }));
  EXPECT_TRUE(Await(pull.get(), SocketEvent::Kind::kClosed).was_ready);
  const auto push = Theirs(ZMQ_PUSH);
  push->Connect(at);
  TheySend(push.get(), {"alive"});
  EXPECT_EQ(Receive(pull.get()), Parts{"alive"});
  Did("the process is killed in mid-stream: whole messages alone arrive, and the next peer's");
}

// H-5: their process stands still; heartbeats notice, and it is served again when it goes on.
TEST_P(ZmqTest, StandsStill) {
  SocketOptions beating = Eager();
  beating.link.heartbeat.interval = absl::Milliseconds(30);
  beating.link.heartbeat.timeout = absl::Milliseconds(60);
  const auto pull = Make(SocketType::kPull, beating);
  const std::string at = Bind(pull.get(), any());
  const Command child({at, "0"}, {.program = kPusher});
  AwaitPeers(pull.get(), 1);
  child.Signal(SIGSTOP);
  const SocketEvent closed = Await(pull.get(), SocketEvent::Kind::kClosed);
  EXPECT_EQ(CauseOf(closed.status), Cause::kHeartbeat) << closed.status;
  child.Signal(SIGCONT);
  AwaitPeers(pull.get(), 1);
  child.Signal(SIGKILL);
  AwaitPeers(pull.get(), 0);
  Did("a process that stands still is left after the heartbeat's timeout, and comes back later");
}

// Hundreds of their sockets on one of ours.
TEST_P(ZmqTest, Crowd) {
  constexpr std::size_t kSockets = 200;
  const auto rep = Make(SocketType::kRep);
  const std::string at = Bind(rep.get(), any());
  void* const context = zmq_ctx_new();
  std::vector<void*> reqs;
  for (std::size_t i = 0; i < kSockets; ++i) {
    reqs.push_back(zmq_socket(context, ZMQ_REQ));
    const int linger = 0;
    zmq_setsockopt(reqs.back(), ZMQ_LINGER, &linger, sizeof(linger));
    ASSERT_EQ(zmq_connect(reqs.back(), at.c_str()), 0);
    ASSERT_EQ(zmq_send(reqs.back(), &i, sizeof(i), 0), static_cast<int>(sizeof(i)));
  }
  for (std::size_t i = 0; i < kSockets; ++i) Send(rep.get(), Receive(rep.get()));
  for (std::size_t i = 0; i < kSockets; ++i) {
    std::size_t answer = kSockets;
    EXPECT_TRUE(
        Until([&] { return zmq_recv(reqs[i], &answer, sizeof(answer), ZMQ_DONTWAIT) >= 0; }));
    EXPECT_EQ(answer, i);
    zmq_close(reqs[i]);
  }
  zmq_ctx_term(context);
  Did("200 of their sockets ask one of ours, and each gets its own answer");
}

INSTANTIATE_TEST_SUITE_P(
    , ZmqTest,
    ::testing::ValuesIn(CellsOf("ZmqTest",
                                {{"sim", "", "a simulated transport reaches nobody outside"},
                                 {"", "inproc", "libzmq's is within a context of its own"}})),
    CellName);

}  // namespace
}  // namespace monocoque::conformance
