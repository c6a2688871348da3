// Heartbeats on every adapter with a live libzmq: whoever asks is answered, and a side that falls
// silent is left, whichever it is (RFC 37, Heartbeating).
#include "protocol/connection/heartbeat.h"

#include <zmq.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/hex.h"
#include "tests/support/parts.h"
#include "tests/support/raw_peer.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::Hex;
using ::monocoque::testing::MessageOf;
using ::monocoque::testing::Parts;
using ::monocoque::testing::PartsOf;
using ::monocoque::testing::RawPeer;
using ::monocoque::testing::Until;
using ::monocoque::testing::ZmqPeer;

constexpr int kIntervalMs = 40;
constexpr int kTimeoutMs = 600;

HeartbeatOptions OurHeartbeat() {
  return {.interval = absl::Milliseconds(kIntervalMs), .timeout = absl::Milliseconds(kTimeoutMs)};
}

// What libzmq tells of one of its sockets' links that ended.
class Ends {
 public:
  explicit Ends(ZmqPeer* peer) : monitor_(zmq_socket(peer->context(), ZMQ_PAIR)) {
    EXPECT_EQ(zmq_socket_monitor(peer->socket(), "inproc://ends", ZMQ_EVENT_DISCONNECTED), 0);
    EXPECT_EQ(zmq_connect(monitor_, "inproc://ends"), 0);
  }
  ~Ends() { zmq_close(monitor_); }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  // One more since the last that was taken.
  bool Take() {
    std::array<char, 256> part{};
    if (zmq_recv(monitor_, part.data(), part.size(), ZMQ_DONTWAIT) < 0) return false;
    EXPECT_GE(zmq_recv(monitor_, part.data(), part.size(), 0), 0);  // where it was
    return true;
  }

 private:
  void* const monitor_;
};

class HeartbeatTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  std::unique_ptr<FaceSocket> Make(const HeartbeatOptions& heartbeat) {
    SocketOptions options;
    options.link.heartbeat = heartbeat;
    return face_.MakeSocket(SocketType::kPair, options);
  }
  std::string Bind(FaceSocket* socket) {
    const absl::StatusOr<std::string> bound = socket->Bind("tcp://127.0.0.1:*");
    EXPECT_TRUE(bound.ok()) << bound.status();
    return bound.value_or("");
  }
  static void Ask(ZmqPeer* peer) {
    peer->Set(ZMQ_HEARTBEAT_IVL, kIntervalMs);
    peer->Set(ZMQ_HEARTBEAT_TIMEOUT, kTimeoutMs);
  }
  void AwaitPeer(FaceSocket* socket) {
    EXPECT_TRUE(face_.Until([&] { return socket->core().ready_peers() == 1; }));
  }
  // The next link that ends, and why.
  absl::Status AwaitEnd(FaceSocket* socket) {
    SocketEvent event;
    EXPECT_TRUE(face_.Until(
        [&] { return socket->NextEvent(&event) && event.kind == SocketEvent::Kind::kClosed; }));
    return event.status;
  }
  void ExpectTalk(FaceSocket* ours, ZmqPeer* theirs) {
    Message message = MessageOf({"from us"});
    EXPECT_EQ(face_.Send(ours, &message), absl::OkStatus());
    Parts parts;
    EXPECT_TRUE(face_.Until([&] { return theirs->Receive(&parts); }));
    EXPECT_EQ(parts, Parts{"from us"});
    EXPECT_TRUE(theirs->Send({"from them"}));
    Message received;
    EXPECT_EQ(face_.Receive(ours, &received), absl::OkStatus());
    EXPECT_EQ(PartsOf(received), Parts{"from them"});
  }
  RawPeer::Turn turn() {
    return [this] { face_.Turn(); };
  }

  AdapterFace face_{GetParam()};
};

// H-1, H-2, H-5: a link without messages lives for several timeouts. Where one side alone asks,
// only the other's answers keep it.
TEST_P(HeartbeatTest, AnswersKeepAnIdleLink) {
  struct Link {
    bool we_ask;
    bool they_ask;
    std::unique_ptr<FaceSocket> ours;
    std::unique_ptr<ZmqPeer> theirs;
    std::unique_ptr<Ends> ends;
  };
  std::vector<Link> links;
  for (const auto& [we_ask, they_ask] : {std::pair(true, false), {false, true}, {true, true}}) {
    Link link{we_ask, they_ask, Make(we_ask ? OurHeartbeat() : HeartbeatOptions()),
              std::make_unique<ZmqPeer>(ZMQ_PAIR), nullptr};
    if (they_ask) Ask(link.theirs.get());
    link.ends = std::make_unique<Ends>(link.theirs.get());
    link.theirs->Connect(Bind(link.ours.get()));
    AwaitPeer(link.ours.get());
    links.push_back(std::move(link));
  }
  const absl::Time end = absl::Now() + absl::Milliseconds(2 * kTimeoutMs);
  ASSERT_TRUE(face_.Until([&] { return absl::Now() > end; }));
  for (const Link& link : links) {
    SCOPED_TRACE(::testing::Message() << "we ask " << link.we_ask << ", they " << link.they_ask);
    SocketEvent event;
    while (link.ours->NextEvent(&event)) {
      EXPECT_NE(event.kind, SocketEvent::Kind::kClosed) << event.ToString();
    }
    EXPECT_FALSE(link.ends->Take());
    ExpectTalk(link.ours.get(), link.theirs.get());
  }
}

// H-1: a loop of ours that stands still answers nothing: libzmq leaves the link. It comes back once
// the loop turns.
TEST_P(HeartbeatTest, TheyLeaveALoopThatStandsStill) {
  const auto ours = Make({});
  ZmqPeer theirs(ZMQ_PAIR);
  Ask(&theirs);
  Ends ends(&theirs);
  theirs.Connect(Bind(ours.get()));
  AwaitPeer(ours.get());
  ASSERT_TRUE(Until([&] { return ends.Take(); }));
  EXPECT_EQ(CauseOf(AwaitEnd(ours.get())), Cause::kTransport);
  AwaitPeer(ours.get());
  ExpectTalk(ours.get(), &theirs);
}

// H-3: the same where we asked libzmq to leave us, by the time to live in our PING.
TEST_P(HeartbeatTest, TheyLeaveWhenOurTimeToLiveIsOver) {
  const auto ours = Make({.interval = absl::Milliseconds(kIntervalMs),
                          .timeout = absl::Seconds(20),
                          .ttl = absl::Milliseconds(kTimeoutMs)});
  ZmqPeer theirs(ZMQ_PAIR);
  Ends ends(&theirs);
  theirs.Connect(Bind(ours.get()));
  AwaitPeer(ours.get());
  // The first PING is out.
  const absl::Time end = absl::Now() + absl::Milliseconds(2 * kIntervalMs);
  ASSERT_TRUE(face_.Until([&] { return absl::Now() > end; }));
  for (int i = 0; i < 2; ++i) face_.Turn();
  ASSERT_TRUE(Until([&] { return ends.Take(); }));
  EXPECT_EQ(CauseOf(AwaitEnd(ours.get())), Cause::kTransport);
}

// H-5: a peer that hears our PING and says nothing is left.
TEST_P(HeartbeatTest, WeLeaveASilentPeer) {
  const auto ours = Make(OurHeartbeat());
  RawPeer silent(turn(), Bind(ours.get()));
  silent.HandshakeAs("PAIR");
  AwaitPeer(ours.get());
  EXPECT_EQ(CauseOf(AwaitEnd(ours.get())), Cause::kHeartbeat);
  EXPECT_NE(silent.ReadUntil("\4PING").find("\4PING"), std::string::npos);
  EXPECT_TRUE(silent.ReadToEnd());
}

// H-3: nor is one waited for longer than its own time to live, also by a socket without heartbeats
// of its own.
TEST_P(HeartbeatTest, WeLeaveWhenTheirTimeToLiveIsOver) {
  const auto ours = Make({});
  RawPeer silent(turn(), Bind(ours.get()));
  silent.HandshakeAs("PAIR");
  ASSERT_TRUE(silent.Write(Hex("0407 0450494e47 0001")));
  EXPECT_EQ(CauseOf(AwaitEnd(ours.get())), Cause::kHeartbeat);
  EXPECT_NE(silent.ReadUntil("\4PONG").find("\4PONG"), std::string::npos);
  EXPECT_TRUE(silent.ReadToEnd());
}

INSTANTIATE_TEST_SUITE_P(All, HeartbeatTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& info) { return AdapterTestName(info.param); });

}  // namespace
}  // namespace monocoque
