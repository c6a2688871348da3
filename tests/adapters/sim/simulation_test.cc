#include "adapters/sim/simulation.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"

namespace monocoque::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Duration Since(const Simulation& sim) { return sim.now() - Instant(); }

// A pipe that stands.
struct Pipe {
  explicit Pipe(const SimulationOptions& options = {}, const SocketOptions& push_options = {},
                const SocketOptions& pull_options = {})
      : sim(options),
        pull(sim.MakeSocket(SocketType::kPull, pull_options)),
        push(sim.MakeSocket(SocketType::kPush, push_options)) {
    EXPECT_TRUE(pull.Bind("sim://a").ok());
    EXPECT_TRUE(push.Connect("sim://a").ok());
    EXPECT_TRUE(push.WaitReady().ok());
  }

  Simulation sim;
  Socket pull;
  Socket push;
};

TEST(SimulationTest, MessagesPass) {
  Pipe p;
  EXPECT_TRUE(p.push.Send("one").ok());
  EXPECT_TRUE(p.push.Send(Message({"two", "", "parts"})).ok());
  EXPECT_THAT(Received(p.pull), IsEmpty());  // nothing happens while nothing runs
  EXPECT_TRUE(p.sim.RunUntilIdle());
  EXPECT_THAT(Received(p.pull), ElementsAre("one", "two||parts"));
  EXPECT_EQ(Since(p.sim), absl::ZeroDuration());
}

// Whatever the core can parse may be bound and dialed, with no network behind it.
TEST(SimulationTest, EndpointsOfAllKinds) {
  Simulation sim;
  for (const char* endpoint :
       {"tcp://127.0.0.1:5555", "ipc:///run/jobs", "ipc://@jobs", "inproc://a", "sim://a"}) {
    Socket pull = sim.MakeSocket(SocketType::kPull);
    Socket push = sim.MakeSocket(SocketType::kPush);
    const auto bound = pull.Bind(endpoint);
    ASSERT_TRUE(bound.ok()) << bound.status();
    EXPECT_EQ(*bound, endpoint);
    ASSERT_TRUE(push.Connect(endpoint).ok());
    ASSERT_TRUE(push.Send("x").ok());
    ASSERT_TRUE(sim.RunUntilIdle());
    EXPECT_THAT(Received(pull), ElementsAre("x")) << endpoint;
  }
}

TEST(SimulationTest, WildcardsAreGivenOut) {
  Simulation sim;
  Socket pull = sim.MakeSocket(SocketType::kPull);
  const auto port = pull.Bind("tcp://127.0.0.1:*");
  const auto other = pull.Bind("tcp://127.0.0.1:0");
  const auto path = pull.Bind("ipc://*");
  ASSERT_TRUE(port.ok() && other.ok() && path.ok());
  EXPECT_NE(*port, *other);
  ASSERT_TRUE(pull.Bind("tcp://*:7000").ok());
  Socket push = sim.MakeSocket(SocketType::kPush);
  for (const std::string& at : {*port, *other, *path, std::string("tcp://some.host:7000")}) {
    ASSERT_TRUE(push.Connect(at).ok());
  }
  EXPECT_TRUE(push.WaitReady(4).ok());
}

TEST(SimulationTest, ErrorsAreSentences) {
  Simulation sim;
  Socket a = sim.MakeSocket(SocketType::kPull);
  Socket b = sim.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(a.Bind("sim://a").ok());
  const absl::Status taken = b.Bind("sim://a").status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(taken.message()), HasSubstr("sim://a: address in use"));
  EXPECT_EQ(b.Connect("sim://").code(), absl::StatusCode::kInvalidArgument);
  Socket impossible = sim.MakeSocket(SocketType::kPush, {.router_mandatory = true});
  EXPECT_FALSE(impossible.status().ok());
  EXPECT_EQ(impossible.Bind("sim://b").status(), impossible.status());
  EXPECT_EQ(impossible.Connect("sim://a"), impossible.status());
  EXPECT_EQ(impossible.Send("x"), impossible.status());
  EXPECT_EQ(impossible.Receive().status(), impossible.status());
  EXPECT_EQ(impossible.Subscribe("x"), impossible.status());
  EXPECT_EQ(impossible.Close(), impossible.status());
}

// A name is free again once its listener is gone.
TEST(SimulationTest, NamesAreReleased) {
  Simulation sim;
  {
    Socket a = sim.MakeSocket(SocketType::kPull);
    ASSERT_TRUE(a.Bind("sim://a").ok());
  }
  ASSERT_TRUE(sim.RunUntilIdle());
  Socket b = sim.MakeSocket(SocketType::kPull);
  EXPECT_TRUE(b.Bind("sim://a").ok());
}

// What the draft types have of their own.
TEST(SimulationTest, GroupsAndNumbers) {
  Simulation sim;
  Socket radio = sim.MakeSocket(SocketType::kRadio);
  Socket dish = sim.MakeSocket(SocketType::kDish);
  ASSERT_TRUE(radio.Bind("sim://radio").ok());
  ASSERT_TRUE(dish.Connect("sim://radio").ok());
  ASSERT_TRUE(dish.Join("g").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  const auto say = [&](std::string_view text) {
    Message message(text);
    message.set_group("g");
    EXPECT_TRUE(radio.Send(&message).ok());
    EXPECT_TRUE(sim.RunUntilIdle());
  };
  say("heard");
  EXPECT_THAT(Received(dish), ElementsAre("heard"));
  ASSERT_TRUE(dish.Leave("g").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  say("unheard");
  EXPECT_THAT(Received(dish), IsEmpty());

  Socket here = sim.MakeSocket(SocketType::kPeer);
  Socket there = sim.MakeSocket(SocketType::kPeer);
  ASSERT_TRUE(there.Bind("sim://peer").ok());
  const absl::StatusOr<std::uint32_t> number = here.ConnectPeer("sim://peer");
  ASSERT_TRUE(number.ok());
  Message message("by number");
  message.set_to(Bytes(RoutingIdOf(*number)));
  ASSERT_TRUE(here.Send(&message).ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_THAT(Received(there), ElementsAre("by number"));
  EXPECT_FALSE(radio.ConnectPeer("sim://peer").ok());
}

// ---- Time --------------------------------------------------------------------------------------

TEST(SimulationTest, LatencyIsOneWay) {
  Pipe p({.latency = absl::Milliseconds(10)});
  const Instant sent = p.sim.now();
  ASSERT_TRUE(p.push.Send("x").ok());
  ASSERT_TRUE(p.pull.Receive().ok());
  EXPECT_EQ(p.sim.now() - sent, absl::Milliseconds(10));
}

TEST(SimulationTest, BandwidthTakesItsTime) {
  Pipe p({.bytes_per_second = 1000});
  const Instant sent = p.sim.now();
  ASSERT_TRUE(p.push.Send(std::string(98, 'x')).ok());  // 100 octets on the wire
  ASSERT_TRUE(p.pull.Receive().ok());
  EXPECT_EQ(p.sim.now() - sent, absl::Milliseconds(100));
}

TEST(SimulationTest, RunMovesTheClockByJustSoMuch) {
  Simulation sim;
  sim.Run(absl::Seconds(3));
  EXPECT_EQ(Since(sim), absl::Seconds(3));
  EXPECT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(Since(sim), absl::Seconds(3));
}

TEST(SimulationTest, RunUntilAsksAfterEachStep) {
  Pipe p({.latency = absl::Milliseconds(1)});
  const Instant sent = p.sim.now();
  ASSERT_TRUE(p.push.Send("x").ok());
  std::vector<std::string> got;
  const auto arrived = [&] {
    for (std::string& text : Received(p.pull)) got.push_back(std::move(text));
    return !got.empty();
  };
  EXPECT_TRUE(p.sim.RunUntil(arrived));
  EXPECT_EQ(p.sim.now() - sent, absl::Milliseconds(1));
  EXPECT_FALSE(p.sim.RunUntil([] { return false; }, absl::Seconds(2)));
  EXPECT_EQ(p.sim.now() - sent, absl::Milliseconds(2001));
}

// Heartbeats go on for ever and hold nobody up.
TEST(SimulationTest, IdleWithHeartbeats) {
  const SocketOptions beating = {.link = {.heartbeat = {.interval = absl::Seconds(1)}}};
  Pipe p({.latency = absl::Milliseconds(1)}, beating, beating);
  const Instant before = p.sim.now();
  ASSERT_TRUE(p.push.Send("x").ok());
  EXPECT_TRUE(p.sim.RunUntilIdle());
  EXPECT_LT(p.sim.now() - before, absl::Milliseconds(10));
  p.sim.Run(absl::Minutes(1));
  EXPECT_EQ(p.sim.links().size(), 1u);
  EXPECT_GT(p.sim.links()[0].acceptor_read, 60u * 10);  // PINGs passed
}

// What is sent at the moment of a heartbeat is waited for all the same.
TEST(SimulationTest, IdleWaitsForWhatMeetsAHeartbeat) {
  Pipe p({.latency = absl::Milliseconds(1)},
         {.link = {.heartbeat = {.interval = absl::Seconds(1)}}});
  const std::uint64_t before = p.sim.links()[0].acceptor_read;
  ASSERT_TRUE(p.sim.RunUntil([&] { return p.sim.links()[0].acceptor_read > before; }));
  ASSERT_TRUE(p.push.Send("x").ok());
  EXPECT_TRUE(p.sim.RunUntilIdle());
  EXPECT_THAT(Received(p.pull), ElementsAre("x"));
}

// A dial that fails just before its process stands still is followed by the next, and no other is
// waited for.
TEST(SimulationTest, IdleAfterADialThatStoodStill) {
  Simulation sim({.latency = absl::Milliseconds(5)});
  Socket push = sim.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect("sim://a").ok());
  sim.RunUntil([&] { return Since(sim) >= absl::Milliseconds(10); });
  sim.Freeze(push, absl::Seconds(1));
  Socket pull = sim.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  EXPECT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(push.core().ready_peers(), 1u);
  EXPECT_TRUE(sim.RunUntilIdle(absl::ZeroDuration()));
}

// So do dials of a name that nobody has; one that somebody has is waited for.
TEST(SimulationTest, IdleWhileNobodyListens) {
  Simulation sim;
  Socket push = sim.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect("sim://late").ok());
  ASSERT_TRUE(push.Send("early").ok());
  EXPECT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(Since(sim), absl::ZeroDuration());
  Socket pull = sim.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("sim://late").ok());
  EXPECT_TRUE(sim.RunUntilIdle());
  EXPECT_THAT(Received(pull), ElementsAre("early"));
}

TEST(SimulationTest, IdleWaitsForLinger) {
  Simulation sim;
  Socket push = sim.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect("sim://nobody").ok());
  ASSERT_TRUE(push.Send("lost").ok());
  push.StartClose(absl::Seconds(5));
  EXPECT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(Since(sim), absl::Seconds(5));
  EXPECT_EQ(push.stats().lost, 1u);
}

TEST(SimulationTest, IdleLimit) {
  Simulation sim;
  std::function<void()> again = [&] { sim.After(absl::Seconds(1), again); };
  again();
  EXPECT_FALSE(sim.RunUntilIdle(absl::Seconds(10)));
  EXPECT_EQ(Since(sim), absl::Seconds(10));
}

// A receiver that takes nothing leaves octets behind, and nobody waits for it.
TEST(SimulationTest, IdleAtTheMark) {
  Pipe p({.window_bytes = 1000}, {.send_mark = {.messages = 10, .bytes = 0}},
         {.receive_mark = {.messages = 5, .bytes = 0}});
  int sent = 0;
  Message message(std::string(100, 'x'));
  while (sent < 1000 && p.push.TrySend(&message).ok()) {
    message = Message(std::string(100, 'x'));
    ++sent;
    ASSERT_TRUE(p.sim.RunUntilIdle());
  }
  EXPECT_LT(sent, 100);
  int got = 0;
  while (!Received(p.pull).empty() && ++got < 1000) ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_EQ(p.pull.stats().messages_received, static_cast<std::uint64_t>(sent));
}

// ---- Calls that wait ---------------------------------------------------------------------------

TEST(SimulationTest, WaitingTakesVirtualTime) {
  Pipe p;
  const Instant before = p.sim.now();
  const absl::Status late = p.pull.Receive(absl::Seconds(7)).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(p.sim.now() - before, absl::Seconds(7));
  p.sim.After(absl::Seconds(1), [&] { EXPECT_TRUE(p.push.Send("x").ok()); });
  EXPECT_TRUE(p.pull.Receive(absl::Seconds(7)).ok());
  EXPECT_EQ(p.sim.now() - before, absl::Seconds(8));
}

TEST(SimulationTest, WaitingForEverEnds) {
  Pipe p;
  const absl::Status never = p.pull.Receive().status();
  EXPECT_EQ(never.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(never.message()), HasSubstr("would wait for ever"));
  Socket alone = p.sim.MakeSocket(SocketType::kPush);
  Message kept("kept");
  EXPECT_EQ(alone.Send(&kept).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(kept.text(), "kept");
  EXPECT_EQ(alone.WaitReady().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(SimulationTest, CloseSendsWhatWaits) {
  Pipe p({.latency = absl::Milliseconds(1)});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(p.push.Send(absl::StrCat(i)).ok());
  EXPECT_TRUE(p.push.Close(absl::Seconds(1)).ok());
  EXPECT_THAT(Received(p.pull), ElementsAre("0", "1", "2"));
  EXPECT_EQ(p.push.Send("more").code(), absl::StatusCode::kFailedPrecondition);
  Socket lost = p.sim.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(lost.Connect("sim://nobody").ok());
  ASSERT_TRUE(lost.Send("x").ok());
  EXPECT_EQ(lost.Close(absl::Seconds(1)).code(), absl::StatusCode::kDeadlineExceeded);
}

// ---- Applications ------------------------------------------------------------------------------

TEST(SimulationTest, HandlersMakeAnApplication) {
  Simulation sim({.latency = absl::Milliseconds(1)});
  Socket server = sim.MakeSocket(SocketType::kRep);
  Socket client = sim.MakeSocket(SocketType::kReq);
  server.OnMessage([&](Message request) {
    // The reply comes from a worker that takes its time.
    sim.After(absl::Milliseconds(5), [&server, text = std::string(request.text())] {
      EXPECT_TRUE(server.Send(absl::StrCat("got ", text)).ok());
    });
  });
  ASSERT_TRUE(server.Bind("sim://a").ok());
  ASSERT_TRUE(client.Connect("sim://a").ok());
  ASSERT_TRUE(client.WaitReady().ok());
  const Instant before = sim.now();
  for (const char* text : {"a", "b"}) {
    ASSERT_TRUE(client.Send(text).ok());
    const auto reply = client.Receive();
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->text(), absl::StrCat("got ", text));
  }
  EXPECT_EQ(sim.now() - before, absl::Milliseconds(14));
}

TEST(SimulationTest, NothingWaitsInAHandler) {
  Pipe p;
  absl::Status inside;
  p.pull.OnMessage([&](Message) { inside = p.pull.Receive().status(); });
  ASSERT_TRUE(p.push.Send("x").ok());
  ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_EQ(inside.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(inside.message()), HasSubstr("inside a handler"));
}

// A handler may end its own socket, and others.
TEST(SimulationTest, HandlersMayDestroySockets) {
  Simulation sim;
  auto pull = std::make_unique<Socket>(sim.MakeSocket(SocketType::kPull));
  Socket push = sim.MakeSocket(SocketType::kPush);
  int got = 0;
  pull->OnMessage([&](Message) {
    ++got;
    pull.reset();
  });
  ASSERT_TRUE(pull->Bind("sim://a").ok());
  ASSERT_TRUE(push.Connect("sim://a").ok());
  ASSERT_TRUE(push.Send("1").ok());
  ASSERT_TRUE(push.Send("2").ok());
  EXPECT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(got, 1);
}

TEST(SimulationTest, EveryRunsEachPeriodAndIsNoWork) {
  Simulation sim;
  int ticks = 0;
  sim.Every(absl::Seconds(1), [&] { ++ticks; });
  EXPECT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(ticks, 0);
  sim.Run(absl::Milliseconds(3500));
  EXPECT_EQ(ticks, 3);
}

TEST(SimulationTest, Subscriptions) {
  Simulation sim({.latency = absl::Milliseconds(1)});
  Socket pub = sim.MakeSocket(SocketType::kPub);
  Socket sub = sim.MakeSocket(SocketType::kSub);
  ASSERT_TRUE(pub.Bind("sim://a").ok());
  ASSERT_TRUE(sub.Connect("sim://a").ok());
  ASSERT_TRUE(sub.Subscribe("weather.").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  ASSERT_TRUE(pub.Send("weather.rain").ok());
  ASSERT_TRUE(pub.Send("sports").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_THAT(Received(sub), ElementsAre("weather.rain"));
  ASSERT_TRUE(sub.Unsubscribe("weather.").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  ASSERT_TRUE(pub.Send("weather.snow").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_THAT(Received(sub), IsEmpty());
  EXPECT_EQ(sub.Unsubscribe("weather.").code(), absl::StatusCode::kNotFound);
}

// ---- What happened -----------------------------------------------------------------------------

TEST(SimulationTest, EventsAndLinksTellTheStory) {
  Pipe p({.latency = absl::Milliseconds(1)});
  p.sim.Cut(p.push, p.pull);
  ASSERT_TRUE(p.sim.RunUntilIdle());
  std::vector<SocketEvent::Kind> kinds;
  for (SocketEvent event; p.push.NextEvent(&event);) kinds.push_back(event.kind);
  EXPECT_THAT(kinds, ElementsAre(SocketEvent::Kind::kDialing, SocketEvent::Kind::kConnected,
                                 SocketEvent::Kind::kReady, SocketEvent::Kind::kClosed,
                                 SocketEvent::Kind::kRetry, SocketEvent::Kind::kDialing,
                                 SocketEvent::Kind::kConnected, SocketEvent::Kind::kReady));
  const std::vector<LinkReport> links = p.sim.links();
  ASSERT_EQ(links.size(), 2u);
  EXPECT_EQ(links[0].dialer, p.push.number());
  EXPECT_EQ(links[0].acceptor, p.pull.number());
  EXPECT_TRUE(links[0].cut);
  EXPECT_FALSE(links[0].until.is_never());
  EXPECT_FALSE(links[1].cut);
  EXPECT_TRUE(links[1].until.is_never());
  EXPECT_GE(links[1].since, links[0].until);
  EXPECT_EQ(links[1].dialer_wrote, links[1].acceptor_read);
  EXPECT_EQ(links[1].acceptor_wrote, links[1].dialer_read);
}

TEST(SimulationTest, TheTraceIsReadable) {
  std::vector<std::string> lines;
  SimulationOptions options = {.latency = absl::Milliseconds(1)};
  options.trace = [&](std::string_view line) { lines.emplace_back(line); };
  Pipe p(options);
  ASSERT_TRUE(p.push.Send("x").ok());
  ASSERT_TRUE(p.sim.RunUntilIdle());
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], "    0.000000 ms  pull#0: listening");
  EXPECT_EQ(lines[1], "    0.000000 ms  push#1: dials sim://a");
  EXPECT_EQ(lines.back(), "    7.000000 ms  pull#0: reads 3");
}

// All octets pass the tap, those of the greeting first.
TEST(SimulationTest, TheTapSeesOctets) {
  std::string octets;
  SimulationOptions options;
  options.tap = [&](const TappedOctets& tapped) {
    if (tapped.from == 1 && tapped.to == 0) octets.append(AsText(tapped.octets));
    EXPECT_EQ(tapped.link, 1u);
  };
  Pipe p(options);
  ASSERT_TRUE(p.push.Send("hello").ok());
  ASSERT_TRUE(p.sim.RunUntilIdle());
  EXPECT_EQ(octets.substr(0, 1), "\xff");
  EXPECT_TRUE(octets.ends_with(std::string("\0\5hello", 7)));
}

// Wishes by the text that Bind gave and Connect got. A name is free at once, and what waited for a
// dialer that is gone is nobody's hope.
TEST(SimulationTest, EndpointsComeAndGo) {
  Simulation sim;
  Socket pull = sim.MakeSocket(SocketType::kPull);
  Socket push = sim.MakeSocket(SocketType::kPush);
  const std::string bound = *pull.Bind("sim://a");
  ASSERT_TRUE(push.Connect("sim://a").ok());
  ASSERT_TRUE(push.Send("first").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_THAT(Received(pull), ElementsAre("first"));
  ASSERT_TRUE(pull.Unbind(bound).ok());
  EXPECT_EQ(pull.Unbind(bound).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(push.core().ready_peers(), 0u);
  ASSERT_TRUE(push.Send("second").ok());
  ASSERT_TRUE(pull.Bind("sim://a").ok());
  ASSERT_TRUE(sim.RunUntilIdle());
  ASSERT_TRUE(push.Disconnect("sim://a").ok());
  EXPECT_EQ(push.Disconnect("sim://a").code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(pull.core().ready_peers(), 0u);
  EXPECT_EQ(sim.links().size(), 2u);
  EXPECT_THAT(Received(pull), ElementsAre("second"));
}

// All memory that sockets hold is accounted for, and comes back.
TEST(SimulationTest, MemoryComesBack) {
  Simulation sim;
  {
    Socket pull = sim.MakeSocket(SocketType::kPull);
    Socket push = sim.MakeSocket(SocketType::kPush);
    ASSERT_TRUE(pull.Bind("sim://a").ok());
    ASSERT_TRUE(push.Connect("sim://a").ok());
    ASSERT_TRUE(push.WaitReady().ok());
    ASSERT_TRUE(push.Send("x").ok());
    EXPECT_GT(sim.budget()->used(), 0);
    ASSERT_TRUE(sim.RunUntilIdle());
    EXPECT_EQ(Received(pull).size(), 1u);
  }
  ASSERT_TRUE(sim.RunUntilIdle());
  EXPECT_EQ(sim.budget()->used(), 0);
}

}  // namespace
}  // namespace monocoque::sim
