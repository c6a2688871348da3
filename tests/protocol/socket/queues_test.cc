// A queue for each peer, of publishers and subscribers; and any number of peers, wherever they are.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "alloc/read_window.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using enum SocketType;

std::string Frame(std::string_view body) {
  return absl::StrCat(std::string(1, '\0'), std::string(1, static_cast<char>(body.size())), body);
}

// A subscriber that asks for `prefix`.
std::string Subscriber(std::string_view prefix) {
  return PeerGreeting(3, 0) + PeerReady("SUB") + Frame(absl::StrCat("\x01", prefix));
}

PeerId PeerOf(const Wires& wires, LinkId link) {
  for (const SocketEvent& event : wires.events) {
    if (event.kind == SocketEvent::Kind::kReady && event.link == link) return event.peer;
  }
  return PeerId();
}

// PUB-2, XPUB-2, XPUB-7: each subscriber has a queue of its own, which fills for it alone, drops
// for it alone and dies with it; and nobody waits for it.
TEST(QueuesTest, OfEachSubscriber) {
  for (const SocketType type : {kPub, kXPub}) {
    // Who wants everything shares a log with the others; who does not has copies.
    for (const std::string_view prefix : {"", "m"}) {
      Wires wires(type, {.send_mark = {.messages = 4, .bytes = 0}});
      const LinkId slow = wires.Accept(Subscriber(prefix));
      const LinkId quick = wires.Accept(Subscriber(prefix));
      const LinkId other = wires.Accept(Subscriber("else"));
      wires.Stop(slow);
      for (int i = 0; i < 10; ++i) {
        const std::string text = absl::StrCat("m", i);
        EXPECT_TRUE(wires.Send(Message(text)).ok());
        EXPECT_EQ(wires.Told(quick), ToHex(Frame(text)));
      }
      EXPECT_EQ(wires.Told(other), "");
      EXPECT_EQ(wires.socket.stats().dropped, 6u);
      const auto of_slow = wires.socket.peer_stats(PeerOf(wires, slow));
      ASSERT_TRUE(of_slow.has_value());
      EXPECT_EQ(of_slow->unsent_messages, 4u);
      EXPECT_EQ(of_slow->messages_dropped, 6u);
      EXPECT_EQ(wires.socket.peer_stats(PeerOf(wires, quick))->messages_dropped, 0u);
      wires.HangUp(slow);
      EXPECT_FALSE(wires.socket.peer_stats(PeerOf(wires, slow)).has_value());
      EXPECT_TRUE(wires.Send(Message("more")).ok());
      EXPECT_EQ(wires.Told(quick), ToHex(Frame("more")));
      // One that comes anew begins with nothing of the old.
      EXPECT_EQ(wires.Told(wires.Accept(Subscriber(prefix))), "");
    }
  }
}

// XPUB-2: and one for what comes from it. Once as much waits for the application as the mark says
// nothing more is read, and nothing is lost.
TEST(QueuesTest, FromEachSubscriber) {
  Wires wires(kXPub, {.receive_mark = {.messages = 3, .bytes = 0}});
  const LinkId one = wires.Accept(Subscriber(""));
  const LinkId two = wires.Accept(Subscriber(""));
  wires.Received();
  for (int i = 0; i < 3; ++i) wires.Say(one, Frame("from one"));
  wires.Say(two, Frame("from two"));
  EXPECT_EQ(wires.socket.read_hint(one).mode, ReadMode::kPaused);
  EXPECT_THAT(wires.Received(),
              UnorderedElementsAre("from one", "from one", "from one", "from two"));
  EXPECT_EQ(wires.socket.read_hint(one).mode, ReadMode::kAny);
}

// SUB-2, XSUB-2: a queue from each publisher; full, that one is not read any more, so that the
// dropping is its own, and the others' messages come.
TEST(QueuesTest, FromEachPublisher) {
  for (const SocketType type : {kSub, kXSub}) {
    Wires wires(type, {.receive_mark = {.messages = 3, .bytes = 0}});
    ASSERT_TRUE(wires.socket.Subscribe("", wires.now).ok());
    const std::string publisher = PeerGreeting() + PeerReady("PUB");
    const LinkId one = wires.Accept(publisher);
    const LinkId two = wires.Accept(publisher);
    for (int i = 0; i < 3; ++i) wires.Say(one, Frame("a"));
    wires.Say(two, Frame("b"));
    EXPECT_EQ(wires.socket.read_hint(one).mode, ReadMode::kPaused);
    EXPECT_EQ(wires.socket.read_hint(two).mode, ReadMode::kAny);
    EXPECT_THAT(wires.Received(), UnorderedElementsAre("a", "a", "a", "b"));
    EXPECT_EQ(wires.socket.read_hint(one).mode, ReadMode::kAny);
    EXPECT_EQ(wires.socket.stats().dropped, 0u);
  }
}

// XSUB-2: and one to each publisher: what goes upstream is dropped for one that is full, and
// counted, and goes to the others.
TEST(QueuesTest, ToEachPublisher) {
  Wires wires(kXSub, {.send_mark = {.messages = 2, .bytes = 0}});
  const std::string publisher = PeerGreeting() + PeerReady("XPUB");
  const LinkId slow = wires.Accept(publisher);
  const LinkId quick = wires.Accept(publisher);
  wires.Stop(slow);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(wires.Send(Message("upstream")).ok());
    EXPECT_EQ(wires.Told(quick), ToHex(Frame("upstream")));
  }
  EXPECT_EQ(wires.socket.stats().dropped, 3u);
  EXPECT_EQ(wires.socket.peer_stats(PeerOf(wires, slow))->unsent_messages, 2u);
}

// H-1: a PING beyond the receive mark is found when messages in front of it are taken, and answered
// at once, whatever comes behind it.
TEST(QueuesTest, APingAmongMessagesIsAnswered) {
  const std::string ping = testing::Hex("04 07 04 50494e47 0000");
  const std::string pong =
      "0405"
      "04504f4e47";
  for (const bool more : {false, true}) {
    Wires wires(kPull, {.receive_mark = {.messages = 1, .bytes = 0}});
    const LinkId link = wires.Accept(PeerGreeting() + PeerReady("PUSH"));
    wires.Say(link, Frame("a") + ping + (more ? Frame("b") + Frame("c") : ""));
    EXPECT_EQ(wires.Told(link), "");
    Message message;
    EXPECT_TRUE(wires.socket.Receive(&message, nullptr, wires.now));
    EXPECT_EQ(wires.socket.Receive(&message, nullptr, wires.now), more);
    EXPECT_EQ(wires.Told(link), pong);
  }
}

// H-3: the time that it leaves us is a deadline, whoever came to it, and whether the PONG gets away
// or not.
TEST(QueuesTest, APingAmongMessagesLimitsOurPatience) {
  const std::string ping = testing::Hex("04 07 04 50494e47 000a");
  for (const bool stalled : {false, true}) {
    Wires wires(kPull, {.receive_mark = {.messages = 2, .bytes = 0}});
    const LinkId link = wires.Accept(PeerGreeting() + PeerReady("PUSH"));
    wires.Stall(stalled);
    wires.Say(link, Frame("a") + Frame("b") + ping + Frame("c") + ping + Frame("d"));
    EXPECT_TRUE(wires.socket.NextDeadline().is_never());
    Message message;
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(wires.socket.Receive(&message, nullptr, wires.now));
    }
    EXPECT_EQ(wires.socket.NextDeadline(), wires.now + absl::Seconds(1));
    // The next one begins it anew.
    wires.now = wires.now + absl::Milliseconds(900);
    ASSERT_TRUE(wires.socket.Receive(&message, nullptr, wires.now));
    wires.Turn();
    for (const bool over : {false, true}) {
      wires.now = wires.now + absl::Milliseconds(500);
      wires.Turn();
      EXPECT_EQ(wires.closed(link), over);
    }
    EXPECT_EQ(CauseOf(wires.events.back().status), Cause::kHeartbeat);
  }
}

// A peer that sends faster than it is received from is read as much as the mark says, however many
// of its messages come with one read: each that is taken makes no room for many more.
TEST(QueuesTest, ReadsOfManyMessagesStayWithinTheMark) {
  constexpr std::size_t kInARead = 500;
  for (const std::size_t mark : {std::size_t{1}, std::size_t{10}, std::size_t{400}}) {
    SCOPED_TRACE(mark);
    Wires wires(kPull, {.receive_mark = {.messages = mark, .bytes = 0}});
    const LinkId link = wires.Accept(PeerGreeting() + PeerReady("PUSH"));
    std::string many;
    for (std::size_t i = 0; i < kInARead; ++i) many += Frame("message");
    std::size_t said = 0;
    std::size_t received = 0;
    for (int turn = 0; turn < 5000; ++turn) {
      if (wires.socket.read_hint(link).mode != ReadMode::kPaused) {
        wires.Say(link, many);
        said += kInARead;
      }
      Message message;
      if (!wires.socket.Receive(&message, nullptr, wires.now)) continue;
      ++received;
      wires.Turn();
      ASSERT_LE(said - received, mark + kInARead);
    }
    EXPECT_EQ(received, 5000u) << "and nobody waits";
  }
}

// Whoever would read on, and cannot for the mark, is told of it, and when he can again: also where
// what reached the mark has not been looked at yet.
TEST(QueuesTest, WhoMayNotReadOnIsToldWhenHeMay) {
  Wires wires(kPull, {.receive_mark = {.messages = 0, .bytes = 8}});
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("PUSH") + Frame("a"));
  const auto hints = [&] {
    std::vector<ReadMode> told;
    for (Action action; wires.socket.NextAction(&action);) {
      if (const auto* read = std::get_if<action::Read>(&action)) told.push_back(read->hint.mode);
    }
    return told;
  };
  absl::StatusOr<ReadWindow> window = wires.socket.PrepareRead(link);
  ASSERT_TRUE(window.ok());
  const std::string more = Frame("message");
  std::ranges::copy(AsBytes(more), window->span().begin());
  wires.socket.CommitRead(link, *std::move(window), more.size(), wires.now);
  EXPECT_FALSE(wires.socket.PrepareRead(link).ok());
  EXPECT_THAT(hints(), ElementsAre(ReadMode::kPaused));
  Message message;
  while (wires.socket.Receive(&message, nullptr, wires.now)) {
  }
  wires.socket.Process(1000, wires.now);
  EXPECT_THAT(hints(), ElementsAre(ReadMode::kAny));
}

// TR-4: every type listens and connects, at any number of endpoints at once.
TEST(QueuesTest, EveryTypeListensAndConnects) {
  for (int i = 0; i <= static_cast<int>(kChannel); ++i) {
    const auto type = static_cast<SocketType>(i);
    SocketType fits = kStream;
    for (int other = 0; other <= static_cast<int>(kChannel); ++other) {
      if (Compatible(type, static_cast<SocketType>(other))) fits = static_cast<SocketType>(other);
    }
    Net net;
    Socket& subject = net.Make(type);
    for (std::string_view name : {"a", "b"}) net.Bind(subject, name);
    for (std::string_view name : {"c", "d"}) net.Bind(net.Make(fits), name);
    net.Run();
    for (std::string_view name : {"c", "d"}) net.Connect(subject, name);
    for (std::string_view name : {"a", "b"}) net.Connect(net.Make(fits), name);
    net.Run();
    const bool one_peer = type == kPair || type == kChannel;
    EXPECT_EQ(subject.ready_peers(), one_peer ? 1u : 4u) << SocketTypeName(type);
  }
}

// E-19: endpoints of different transports on one socket, which asks for each of them and has
// messages from all.
TEST(QueuesTest, SeveralTransports) {
  const Host host = TestHost();
  Socket pull = *Socket::Create(kPull, {}, host);
  const std::vector<std::string> bound = {"tcp://127.0.0.1:5555", "tcp://[::1]:5556",
                                          "ipc:///tmp/socket", "inproc://name"};
  const std::vector<std::string> dialed = {"tcp://host:5557", "ipc://@abstract", "inproc://other"};
  for (const std::string& text : bound) {
    ASSERT_TRUE(pull.Bind(*ParseEndpoint(text), host.now).ok()) << text;
  }
  for (const std::string& text : dialed) {
    ASSERT_TRUE(pull.Connect(*ParseEndpoint(text), host.now).ok()) << text;
  }
  std::vector<std::string> listens, dials;
  std::vector<LinkId> links;
  for (Action action; pull.NextAction(&action);) {
    if (const auto* listen = std::get_if<action::Listen>(&action)) {
      listens.push_back(listen->endpoint->ToString());
      pull.OnListening(listen->listener, *listen->endpoint, host.now);
      links.push_back(*pull.OnAccepted(listen->listener, {"here", "there"}, host.now));
    } else if (const auto* dial = std::get_if<action::Dial>(&action)) {
      dials.push_back(dial->endpoint->ToString());
      pull.OnDialed(dial->link, {"here", "there"}, host.now);
      links.push_back(dial->link);
    }
  }
  EXPECT_EQ(listens, bound);
  EXPECT_EQ(dials, dialed);
  for (std::size_t i = 0; i < links.size(); ++i) {
    const std::string octets = PeerGreeting() + PeerReady("PUSH") + Frame(absl::StrCat(i));
    absl::StatusOr<ReadWindow> window = pull.PrepareRead(links[i]);
    ASSERT_TRUE(window.ok());
    std::ranges::copy(AsBytes(octets), window->span().begin());
    pull.CommitRead(links[i], *std::move(window), octets.size(), host.now);
  }
  for (int turns = 0; turns < 100 && pull.Process(1000, host.now); ++turns) {
  }
  EXPECT_THAT(testing::ReceiveAll(pull, host.now),
              UnorderedElementsAre("0", "1", "2", "3", "4", "5", "6"));
}

}  // namespace
}  // namespace monocoque
