// A test of two sockets under a virtual clock: a request, a link that dies, a reply all the same.
// Takes no time and no port.
#include "adapters/sim/simulation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

using ::monocoque::SocketType;
using ::monocoque::sim::Received;
using ::monocoque::sim::Simulation;
using ::monocoque::sim::Socket;
using ::testing::ElementsAre;

TEST(SimulatedTest, TheRequestSurvivesItsLink) {
  Simulation sim({.seed = 7, .latency = absl::Milliseconds(1)});
  Socket server = sim.MakeSocket(SocketType::kRep);
  Socket client =
      sim.MakeSocket(SocketType::kReq, {.link = {.heartbeat = {.interval = absl::Seconds(1)}}});
  ASSERT_TRUE(server.Bind("sim://a").ok());
  ASSERT_TRUE(client.Connect("sim://a").ok());
  ASSERT_TRUE(client.Send("ping").ok());
  sim.Cut(client, server, /*after=*/absl::Milliseconds(3));  // the link dies in the middle
  sim.RunUntilIdle();  // idle: no octets and no work left, only periodic timers
  EXPECT_THAT(Received(server), ElementsAre("ping"));
  EXPECT_EQ(client.stats().reconnects, 1u);
}

}  // namespace
