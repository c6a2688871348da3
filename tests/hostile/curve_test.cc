// Attacks by somebody on the way between a CURVE client and its server: everything passes through
// their hands.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/hostile/siege.h"
#include "tests/support/adapter_face.h"
#include "tests/support/raw_peer.h"
#include "tests/support/security.h"

namespace monocoque::hostile {
namespace {

using testing::RawListener;
using testing::TestCurveClient;
using testing::TestCurveServer;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

class CurveSiege : public SiegeTest {
 protected:
  static SocketOptions With(MechanismOptions mechanism) {
    SocketOptions options;
    options.link.mechanism = std::move(mechanism);
    options.link.reconnect.interval = absl::Seconds(30);
    return options;
  }
  // A client that is joined to the socket by way of the attacker.
  void Join() {
    Open(SocketType::kPull, With(TestCurveServer()), SocketType::kPush, With(TestCurveClient()));
    client_ = MakeSocket(SocketType::kPush, With(TestCurveClient()));
    ASSERT_TRUE(client_->Connect(way_.endpoint()).ok());
    to_client_ = std::make_unique<RawPeer>(turn(), way_.Accept(turn()));
    to_server_ = Attacker();
    ASSERT_TRUE(Until([this] {
      Pass();
      return intruders() == 1 && client_->core().ready_peers() == 1;
    }));
    Pass();
  }
  // What either said goes on to the other, and is kept.
  void Pass() {
    const std::string up = to_client_->Take();
    said_by_client_ += up;
    EXPECT_TRUE(to_server_->Write(up));
    EXPECT_TRUE(to_client_->Write(to_server_->Take()));
  }
  // One message of the client's, taken off its way.
  std::string Intercept(std::string_view text) {
    Message message(text);
    EXPECT_TRUE(Until([&] { return client_->TrySend(&message).ok(); }));
    std::string octets;
    EXPECT_TRUE(Until([&] {
      octets += to_client_->Take();
      return octets.size() > text.size();
    }));
    EXPECT_TRUE(absl::StrContains(octets, "MESSAGE"));
    EXPECT_FALSE(absl::StrContains(octets, text));
    return octets;
  }
  std::string Received() {
    Message message;
    EXPECT_TRUE(Until([&] { return socket().TryReceive(&message); }));
    return std::string(message.text());
  }

  RawPeer& to_server() { return *to_server_; }
  const std::string& said_by_client() const { return said_by_client_; }

 private:
  RawListener way_{"tcp://127.0.0.1:0"};
  std::unique_ptr<FaceSocket> client_;
  std::unique_ptr<RawPeer> to_client_;
  std::unique_ptr<RawPeer> to_server_;
  std::string said_by_client_;
};

// V-7: a message that is said twice.
TEST_P(CurveSiege, AReplayedMessage) {
  Join();
  const std::string once = Intercept("one");
  ASSERT_TRUE(to_server().Write(once));
  EXPECT_EQ(Received(), "one");
  to_server().Write(once);
  ExpectClosed(1, Cause::kPeerViolation, "nonce");
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// V-7: two that change places: the first that comes is taken, and no other.
TEST_P(CurveSiege, ReorderedMessages) {
  Join();
  const std::string one = Intercept("one");
  const std::string two = Intercept("two");
  to_server().Write(two + one);
  EXPECT_EQ(Received(), "two");
  ExpectClosed(1, Cause::kPeerViolation, "nonce");
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// V-1, V-6: a whole handshake and a message, said again on a new connection: the cookie is
// another's.
TEST_P(CurveSiege, AReplayedConnection) {
  Join();
  const std::string all = said_by_client() + Intercept("one");
  const auto again = Attacker(all);
  const SocketEvent closed = Await(SocketEvent::Kind::kClosed);
  EXPECT_EQ(CauseOf(closed.status), Cause::kPeerViolation) << closed.ToString();
  EXPECT_FALSE(closed.was_ready);
  EXPECT_EQ(intruders(), 1u) << "the client it was heard of goes on";
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

// V-11: an octet that is changed on the way.
TEST_P(CurveSiege, AnOctetChanged) {
  Join();
  std::string octets = Intercept("one");
  octets.back() = static_cast<char>(octets.back() ^ 1);
  to_server().Write(octets);
  ExpectClosed(1, Cause::kPeerViolation, "");
  ExpectServed();
  ExpectHeldAtMost(2 * kMebibyte);
}

INSTANTIATE_TEST_SUITE_P(, CurveSiege, ::testing::ValuesIn(testing::AllAdapters()),
                         [](const auto& param) { return testing::AdapterTestName(param.param); });

}  // namespace
}  // namespace monocoque::hostile
