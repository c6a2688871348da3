// The turn that connection.h shows, and nothing besides: no Process.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestCurveClient;
using ::monocoque::testing::TestCurveServer;
using ::monocoque::testing::TestHost;
using ::testing::ElementsAre;

struct Driver {
  Driver(SocketType type, const MechanismOptions& mechanism)
      : connection(*Connection::Create({.socket_type = type, .mechanism = mechanism}, TestHost())) {
  }

  // Reads at most `most` octets of what is there.
  void Turn(std::size_t most, Instant now) {
    if (auto window = connection->PrepareRead(); window.ok()) {
      const std::size_t n = std::min({most, incoming.size(), window->span().size()});
      std::memcpy(window->span().data(), incoming.data(), n);
      incoming.erase(0, n);
      connection->CommitRead(*std::move(window), n, now);
    }
    connection->HandleTimeout(now);
    Message message;
    ConnectionEvent event;
    for (Poll poll; (poll = connection->Receive(&message, now)) != Poll::kNeedData;) {
      if (poll == Poll::kMessage) {
        heard.emplace_back(message.text());
      } else {
        while (connection->NextEvent(&event)) events.push_back(event.kind);
      }
    }
    if (peer != nullptr) peer->incoming += TakeOutput(connection.get(), now);
  }

  std::unique_ptr<Connection> connection;
  Driver* peer = nullptr;
  std::string incoming;
  std::vector<std::string> heard;
  std::vector<ConnectionEvent::Kind> events;
};

// Both say something as soon as they may.
void Converse(const MechanismOptions& server, const MechanismOptions& client, std::size_t most) {
  Driver a(SocketType::kRouter, server);
  Driver b(SocketType::kDealer, client);
  a.peer = &b;
  b.peer = &a;
  const Instant now = TestHost().now;
  bool asked = false;
  for (int turn = 0; turn < 2000 && b.heard.empty(); ++turn) {
    Message question("who is there?");
    if (!asked) asked = b.connection->Send(&question, now).ok();
    if (Message answer("me"); !a.heard.empty()) (void)a.connection->Send(&answer, now);
    a.Turn(most, now);
    b.Turn(most, now);
  }
  EXPECT_THAT(a.heard, ElementsAre("who is there?"));
  EXPECT_THAT(b.heard, ElementsAre("me"));
  EXPECT_THAT(a.events, ElementsAre(ConnectionEvent::Kind::kReady));
  EXPECT_THAT(b.events, ElementsAre(ConnectionEvent::Kind::kReady));
}

TEST(TurnTest, ReceiveGoesOnWithTheHandshake) { Converse({}, {}, 64 * 1024); }

TEST(TurnTest, OctetByOctet) { Converse({}, {}, 1); }

TEST(TurnTest, InBoxes) { Converse(TestCurveServer(), TestCurveClient(), 100); }

// What Receive finds in the handshake is told by it, too.
TEST(TurnTest, AViolationIsTold) {
  Driver a(SocketType::kRouter, {});
  a.incoming = PeerGreeting(3, 1, "PLAIN");
  a.Turn(64, TestHost().now);
  EXPECT_THAT(a.events, ElementsAre(ConnectionEvent::Kind::kClosed));
  EXPECT_FALSE(a.connection->status().ok());
}

}  // namespace
}  // namespace monocoque
