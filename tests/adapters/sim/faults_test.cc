#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/sim/simulation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/wire/message.h"

namespace monocoque::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A pipe that stands.
struct Pipe {
  explicit Pipe(const SimulationOptions& options = {}, const SocketOptions& push_options = {},
                const SocketOptions& pull_options = {})
      : sim(options),
        pull(sim.MakeSocket(SocketType::kPull, pull_options)),
        push(sim.MakeSocket(SocketType::kPush, push_options)) {
    EXPECT_TRUE(pull.Bind("sim://a").ok());
    EXPECT_TRUE(push.Connect("sim://a").ok());
    EXPECT_TRUE(push.WaitReady(1, absl::Minutes(10)).ok());
    sim.RunUntilIdle(absl::Minutes(10));
  }

  Simulation sim;
  Socket pull;
  Socket push;
};

std::size_t CountEvents(Socket& socket, SocketEvent::Kind kind, std::string* sentence = nullptr) {
  std::size_t count = 0;
  for (SocketEvent event; socket.NextEvent(&event);) {
    if (event.kind != kind) continue;
    ++count;
    if (sentence != nullptr) *sentence = std::string(event.status.message());
  }
  return count;
}

std::vector<std::string> Numbers(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i < to; ++i) all.push_back(absl::StrCat("message ", i));
  return all;
}

void SendNumbers(Socket& socket, int from, int to) {
  for (const std::string& text : Numbers(from, to)) ASSERT_TRUE(socket.Send(text).ok());
}

// ---- Cuts --------------------------------------------------------------------------------------

// Both ends see it, octets on the way are gone, and the dialer comes back.
TEST(FaultsTest, CutNow) {
  Pipe p({.latency = absl::Milliseconds(5)});
  ASSERT_TRUE(p.push.Send("on the way").ok());
  p.sim.Run(absl::Milliseconds(1));
  p.sim.Cut(p.push, p.pull);
  p.sim.Run(absl::Milliseconds(1));
  EXPECT_EQ(p.push.core().ready_peers(), 0u);
  EXPECT_EQ(p.pull.core().ready_peers(), 0u);
  ASSERT_TRUE(p.push.Send("afterwards").ok());
  ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_THAT(Received(p.pull), ElementsAre("afterwards"));
  EXPECT_EQ(p.push.stats().reconnects, 1u);
}

// The time of a cut counts from the handshake's end while that is still to come.
TEST(FaultsTest, CutLater) {
  Pipe p;
  const Instant before = p.sim.now();
  p.sim.Cut(p.push, p.pull, absl::Seconds(3));
  p.sim.RunUntil([&] { return p.push.core().ready_peers() == 0; });
  EXPECT_EQ(p.sim.now() - before, absl::Seconds(3));

  Simulation sim({.latency = absl::Milliseconds(1)});
  Socket pull = sim.MakeSocket(SocketType::kPull);
  Socket push = sim.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect("sim://a").ok());
  sim.Cut(push, pull, absl::Milliseconds(3));
  sim.Run(absl::Seconds(1));
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  ASSERT_TRUE(push.WaitReady().ok());
  const Instant ready = sim.now();
  sim.RunUntil([&] { return push.core().ready_peers() == 0; });
  EXPECT_EQ(sim.now() - ready, absl::Milliseconds(3));
}

// In the middle of a frame: what had begun is lost and counted, the rest comes once and in order
// (TR-2, TR-3).
TEST(FaultsTest, CutInAFrame) {
  for (std::uint64_t octets = 1; octets < 60; ++octets) {
    Pipe p;
    p.sim.CutAfterBytes(p.push, p.pull, octets);
    SendNumbers(p.push, 0, 6);  // 11 octets each
    ASSERT_TRUE(p.sim.RunUntilIdle());
    std::vector<std::string> expected = Numbers(0, 6);
    const bool mid_frame = octets % 11 != 0;
    const std::size_t at = octets / 11;
    // The reset overtakes what was on its way.
    const std::vector<std::string> got = Received(p.pull);
    EXPECT_EQ(p.push.stats().lost, mid_frame ? 1u : 0u) << octets;
    expected.erase(expected.begin(),
                   expected.begin() + static_cast<std::ptrdiff_t>(at + mid_frame));
    EXPECT_EQ(got, expected) << octets;
  }
}

// Counted from a link's first octet when none stands: handshakes are cut at every place.
TEST(FaultsTest, CutInTheHandshake) {
  for (std::uint64_t octets = 1; octets < 90; ++octets) {
    Simulation sim;
    Socket pull = sim.MakeSocket(SocketType::kPull);
    Socket push = sim.MakeSocket(SocketType::kPush);
    sim.CutAfterBytes(octets % 2 == 0 ? push : pull, octets % 2 == 0 ? pull : push, octets);
    ASSERT_TRUE(pull.Bind("sim://a").ok());
    ASSERT_TRUE(push.Connect("sim://a").ok());
    ASSERT_TRUE(push.Send("x").ok());
    ASSERT_TRUE(sim.RunUntilIdle());
    const std::vector<LinkReport> links = sim.links();
    ASSERT_EQ(links.size(), 2u) << octets;
    EXPECT_TRUE(links[0].cut);
    EXPECT_EQ(octets % 2 == 0 ? links[0].dialer_wrote : links[0].acceptor_wrote, octets);
    EXPECT_THAT(Received(pull), ElementsAre("x")) << octets;
  }
}

TEST(FaultsTest, CutsByChance) {
  SimulationOptions options;
  options.faults.cut = 1;
  options.faults.cut_within = absl::Seconds(1);
  options.faults.cut_within_bytes = 100;
  Pipe p(options);
  for (int i = 0; i < 100; ++i) {
    (void)p.push.Send("x");
    p.sim.Run(absl::Seconds(1));
  }
  EXPECT_GT(p.sim.links().size(), 20u);
  EXPECT_TRUE(std::ranges::all_of(
      p.sim.links(), [](const LinkReport& link) { return link.cut || link.until.is_never(); }));
}

// ---- Silence -----------------------------------------------------------------------------------

// Nobody is told, nothing is lost, and what waited arrives once the two are healed.
TEST(FaultsTest, PartitionHoldsOctets) {
  Pipe p({.latency = absl::Milliseconds(5)});
  p.sim.Partition(p.push, p.pull);
  SendNumbers(p.push, 0, 3);
  p.sim.Run(absl::Minutes(1));
  EXPECT_THAT(Received(p.pull), IsEmpty());
  EXPECT_EQ(p.push.core().ready_peers(), 1u);
  p.sim.Heal(p.push, p.pull);
  p.sim.Run(absl::Milliseconds(4));
  EXPECT_THAT(Received(p.pull), IsEmpty());
  ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_EQ(Received(p.pull), Numbers(0, 3));
  EXPECT_EQ(p.sim.links().size(), 1u);
}

// H-8 over a silent path: heartbeats notice, both ends give the link up, and dials find nobody
// until it is healed.
TEST(FaultsTest, HeartbeatsNoticeAPartition) {
  const SocketOptions beating = {.link = {.heartbeat = {.interval = absl::Seconds(1)}}};
  Pipe p({}, beating, beating);
  p.sim.Partition(p.push, p.pull);
  ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_EQ(p.push.core().ready_peers(), 0u);
  EXPECT_EQ(p.pull.core().ready_peers(), 0u);
  ASSERT_TRUE(p.push.Send("x").ok());
  p.sim.Heal(p.push, p.pull);
  ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_THAT(Received(p.pull), ElementsAre("x"));
}

// A process that stands still looks dead to its peer, and finds out when it goes on.
TEST(FaultsTest, FrozenProcess) {
  Pipe p({}, {.link = {.heartbeat = {.interval = absl::Seconds(1)}}});
  p.sim.Freeze(p.pull, absl::Seconds(10));
  p.sim.Run(absl::Seconds(5));
  EXPECT_EQ(p.push.core().ready_peers(), 0u);
  EXPECT_EQ(p.pull.core().ready_peers(), 1u);
  ASSERT_TRUE(p.push.Send("x").ok());
  ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_GE(p.sim.now() - Instant(), absl::Seconds(10));
  EXPECT_THAT(Received(p.pull), ElementsAre("x"));
}

// ---- Dialing and accepting ---------------------------------------------------------------------

TEST(FaultsTest, DialsAreRefused) {
  Simulation sim({.latency = absl::Milliseconds(1)});
  Socket pull = sim.MakeSocket(SocketType::kPull);
  Socket push = sim.MakeSocket(SocketType::kPush);
  sim.SetPath(push, pull, {.faults = {.refuse_dial = 1}});
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  ASSERT_TRUE(push.Connect("sim://a").ok());
  sim.Run(absl::Seconds(30));
  std::string sentence;
  EXPECT_GT(CountEvents(push, SocketEvent::Kind::kDialFailed, &sentence), 3u);
  EXPECT_THAT(sentence, HasSubstr("connect sim://a: connection refused"));
  EXPECT_THAT(sim.links(), IsEmpty());
  sim.SetPath(push, pull, {});
  EXPECT_TRUE(push.WaitReady().ok());
}

// A dial whose refusal is on its way when it becomes calm is followed by one that succeeds: in
// between nothing is idle.
TEST(FaultsTest, ARefusalIsNoRest) {
  Simulation sim({.latency = absl::Milliseconds(5), .faults = {.refuse_dial = 1}});
  Socket pull = sim.MakeSocket(SocketType::kPull);
  Socket push = sim.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  ASSERT_TRUE(push.Connect("sim://a").ok());
  sim.Run(absl::Milliseconds(7));
  sim.Calm();
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(push.core().ready_peers(), 1u);
}

// G-11: the handshake's deadline covers dialing.
TEST(FaultsTest, DialsAreIgnored) {
  Simulation sim;
  Socket pull = sim.MakeSocket(SocketType::kPull);
  Socket push =
      sim.MakeSocket(SocketType::kPush, {.link = {.handshake_timeout = absl::Seconds(2)}});
  sim.SetPath(push, pull, {.faults = {.ignore_dial = 1}});
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  ASSERT_TRUE(push.Connect("sim://a").ok());
  sim.Run(absl::Milliseconds(1999));
  EXPECT_EQ(CountEvents(push, SocketEvent::Kind::kDialFailed), 0u);
  sim.Run(absl::Milliseconds(1));
  EXPECT_EQ(CountEvents(push, SocketEvent::Kind::kDialFailed), 1u);
}

TEST(FaultsTest, AcceptsFail) {
  SimulationOptions options;
  options.faults.fail_accept = 0.7;
  Simulation sim(options);
  Socket pull = sim.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  std::vector<Socket> pushes;
  for (int i = 0; i < 10; ++i) {
    pushes.push_back(sim.MakeSocket(SocketType::kPush));
    ASSERT_TRUE(pushes.back().Connect("sim://a").ok());
  }
  EXPECT_TRUE(pull.WaitReady(10).ok());
  EXPECT_EQ(sim.links().size(), 10u);
  EXPECT_GT(CountEvents(pull, SocketEvent::Kind::kAcceptFailed), 5u);
}

// Without a handshake who dialed is ready before it is accepted: that is waited for, unless it can
// never be.
TEST(FaultsTest, IdleWaitsForWhoIsToBeAccepted) {
  for (const double fail_accept : {0.9, 1.0}) {
    SimulationOptions options;
    options.faults.fail_accept = fail_accept;
    Simulation sim(options);
    Socket server = sim.MakeSocket(SocketType::kStream);
    ASSERT_TRUE(server.Bind("sim://a").ok());
    Socket client = sim.MakeSocket(SocketType::kStream);
    ASSERT_TRUE(client.Connect("sim://a").ok());
    ASSERT_TRUE(client.WaitReady(1).ok());
    EXPECT_TRUE(sim.RunUntilIdle());
    EXPECT_EQ(server.core().ready_peers(), fail_accept < 1 ? 1u : 0u);
    EXPECT_GT(CountEvents(server, SocketEvent::Kind::kAcceptFailed), 0u);
  }
}

// ---- How octets come ---------------------------------------------------------------------------

// Octet by octet, late and in heaps, by window and by donation: the messages are the same (G-9).
TEST(FaultsTest, OctetsMayComeInAnyPieces) {
  std::vector<Faults> ways(6);
  ways[0].max_write_bytes = 1;
  ways[1].max_read_bytes = 1;
  ways[2] = {.read_by_window = 1, .max_read_bytes = 3};
  ways[3] = {.read_by_window = 0.5, .max_write_bytes = 7, .max_read_bytes = 100};
  ways[4] = {.read_delay = absl::Milliseconds(20)};
  ways[5] = {.read_by_window = 1, .batch_delay = absl::Milliseconds(50)};
  for (const Faults& faults : ways) {
    Pipe p({.latency = absl::Milliseconds(1), .jitter = absl::Milliseconds(3), .faults = faults});
    SendNumbers(p.push, 0, 20);
    const std::string large(3000, 'l');
    ASSERT_TRUE(p.push.Send(Message({"a", large, "", "z"})).ok());
    ASSERT_TRUE(p.sim.RunUntilIdle());
    std::vector<std::string> expected = Numbers(0, 20);
    expected.push_back(absl::StrCat("a|", large, "||z"));
    EXPECT_EQ(Received(p.pull), expected);
  }
}

// A large frame is read straight into its place, or donated in pieces.
TEST(FaultsTest, LargeMessages) {
  for (double window : {0.0, 1.0, 0.5}) {
    Pipe p({.window_bytes = 50'000, .faults = {.read_by_window = window}});
    std::string large(1'500'000, 'x');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
    ASSERT_TRUE(p.push.Send(large).ok());
    ASSERT_TRUE(p.push.Send("behind").ok());
    ASSERT_TRUE(p.sim.RunUntilIdle());
    EXPECT_THAT(Received(p.pull), ElementsAre(large, "behind")) << window;
  }
}

// Order is kept within a link, and links overtake each other.
TEST(FaultsTest, JitterReordersBetweenLinks) {
  Simulation sim({.seed = 3, .jitter = absl::Milliseconds(10)});
  Socket pull = sim.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  std::vector<Socket> pushes;
  for (int i = 0; i < 2; ++i) {
    pushes.push_back(sim.MakeSocket(SocketType::kPush));
    ASSERT_TRUE(pushes.back().Connect("sim://a").ok());
    ASSERT_TRUE(pushes.back().WaitReady().ok());
  }
  std::vector<std::string> got;
  pull.OnMessage([&](Message message) { got.emplace_back(message.text()); });
  for (int i = 0; i < 20; ++i) {
    for (int who : {0, 1}) {
      ASSERT_TRUE(pushes[static_cast<std::size_t>(who)].Send(absl::StrCat(who, ":", 100 + i)).ok());
    }
    sim.Run(absl::Milliseconds(1));
  }
  ASSERT_TRUE(sim.RunUntilIdle());
  ASSERT_EQ(got.size(), 40u);
  for (const char* who : {"0:", "1:"}) {
    std::vector<std::string> of_one;
    std::ranges::copy_if(got, std::back_inserter(of_one),
                         [&](const std::string& text) { return text.starts_with(who); });
    EXPECT_TRUE(std::ranges::is_sorted(of_one));
  }
  std::size_t overtaken = 0;
  for (std::size_t i = 1; i < got.size(); ++i) {
    if (got[i].substr(2) < got[i - 1].substr(2)) ++overtaken;
  }
  EXPECT_GT(overtaken, 0u);
}

// With a batch that comes back late the next link sends no message before it is back, and none
// twice.
TEST(FaultsTest, LateBatches) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Pipe p({.seed = seed, .faults = {.batch_delay = absl::Seconds(2)}});
    p.sim.CutAfterBytes(p.push, p.pull, 30);
    SendNumbers(p.push, 0, 10);
    ASSERT_TRUE(p.sim.RunUntilIdle());
    EXPECT_EQ(Received(p.pull), Numbers(3, 10)) << seed;
    EXPECT_EQ(p.push.stats().lost, 1u);
  }
}

// ---- The seed ----------------------------------------------------------------------------------

// A run with all of it: what its number says of it.
std::uint64_t Busy(std::uint64_t seed, bool shuffle) {
  SimulationOptions options = {.seed = seed, .latency = absl::Milliseconds(1), .shuffle = shuffle};
  options.jitter = absl::Milliseconds(2);
  options.timer_delay = absl::Milliseconds(1);
  options.faults = {.refuse_dial = 0.1,
                    .fail_accept = 0.1,
                    .cut = 0.5,
                    .read_by_window = 0.5,
                    .max_write_bytes = 3000,
                    .max_read_bytes = 3000,
                    .read_delay = absl::Milliseconds(1),
                    .batch_delay = absl::Milliseconds(1)};
  Simulation sim(options);
  Socket router = sim.MakeSocket(SocketType::kRouter);
  EXPECT_TRUE(router.Bind("sim://a").ok());
  router.OnMessage([&](Message message) { (void)router.TrySend(&message); });
  std::vector<Socket> dealers;
  for (int i = 0; i < 5; ++i) {
    dealers.push_back(sim.MakeSocket(SocketType::kDealer));
    EXPECT_TRUE(dealers.back().Connect("sim://a").ok());
  }
  int left = 100;
  sim.Every(absl::Milliseconds(10), [&] {
    if (left-- <= 0) return;
    for (Socket& dealer : dealers) {
      Message message(std::string(static_cast<std::size_t>(left * left), 'x'));
      (void)dealer.TrySend(&message);
    }
  });
  sim.Run(absl::Seconds(5));
  return sim.trace_hash();
}

TEST(FaultsTest, SameSeedSameRun) {
  for (bool shuffle : {false, true}) {
    const std::uint64_t once = Busy(1, shuffle);
    // Nothing of the run depends on where its memory lies.
    std::vector<std::string> elsewhere;
    for (std::size_t i = 1; i < 2000; ++i) elsewhere.emplace_back(i * 37 % 5000, 'x');
    for (std::size_t i = 0; i < elsewhere.size(); i += 3) elsewhere[i] = std::string();
    EXPECT_EQ(Busy(1, shuffle), once);
    EXPECT_NE(Busy(2, shuffle), once);
  }
}

}  // namespace
}  // namespace monocoque::sim
