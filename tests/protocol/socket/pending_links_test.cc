// SEC-2, V-19: links that were accepted and have not finished their handshake are bounded, for each
// listener, and so are those that are over and left something. Whoever connects costs no more than
// that, and nobody is shut out for ever.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kMost = 4;

SocketOptions Bounded() {
  SocketOptions options;
  options.link.max_pending_links = kMost;
  options.link.handshake_timeout = absl::Seconds(2);
  return options;
}

std::vector<LinkId> Fill(Wires* wires, std::size_t count = kMost) {
  std::vector<LinkId> links;
  for (std::size_t i = 0; i < count; ++i) links.push_back(wires->Come(""));
  return links;
}

std::vector<SocketEvent> Crowded(const Wires& wires) {
  std::vector<SocketEvent> told;
  std::ranges::copy_if(wires.events, std::back_inserter(told), [](const SocketEvent& event) {
    return event.kind == SocketEvent::Kind::kAcceptFailed;
  });
  return told;
}

TEST(PendingLinksTest, AtTheLimitNoMoreAreAccepted) {
  Wires wires(SocketType::kPull, Bounded());
  Fill(&wires, kMost - 1);
  EXPECT_THAT(wires.accepting(), IsEmpty());
  Fill(&wires, 1);
  EXPECT_THAT(wires.accepting(), ElementsAre(false));
  // Whoever was on the way already is not let in either.
  EXPECT_TRUE(absl::IsUnavailable(wires.TryCome().status()));
  const std::vector<SocketEvent> told = Crowded(wires);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(CauseOf(told[0].status), Cause::kLimit);
  EXPECT_THAT(told[0].ToString(), HasSubstr("4 links have not finished their handshake"));
}

TEST(PendingLinksTest, OneThatIsReadyMakesRoom) {
  Wires wires(SocketType::kPull, Bounded());
  const std::vector<LinkId> links = Fill(&wires);
  wires.Say(links[2], PeerGreeting() + PeerReady("PUSH"));
  EXPECT_EQ(wires.socket.ready_peers(), 1u);
  EXPECT_THAT(wires.accepting(), ElementsAre(false, true));
  Fill(&wires, 1);
  EXPECT_THAT(wires.accepting(), ElementsAre(false, true, false));
  // Those that are ready count no more, however many.
  EXPECT_FALSE(wires.TryCome().ok());
}

TEST(PendingLinksTest, OneThatIsGoneMakesRoom) {
  Wires wires(SocketType::kPull, Bounded());
  const std::vector<LinkId> links = Fill(&wires);
  wires.HangUp(links[0]);
  EXPECT_THAT(wires.accepting(), ElementsAre(false, true));
  // The same of one that breaks the protocol, and one that is refused once it is ready.
  Fill(&wires, 1);
  wires.Say(links[1], PeerGreeting() + std::string("\0\1m", 3));
  Fill(&wires, 1);
  wires.Say(links[2], PeerGreeting() + PeerReady("SUB"));
  wires.Turn();
  EXPECT_THAT(wires.accepting(), ElementsAre(false, true, false, true, false, true));
  EXPECT_EQ(wires.socket.ready_peers(), 0u);
}

// The deadline of the handshake sweeps those that say nothing; whoever comes then is served.
TEST(PendingLinksTest, TheDeadlineMakesRoom) {
  Wires wires(SocketType::kPull, Bounded());
  for (int wave = 0; wave < 3; ++wave) {
    Fill(&wires);
    EXPECT_FALSE(wires.TryCome().ok());
    wires.now = wires.now + absl::Seconds(2);
    wires.Turn();
    EXPECT_TRUE(wires.accepting().back());
  }
  wires.Come(PeerGreeting() + PeerReady("PUSH"));
  EXPECT_EQ(wires.socket.ready_peers(), 1u);
}

// A flood does not fill the events: it is told once, and again when it came back.
TEST(PendingLinksTest, ItIsToldOnce) {
  Wires wires(SocketType::kPull, Bounded());
  std::vector<LinkId> links = Fill(&wires);
  for (int i = 0; i < 10; ++i) {
    wires.HangUp(links.back());
    links.back() = wires.Come("");
  }
  EXPECT_EQ(Crowded(wires).size(), 1u);
  for (LinkId link : links) wires.HangUp(link);
  Fill(&wires);
  EXPECT_EQ(Crowded(wires).size(), 2u);
}

// Each listener has its own count.
TEST(PendingLinksTest, OtherListenersGoOn) {
  Wires wires(SocketType::kPull, Bounded());
  Fill(&wires);
  const auto other = wires.socket.Bind(*ParseEndpoint("sim://elsewhere"), wires.now);
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(wires.socket.OnAccepted(*other, {"sim", "sim"}, wires.now).ok());
  EXPECT_FALSE(wires.TryCome().ok());
}

// A listener that ends with links in their handshake; nothing is asked of it afterwards.
TEST(PendingLinksTest, TheListenerEnds) {
  for (const bool close : {true, false}) {
    Wires wires(SocketType::kPull, Bounded());
    Fill(&wires);
    if (close) {
      wires.socket.Close(absl::ZeroDuration(), wires.now);
    } else {
      ASSERT_TRUE(wires.Unbind().ok());
    }
    wires.Turn();
    EXPECT_THAT(wires.accepting(), ElementsAre(false));
    EXPECT_FALSE(wires.TryCome().ok());
  }
}

// SEC-2: whoever comes, says what fits and hangs up again costs no more than those who say nothing:
// what is left of a link has its place until it is received.
TEST(PendingLinksTest, WhatIsLeftOfThoseWhoHungUpIsBounded) {
  Wires wires(SocketType::kPull, Bounded());
  const std::string hello = PeerGreeting() + PeerReady("PUSH");
  for (std::size_t i = 0; i < kMost; ++i) wires.HangUp(wires.Come(hello + std::string("\0\1m", 3)));
  EXPECT_EQ(wires.socket.ready_peers(), 0u);
  EXPECT_FALSE(wires.accepting().back());
  EXPECT_FALSE(wires.TryCome().ok());
  ASSERT_EQ(Crowded(wires).size(), 1u);
  EXPECT_THAT(Crowded(wires)[0].ToString(), HasSubstr("has not been received"));
  // Nothing of it is lost, and then others may come.
  Message message;
  std::size_t received = 0;
  while (wires.socket.Receive(&message, nullptr, wires.now)) ++received;
  EXPECT_EQ(received, kMost);
  wires.Turn();
  EXPECT_TRUE(wires.accepting().back());
  // One that has nothing left to give has no place.
  wires.HangUp(wires.Come(hello));
  Fill(&wires, kMost - 1);
  EXPECT_TRUE(wires.accepting().back());
}

// STREAM's links have no handshake.
TEST(PendingLinksTest, StreamHasNone) {
  Wires wires(SocketType::kStream, Bounded());
  Fill(&wires, 3 * kMost);
  EXPECT_THAT(wires.accepting(), IsEmpty());
  EXPECT_EQ(wires.socket.ready_peers(), 3 * kMost);
}

TEST(PendingLinksTest, NoneIsNoLimit) {
  SocketOptions options;
  options.link.max_pending_links = 0;
  EXPECT_THAT(std::string(CheckOptions(SocketType::kPull, options).message()),
              HasSubstr("max_pending_links"));
}

}  // namespace
}  // namespace monocoque
