// A socket's life with a live libzmq at the other side: who comes first, who comes back, who
// lingers, who goes, who is killed. Alike in each cell.
#include <zmq.h>

#include <csignal>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/zmq_cell.h"
#include "tests/support/command.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::Command;

// A process of its own that pushes to an endpoint.
constexpr char kPusher[] = "tests/conformance/zmq_pusher";

class ZmqTest : public ZmqCellTest {
 protected:
  // Until the last link is over, which libzmq ends within calls of its user's.
  void TheyLeave(ZmqPeer* theirs, FaceSocket* ours) {
    EXPECT_TRUE(Until([&] {
      theirs->events();
      return ours->core().ready_peers() == 0;
    }));
  }
  // We send so many large ones to one of theirs that takes nothing, and close with this linger
  // time; then one that it takes. How many were lost.
  int WeCloseOnASlowOne(int messages, absl::Duration linger) {
    const auto pull = Theirs(ZMQ_PULL);
    pull->Set(ZMQ_RCVHWM, 4);
    const std::string at = pull->Bind(any());
    SocketOptions patient;
    patient.send_mark.bytes = 0;
    const auto push = Make(SocketType::kPush, patient);
    Connect(push.get(), at);
    for (int i = 0; i < messages; ++i) Send(push.get(), large_);
    EXPECT_TRUE(TheyReceive(pull.get()) == Parts{large_});
    push->StartClose(linger);
    EXPECT_TRUE(Until([&] { return push->closed(); }));
    const int lost = static_cast<int>(push->stats().lost);
    const auto next = Make(SocketType::kPush);
    Connect(next.get(), at);
    Send(next.get(), "next");
    // Of a link that ends while it is at its mark, libzmq may lose what the kernel still has.
    int received = 1;
    for (Parts parts; (parts = TheyReceive(pull.get())) != Parts{"next"}; ++received) {
      EXPECT_TRUE(parts == Parts{large_}) << received;
      if (HasFailure()) return lost;
    }
    EXPECT_LE(received, messages - lost);
    return lost;
  }
  // The other way round. How many arrived.
  int TheyCloseOnASlowOne(int messages, int linger) {
    SocketOptions narrow;
    narrow.receive_mark.messages = 4;
    const auto pull = Make(SocketType::kPull, narrow);
    auto push = Theirs(ZMQ_PUSH);
    push->Set(ZMQ_LINGER, linger);
    push->Connect(Bind(pull.get(), any()));
    AwaitPeers(pull.get(), 1);
    for (int i = 0; i < messages; ++i) TheySend(push.get(), {large_});
    push.reset();
    int received = 0;
    EXPECT_TRUE(Until([&] {
      for (Message message; pull->TryReceive(&message); ++received) {
        EXPECT_EQ(message.size(), large_.size());
      }
      return pull->core().ready_peers() == 0;
    }));
    return received;
  }
  // Both talk for so many turns; then one is destroyed, and the other goes on with the next.
  void OneIsDestroyed(int turns, bool we_go, bool we_bind);
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
  ClearPlace();
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
  ClearPlace();
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

// TR-6: the linger time ends a close, whoever's, although the other takes nothing.
TEST_P(ZmqTest, LingerEnds) {
  // More than the kernel takes between two sockets.
  constexpr int kMessages = 100;
  EXPECT_GT(WeCloseOnASlowOne(kMessages, absl::Milliseconds(20)), 0);
  EXPECT_LT(TheyCloseOnASlowOne(kMessages, 20), kMessages);
  Did("each side's close is over after its linger time, although the other takes nothing; what "
      "did not go is lost, and counted here");
}

// TR-6: without a linger time nothing is waited for.
TEST_P(ZmqTest, CloseWithoutLingering) {
  constexpr int kMessages = 100;
  EXPECT_GT(WeCloseOnASlowOne(kMessages, absl::ZeroDuration()), 0);
  EXPECT_LT(TheyCloseOnASlowOne(kMessages, 0), kMessages);
  Did("each side's close is over at once, although the other takes nothing; what it did not take "
      "is lost, and counted here");
}

// TR-6: through a pending connect too, whoever's.
TEST_P(ZmqTest, CloseLingersUntilSomebodyListens) {
  {
    const auto push = Make(SocketType::kPush, Eager());
    Connect(push.get(), place());
    Send(push.get(), "our last words");
    push->StartClose(absl::InfiniteDuration());
    for (int i = 0; i < 5; ++i) Turn();
    EXPECT_FALSE(push->closed());
    const auto pull = Theirs(ZMQ_PULL);
    pull->Bind(place());
    EXPECT_EQ(TheyReceive(pull.get()), Parts{"our last words"});
    EXPECT_TRUE(Until([&] { return push->closed(); }));
  }
  ClearPlace();
  const auto push = Theirs(ZMQ_PUSH);
  push->Set(ZMQ_LINGER, 30'000);
  push->Connect(place());
  TheySend(push.get(), {"theirs"});
  push->Close();
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  EXPECT_EQ(Receive(pull.get()), Parts{"theirs"});
  AwaitPeers(pull.get(), 0);
  Did("each side closes before the other listens: its message arrives once it does, and the close "
      "is over");
}

void ZmqTest::OneIsDestroyed(int turns, bool we_go, bool we_bind) {
  const std::string large(300'000, 'd');
  auto theirs = Theirs(ZMQ_DEALER);
  auto ours = Make(SocketType::kDealer, Eager());
  if (we_bind) {
    Bind(ours.get(), place());
    theirs->Connect(place());
  } else {
    theirs->Bind(place());
    Connect(ours.get(), place());
  }
  for (int i = 0; i < turns; ++i) {
    Message message(large);
    (void)ours->TrySend(&message);
    theirs->Send({large});
    Turn();
  }
  if (we_go) {
    ours.reset();
    ours = Make(SocketType::kDealer, Eager());
    we_bind ? (void)Bind(ours.get(), place()) : Connect(ours.get(), place());
  } else {
    theirs.reset();
    AwaitPeers(ours.get(), 0);
    theirs = Theirs(ZMQ_DEALER);
    we_bind ? theirs->Connect(place()) : (void)theirs->Bind(place());
  }
  // What goes to a link that is gone is lost: it has to be sent until it arrives.
  bool here = false, there = false;
  EXPECT_TRUE(Until([&] {
    Message next("next");
    if (!there) (void)ours->TrySend(&next);
    if (!here) theirs->Send({"next"});
    for (Message message; ours->TryReceive(&message);) {
      if (message.text() == "next") here = true;
      EXPECT_TRUE(message.text() == "next" || message.text() == large) << "it was cut";
    }
    for (Parts parts; theirs->Receive(&parts);) {
      if (parts == Parts{"next"}) there = true;
      EXPECT_TRUE(parts == Parts{"next"} || parts == Parts{large}) << "it was cut";
    }
    return here && there;
  })) << "here: "
      << here << ", there: " << there;
}

// Destroying is safe whatever is under way: each run goes a turn further before it.
TEST_P(ZmqTest, DestroyedAtAnyMoment) {
  constexpr int kMoments = 8;
  for (int turns = 0; turns < kMoments && !HasFailure(); ++turns) {
    for (const bool we_go : {true, false}) {
      for (const bool we_bind : {true, false}) {
        OneIsDestroyed(turns, we_go, we_bind);
        ClearPlace();
      }
    }
  }
  Did(absl::StrCat(
      "either side is destroyed at ", 2 * kMoments,
      " moments, whoever binds: messages are whole, and the next one there is served"));
}

// TR-4, E-19: one socket listens and connects at several endpoints, and hears from all.
TEST_P(ZmqTest, SeveralEndpoints) {
  constexpr std::size_t kOthers = 6;
  const auto ours = Make(SocketType::kPull);
  const auto theirs = Theirs(ZMQ_PULL);
  std::vector<std::unique_ptr<ZmqPeer>> their_pushes;
  std::vector<std::unique_ptr<FaceSocket>> our_pushes;
  std::set<Parts> expected, received_here, received_there;
  for (std::size_t i = 0; i < kOthers; ++i) {
    their_pushes.push_back(Theirs(ZMQ_PUSH));
    our_pushes.push_back(Make(SocketType::kPush, Eager()));
    if (i % 2 == 0) {
      their_pushes.back()->Connect(Bind(ours.get(), any()));
      Connect(our_pushes.back().get(), theirs->Bind(any()));
    } else {
      Connect(ours.get(), their_pushes.back()->Bind(any()));
      theirs->Connect(Bind(our_pushes.back().get(), any()));
    }
    expected.insert({absl::StrCat(i)});
    TheySend(their_pushes.back().get(), {absl::StrCat(i)});
    Send(our_pushes.back().get(), absl::StrCat(i));
  }
  for (std::size_t i = 0; i < kOthers; ++i) {
    received_here.insert(Receive(ours.get()));
    received_there.insert(TheyReceive(theirs.get()));
  }
  EXPECT_EQ(received_here, expected);
  EXPECT_EQ(received_there, expected);
  Did("one PULL of each side, bound 3 times and connected 3 times, hears from all 6 of the other");
}

// The address is free again at once, whoever had it, while somebody dials it.
TEST_P(ZmqTest, TheAddressIsFreeAgain) {
  constexpr int kLives = 10;
  const auto push = Theirs(ZMQ_PUSH);
  push->Connect(place());
  for (int life = 0; life < kLives; ++life) {
    auto ours = Make(SocketType::kPull);
    Bind(ours.get(), place());
    // Accepting may be under way, or not begun.
    for (int turns = 0; turns < life % 3; ++turns) Turn();
    if (life % 2 == 0) {
      ours->StartClose(absl::ZeroDuration());
      EXPECT_TRUE(Until([&] { return ours->closed(); }));
    }
    ours.reset();
    const auto theirs = Theirs(ZMQ_PULL);
    theirs->Bind(place());
  }
  const auto ours = Make(SocketType::kPull);
  Bind(ours.get(), place());
  AwaitPeers(ours.get(), 1);
  TheySend(push.get(), {"the last one"});
  EXPECT_EQ(Receive(ours.get()), Parts{"the last one"});
  Did("10 of ours and 10 of theirs bind to one address in turns; the last one there is reached");
}

// TR-4: what a listener let in goes with it, and comes back with it.
TEST_P(ZmqTest, Unbind) {
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  const ListenerId listener = Await(pull.get(), SocketEvent::Kind::kListening).listener;
  const auto inside = Theirs(ZMQ_PUSH);
  inside->Connect(place());
  const auto elsewhere = Theirs(ZMQ_PUSH);
  elsewhere->Connect(Bind(pull.get(), any()));
  AwaitPeers(pull.get(), 2);
  EXPECT_EQ(Unbind(pull.get(), listener), absl::OkStatus());
  AwaitPeers(pull.get(), 1);
  TheySend(elsewhere.get(), {"stays"});
  EXPECT_EQ(Receive(pull.get()), Parts{"stays"});
  for (int i = 0; i < 20; ++i) Turn();
  EXPECT_EQ(pull->core().ready_peers(), 1u);
  Bind(pull.get(), place());
  AwaitPeers(pull.get(), 2);
  pull->StartClose(absl::ZeroDuration());
  inside->Close();
  EXPECT_TRUE(Until([&] { return pull->closed(); }));

  const auto theirs = Theirs(ZMQ_PULL);
  theirs->Bind(place());
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  AwaitPeers(push.get(), 1);
  ASSERT_EQ(zmq_unbind(theirs->socket(), place().c_str()), 0);
  TheyLeave(theirs.get(), push.get());
  Send(push.get(), "waits");
  theirs->Bind(place());
  EXPECT_EQ(TheyReceive(theirs.get()), Parts{"waits"});
  ClearPlace();
  Did("the listener's peer, theirs and then ours, goes with it, another stays; it comes back once "
      "it is bound again");
}

// TR-4: what was sent before a disconnect arrives, and nobody dials any more.
TEST_P(ZmqTest, Disconnect) {
  {
    const auto pull = Theirs(ZMQ_PULL);
    const auto push = Make(SocketType::kPush, Eager());
    Connect(push.get(), pull->Bind(any()));
    const DialerId dialer = Await(push.get(), SocketEvent::Kind::kReady).dialer;
    for (int i = 0; i < 3; ++i) Send(push.get(), absl::StrCat(i));
    EXPECT_EQ(Disconnect(push.get(), dialer), absl::OkStatus());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(TheyReceive(pull.get()), Parts{absl::StrCat(i)});
    SocketEvent event;
    for (int i = 0; i < 30; ++i) {
      Turn();
      while (push->NextEvent(&event)) EXPECT_NE(event.kind, SocketEvent::Kind::kDialing);
    }
    EXPECT_EQ(push->stats().lost, 0u);
  }
  const auto pull = Make(SocketType::kPull);
  const std::string at = Bind(pull.get(), any());
  const auto push = Theirs(ZMQ_PUSH);
  push->Set(ZMQ_LINGER, 30'000);
  push->Connect(at);
  AwaitPeers(pull.get(), 1);
  for (int i = 0; i < 3; ++i) TheySend(push.get(), {absl::StrCat(i)});
  ASSERT_EQ(zmq_disconnect(push->socket(), at.c_str()), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(i)});
  TheyLeave(push.get(), pull.get());
  push->Connect(at);
  AwaitPeers(pull.get(), 1);
  Did("3 messages sent before our disconnect arrive there, 3 before theirs here; we do not dial "
      "any more, they come back when told");
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
  for (SocketEvent before; pull->NextEvent(&before);) {
  }
  child.Signal(SIGSTOP);
  const SocketEvent closed = Await(pull.get(), SocketEvent::Kind::kClosed);
  EXPECT_EQ(CauseOf(closed.status), Cause::kHeartbeat) << closed.status;
  child.Signal(SIGCONT);
  AwaitPeers(pull.get(), 1);
  child.Signal(SIGKILL);
  AwaitPeers(pull.get(), 0);
  Did("a process that stands still is left after the heartbeat's timeout, and comes back later");
}

INSTANTIATE_TEST_SUITE_P(, ZmqTest, ::testing::ValuesIn(CellsOf("ZmqTest", ZmqAbsences())),
                         CellName);

}  // namespace
}  // namespace monocoque::conformance
