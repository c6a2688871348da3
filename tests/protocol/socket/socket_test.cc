#include "protocol/socket/socket.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "tests/support/net.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::ReceiveAll;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Status Send(Socket& socket, Message message, Instant now) {
  return socket.Send(&message, now);
}

Message To(std::string_view id, std::string_view text) {
  Message message(text);
  message.set_to(id);
  return message;
}

// ALL-6, PUSH-3: successive messages go to successive peers; ALL-5, PULL-3: taken in turn.
TEST(SocketTest, PushTakesTurns) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  net.Bind(push, "a");
  Socket& one = net.Make(SocketType::kPull);
  Socket& two = net.Make(SocketType::kPull);
  net.Connect(one, "a");
  net.Connect(two, "a");
  net.Run();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(Send(push, Message(absl::StrCat(i)), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(one, net.now), ElementsAre("0", "2", "4"));
  EXPECT_THAT(ReceiveAll(two, net.now), ElementsAre("1", "3", "5"));
}

// ALL-6: a peer that there is no memory for is passed over, as one at its mark, and has its turns
// again once there is.
TEST(SocketTest, RefusedMemoryPassesAPeerOver) {
  Net net;
  SocketOptions options;
  options.budget_bytes = 10 * 1024;  // one block to write to, and what is set aside is another
  Socket& push = net.Make(SocketType::kPush, options);
  net.Bind(push, "a");
  std::vector<Socket*> pulls;
  for (int i = 0; i < 3; ++i) {
    pulls.push_back(&net.Make(SocketType::kPull));
    net.Connect(*pulls.back(), "a");
    net.Run();
  }
  ASSERT_EQ(push.ready_peers(), 3u);
  for (std::string_view text : {"1", "2", "3"}) {
    ASSERT_TRUE(Send(push, Message(text), net.now).ok());
  }
  net.Run();
  EXPECT_THAT(ReceiveAll(*pulls[0], net.now), ElementsAre("1", "3"));
  EXPECT_THAT(ReceiveAll(*pulls[1], net.now), ElementsAre("2"));
  net.Advance(absl::Milliseconds(10));
  for (std::string_view text : {"4", "5", "6"}) {
    ASSERT_TRUE(Send(push, Message(text), net.now).ok());
    net.Run();
  }
  for (Socket* pull : pulls) EXPECT_EQ(ReceiveAll(*pull, net.now).size(), 1u);
}

// What nobody took goes with the close, not with the socket: its memory is free at once.
TEST(SocketTest, CloseLetsGoOfWhatWasReceived) {
  Net net;
  Socket& rep = net.Make(SocketType::kRep);
  net.Bind(rep, "a");
  Socket& req = net.Make(SocketType::kReq);
  net.Connect(req, "a");
  net.Run();
  ASSERT_TRUE(Send(req, Message("?"), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(rep, net.now), ElementsAre("?"));
  ASSERT_TRUE(Send(rep, Message(std::string(10'000, 'x')), net.now).ok());
  net.Run();
  EXPECT_GT(net.held_octets(), 0);
  req.Close(absl::ZeroDuration(), net.now);
  net.Run();
  EXPECT_EQ(net.held_octets(), 0);
}

// ALL-5: fair over peers, message by message, however many one of them sent.
TEST(SocketTest, PullIsFair) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  Socket& busy = net.Make(SocketType::kPush);
  Socket& calm = net.Make(SocketType::kPush);
  net.Connect(busy, "a");
  net.Connect(calm, "a");
  net.Run();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Send(busy, Message(absl::StrCat("b", i)), net.now).ok());
  ASSERT_TRUE(Send(calm, Message("c0"), net.now).ok());
  ASSERT_TRUE(Send(calm, Message("c1"), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(pull, net.now), ElementsAre("b0", "c0", "b1", "c1", "b2", "b3"));
}

// ALL-1, ALL-7, TR-5: Connect makes a queue at once; without any peer nothing is taken.
TEST(SocketTest, QueueBeforeAnybodyListens) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  Message kept("kept");
  EXPECT_EQ(push.Send(&kept, net.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(kept.text(), "kept");
  net.Connect(push, "a");
  ASSERT_TRUE(Send(push, Message("early"), net.now).ok());
  net.Run();
  EXPECT_TRUE(net.saw(push, SocketEvent::Kind::kRetry));
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  net.Run();
  EXPECT_THAT(ReceiveAll(pull, net.now), IsEmpty());
  net.Advance(absl::Seconds(1));
  EXPECT_THAT(ReceiveAll(pull, net.now), ElementsAre("early"));
}

// What had not begun survives the link, in order and once; what was cut is counted (TR-2, TR-3,
// ALL-1).
TEST(SocketTest, UnsentMessagesSurviveACut) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  Socket& push = net.Make(SocketType::kPush);
  net.Connect(push, "a");
  net.Run();
  for (const char* text : {"m1", "m2", "m3", "m4"})
    ASSERT_TRUE(Send(push, Message(text), net.now).ok());
  net.CutAfter(4 + 2);  // m1 whole, m2 begun
  net.Run();
  net.Advance(absl::Seconds(2));
  EXPECT_THAT(ReceiveAll(pull, net.now), ElementsAre("m1", "m3", "m4"));
  EXPECT_EQ(push.stats().lost, 1u);
  EXPECT_EQ(push.stats().reconnects, 1u);
}

// F-8 on the socket: whole messages received before the end are delivered, and before those of the
// next link.
TEST(SocketTest, ReceivedMessagesOutliveTheirLink) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  Socket& push = net.Make(SocketType::kPush);
  net.Connect(push, "a");
  net.Run();
  ASSERT_TRUE(Send(push, Message("before"), net.now).ok());
  net.Run();
  net.CutAll();
  net.Advance(absl::Seconds(2));
  ASSERT_TRUE(Send(push, Message("after"), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(pull, net.now), ElementsAre("before", "after"));
}

// Marks: a peer at its mark is skipped; with none left the send is refused and nothing lost.
TEST(SocketTest, SendMark) {
  Net net;
  Socket& push = net.Make(SocketType::kPush, {.send_mark = {.messages = 2, .bytes = 0}});
  net.Connect(push, "nobody");
  EXPECT_TRUE(Send(push, Message("1"), net.now).ok());
  EXPECT_TRUE(push.CanSend());
  EXPECT_TRUE(Send(push, Message("2"), net.now).ok());
  EXPECT_FALSE(push.CanSend());
  EXPECT_EQ(Send(push, Message("3"), net.now).code(), absl::StatusCode::kUnavailable);
}

// REQ-2, REQ-3, REQ-8, REP-2 to REP-5.
TEST(SocketTest, RequestReplyAlternates) {
  Net net;
  Socket& rep = net.Make(SocketType::kRep);
  net.Bind(rep, "a");
  Socket& req = net.Make(SocketType::kReq);
  net.Connect(req, "a");
  net.Run();
  EXPECT_THAT(std::string(req.ReceiveStatus().message()), HasSubstr("sent no request"));
  EXPECT_THAT(std::string(Send(rep, Message("x"), net.now).message()),
              HasSubstr("no request to answer"));
  ASSERT_TRUE(Send(req, Message({"q", "1"}), net.now).ok());
  EXPECT_THAT(std::string(Send(req, Message("again"), net.now).message()),
              HasSubstr("waiting for a reply; receive it first"));
  net.Run();
  EXPECT_THAT(ReceiveAll(rep, net.now), ElementsAre("q|1"));
  EXPECT_EQ(rep.ReceiveStatus().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Send(rep, Message("a"), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(req, net.now), ElementsAre("a"));
  EXPECT_TRUE(Send(req, Message("next"), net.now).ok());
}

// The pattern's state moves when a message is taken, not when it is looked at.
TEST(SocketTest, PeekTakesNothing) {
  Net net;
  Socket& rep = net.Make(SocketType::kRep);
  net.Bind(rep, "a");
  Socket& req = net.Make(SocketType::kReq);
  net.Connect(req, "a");
  net.Run();
  ASSERT_TRUE(Send(req, Message("q"), net.now).ok());
  net.Run();
  PeerId from;
  const Message* seen = rep.Peek(&from, net.now);
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->text(), "q");
  EXPECT_FALSE(Send(rep, Message("too early"), net.now).ok());
  EXPECT_THAT(ReceiveAll(rep, net.now), ElementsAre("q"));
  EXPECT_TRUE(Send(rep, Message("now"), net.now).ok());
}

// REQ-6, REQ-7: replies nobody waits for, and those of other peers, are dropped.
TEST(SocketTest, ReqTakesNoForeignReply) {
  Net net;
  Socket& req = net.Make(SocketType::kReq);
  net.Bind(req, "a");
  Socket& asked = net.Make(SocketType::kRouter);
  Socket& other = net.Make(SocketType::kRouter);
  net.Connect(asked, "a");
  net.Run();
  ASSERT_TRUE(Send(req, Message("q"), net.now).ok());
  net.Connect(other, "a");
  net.Run();
  Message question;
  ASSERT_TRUE(asked.Receive(&question, nullptr, net.now));
  EXPECT_EQ(question.part_count(), 2u);
  // The other router knows us by no request; it answers all the same, through its only peer.
  Message intruder({"", "wrong"});
  ASSERT_TRUE(other.SendTo(net.events(other).back().peer, &intruder, net.now).ok());
  net.Run();
  Message reply({"", "right"});
  reply.set_to(question.routing_id());
  ASSERT_TRUE(asked.Send(&reply, net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(req, net.now), ElementsAre("right"));
  EXPECT_EQ(req.stats().dropped, 1u);
}

// REQ-9: a reply without its delimiter ends the link, also if nobody receives.
TEST(SocketTest, ReplyWithoutDelimiterEndsTheLink) {
  Net net;
  Socket& req = net.Make(SocketType::kReq);
  net.Bind(req, "a");
  Socket& router = net.Make(SocketType::kRouter);
  net.Connect(router, "a");
  net.Run();
  ASSERT_TRUE(Send(req, Message("q"), net.now).ok());
  net.Run();
  Message question;
  ASSERT_TRUE(router.Receive(&question, nullptr, net.now));
  Message reply("bare");
  reply.set_to(question.routing_id());
  ASSERT_TRUE(router.Send(&reply, net.now).ok());
  net.Run();
  EXPECT_EQ(CauseOf(net.events(req).back().status), Cause::kPeerViolation);
  EXPECT_THAT(ReceiveAll(req, net.now), IsEmpty());
}

// REQ-2, REQ-7: one request has one reply, which outlives its peer; a second one is dropped.
TEST(SocketTest, TheReplyOutlivesItsPeer) {
  Net net;
  Socket& req = net.Make(SocketType::kReq);
  net.Bind(req, "a");
  Socket& router = net.Make(SocketType::kRouter);
  net.Connect(router, "a");
  net.Run();
  ASSERT_TRUE(Send(req, Message("q"), net.now).ok());
  net.Run();
  Message question;
  ASSERT_TRUE(router.Receive(&question, nullptr, net.now));
  for (const char* text : {"first", "second"}) {
    Message reply({"", text});
    reply.set_to(question.routing_id());
    ASSERT_TRUE(router.Send(&reply, net.now).ok());
    net.Run();
    const Message* seen = req.Peek(nullptr, net.now);
    ASSERT_NE(seen, nullptr);
    EXPECT_EQ(seen->text(), "first");
  }
  net.CutAll();
  net.Run();
  EXPECT_THAT(ReceiveAll(req, net.now), ElementsAre("first"));
  EXPECT_EQ(req.stats().dropped, 1u);
}

// REP-3, REP-4, REP-8: any envelope, kept unchanged; a request without one is dropped, the link
// stays.
TEST(SocketTest, RepKeepsTheEnvelope) {
  Net net;
  Socket& rep = net.Make(SocketType::kRep);
  net.Bind(rep, "a");
  Socket& dealer = net.Make(SocketType::kDealer);
  net.Connect(dealer, "a");
  net.Run();
  for (Message bad : {Message("no delimiter"), Message({"hop", ""}), Message("")}) {
    ASSERT_TRUE(dealer.Send(&bad, net.now).ok());
  }
  ASSERT_TRUE(Send(dealer, Message({"hop1", std::string(200, 'h'), "", "q1", "q2"}), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(rep, net.now), ElementsAre("q1|q2"));
  EXPECT_EQ(rep.stats().dropped, 3u);
  ASSERT_TRUE(Send(rep, Message("answer"), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(dealer, net.now),
              ElementsAre("hop1|" + std::string(200, 'h') + "||answer"));
}

// REP-9: a delimiter and an empty last part are an empty request. REP-6: the asker is gone: the
// reply is dropped.
TEST(SocketTest, RepToNobody) {
  Net net;
  Socket& rep = net.Make(SocketType::kRep);
  net.Bind(rep, "a");
  Socket& dealer = net.Make(SocketType::kDealer);
  net.Connect(dealer, "a");
  net.Run();
  ASSERT_TRUE(Send(dealer, Message({"", ""}), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(rep, net.now), ElementsAre(""));
  net.CutAll();
  EXPECT_TRUE(Send(rep, Message("late"), net.now).ok());
  EXPECT_EQ(rep.stats().dropped, 1u);
  EXPECT_EQ(rep.ReceiveStatus().code(), absl::StatusCode::kUnavailable);
}

// ROUTER-2 to ROUTER-6: ids of the peers' own, or generated ones; unknown ones are dropped, or
// refused.
TEST(SocketTest, RouterRoutes) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter);
  net.Bind(router, "a");
  Socket& named = net.Make(SocketType::kDealer, {.routing_id = "named"});
  Socket& plain = net.Make(SocketType::kDealer);
  net.Connect(named, "a");
  net.Connect(plain, "a");
  net.Run();
  ASSERT_TRUE(Send(named, Message("n"), net.now).ok());
  ASSERT_TRUE(Send(plain, Message("p"), net.now).ok());
  net.Run();
  Message m;
  ASSERT_TRUE(router.Receive(&m, nullptr, net.now));
  EXPECT_EQ(AsText(m.routing_id()), "named");
  ASSERT_TRUE(router.Receive(&m, nullptr, net.now));
  ASSERT_EQ(m.routing_id().size(), 5u);
  EXPECT_EQ(m.routing_id()[0], 0);
  ASSERT_TRUE(router.Send(&m, net.now).ok());  // back to where it came from
  ASSERT_TRUE(Send(router, To("named", "to you"), net.now).ok());
  EXPECT_TRUE(Send(router, To("nobody", "x"), net.now).ok());
  EXPECT_EQ(router.stats().dropped, 1u);
  EXPECT_EQ(Send(router, Message("no id"), net.now).code(), absl::StatusCode::kFailedPrecondition);
  net.Run();
  EXPECT_THAT(ReceiveAll(plain, net.now), ElementsAre("p"));
  EXPECT_THAT(ReceiveAll(named, net.now), ElementsAre("to you"));
}

TEST(SocketTest, RouterMandatory) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter,
                            {.send_mark = {.messages = 1, .bytes = 0}, .router_mandatory = true});
  net.Bind(router, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "d"});
  net.Connect(dealer, "a");
  net.Run();
  EXPECT_EQ(Send(router, To("x", "?"), net.now).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Send(router, To("d", "1"), net.now).ok());
  Message full = To("d", "2");
  EXPECT_EQ(router.Send(&full, net.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(full.text(), "2");
}

// ROUTER-8, D-32: who comes with an id in use is refused; with hand-over the old link is closed.
TEST(SocketTest, RouterIdInUse) {
  for (const bool handover : {false, true}) {
    Net net;
    Socket& router = net.Make(SocketType::kRouter,
                              {.router_id_clash = handover ? RoutingIdClash::kHandOver
                                                           : RoutingIdClash::kRefuseNewcomer});
    net.Bind(router, "a");
    Socket& first = net.Make(SocketType::kDealer, {.routing_id = "twin"});
    Socket& second = net.Make(SocketType::kDealer, {.routing_id = "twin"});
    net.Connect(first, "a");
    net.Run();
    net.Connect(second, "a");
    net.Run();
    EXPECT_EQ(router.ready_peers(), 1u);
    ASSERT_TRUE(Send(router, To("twin", "hello"), net.now).ok());
    net.Run();
    EXPECT_EQ(ReceiveAll(first, net.now).size(), handover ? 0u : 1u);
    EXPECT_EQ(ReceiveAll(second, net.now).size(), handover ? 1u : 0u);
  }
}

// PAIR-1, PAIR-4, D-33: a second peer is refused; after the first is gone the next may come.
TEST(SocketTest, PairHasOnePeer) {
  Net net;
  Socket& pair = net.Make(SocketType::kPair);
  net.Bind(pair, "a");
  Socket& first = net.Make(SocketType::kPair);
  Socket& second = net.Make(SocketType::kPair);
  net.Connect(first, "a");
  net.Run();
  net.Connect(second, "a");
  net.Run();
  EXPECT_EQ(pair.ready_peers(), 1u);
  ASSERT_TRUE(Send(pair, Message("for the first"), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(first, net.now), ElementsAre("for the first"));
  first.Close(absl::ZeroDuration(), net.now);
  net.Run();
  net.Advance(absl::Seconds(20));
  ASSERT_TRUE(Send(second, Message("my turn"), net.now).ok());
  net.Run();
  EXPECT_THAT(ReceiveAll(pair, net.now), ElementsAre("my turn"));
}

// What goes one way says so.
TEST(SocketTest, DirectionsAreKept) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  Socket& pull = net.Make(SocketType::kPull);
  EXPECT_THAT(std::string(push.ReceiveStatus().message()), HasSubstr("PUSH only sends"));
  EXPECT_THAT(std::string(Send(pull, Message("x"), net.now).message()),
              HasSubstr("PULL only receives"));
}

// T-2, X-5: a misfit is never dialed again by itself.
TEST(SocketTest, MisfitGivesUp) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  Socket& req = net.Make(SocketType::kReq);
  net.Connect(req, "a");
  net.Run();
  net.Advance(absl::Hours(1));
  EXPECT_TRUE(net.saw(req, SocketEvent::Kind::kGaveUp));
  EXPECT_EQ(net.wires(), 0u);
}

// TR-6: closing sends what is queued, through a handshake to come too; the linger time ends it.
TEST(SocketTest, CloseLingers) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  net.Connect(push, "a");
  ASSERT_TRUE(Send(push, Message("last words"), net.now).ok());
  push.Close(absl::Seconds(10), net.now);
  net.Run();
  EXPECT_FALSE(push.drained());
  EXPECT_EQ(Send(push, Message("more"), net.now).code(), absl::StatusCode::kFailedPrecondition);
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  net.Run();
  net.Advance(absl::Seconds(2));
  EXPECT_TRUE(push.drained());
  EXPECT_THAT(ReceiveAll(pull, net.now), ElementsAre("last words"));
}

TEST(SocketTest, LingerEnds) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  net.Connect(push, "a");
  ASSERT_TRUE(Send(push, Message("lost"), net.now).ok());
  push.Close(absl::Seconds(10), net.now);
  net.Advance(absl::Seconds(9));
  EXPECT_FALSE(push.drained());
  net.Advance(absl::Seconds(1));
  EXPECT_TRUE(push.drained());
  EXPECT_EQ(push.stats().lost, 1u);
}

// SendTo reaches this incarnation of a peer or fails.
TEST(SocketTest, SendToAPeer) {
  Net net;
  Socket& router = net.Make(SocketType::kRouter);
  net.Bind(router, "a");
  Socket& dealer = net.Make(SocketType::kDealer, {.routing_id = "d"});
  net.Connect(dealer, "a");
  net.Run();
  const PeerId peer = router.FindPeer(AsBytes("d"));
  ASSERT_TRUE(peer);
  Message one("one");
  EXPECT_TRUE(router.SendTo(peer, &one, net.now).ok());
  net.Run();
  net.CutAll();
  net.Advance(absl::Seconds(2));
  EXPECT_NE(router.FindPeer(AsBytes("d")), peer);
  Message two("two");
  EXPECT_EQ(router.SendTo(peer, &two, net.now).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ReceiveAll(dealer, net.now), ElementsAre("one"));
}

// Facts about what is gone are ignored; ids are never used twice.
TEST(SocketTest, LateFactsAreIgnored) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  const DialerId dialer = net.Connect(push, "a");
  net.Run();
  ASSERT_TRUE(push.Disconnect(dialer, net.now).ok());
  EXPECT_EQ(push.Disconnect(dialer, net.now).code(), absl::StatusCode::kNotFound);
  const LinkId gone = net.events(push).front().link;
  push.OnDialed(gone, {}, net.now);
  push.OnTransportClosed(gone, absl::OkStatus(), net.now);
  push.OnDialFailed(gone, absl::UnavailableError("x"), net.now);
  push.ReturnBatch(gone, TransmitBatch(), 0, absl::OkStatus(), net.now);
  EXPECT_EQ(push.Donate(gone, Slice::Copy("x"), net.now).code(), absl::StatusCode::kNotFound);
  EXPECT_NE(net.Connect(push, "a"), dialer);
}

TEST(SocketTest, ImpossibleCombinationsAreRefused) {
  const Host host = ::monocoque::testing::TestHost();
  EXPECT_FALSE(Socket::Create(SocketType::kPush, {.router_mandatory = true}, host).ok());
  EXPECT_FALSE(Socket::Create(SocketType::kReq, {.routing_id = std::string("\0x", 2)}, host).ok());
  EXPECT_FALSE(Socket::Create(SocketType::kReq, {.routing_id = std::string(256, 'x')}, host).ok());
}

}  // namespace
}  // namespace monocoque
