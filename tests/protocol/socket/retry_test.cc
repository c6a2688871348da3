// When a dialer comes back: its pauses, and the rule for each cause of an end.
#include "protocol/drive/retry.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/socket.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::Wires;
using Kind = SocketEvent::Kind;

constexpr absl::Duration kFirst = absl::Milliseconds(100);
constexpr absl::Duration kLongest = absl::Milliseconds(400);

void Connect(Wires& wires) {
  ASSERT_TRUE(
      wires.socket.Connect(*ParseEndpoint("sim://x"), wires.socket.options().link, wires.now).ok());
  wires.Turn();
}

void Dialed(Wires& wires) {
  wires.socket.OnDialed(wires.dialed, {"sim", "sim://x"}, wires.now);
  wires.Turn();
}

void DialFailed(Wires& wires) {
  wires.socket.OnDialFailed(wires.dialed, absl::UnavailableError("nobody listens"), wires.now);
  wires.Turn();
}

void Pass(Wires& wires, absl::Duration by) {
  wires.now = wires.now + by;
  wires.Turn();
}

// What the dialer chose after its newest attempt. That the link is closed may be told before or
// after.
SocketEvent Chosen(const Wires& wires) {
  const auto found =
      std::find_if(wires.events.rbegin(), wires.events.rend(), [](const auto& event) {
        return event.kind == Kind::kRetry || event.kind == Kind::kGaveUp ||
               event.kind == Kind::kDialing;
      });
  return found == wires.events.rend() ? SocketEvent() : *found;
}

// A pause is `base` and up to as much again. Passes it, and the next attempt is there.
void ExpectPause(Wires& wires, absl::Duration base) {
  const SocketEvent retry = Chosen(wires);
  ASSERT_EQ(retry.kind, Kind::kRetry) << retry.ToString();
  EXPECT_GE(retry.delay, base);
  EXPECT_LT(retry.delay, base * 2);
  const LinkId before = wires.dialed;
  Pass(wires, retry.delay - absl::Nanoseconds(1));
  EXPECT_EQ(wires.dialed, before) << "not before its time";
  Pass(wires, absl::Nanoseconds(1));
  EXPECT_NE(wires.dialed, before);
}

// The pauses grow up to the longest, with jitter. A handshake that was finished, and no less, lets
// them begin anew.
TEST(SocketRetryTest, PausesBeginAnewAfterAHandshake) {
  Wires wires(SocketType::kPush,
              {.link = {.reconnect = {.interval = kFirst, .max_interval = kLongest}}});
  Connect(wires);
  for (const int factor : {1, 2, 4, 4}) {
    DialFailed(wires);
    ExpectPause(wires, kFirst * factor);
  }
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting());
  wires.HangUp(wires.dialed);
  ExpectPause(wires, kLongest);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  ASSERT_EQ(wires.socket.ready_peers(), 1u);
  // Who is shut out at once is not let in: else it came back at once, for ever.
  Pass(wires, kFirst - absl::Nanoseconds(1));
  wires.HangUp(wires.dialed);
  ExpectPause(wires, kLongest);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  Pass(wires, kFirst);
  wires.HangUp(wires.dialed);
  for (const int factor : {1, 2, 4}) {
    ExpectPause(wires, kFirst * factor);
    DialFailed(wires);
  }
}

// Nobody listens, and each dialer gave up for good: nothing goes or comes any more, and why.
TEST(SocketRetryTest, Forsaken) {
  Wires wires(SocketType::kPush);
  ASSERT_TRUE(wires.Unbind().ok());
  EXPECT_TRUE(wires.socket.Forsaken().ok()) << "nobody was asked for yet";
  Connect(wires);
  EXPECT_TRUE(wires.socket.Forsaken().ok());
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PUB"));
  ASSERT_EQ(Chosen(wires).kind, Kind::kGaveUp);
  const DialerId gave_up = Chosen(wires).dialer;
  const absl::Status why = wires.socket.Forsaken();
  EXPECT_EQ(CauseOf(why), Cause::kPeerIncompatible) << why;
  Connect(wires);
  EXPECT_TRUE(wires.socket.Forsaken().ok()) << "there is another";
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  EXPECT_TRUE(wires.socket.Forsaken().ok());
  ASSERT_TRUE(wires.socket.Disconnect(wires.events.back().dialer, wires.now).ok());
  wires.Turn();
  EXPECT_EQ(CauseOf(wires.socket.Forsaken()), Cause::kPeerIncompatible) << "the first is left";
  // The first is let go of, and counts no more: of two new ones one still hopes.
  ASSERT_TRUE(wires.socket.Disconnect(gave_up, wires.now).ok());
  Connect(wires);
  Dialed(wires);
  Connect(wires);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PUB"));
  ASSERT_EQ(Chosen(wires).kind, Kind::kGaveUp);
  EXPECT_TRUE(wires.socket.Forsaken().ok()) << "the other is in its handshake";
  const absl::StatusOr<ListenerId> listener =
      wires.socket.Bind(*ParseEndpoint("sim://y"), wires.now);
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(wires.socket.Forsaken().ok()) << "somebody may come";
}

// Of two that gave up one is let go of: the other is no more hopeful by that. One that is closed by
// us has not given up.
TEST(SocketRetryTest, WhoIsClosedByUsIsNotForsaken) {
  Wires wires(SocketType::kPush);
  ASSERT_TRUE(wires.Unbind().ok());
  Connect(wires);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PUB"));
  ASSERT_EQ(Chosen(wires).kind, Kind::kGaveUp);
  const DialerId gave_up = Chosen(wires).dialer;
  Connect(wires);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  const DialerId healthy = wires.events.back().dialer;
  ASSERT_TRUE(wires.socket.Disconnect(healthy, wires.now).ok());
  wires.HangUp(wires.dialed);
  EXPECT_EQ(CauseOf(wires.socket.Forsaken()), Cause::kPeerIncompatible);
  ASSERT_TRUE(wires.socket.Disconnect(gave_up, wires.now).ok());
  EXPECT_TRUE(wires.socket.Forsaken().ok());
  Connect(wires);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  wires.socket.Close(absl::Seconds(1), wires.now);
  wires.Turn();
  EXPECT_TRUE(wires.socket.drained());
  EXPECT_TRUE(wires.socket.Forsaken().ok()) << wires.socket.Forsaken();
}

// What a dialer that gives up loses is counted apart.
TEST(SocketRetryTest, WhatAGivenUpDialerLosesIsCounted) {
  Wires wires(SocketType::kPush);
  Connect(wires);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(wires.Send(Message("waits")).ok());
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PUB"));
  ASSERT_EQ(Chosen(wires).kind, Kind::kGaveUp);
  EXPECT_EQ(wires.socket.stats().lost, 3u);
  EXPECT_EQ(wires.socket.stats().abandoned, 3u);
}

// So is what its transport had, and gives back only then.
TEST(SocketRetryTest, WhatComesBackToAGivenUpDialerIsCounted) {
  SocketOptions options;
  options.link.retry = RetryRules::Never();
  Wires wires(SocketType::kPush, options);
  Connect(wires);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  wires.Stall(true);
  for (const char* text : {"cut", "waits", "waits"}) ASSERT_TRUE(wires.Send(Message(text)).ok());
  TransmitBatch batch;
  ASSERT_TRUE(wires.socket.FillTransmit(wires.dialed, &batch, 1 << 20));
  wires.HangUp(wires.dialed);
  EXPECT_EQ(wires.socket.stats().abandoned, 0u) << "who knows what the transport took";
  wires.socket.ReturnBatch(wires.dialed, std::move(batch), 1, absl::UnavailableError("closed"),
                           wires.now);
  EXPECT_EQ(wires.socket.stats().lost, 3u);
  EXPECT_EQ(wires.socket.stats().abandoned, 3u) << "one was cut by the transport";
}

// So it is of a socket that closes, before its peer makes it give up or behind that.
TEST(SocketRetryTest, WhatAClosingDialerLosesIsCounted) {
  for (const bool closes_first : {true, false}) {
    SCOPED_TRACE(closes_first);
    Wires wires(SocketType::kPush);
    Connect(wires);
    Dialed(wires);
    wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
    wires.Stall(true);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(wires.Send(Message("waits")).ok());
    TransmitBatch batch;
    ASSERT_TRUE(wires.socket.FillTransmit(wires.dialed, &batch, 1 << 20));
    if (closes_first) wires.socket.Close(absl::Seconds(10), wires.now);
    wires.Say(wires.dialed, Hex("ff"));
    if (!closes_first) wires.socket.Close(absl::Seconds(10), wires.now);
    wires.socket.ReturnBatch(wires.dialed, std::move(batch), 0, absl::UnavailableError("closed"),
                             wires.now);
    EXPECT_EQ(wires.socket.stats().lost, 3u);
    EXPECT_EQ(wires.socket.stats().abandoned, 3u);
    EXPECT_EQ(CauseOf(wires.socket.Forsaken()), Cause::kPeerViolation);
  }
}

// So it is of a dialer that queues nothing without a link.
TEST(SocketRetryTest, WhatAnImmediateDialerLosesIsCounted) {
  SocketOptions options;
  options.link.immediate = true;
  Wires wires(SocketType::kPush, options);
  Connect(wires);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message("waits")).ok());
  wires.Say(wires.dialed, Hex("ff"));
  EXPECT_EQ(wires.socket.stats().lost, 1u);
  EXPECT_EQ(wires.socket.stats().abandoned, 1u);
  EXPECT_EQ(wires.socket.forsaken_messages(), 1u);
}

// What was lost before there was hope again is not the doing of who gives up later.
TEST(SocketRetryTest, ALossIsOfTheTimeWithoutHope) {
  Wires wires(SocketType::kPush);
  ASSERT_TRUE(wires.Unbind().ok());
  Connect(wires);
  ASSERT_TRUE(wires.Send(Message("waits")).ok());
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PUB"));
  EXPECT_EQ(wires.socket.forsaken_messages(), 1u);
  Connect(wires);
  Dialed(wires);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  EXPECT_EQ(wires.socket.forsaken_messages(), 0u) << "there is hope";
  wires.Say(wires.dialed, Hex("ff"));
  EXPECT_EQ(CauseOf(wires.socket.Forsaken()), Cause::kPeerViolation);
  EXPECT_EQ(wires.socket.forsaken_messages(), 0u);
  EXPECT_EQ(wires.socket.stats().abandoned, 1u);
}

// Nobody that is still there gave up: none is told of, also where the others went by themselves.
TEST(SocketRetryTest, WhoWasLetGoOfIsNotTold) {
  SocketOptions options;
  options.link.retry = RetryRules::Never();
  Wires wires(SocketType::kStream, options);
  ASSERT_TRUE(wires.Unbind().ok());
  Connect(wires);
  const DialerId gave_up = Chosen(wires).dialer;
  Dialed(wires);
  const LinkId first = wires.dialed;
  options.link.connect_routing_id = "second";
  ASSERT_TRUE(wires.socket.Connect(*ParseEndpoint("sim://x"), options.link, wires.now).ok());
  wires.Turn();
  Dialed(wires);
  wires.HangUp(first);
  ASSERT_EQ(Chosen(wires).kind, Kind::kGaveUp);
  ASSERT_TRUE(wires.socket.Disconnect(gave_up, wires.now).ok());
  Message end;
  ASSERT_TRUE(end.set_to("second"));
  ASSERT_TRUE(wires.socket.Send(&end, wires.now).ok());
  wires.Turn();
  EXPECT_TRUE(wires.socket.Forsaken().ok()) << wires.socket.Forsaken();
}

// A way for an attempt to end, and the rule that counts for it.
struct Ending {
  Cause cause;
  Retry RetryRules::* rule;
  std::function<void(Wires&)> end;
};

// The transport stands, and the peer says this.
std::function<void(Wires&)> Saying(const std::string& octets) {
  return [octets](Wires& wires) {
    Dialed(wires);
    wires.Say(wires.dialed, octets);
  };
}

// Each rule with what ends an attempt so. The socket is a ROUTER on which "twin" is in use.
std::vector<Ending> Endings() {
  const std::string ready = PeerGreeting() + PeerReady("DEALER");
  return {
      {Cause::kDial, &RetryRules::dial_failed, DialFailed},
      {Cause::kTransport, &RetryRules::transport,
       [ready](Wires& wires) {
         Saying(ready)(wires);
         wires.HangUp(wires.dialed);
       }},
      {Cause::kTimeout, &RetryRules::timeout,
       [](Wires& wires) {
         Saying(PeerGreeting())(wires);
         Pass(wires, absl::Seconds(5));
       }},
      {Cause::kHeartbeat, &RetryRules::heartbeat,
       [ready](Wires& wires) {
         Saying(ready)(wires);
         Pass(wires, absl::Seconds(60));  // a PING goes out
         Pass(wires, absl::Seconds(1));   // and is not answered
       }},
      // READY of 1 MiB.
      {Cause::kLimit, &RetryRules::limit,
       Saying(PeerGreeting() + Hex("06 0000000000100000 055245414459"))},
      // A message in the handshake.
      {Cause::kPeerViolation, &RetryRules::peer_violation, Saying(PeerGreeting() + Hex("0000"))},
      {Cause::kPeerIncompatible, &RetryRules::peer_incompatible,
       Saying(PeerGreeting() + PeerReady("PULL"))},
      // ERROR "no".
      {Cause::kPeerRejectedUs, &RetryRules::peer_rejected_us,
       Saying(PeerGreeting() + Hex("0409 054552524f52 026e6f"))},
      {Cause::kWeRejectedPeer, &RetryRules::we_rejected_peer,
       Saying(PeerGreeting() + PeerReady("DEALER", "twin"))},
  };
}

// RECONNECT_STOP: the rule for the cause at hand counts, and no other does.
TEST(SocketRetryTest, EachCauseHasARuleOfItsOwn) {
  for (const Ending& ending : Endings()) {
    for (const Retry own : {Retry::kBackoff, Retry::kSlowly, Retry::kNever}) {
      SCOPED_TRACE(CauseName(ending.cause));
      const Retry others = own == Retry::kNever ? Retry::kBackoff : Retry::kNever;
      SocketOptions options;
      options.link.handshake_timeout = absl::Seconds(5);
      options.link.heartbeat = {.interval = absl::Seconds(60), .timeout = absl::Seconds(1)};
      options.link.reconnect = {.interval = kFirst, .max_interval = kLongest};
      for (const Ending& each : Endings()) options.link.retry.*each.rule = others;
      options.link.retry.*ending.rule = own;
      Wires wires(SocketType::kRouter, options);
      wires.Accept(PeerGreeting() + PeerReady("DEALER", "twin"));
      Connect(wires);
      ending.end(wires);
      const SocketEvent next = Chosen(wires);
      EXPECT_EQ(CauseOf(next.status), ending.cause) << next.ToString();
      if (own == Retry::kNever) {
        EXPECT_EQ(next.kind, Kind::kGaveUp) << next.ToString();
        const LinkId before = wires.dialed;
        Pass(wires, absl::Seconds(4));
        EXPECT_EQ(wires.dialed, before);
      } else {
        ExpectPause(wires, own == Retry::kSlowly ? kLongest : kFirst);
      }
    }
  }
}

}  // namespace
}  // namespace monocoque
