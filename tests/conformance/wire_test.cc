// Peers that are bare sockets of the system: killed in the middle of a frame, half open, silent,
// slow. Alike in each cell.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/support/pair.h"
#include "tests/support/raw_peer.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::RawListener;
using ::monocoque::testing::RawPeer;

// A short frame of one message.
std::string Frame(std::string_view text) {
  return std::string({0, static_cast<char>(text.size())}) + std::string(text);
}
// The head of a frame of 1 MiB, and so many of its octets.
std::string CutFrame(std::size_t octets) {
  return std::string("\2\0\0\0\0\0\x10\0\0", 9) + std::string(octets, 'c');
}

// While it lives, SIGPIPE ends the process.
class DeadlySigpipe {
 public:
  DeadlySigpipe() : before_(signal(SIGPIPE, SIG_DFL)) {}
  ~DeadlySigpipe() { signal(SIGPIPE, before_); }
  DeadlySigpipe(const DeadlySigpipe&) = delete;
  DeadlySigpipe& operator=(const DeadlySigpipe&) = delete;

 private:
  void (*const before_)(int);
};

class WireTest : public CellTest {
 protected:
  RawPeer::Turn turn() {
    return [this] { Turn(); };
  }
  // A peer that is killed at this point of its stream: in an orderly way, or by a reset, in turns.
  void KilledAfter(FaceSocket* pull, const std::string& at, std::string_view octets, bool reset) {
    RawPeer peer(turn(), at);
    ASSERT_TRUE(peer.connected());
    peer.HandshakeAs("PUSH");
    AwaitPeers(pull, 1);
    ASSERT_TRUE(peer.Write(Frame("whole")));
    ASSERT_TRUE(peer.Write(octets));
    reset ? peer.Reset() : peer.EndWriting();
    AwaitPeers(pull, 0);
    const SocketEvent closed = Await(pull, SocketEvent::Kind::kClosed);
    EXPECT_TRUE(closed.was_ready);
    EXPECT_EQ(CauseOf(closed.status), Cause::kTransport) << closed.status;
    if (!reset) {
      EXPECT_TRUE(peer.ReadToEnd()) << "our direction ends too";
    }
  }
};

// TR-1, F-8: what was whole is delivered, what was cut is not; the socket goes on with others.
TEST_P(WireTest, KilledInMidFrame) {
  const auto pull = Make(SocketType::kPull);
  const std::string at = Bind(pull.get(), any());
  int killed = 0;
  for (const std::string& rest :
       {std::string("\0", 1), std::string("\2\0\0", 3), CutFrame(0), CutFrame(1), CutFrame(100'000),
        CutFrame((1 << 20) - 1), Frame("part").replace(0, 1, "\1")}) {
    for (const bool reset : {false, true}) {
      KilledAfter(pull.get(), at, rest, reset);
      ++killed;
      Message message;
      // A reset may overtake what came before it.
      if (reset) {
        EXPECT_TRUE(!pull->TryReceive(&message) || message.text() == "whole");
      } else {
        EXPECT_EQ(Receive(pull.get()), Parts{"whole"});
      }
      EXPECT_FALSE(pull->TryReceive(&message)) << "a message was cut, and delivered";
    }
  }
  const auto push = Make(SocketType::kPush);
  Connect(push.get(), at);
  Send(push.get(), "alive");
  EXPECT_EQ(Receive(pull.get()), Parts{"alive"});
  Did(absl::StrCat(killed,
                   " peers are killed in mid-frame, by an end or a reset: each link ends, "
                   "the whole message arrives, the cut one does not"));
}

// ALL-2: the same while it is we who write: what did not go is counted.
TEST_P(WireTest, KilledWhileWeWrite) {
  const auto push = Make(SocketType::kPush);
  const std::string at = Bind(push.get(), any());
  for (const bool reset : {false, true}) {
    RawPeer peer(turn(), at);
    peer.HandshakeAs("PULL");
    AwaitPeers(push.get(), 1);
    const std::uint64_t lost = push->stats().lost;
    Send(push.get(), std::string(16 << 20, 'w'));
    peer.ReadUntil("wwwww");
    reset ? peer.Reset() : peer.Close();
    AwaitPeers(push.get(), 0);
    // What the kernel was still at comes back a moment later.
    EXPECT_TRUE(Until([&] { return push->stats().lost == lost + 1; }));
  }
  const auto pull = Make(SocketType::kPull);
  Connect(pull.get(), at);
  Send(push.get(), "alive");
  EXPECT_EQ(Receive(pull.get()), Parts{"alive"});
  Did("2 peers are killed while 16 MiB go to them: each message is counted as lost, the next peer "
      "is served");
}

// TR-1: what a peer sent before it reset its stream is received, though a write of ours is the
// first to fail.
TEST_P(WireTest, SentBeforeAReset) {
  const auto dealer = Make(SocketType::kDealer);
  bool still = false;
  const auto unless_still = [&] {
    if (!still) Turn();
  };
  RawPeer peer(unless_still, Bind(dealer.get(), any()));
  peer.HandshakeAs("DEALER");
  AwaitPeers(dealer.get(), 1);
  still = true;
  std::string all;
  for (int i = 0; i < 100; ++i) all += Frame(absl::StrCat("last words ", i));
  ASSERT_TRUE(peer.Write(all));
  // It did not read our greeting: its end is a reset.
  peer.Close();
  for (int i = 0; i < 10; ++i) {
    Message message(std::string(100'000, 'x'));
    (void)dealer->TrySend(&message);
  }
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Receive(dealer.get()), Parts{absl::StrCat("last words ", i)});
  }
  AwaitPeers(dealer.get(), 0);
  Did("a peer sends 100 messages and resets its stream, and a write fails before they are read: "
      "all arrive");
}

// H-5: whoever takes what is written, however slowly, is alive, although the PING behind a large
// message reaches him late.
TEST_P(WireTest, SlowIsNotDead) {
  constexpr std::size_t kBytesASecond = 16 << 20;
  SocketOptions options;
  options.link.heartbeat.interval = absl::Milliseconds(200);
  options.link.heartbeat.timeout = absl::Seconds(1);
  const auto push = Make(SocketType::kPush, options);
  RawPeer slow(turn(), Bind(push.get(), any()));
  slow.HandshakeAs("PULL");
  AwaitPeers(push.get(), 1);
  Send(push.get(), std::string(48 << 20, 's'));
  const absl::Time begin = absl::Now();
  const absl::Time end = begin + absl::Milliseconds(2500);
  std::size_t taken = 0;
  for (absl::Time now = begin; now < end; now = absl::Now()) {
    if (static_cast<double>(taken) / kBytesASecond > absl::ToDoubleSeconds(now - begin)) {
      Turn();
    } else {
      taken += slow.TakePiece(64 * 1024).size();
    }
  }
  EXPECT_EQ(push->core().ready_peers(), 1u) << taken << " octets were taken";
  Did("a peer takes a large message at 16 MiB a second, far longer than the heartbeat's timeout, "
      "and is not taken for dead");
}

// Whoever writes to a stream that is over gets SIGPIPE, unless it asks for none.
TEST_P(WireTest, NothingRaisesSigpipe) {
  const DeadlySigpipe deadly;
  const auto push = Make(SocketType::kPush);
  const std::string at = Bind(push.get(), any());
  for (const bool writing : {false, true}) {
    for (const bool reset : {false, true}) {
      RawPeer peer(turn(), at);
      peer.HandshakeAs("PULL");
      AwaitPeers(push.get(), 1);
      // All that came is read, or its end would be a reset.
      peer.ReadUntil("PUSH");
      const std::uint64_t lost = push->stats().lost;
      if (writing) Send(push.get(), std::string(16 << 20, 'w'));
      // A reset says "broken pipe" where an end came before it.
      peer.EndWriting();
      reset ? peer.Reset() : peer.Close();
      // Without a turn: nobody has told us.
      for (int i = 0; i < 50; ++i) {
        Message message(std::string(100'000, 'x'));
        (void)push->TrySend(&message);
      }
      AwaitPeers(push.get(), 0);
      EXPECT_TRUE(Until([&] { return !writing || push->stats().lost > lost; }));
    }
  }
  Did("4 peers end or reset their stream, before we write and meanwhile: the process lives, what "
      "did not go is counted");
}

// T-4: what speaks no ZMTP is heard and answered by STREAM; either may end it.
TEST_P(WireTest, StreamWithAPlainPeer) {
  const auto stream = Make(SocketType::kStream);
  const std::string at = Bind(stream.get(), any());
  for (const bool peer_ends : {true, false}) {
    RawPeer plain(turn(), at);
    const std::string id(AsText(ReceiveMessage(stream.get()).routing_id()));
    const auto say = [&](std::string_view text) {
      Message message(text);
      EXPECT_TRUE(message.set_to(id));
      EXPECT_TRUE(Until([&] { return stream->TrySend(&message).ok(); }));
    };
    const std::string question = "GET / HTTP/1.0\r\n\r\n" + std::string(100'000, 'q');
    ASSERT_TRUE(plain.Write(question));
    std::string heard;
    while (heard.size() < question.size() && !HasFailure()) {
      heard += ReceiveMessage(stream.get()).text();
    }
    EXPECT_TRUE(heard == question);
    const std::string answer = std::string(1 << 20, 'a') + "<end>";
    say(answer);
    EXPECT_TRUE(plain.ReadUntil("<end>") == answer);
    if (peer_ends) {
      plain.Close();
      EXPECT_EQ(ReceiveMessage(stream.get()).size(), 0u);
    } else {
      say("");
      EXPECT_TRUE(plain.ReadToEnd());
    }
    AwaitPeers(stream.get(), 0);
  }
  Did("2 peers without ZMTP ask and are answered; one ends its stream, of the other we do");
}

// G-9: a peer may be as slow as it likes.
TEST_P(WireTest, OctetByOctet) {
  const auto pull = Make(SocketType::kPull);
  RawPeer peer(turn(), Bind(pull.get(), any()));
  for (const char octet :
       PeerGreeting() + PeerReady("PUSH") + Frame("slow") + Frame("and steady")) {
    ASSERT_TRUE(peer.Write({&octet, 1}));
  }
  EXPECT_EQ(Receive(pull.get()), Parts{"slow"});
  EXPECT_EQ(Receive(pull.get()), Parts{"and steady"});
  Did("handshake and 2 messages come octet by octet, and arrive");
}

// G-11: whoever connects and says nothing is left after the handshake's deadline; others are served
// meanwhile.
TEST_P(WireTest, ConnectsAndSaysNothing) {
  SocketOptions options;
  options.link.handshake_timeout = absl::Milliseconds(500);
  const auto pull = Make(SocketType::kPull, options);
  const std::string at = Bind(pull.get(), any());
  RawPeer mute(turn(), at);
  RawPeer half(turn(), at);
  ASSERT_TRUE(half.Write(PeerGreeting().substr(0, 20)));
  const auto push = Make(SocketType::kPush);
  Connect(push.get(), at);
  Send(push.get(), "meanwhile");
  EXPECT_EQ(Receive(pull.get()), Parts{"meanwhile"});
  for (int i = 0; i < 2; ++i) {
    const SocketEvent closed = Await(pull.get(), SocketEvent::Kind::kClosed);
    EXPECT_FALSE(closed.was_ready);
    EXPECT_EQ(CauseOf(closed.status), Cause::kTimeout) << closed.status;
  }
  EXPECT_TRUE(mute.ReadToEnd());
  EXPECT_TRUE(half.ReadToEnd());
  EXPECT_EQ(pull->core().ready_peers(), 1u);
  Did("2 peers that do not finish the handshake are left at its deadline; another is served");
}

// G-11, TR-5: the same of one who is dialed: it is tried again, and nothing is lost.
TEST_P(WireTest, AcceptsAndSaysNothing) {
  const RawListener listener(place());
  ASSERT_TRUE(listener.listening());
  SocketOptions options = Eager();
  options.link.handshake_timeout = absl::Milliseconds(60);
  const auto push = Make(SocketType::kPush, options);
  Connect(push.get(), place());
  Send(push.get(), "patience");
  RawPeer mute(turn(), listener.Accept(turn()));
  const SocketEvent closed = Await(push.get(), SocketEvent::Kind::kClosed);
  EXPECT_FALSE(closed.was_ready);
  EXPECT_EQ(CauseOf(closed.status), Cause::kTimeout) << closed.status;
  EXPECT_TRUE(mute.ReadToEnd());
  // The machine may be too slow for one more handshake in that time, or two; not for ever.
  for (int attempt = 0; attempt < 100 && push->core().ready_peers() == 0; ++attempt) {
    RawPeer talks(turn(), listener.Accept(turn()));
    talks.HandshakeAs("PULL");
    if (!absl::StrContains(talks.ReadUntil("patience"), "patience")) continue;
    EXPECT_EQ(push->core().ready_peers(), 1u);
    Did("the dialer leaves at the handshake's deadline and comes again; its message arrives then");
    return;
  }
  FAIL() << "it never came again";
}

// H-5: one who falls silent after the handshake is left after the heartbeat's timeout.
TEST_P(WireTest, SilentAfterTheHandshake) {
  SocketOptions options;
  options.link.heartbeat.interval = absl::Milliseconds(20);
  options.link.heartbeat.timeout = absl::Milliseconds(40);
  const auto pull = Make(SocketType::kPull, options);
  RawPeer silent(turn(), Bind(pull.get(), any()));
  silent.HandshakeAs("PUSH");
  const SocketEvent closed = Await(pull.get(), SocketEvent::Kind::kClosed);
  EXPECT_TRUE(closed.was_ready);
  EXPECT_EQ(CauseOf(closed.status), Cause::kHeartbeat) << closed.status;
  EXPECT_TRUE(absl::StrContains(silent.ReadUntil("\4PING"), "\4PING"));
  EXPECT_TRUE(silent.ReadToEnd());
  Did("a PING goes unanswered, and the link is closed");
}

// H-5: the same of one who takes nothing any more either, while there is much to write.
TEST_P(WireTest, SilentAndDeaf) {
  SocketOptions options;
  options.link.heartbeat.interval = absl::Milliseconds(20);
  options.link.heartbeat.timeout = absl::Milliseconds(40);
  const auto push = Make(SocketType::kPush, options);
  RawPeer deaf(turn(), Bind(push.get(), any()));
  deaf.HandshakeAs("PULL");
  AwaitPeers(push.get(), 1);
  Send(push.get(), std::string(8 << 20, 'd'));
  const SocketEvent closed = Await(push.get(), SocketEvent::Kind::kClosed);
  EXPECT_EQ(CauseOf(closed.status), Cause::kHeartbeat) << closed.status;
  EXPECT_EQ(closed.lost_messages, 1u);
  Did("a peer that takes nothing is left, and the message on its way counted as lost");
}

INSTANTIATE_TEST_SUITE_P(
    , WireTest,
    ::testing::ValuesIn(CellsOf(
        "WireTest", {{"sim", "", "simulated transports join sockets alone: SimWire"},
                     {"", "inproc", "has no octets of its own that a stranger could write"}})),
    CellName);

}  // namespace
}  // namespace monocoque::conformance
