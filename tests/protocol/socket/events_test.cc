// What a socket tells: events, counts, who has room again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "alloc/transmit_batch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/retry.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::ReceiveAll;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = SocketEvent::Kind;

absl::Status Send(Socket& socket, Message message, Instant now) {
  return socket.Send(&message, now);
}

std::vector<Kind> Kinds(const std::vector<SocketEvent>& events) {
  std::vector<Kind> kinds;
  for (const SocketEvent& event : events) kinds.push_back(event.kind);
  return kinds;
}

const SocketEvent* Last(const std::vector<SocketEvent>& events, Kind kind) {
  const auto it = std::find_if(events.rbegin(), events.rend(),
                               [kind](const SocketEvent& event) { return event.kind == kind; });
  return it == events.rend() ? nullptr : &*it;
}

// The whole life of a dialer and of a listener, in order (X-4, TR-5).
TEST(EventsTest, TheLifeOfALink) {
  Net net;
  SocketOptions options;
  options.routing_id = "me";
  Socket& dealer = net.Make(SocketType::kDealer, options);
  net.Connect(dealer, "a");
  net.Run();
  Socket& router = net.Make(SocketType::kRouter);
  net.Bind(router, "a");
  net.Run();
  net.Advance(absl::Seconds(1));
  net.CutAll();
  net.Run();
  EXPECT_THAT(Kinds(net.events(dealer)),
              ElementsAre(Kind::kDialing, Kind::kDialFailed, Kind::kRetry, Kind::kDialing,
                          Kind::kConnected, Kind::kReady, Kind::kClosed, Kind::kRetry));
  EXPECT_THAT(Kinds(net.events(router)),
              ElementsAre(Kind::kListening, Kind::kAccepted, Kind::kReady, Kind::kClosed));
  EXPECT_EQ(CauseOf(Last(net.events(dealer), Kind::kRetry)->status), Cause::kTransport);
  net.Unbind(router);
  net.Run();
  EXPECT_EQ(net.events(router).back().kind, Kind::kUnlistened);
  const SocketEvent* ready = Last(net.events(router), Kind::kReady);
  EXPECT_EQ(ready->peer_info->identity, "me");
  EXPECT_EQ(ready->peer_info->mechanism, "NULL");
  EXPECT_EQ(ready->peer_info->version_major, 3);
  EXPECT_EQ(ready->peer_info->socket_type, SocketType::kDealer);
}

// A close tells whether the handshake had been finished, and by whose doing it came.
TEST(EventsTest, WhyALinkIsOver) {
  Net net;
  Socket& rep = net.Make(SocketType::kRep);
  net.Bind(rep, "a");
  Socket& push = net.Make(SocketType::kPush);
  net.Connect(push, "a");
  net.Run();
  const SocketEvent* misfit = Last(net.events(rep), Kind::kClosed);
  ASSERT_NE(misfit, nullptr);
  EXPECT_FALSE(misfit->was_ready);
  EXPECT_EQ(CauseOf(misfit->status), Cause::kPeerIncompatible);
  EXPECT_THAT(misfit->ToString(), HasSubstr("PUSH"));
  EXPECT_NE(Last(net.events(push), Kind::kGaveUp), nullptr);
  Socket& req = net.Make(SocketType::kReq);
  net.Connect(req, "a");
  net.Run();
  net.CutAll();
  net.Run();
  EXPECT_TRUE(Last(net.events(rep), Kind::kClosed)->was_ready);
}

// H-5: silence is told as what it is.
TEST(EventsTest, ALostHeartbeat) {
  Net net;
  SocketOptions options;
  options.link.heartbeat.interval = absl::Seconds(1);
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  Socket& push = net.Make(SocketType::kPush, options);
  net.Connect(push, "a");
  net.Run();
  net.HoldBatches(true);
  net.Advance(absl::Seconds(1));
  net.Advance(absl::Seconds(1));
  net.HoldBatches(false);
  net.Run();
  const SocketEvent* closed = Last(net.events(push), Kind::kClosed);
  ASSERT_NE(closed, nullptr);
  EXPECT_EQ(CauseOf(closed->status), Cause::kHeartbeat);
}

// RECONNECT_STOP: the user's rule for each cause decides.
TEST(EventsTest, TheUserDecidesWhoIsTriedAgain) {
  Net net;
  SocketOptions options;
  options.link.retry.dial_failed = Retry::kNever;
  Socket& once = net.Make(SocketType::kPush, options);
  net.Connect(once, "nobody");
  net.Run();
  EXPECT_EQ(net.events(once).back().kind, Kind::kGaveUp);
  options.link.retry = {.peer_incompatible = Retry::kBackoff};
  Socket& rep = net.Make(SocketType::kRep);
  net.Bind(rep, "a");
  Socket& stubborn = net.Make(SocketType::kPush, options);
  net.Connect(stubborn, "a");
  net.Run();
  EXPECT_NE(Last(net.events(stubborn), Kind::kRetry), nullptr);
  EXPECT_EQ(Last(net.events(stubborn), Kind::kGaveUp), nullptr);
}

// Closing ends listening, and says so.
TEST(EventsTest, AClosingSocketListensNoMore) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  net.Run();
  pull.Close(absl::Seconds(1), net.now);
  net.Run();
  const SocketEvent* told = Last(net.events(pull), Kind::kUnlistened);
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->listener, Last(net.events(pull), Kind::kListening)->listener);
}

// An application that does not look loses events, and no action: what is lost is counted, what was
// kept is in order, and once it looks there is room again.
TEST(EventsTest, WhatDoesNotFitTheQueueIsCounted) {
  constexpr std::size_t kDials = 10'000;
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  std::vector<DialerId> dialers;
  for (std::size_t i = 0; i < kDials; ++i) dialers.push_back(net.Connect(push, "nobody"));
  const std::uint64_t lost = push.stats().events_lost;
  ASSERT_GT(lost, 0u);
  ASSERT_LT(lost, kDials);
  EXPECT_TRUE(push.has_event());
  SocketEvent event;
  for (std::size_t i = 0; i < kDials - lost; ++i) {
    ASSERT_TRUE(push.NextEvent(&event));
    EXPECT_EQ(event.dialer, dialers[i]);
  }
  EXPECT_FALSE(push.has_event());
  EXPECT_FALSE(push.NextEvent(&event));
  Action action;
  for (const DialerId dialer : dialers) {
    ASSERT_TRUE(push.NextAction(&action));
    ASSERT_TRUE(std::holds_alternative<action::Dial>(action));
    EXPECT_EQ(std::get<action::Dial>(action).dialer, dialer);
  }
  EXPECT_FALSE(push.NextAction(&action));
  const DialerId later = net.Connect(push, "nobody");
  ASSERT_TRUE(push.NextEvent(&event));
  EXPECT_EQ(event.dialer, later);
  EXPECT_EQ(push.stats().events_lost, lost);
}

std::string Property(std::string_view name, std::string_view value) {
  std::string octets(1, static_cast<char>(name.size()));
  octets.append(name).append(2, '\0');
  octets.push_back(static_cast<char>(value.size() >> 8));
  octets.push_back(static_cast<char>(value.size() & 0xff));
  return octets.append(value);
}

// Pitfall: what peers tell of themselves lies in events that nobody takes; that is bounded, too.
TEST(EventsTest, WhatPeersTellFillsNoMemory) {
  constexpr std::size_t kBound = 4 * 1024 * 1024;
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  const ListenerId listener = *pull.Bind(*ParseEndpoint("sim://here"), net.now);
  const std::string body =
      "\x05READY" + Property("Socket-Type", "PUSH") + Property("X-Much", std::string(15'000, 'x'));
  std::string frame("\x06\0\0\0\0\0\0", 7);
  frame.push_back(static_cast<char>(body.size() >> 8));
  frame.push_back(static_cast<char>(body.size() & 0xff));
  const auto come_and_go = [&] {
    const LinkId link = *pull.OnAccepted(listener, {"sim", "sim"}, net.now);
    const std::string octets = testing::PeerGreeting() + frame + body;
    ASSERT_TRUE(pull.Donate(link, Slice::Copy(octets), net.now).ok());
    pull.Process(10, net.now);
    pull.OnTransportClosed(link, absl::OkStatus(), net.now);
  };
  for (std::size_t i = 0; i < 500; ++i) come_and_go();
  EXPECT_GT(pull.stats().events_lost, 0u);
  std::size_t kept = 0;
  for (SocketEvent event; pull.NextEvent(&event);) {
    if (event.peer_info != nullptr) kept += event.peer_info->bytes();
  }
  EXPECT_LE(kept, kBound);
  EXPECT_GT(kept, kBound - 20'000);
  const std::uint64_t lost = pull.stats().events_lost;
  come_and_go();
  EXPECT_EQ(pull.stats().events_lost, lost) << "there is room again";
}

// PUB-5: the first drop and the end of it are told, with the count.
TEST(EventsTest, DropsAreTold) {
  Net net;
  SocketOptions options;
  options.send_mark = {.messages = 2, .bytes = 0};
  Socket& pub = net.Make(SocketType::kPub, options);
  net.Bind(pub, "a");
  Socket& sub = net.Make(SocketType::kSub);
  ASSERT_TRUE(sub.Subscribe("", net.now).ok());
  net.Connect(sub, "a");
  net.Run();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Send(pub, Message("x"), net.now).ok());
  net.Run();
  const SocketEvent* began = Last(net.events(pub), Kind::kDropsBegan);
  const SocketEvent* ended = Last(net.events(pub), Kind::kDropsEnded);
  ASSERT_NE(began, nullptr);
  ASSERT_NE(ended, nullptr);
  EXPECT_EQ(ended->dropped_messages, 3u);
  EXPECT_EQ(pub.peer_stats(ended->peer)->messages_dropped, 3u);
  EXPECT_EQ(pub.peer_stats(ended->peer)->messages_sent, 2u);
}

// ROUTER-6, XSUB-3: whoever drops tells so, and for whom.
TEST(EventsTest, DropsOfRouterAndXSubAreTold) {
  for (const SocketType type : {SocketType::kRouter, SocketType::kXSub}) {
    Net net;
    SocketOptions options;
    options.send_mark = {.messages = 2, .bytes = 0};
    Socket& socket = net.Make(type, options);
    net.Bind(socket, "a");
    const bool router = type == SocketType::kRouter;
    Socket& peer = net.Make(router ? SocketType::kDealer : SocketType::kXPub, {.routing_id = "d"});
    net.Connect(peer, "a");
    net.Run();
    for (int i = 0; i < 5; ++i) {
      Message message("x");
      if (router) message.set_to(AsBytes("d"));
      ASSERT_TRUE(socket.Send(&message, net.now).ok());
    }
    EXPECT_EQ(Last(net.events(socket), Kind::kDropsEnded), nullptr);
    net.Run();
    ASSERT_NE(Last(net.events(socket), Kind::kDropsBegan), nullptr);
    const SocketEvent* ended = Last(net.events(socket), Kind::kDropsEnded);
    ASSERT_NE(ended, nullptr);
    EXPECT_EQ(ended->dropped_messages, 3u);
    EXPECT_EQ(socket.peer_stats(ended->peer)->messages_dropped, 3u);
    EXPECT_EQ(socket.stats().dropped, 3u);
  }
}

// After a refusal the peer is named once it has room, and only then.
TEST(EventsTest, WhoHasRoomAgain) {
  Net net;
  SocketOptions options;
  options.send_mark = {.messages = 2, .bytes = 0};
  options.router_mandatory = true;
  Socket& router = net.Make(SocketType::kRouter, options);
  net.Bind(router, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "d"});
  net.Connect(dealer, "a");
  net.Run();
  const PeerId peer = router.FindPeer(AsBytes("d"));
  PeerId writable;
  for (int i = 0; i < 2; ++i) {
    Message message("x");
    message.set_to("d");
    ASSERT_TRUE(router.Send(&message, net.now).ok());
  }
  EXPECT_FALSE(router.NextWritable(&writable));
  Message third("x");
  third.set_to("d");
  EXPECT_EQ(router.Send(&third, net.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(router.NextWritable(&writable));
  EXPECT_EQ(router.peer_stats(peer)->unsent_messages, 2u);
  net.Run();
  EXPECT_TRUE(router.NextWritable(&writable));
  EXPECT_EQ(writable, peer);
  EXPECT_FALSE(router.NextWritable(&writable));
  EXPECT_TRUE(router.Send(&third, net.now).ok());
}

// A ROUTER's peer "d", filled up to its mark, and told of once as it goes: the next Send says so.
const SocketOptions kLittle = {.send_mark = {.messages = 1}, .router_mandatory = true};
void FillD(Wires* wires) {
  Message message("x");
  message.set_to("d");
  while (wires->socket.Send(&message, wires->now).ok()) {
    message = Message("x");
    message.set_to("d");
  }
  EXPECT_TRUE(absl::IsUnavailable(wires->socket.Send(&message, wires->now)));
  PeerId writable;
  EXPECT_FALSE(wires->socket.NextWritable(&writable));
}
// One that comes, and takes nothing.
LinkId ComeAndFill(Wires* wires) {
  wires->Stall(true);
  const LinkId link = wires->Come(PeerGreeting() + PeerReady("DEALER", "d"));
  FillD(wires);
  return link;
}
void ExpectDToldOf(Wires* wires, PeerId peer) {
  PeerId writable;
  ASSERT_TRUE(wires->socket.NextWritable(&writable));
  EXPECT_EQ(writable, peer);
  EXPECT_FALSE(wires->socket.NextWritable(&writable));
  Message message("x");
  message.set_to("d");
  EXPECT_TRUE(absl::IsNotFound(wires->socket.Send(&message, wires->now)));
}

// Whoever waits for the room of a peer that goes is told.
TEST(EventsTest, WhoRefusedAndWentIsTold) {
  // Also if it had room just before, and nobody was told of that yet.
  for (const bool had_room : {false, true}) {
    Wires wires(SocketType::kRouter, kLittle);
    const LinkId link = ComeAndFill(&wires);
    const PeerId peer = wires.socket.FindPeer(AsBytes("d"));
    if (had_room) {
      wires.Stall(false);
      wires.Turn();
    }
    wires.HangUp(link);
    ExpectDToldOf(&wires, peer);
  }
  for (const bool by_us : {true, false}) {
    SocketOptions options = kLittle;
    options.link.connect_routing_id = "d";
    options.link.retry = RetryRules::Never();
    Wires wires(SocketType::kRouter, options);
    wires.Stall(true);
    const DialerId dialer = *wires.socket.Connect(*ParseEndpoint("sim://there"), wires.now);
    const PeerId peer = wires.socket.peer(dialer);
    wires.Turn();
    FillD(&wires);
    if (by_us) {
      ASSERT_TRUE(wires.socket.Disconnect(dialer, wires.now).ok());
    } else {
      wires.socket.OnDialFailed(wires.dialed, absl::UnavailableError("nobody"), wires.now);
    }
    ExpectDToldOf(&wires, peer);
  }
}

// Whatever it left to be received, or to be written.
TEST(EventsTest, WhoRefusedAndWentIsToldAtOnce) {
  for (const bool unbound : {false, true}) {
    SCOPED_TRACE(unbound);
    Wires wires(SocketType::kRouter, kLittle);
    const LinkId link = ComeAndFill(&wires);
    const PeerId peer = wires.socket.FindPeer(AsBytes("d"));
    if (unbound) {
      TransmitBatch batch;
      ASSERT_TRUE(wires.socket.FillTransmit(link, &batch, 1 << 20));
      ASSERT_TRUE(wires.Unbind().ok());
      wires.socket.ReturnBatch(link, std::move(batch), 0, absl::OkStatus(), wires.now);
      ExpectDToldOf(&wires, peer);
      continue;
    }
    wires.HangUp(link, std::string("\0\1m", 3));
    ExpectDToldOf(&wires, peer);
    EXPECT_EQ(wires.Received(), std::vector<std::string>{"m"});
  }
}

TEST(EventsTest, CountsOfAPeer) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  Socket& push = net.Make(SocketType::kPush);
  const DialerId dialer = net.Connect(push, "a");
  EXPECT_FALSE(push.peer_stats(push.peer(dialer))->ready);
  ASSERT_TRUE(Send(push, Message("early"), net.now).ok());
  EXPECT_EQ(push.peer_stats(push.peer(dialer))->unsent_messages, 1u);
  net.Run();
  EXPECT_TRUE(push.peer_stats(push.peer(dialer))->ready);
  EXPECT_EQ(push.peer_stats(push.peer(dialer))->messages_sent, 1u);
  EXPECT_EQ(push.peer_stats(push.peer(dialer))->unsent_messages, 0u);
  const PeerId sender = Last(net.events(pull), Kind::kReady)->peer;
  EXPECT_EQ(pull.peer_stats(sender)->unreceived_messages, 1u);
  EXPECT_TRUE(pull.CanReceive(net.now));
  EXPECT_THAT(ReceiveAll(pull, net.now), ElementsAre("early"));
  EXPECT_FALSE(pull.CanReceive(net.now));
  EXPECT_EQ(pull.peer_stats(sender)->messages_received, 1u);
  EXPECT_FALSE(pull.peer_stats(PeerId()).has_value());
}

}  // namespace
}  // namespace monocoque
