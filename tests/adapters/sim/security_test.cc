// Secured sockets in the simulation: whole sockets, an authenticator, links that are cut.
#include "tests/support/security.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/sim/simulation.h"
#include "adapters/zap.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::sim {
namespace {

using ::monocoque::testing::TestCurveClient;
using ::monocoque::testing::TestCurveServer;
using ::testing::ElementsAre;

SocketOptions With(MechanismOptions mechanism) {
  SocketOptions options;
  options.link.mechanism = std::move(mechanism);
  return options;
}

// V-1, Z-8: a link that is cut comes back under new keys; what had not begun is sealed anew for it.
TEST(SimSecurityTest, WhatIsSentSurvivesACut) {
  Simulation sim({.seed = 3, .latency = absl::Milliseconds(1)});
  Socket server = sim.MakeSocket(SocketType::kPull, With(TestCurveServer(false)));
  Socket client = sim.MakeSocket(SocketType::kPush, With(TestCurveClient()));
  int asked = 0;
  server.SetAuthenticator(AuthenticateBy([&asked](const AuthRequest&) {
    ++asked;
    return AuthVerdict{.status = AuthStatus::kAccepted};
  }));
  ASSERT_TRUE(server.Bind("sim://a").ok());
  ASSERT_TRUE(client.Connect("sim://a").ok());
  ASSERT_TRUE(client.WaitReady().ok());
  ASSERT_TRUE(client.Send("before").ok());
  sim.RunUntilIdle();
  sim.Cut(client, server);
  ASSERT_TRUE(client.Send("after").ok());
  sim.RunUntilIdle();
  EXPECT_THAT(Received(server), ElementsAre("before", "after"));
  EXPECT_EQ(asked, 2);
}

// P-3: nobody to ask, nobody in; who answers later lets in later.
TEST(SimSecurityTest, TheVerdictIsWaitedFor) {
  Simulation sim({.seed = 4});
  Socket server = sim.MakeSocket(SocketType::kPull, With(PlainServer{}));
  Socket client = sim.MakeSocket(SocketType::kPush,
                                 With(PlainClient{.username = "ada", .password = "swordfish"}));
  ASSERT_TRUE(server.Bind("sim://a").ok());
  ASSERT_TRUE(client.Connect("sim://a").ok());
  EXPECT_FALSE(client.WaitReady(1, absl::Seconds(5)).ok());

  class Late final : public Authenticator {
   public:
    void Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) override {
      asked = std::move(request);
      answer = std::move(reply);
    }
    std::shared_ptr<const AuthRequest> asked;
    Reply answer;
  };
  const auto late = std::make_shared<Late>();
  server.SetAuthenticator(late);
  // The client's next attempt may be some seconds away.
  for (int second = 0; second < 60 && late->asked == nullptr; ++second) {
    EXPECT_FALSE(client.WaitReady(1, absl::Seconds(1)).ok());
  }
  ASSERT_NE(late->asked, nullptr);
  EXPECT_EQ(late->asked->username, "ada");
  late->answer({.status = AuthStatus::kAccepted, .user_id = "ada of the sea"});
  ASSERT_TRUE(client.WaitReady(1, absl::Seconds(5)).ok());
  ASSERT_TRUE(client.Send("hello").ok());
  const absl::StatusOr<Message> message = server.Receive(absl::Seconds(5));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(server.core().peer_info(message->peer())->user_id, "ada of the sea");
  // Nobody waits for this any more.
  late->answer({.status = AuthStatus::kRefused});
  sim.RunUntilIdle();
  EXPECT_EQ(client.core().ready_peers(), 1u);
}

// At whatever step of the handshake a socket goes: nobody is asked for it afterwards.
TEST(SimSecurityTest, ADestroyedSocketAsksNobody) {
  bool let_in = false;
  for (int steps = 0; steps < 1000 && !let_in; ++steps) {
    Simulation sim({.seed = 6});
    std::optional<Socket> server = sim.MakeSocket(SocketType::kPull, With(PlainServer{}));
    Socket client =
        sim.MakeSocket(SocketType::kPush, With(PlainClient{.username = "ada", .password = "x"}));
    int asked = 0;
    server->SetAuthenticator(AuthenticateBy([&asked](const AuthRequest&) {
      ++asked;
      return AuthVerdict{.status = AuthStatus::kAccepted};
    }));
    ASSERT_TRUE(server->Bind("sim://a").ok());
    ASSERT_TRUE(client.Connect("sim://a").ok());
    int step = 0;
    sim.RunUntil([&] { return step++ == steps; }, absl::Seconds(10));
    let_in = client.core().ready_peers() == 1;
    const int before = asked;
    server.reset();
    sim.Run(absl::Seconds(1));
    EXPECT_EQ(asked, before) << "destroyed after step " << steps;
  }
  EXPECT_TRUE(let_in) << "all steps of the handshake were tried";
}

// V-15: what subscribers want is told in boxes, and told anew after a cut.
TEST(SimSecurityTest, SubscriptionsSurviveACut) {
  Simulation sim({.seed = 5, .latency = absl::Milliseconds(1)});
  Socket publisher = sim.MakeSocket(SocketType::kPub, With(TestCurveServer()));
  Socket subscriber = sim.MakeSocket(SocketType::kSub, With(TestCurveClient()));
  ASSERT_TRUE(publisher.Bind("sim://a").ok());
  ASSERT_TRUE(subscriber.Subscribe("news").ok());
  ASSERT_TRUE(subscriber.Connect("sim://a").ok());
  for (const bool cut : {false, true}) {
    if (cut) sim.Cut(subscriber, publisher);
    sim.RunUntilIdle();
    ASSERT_TRUE(publisher.Send("weather").ok());
    ASSERT_TRUE(publisher.Send(absl::StrCat("news of cut ", cut)).ok());
    sim.RunUntilIdle();
    EXPECT_THAT(Received(subscriber), ElementsAre(absl::StrCat("news of cut ", cut)));
  }
}

}  // namespace
}  // namespace monocoque::sim
