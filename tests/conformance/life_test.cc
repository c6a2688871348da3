// A socket's life, alike in each cell: who comes first, who comes back, who goes.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"

namespace monocoque::conformance {
namespace {

using LifeTest = CellTest;

// TR-5, ALL-1, E-16: what was sent before anybody listens arrives once somebody does.
TEST_P(LifeTest, ConnectBeforeBind) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  for (int i = 0; i < 3; ++i) Send(push.get(), absl::StrCat(i));
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(i)});
  Did("3 messages sent before the bind arrive in order");
}

// TR-5, ALL-1: the queue survives; the listener comes back and gets what was sent meanwhile.
TEST_P(LifeTest, Reconnect) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  constexpr int kLives = 3;
  for (int life = 0; life < kLives; ++life) {
    Send(push.get(), absl::StrCat(life));
    const auto pull = Make(SocketType::kPull);
    Bind(pull.get(), place());
    EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(life)});
    AwaitPeers(push.get(), 1);
    pull->StartClose(absl::ZeroDuration());
    AwaitPeers(push.get(), 0);
    EXPECT_TRUE(Until([&] { return pull->closed(); }));
  }
  EXPECT_EQ(push->stats().reconnects, kLives - 1u);
  EXPECT_EQ(push->stats().lost, 0u);
  Did(absl::StrCat("the listener lives ", kLives, " times: ", kLives, " messages arrive, ",
                   kLives - 1, " reconnects, none lost"));
}

// TR-4, E-19: one socket listens and connects at several endpoints, and hears from all.
TEST_P(LifeTest, SeveralEndpoints) {
  const auto pull = Make(SocketType::kPull);
  std::vector<std::unique_ptr<FaceSocket>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(Make(SocketType::kPush));
    Join(pull.get(), others.back().get());
    others.push_back(Make(SocketType::kPush));
    Join(others.back().get(), pull.get());
  }
  AwaitPeers(pull.get(), others.size());
  std::set<Parts> expected, received;
  for (std::size_t i = 0; i < others.size(); ++i) {
    expected.insert({absl::StrCat(i)});
    Send(others[i].get(), absl::StrCat(i));
  }
  for (std::size_t i = 0; i < others.size(); ++i) received.insert(Receive(pull.get()));
  EXPECT_EQ(received, expected);
  Did("one PULL, bound 3 times and connected 3 times, hears from all 6");
}

// TR-6: closing writes what was sent, and then is over.
TEST_P(LifeTest, CloseLingers) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush);
  Join(pull.get(), push.get());
  constexpr int kMessages = 500;
  const std::string padding(1000, 'x');
  for (int i = 0; i < kMessages; ++i) Send(push.get(), {absl::StrCat(i), padding});
  push->StartClose(absl::InfiniteDuration());
  Message late("late");
  EXPECT_TRUE(absl::IsFailedPrecondition(push->TrySend(&late)));
  EXPECT_EQ(late.text(), "late");
  for (int i = 0; i < kMessages; ++i) ASSERT_EQ(Receive(pull.get())[0], absl::StrCat(i));
  EXPECT_TRUE(Until([&] { return push->closed(); }));
  Did("500 messages sent before the close arrive; one after it is refused, and kept");
}

// TR-6: through a pending connect too.
TEST_P(LifeTest, CloseLingersUntilSomebodyListens) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  Send(push.get(), "last words");
  push->StartClose(absl::InfiniteDuration());
  for (int i = 0; i < 5; ++i) Turn();
  EXPECT_FALSE(push->closed());
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  EXPECT_EQ(Receive(pull.get()), Parts{"last words"});
  EXPECT_TRUE(Until([&] { return push->closed(); }));
  Did("the message arrives once somebody listens, and the close is over");
}

// TR-6: nobody ever comes: the linger time ends it, and what was lost is counted.
TEST_P(LifeTest, LingerEnds) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  Send(push.get(), "to nobody");
  push->StartClose(absl::Milliseconds(20));
  EXPECT_TRUE(Until([&] { return push->closed(); }));
  EXPECT_EQ(push->stats().lost, 1u);
  Did("the close is over after its linger time; 1 message lost and counted");
}

// TR-6: without a linger time nothing is waited for, a peer that reads nothing least of all.
TEST_P(LifeTest, CloseWithoutLingering) {
  SocketOptions narrow;
  narrow.receive_mark.messages = 1;
  narrow.link.transport.receive_buffer_bytes = narrow.link.transport.send_buffer_bytes = 64 * 1024;
  const auto pull = Make(SocketType::kPull, narrow);
  const auto push = Make(SocketType::kPush, narrow);
  Join(pull.get(), push.get());
  AwaitPeers(push.get(), 1);
  const std::string large(1 << 20, 'l');
  for (int i = 0; i < 8; ++i) Send(push.get(), large);
  push->StartClose(absl::ZeroDuration());
  EXPECT_TRUE(Until([&] { return push->closed(); }));
  EXPECT_GT(push->stats().lost, 0u);
  Did("the close is over although the peer reads nothing; what it did not take is counted as lost");
}

// ALL-2: each end may go first, while octets are under way in both directions; the other sees it,
// and goes on.
TEST_P(LifeTest, CloseWithIoInFlight) {
  const std::string large(1 << 20, 'f');
  for (int turns = 0; turns < 8; ++turns) {
    const auto stays = Make(SocketType::kDealer);
    const auto goes = Make(SocketType::kDealer);
    turns % 2 == 0 ? Join(stays.get(), goes.get()) : Join(goes.get(), stays.get());
    AwaitPeers(stays.get(), 1);
    AwaitPeers(goes.get(), 1);
    for (int i = 0; i < 4; ++i) {
      Message there(large), back(large);
      (void)goes->TrySend(&there);
      (void)stays->TrySend(&back);
    }
    for (int i = 0; i < turns; ++i) Turn();
    goes->StartClose(absl::ZeroDuration());
    EXPECT_TRUE(Until([&] { return goes->closed(); }));
    AwaitPeers(stays.get(), 0);
    Message whole;
    while (stays->TryReceive(&whole)) EXPECT_EQ(whole.size(), large.size());
  }
  Did("8 ends close in mid-stream; the others see it, and take whole messages alone");
}

// Destroying is safe whatever is under way: each run goes a turn further before it.
TEST_P(LifeTest, DestroyedAtAnyMoment) {
  const std::string large(300'000, 'd');
  constexpr int kMoments = 16;
  for (int turns = 0; turns < kMoments; ++turns) {
    for (const bool dialer_goes : {true, false}) {
      auto binds = Make(SocketType::kDealer, Eager());
      auto connects = Make(SocketType::kDealer, Eager());
      Join(binds.get(), connects.get());
      for (int i = 0; i < turns; ++i) {
        Message there(large), back(large);
        (void)connects->TrySend(&there);
        (void)binds->TrySend(&back);
        Turn();
      }
      std::unique_ptr<FaceSocket>& goes = dialer_goes ? connects : binds;
      std::unique_ptr<FaceSocket>& stays = dialer_goes ? binds : connects;
      goes.reset();
      AwaitPeers(stays.get(), 0);
      Message message;
      while (stays->TryReceive(&message)) EXPECT_EQ(message.size(), large.size());
    }
  }
  Did(absl::StrCat("destroyed at ", 2 * kMoments,
                   " moments, from before the connect to mid-stream"));
}

// The address is free again at once, and the newcomer there is nobody's old peer.
TEST_P(LifeTest, TheAddressIsFreeAgain) {
  for (int i = 0; i < 20; ++i) {
    const auto pull = Make(SocketType::kPull);
    Bind(pull.get(), place());
    // Accepting may be under way, or not begun.
    for (int turns = 0; turns < i % 3; ++turns) Turn();
    if (i % 2 == 0) continue;
    pull->StartClose(absl::ZeroDuration());
    EXPECT_TRUE(Until([&] { return pull->closed(); }));
  }
  Did("20 sockets bind to one address, one after the other");
}

// TR-4: what a listener let in ends with it, and nobody else comes in there; all the rest stays.
TEST_P(LifeTest, Unbind) {
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  const ListenerId listener = Await(pull.get(), SocketEvent::Kind::kListening).listener;
  const auto inside = Make(SocketType::kPush, Eager());
  Connect(inside.get(), place());
  const auto elsewhere = Make(SocketType::kPush);
  Join(pull.get(), elsewhere.get());
  const auto dialed = Make(SocketType::kPush);
  Join(dialed.get(), pull.get());
  AwaitPeers(pull.get(), 3);
  EXPECT_EQ(Unbind(pull.get(), listener), absl::OkStatus());
  EXPECT_EQ(Await(pull.get(), SocketEvent::Kind::kUnlistened).listener, listener);
  AwaitPeers(inside.get(), 0);
  const auto newcomer = Make(SocketType::kPush, Eager());
  Connect(newcomer.get(), place());
  for (FaceSocket* push : {elsewhere.get(), dialed.get()}) {
    Send(push, "stays");
    EXPECT_EQ(Receive(pull.get()), Parts{"stays"});
  }
  for (int i = 0; i < 20; ++i) Turn();
  EXPECT_EQ(pull->core().ready_peers(), 2u);
  EXPECT_EQ(newcomer->core().ready_peers(), 0u);
  EXPECT_TRUE(absl::IsNotFound(Unbind(pull.get(), listener)));
  Bind(pull.get(), place());
  AwaitPeers(pull.get(), 4);
  Did("the listener's peer goes with it, 2 others stay; a newcomer waits until it is bound again");
}

// TR-4, ALL-1: what was sent goes out, what waited is counted as lost, and nobody dials any more.
TEST_P(LifeTest, Disconnect) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  for (int i = 0; i < 2; ++i) Send(push.get(), "waits");
  const DialerId early = Await(push.get(), SocketEvent::Kind::kDialing).dialer;
  EXPECT_EQ(Disconnect(push.get(), early), absl::OkStatus());
  EXPECT_EQ(push->stats().lost, 2u);
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  Message message("nobody to wait for");
  EXPECT_TRUE(absl::IsUnavailable(push->TrySend(&message)));
  Connect(push.get(), place());
  const DialerId dialer = Await(push.get(), SocketEvent::Kind::kReady).dialer;
  for (int i = 0; i < 3; ++i) Send(push.get(), absl::StrCat(i));
  EXPECT_EQ(Disconnect(push.get(), dialer), absl::OkStatus());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(i)});
  AwaitPeers(pull.get(), 0);
  SocketEvent event;
  for (int i = 0; i < 30; ++i) {
    Turn();
    while (push->NextEvent(&event)) EXPECT_NE(event.kind, SocketEvent::Kind::kDialing);
  }
  EXPECT_EQ(push->stats().lost, 2u);
  EXPECT_EQ(push->stats().reconnects, 0u);
  EXPECT_TRUE(absl::IsNotFound(Disconnect(push.get(), dialer)));
  Did("2 messages that waited are lost and counted, 3 that were sent arrive; no dial follows");
}

INSTANTIATE_TEST_SUITE_P(, LifeTest, ::testing::ValuesIn(CellsOf("LifeTest")), CellName);

}  // namespace
}  // namespace monocoque::conformance
