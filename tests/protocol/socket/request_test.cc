// REQ and REP: turns, envelopes, and what relaxes them.
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A ROUTER that answers by hand, and sees envelopes.
class RequestTest : public ::testing::Test {
 protected:
  Socket& Server() {
    Socket& router = net_.Make(SocketType::kRouter);
    net_.Bind(router, "a");
    return router;
  }
  Socket& Client(const SocketOptions& options) {
    Socket& req = net_.Make(SocketType::kReq, options);
    net_.Connect(req, "a");
    net_.Run();
    return req;
  }
  Message Question(Socket& router) {
    net_.Run();
    Message question;
    EXPECT_TRUE(router.Receive(&question, nullptr, net_.now));
    return question;
  }
  // The envelope of the question in front of `text`.
  void Answer(Socket& router, const Message& question, std::string_view text) {
    Message answer(question[0].text());
    for (std::size_t i = 1; i + 1 < question.part_count(); ++i) answer.AddPart(question[i].bytes());
    answer.AddPart(text);
    answer.set_to(question.routing_id());
    EXPECT_TRUE(router.Send(&answer, net_.now).ok());
  }

  Net net_;
};

// REQ_CORRELATE, REQ-10: a number of four octets, another for each request, in front of the
// delimiter.
TEST_F(RequestTest, ANumberIsInFront) {
  Socket& router = Server();
  Socket& req = Client({.req_correlate = true});
  ASSERT_TRUE(net_.Send(req, Message("q1")).ok());
  const Message first = Question(router);
  ASSERT_EQ(first.part_count(), 3u);
  EXPECT_THAT(first[0].bytes(), SizeIs(4));
  EXPECT_TRUE(first[1].empty());
  Answer(router, first, "a1");
  EXPECT_THAT(net_.Received(req), ElementsAre("a1"));
  ASSERT_TRUE(net_.Send(req, Message("q2")).ok());
  const Message second = Question(router);
  EXPECT_NE(first[0].text(), second[0].text());
  Answer(router, second, "a2");
  EXPECT_THAT(net_.Received(req), ElementsAre("a2"));
}

// REQ-10: what carries no number, or another, is dropped, and the link stays; REQ-9 holds.
TEST_F(RequestTest, OnlyTheRightNumberIsAReply) {
  Socket& router = Server();
  Socket& req = Client({.req_correlate = true});
  ASSERT_TRUE(net_.Send(req, Message("q1")).ok());
  const Message first = Question(router);
  Answer(router, first, "a1");
  EXPECT_THAT(net_.Received(req), ElementsAre("a1"));
  ASSERT_TRUE(net_.Send(req, Message("q2")).ok());
  const Message second = Question(router);
  Answer(router, first, "again");
  Message bare({"", "no number"});
  bare.set_to(second.routing_id());
  ASSERT_TRUE(router.Send(&bare, net_.now).ok());
  EXPECT_THAT(net_.Received(req), IsEmpty());
  EXPECT_EQ(req.stats().dropped, 2u);
  Answer(router, second, "a2");
  EXPECT_THAT(net_.Received(req), ElementsAre("a2"));
  Message broken("no envelope at all");
  broken.set_to(second.routing_id());
  ASSERT_TRUE(router.Send(&broken, net_.now).ok());
  net_.Run();
  EXPECT_EQ(req.ready_peers(), 0u);
}

// REQ_RELAXED: a new request gives up the old one, whose reply does not count any more.
TEST_F(RequestTest, ANewRequestGivesUpTheOld) {
  Socket& router = Server();
  Socket& req = Client({.req_relaxed = true, .req_correlate = true});
  ASSERT_TRUE(net_.Send(req, Message("q1")).ok());
  EXPECT_TRUE(req.CanSend());
  ASSERT_TRUE(net_.Send(req, Message("q2")).ok());
  const Message first = Question(router);
  const Message second = Question(router);
  EXPECT_EQ(second[2].text(), "q2");
  Answer(router, first, "a1");
  EXPECT_THAT(net_.Received(req), IsEmpty());
  Answer(router, second, "a2");
  EXPECT_THAT(net_.Received(req), ElementsAre("a2"));
  EXPECT_EQ(req.ReceiveStatus().code(), absl::StatusCode::kFailedPrecondition);
}

// A reply that is here already goes with the request that is given up: also one that was looked at.
TEST_F(RequestTest, AReplyThatWasNotTakenIsGivenUp) {
  for (const bool looked_at : {false, true}) {
    Net net;
    Socket& rep = net.Make(SocketType::kRep);
    net.Bind(rep, "a");
    Socket& req = net.Make(SocketType::kReq, {.req_relaxed = true});
    net.Connect(req, "a");
    net.Run();
    ASSERT_TRUE(net.Send(req, Message("q1")).ok());
    EXPECT_THAT(net.Received(rep), ElementsAre("q1"));
    ASSERT_TRUE(net.Send(rep, Message("a1")).ok());
    net.Run();
    if (looked_at) {
      ASSERT_NE(req.Peek(nullptr, net.now), nullptr);
    }
    ASSERT_TRUE(net.Send(req, Message("q2")).ok());
    EXPECT_EQ(req.Peek(nullptr, net.now), nullptr);
    EXPECT_THAT(net.Received(req), IsEmpty());
    EXPECT_EQ(req.stats().dropped, 1u);
    EXPECT_THAT(net.Received(rep), ElementsAre("q2"));
    ASSERT_TRUE(net.Send(rep, Message("a2")).ok());
    EXPECT_THAT(net.Received(req), ElementsAre("a2"));
  }
}

// REQ-5: a request that cannot be sent gives up nothing: the reply to the last one is still
// received.
TEST_F(RequestTest, ARefusedRequestChangesNothing) {
  Socket& router = Server();
  Socket& req = Client({.send_mark = {.messages = 1, .bytes = 0}, .req_relaxed = true});
  ASSERT_TRUE(net_.Send(req, Message("q1")).ok());
  Answer(router, Question(router), "a1");
  net_.Run();
  net_.CutAll();
  net_.Run();
  ASSERT_TRUE(net_.Send(req, Message("q2")).ok());  // waits for the next link
  Message third("q3");
  EXPECT_EQ(req.Send(&third, net_.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(third.text(), "q3");
  net_.Advance(absl::Seconds(2));
  Answer(router, Question(router), "a2");
  EXPECT_THAT(net_.Received(req), ElementsAre("a2"));
}

// REQ-1, REQ-4: requests go to the peers in turn.
TEST_F(RequestTest, RequestsTakeTurns) {
  Socket& req = net_.Make(SocketType::kReq);
  net_.Bind(req, "r");
  Socket& one = net_.Make(SocketType::kRep);
  Socket& two = net_.Make(SocketType::kRep);
  net_.Connect(one, "r");
  net_.Connect(two, "r");
  net_.Run();
  for (int i = 0; i < 4; ++i) {
    Socket& turn = i % 2 == 0 ? one : two;
    ASSERT_TRUE(net_.Send(req, Message(absl::StrCat(i))).ok());
    EXPECT_THAT(net_.Received(turn), ElementsAre(absl::StrCat(i)));
    ASSERT_TRUE(net_.Send(turn, Message("ok")).ok());
    EXPECT_THAT(net_.Received(req), ElementsAre("ok"));
  }
}

// REQ-5, ALL-7: without a peer nothing is taken, and the turn does not change.
TEST_F(RequestTest, ARequestToNobody) {
  Socket& req = net_.Make(SocketType::kReq);
  Message request("kept");
  EXPECT_EQ(req.Send(&request, net_.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(request.text(), "kept");
  EXPECT_THAT(std::string(req.ReceiveStatus().message()), HasSubstr("sent no request"));
}

// REP-1, REP-5, REP-7: requests of many askers in turn, each reply to its own.
TEST_F(RequestTest, RepliesGoToTheirAskers) {
  Socket& rep = net_.Make(SocketType::kRep);
  net_.Bind(rep, "r");
  Socket& busy = net_.Make(SocketType::kDealer);
  Socket& calm = net_.Make(SocketType::kReq);
  net_.Connect(busy, "r");
  net_.Connect(calm, "r");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(net_.Send(busy, Message({"", absl::StrCat("b", i)})).ok());
  }
  ASSERT_TRUE(net_.Send(calm, Message("c")).ok());
  net_.Run();
  std::vector<std::string> asked;
  for (Message request; rep.Receive(&request, nullptr, net_.now);) {
    asked.push_back(std::string(request.text()));
    ASSERT_TRUE(net_.Send(rep, Message("re " + asked.back())).ok());
  }
  EXPECT_THAT(asked, ElementsAre("b0", "c", "b1", "b2"));
  EXPECT_THAT(net_.Received(calm), ElementsAre("re c"));
  EXPECT_THAT(net_.Received(busy), ElementsAre("|re b0", "|re b1", "|re b2"));
}

// REP-5, REP-6: a reply goes out on the link its request came on, or not at all. The asker that was
// dialed is no asker any more once that link is over: a REQ there asks anew, and would take a late
// reply for the one to its new request.
TEST_F(RequestTest, ALateReplyFindsNoNewLink) {
  enum class Late { kTakenBefore, kTakenBehind, kSentBefore };
  for (const Late late : {Late::kTakenBefore, Late::kTakenBehind, Late::kSentBefore}) {
    Net net;
    Socket& req = net.Make(SocketType::kReq);
    net.Bind(req, "r");
    Socket& rep = net.Make(SocketType::kRep);
    net.Connect(rep, "r");
    net.Run();
    ASSERT_TRUE(net.Send(req, Message("q1")).ok());
    net.Run();
    if (late != Late::kTakenBehind) {
      EXPECT_THAT(net.Received(rep), ElementsAre("q1"));
    }
    if (late == Late::kSentBefore) {
      ASSERT_TRUE(net.Send(rep, Message("a1")).ok());  // and not written yet
    }
    net.CutAll();
    net.Advance(absl::Seconds(2));
    ASSERT_EQ(rep.ready_peers(), 1u);
    ASSERT_TRUE(net.Send(req, Message("q2")).ok());
    if (late == Late::kTakenBehind) {
      Message request;
      ASSERT_TRUE(rep.Receive(&request, nullptr, net.now));
      EXPECT_EQ(request.text(), "q1");
    }
    if (late != Late::kSentBefore) {
      ASSERT_TRUE(net.Send(rep, Message("a1")).ok());
    }
    EXPECT_THAT(net.Received(req), IsEmpty());
    EXPECT_EQ(rep.stats().dropped + rep.stats().lost, 1u);
    EXPECT_THAT(net.Received(rep), ElementsAre("q2"));
    ASSERT_TRUE(net.Send(rep, Message("a2")).ok());
    EXPECT_THAT(net.Received(req), ElementsAre("a2"));
  }
}

// REP-6: an asker that takes no replies keeps nobody from being served: what is beyond its mark is
// dropped, counted and told.
TEST_F(RequestTest, AnAskerThatDoesNotReadIsNotWaitedFor) {
  Socket& rep = net_.Make(SocketType::kRep, {.send_mark = {.messages = 2, .bytes = 0}});
  net_.Bind(rep, "a");
  Socket& greedy = net_.Make(SocketType::kDealer);
  net_.Connect(greedy, "a");
  Socket& other = net_.Make(SocketType::kReq);
  net_.Connect(other, "a");
  net_.Run();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(net_.Send(greedy, Message({"", "q"})).ok());
  net_.Run();
  // Nothing is written meanwhile.
  for (int i = 0; i < 5; ++i) {
    Message request;
    ASSERT_TRUE(rep.Receive(&request, nullptr, net_.now)) << i;
    Message reply("a");
    EXPECT_TRUE(rep.Send(&reply, net_.now).ok()) << i;
    EXPECT_EQ(reply.size(), 0u);
  }
  EXPECT_EQ(rep.stats().dropped, 3u);
  SocketEvent event;
  while (rep.NextEvent(&event) && event.kind != SocketEvent::Kind::kDropsBegan) {
  }
  EXPECT_EQ(event.kind, SocketEvent::Kind::kDropsBegan);
  EXPECT_THAT(net_.Received(greedy), ElementsAre("|a", "|a"));
  ASSERT_TRUE(net_.Send(other, Message("q")).ok());
  EXPECT_THAT(net_.Received(rep), ElementsAre("q"));
  ASSERT_TRUE(net_.Send(rep, Message("a")).ok());
  EXPECT_THAT(net_.Received(other), ElementsAre("a"));
}

// REP-3, REP-4: any number of hops, each adding its envelope; the reply finds its way back.
TEST_F(RequestTest, AnEnvelopeOverHops) {
  constexpr std::size_t kHops = 5;
  Socket& req = net_.Make(SocketType::kReq, {.req_correlate = true});
  net_.Connect(req, "hop0");
  std::vector<Socket*> fronts, backs;
  for (std::size_t i = 0; i < kHops; ++i) {
    fronts.push_back(&net_.Make(SocketType::kRouter));
    backs.push_back(&net_.Make(SocketType::kDealer));
    net_.Bind(*fronts[i], absl::StrCat("hop", i));
    net_.Connect(*backs[i], absl::StrCat("hop", i + 1));
  }
  Socket& rep = net_.Make(SocketType::kRep);
  net_.Bind(rep, absl::StrCat("hop", kHops));
  net_.Run();
  net_.Advance(absl::Seconds(2));
  ASSERT_TRUE(net_.Send(req, Message({"q1", "q2"})).ok());
  Message passing;
  for (std::size_t i = 0; i < kHops; ++i) {
    net_.Run();
    ASSERT_TRUE(fronts[i]->Receive(&passing, nullptr, net_.now));
    passing.IdToFront();
    ASSERT_TRUE(backs[i]->Send(&passing, net_.now).ok());
  }
  EXPECT_THAT(net_.Received(rep), ElementsAre("q1|q2"));
  ASSERT_TRUE(net_.Send(rep, Message("a")).ok());
  for (std::size_t i = kHops; i-- > 0;) {
    net_.Run();
    ASSERT_TRUE(backs[i]->Receive(&passing, nullptr, net_.now));
    ASSERT_TRUE(passing.FrontToId());
    ASSERT_TRUE(fronts[i]->Send(&passing, net_.now).ok());
  }
  EXPECT_THAT(net_.Received(req), ElementsAre("a"));
}

// A request that was lost because its dialer gave up has no reply: REQ asks the next peer.
TEST_F(RequestTest, ADialerThatGaveUpOwesNoReply) {
  Socket& pull = net_.Make(SocketType::kPull);
  net_.Bind(pull, "misfit");
  net_.Run();
  Socket& req = net_.Make(SocketType::kReq);
  net_.Connect(req, "misfit");
  ASSERT_TRUE(net_.Send(req, Message("q1")).ok());
  net_.Run();
  ASSERT_TRUE(net_.saw(req, SocketEvent::Kind::kGaveUp));
  EXPECT_EQ(req.stats().lost, 1u);
  EXPECT_EQ(req.ReceiveStatus().code(), absl::StatusCode::kFailedPrecondition);
  Socket& rep = net_.Make(SocketType::kRep);
  net_.Bind(rep, "a");
  net_.Run();
  net_.Connect(req, "a");
  net_.Run();
  ASSERT_TRUE(net_.Send(req, Message("q2")).ok());
  EXPECT_THAT(net_.Received(rep), ElementsAre("q2"));
}

// Nor does a request that was lost with an immediate dialer's link.
TEST_F(RequestTest, ALostRequestHasNoReply) {
  Socket& rep = net_.Make(SocketType::kRep);
  net_.Bind(rep, "a");
  net_.Run();
  Socket& req = net_.Make(SocketType::kReq, {.link = {.immediate = true}});
  net_.Connect(req, "a");
  net_.Run();
  ASSERT_TRUE(net_.Send(req, Message("q1")).ok());
  net_.CutAll();
  net_.Run();
  EXPECT_EQ(req.stats().lost, 1u);
  net_.Advance(absl::Seconds(2));
  ASSERT_EQ(req.ready_peers(), 1u);
  EXPECT_EQ(req.ReceiveStatus().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(net_.Send(req, Message("q2")).ok());
}

// REQ-7: an unsolicited reply that is here already, and was not looked at, when the request goes
// out is not its reply.
TEST_F(RequestTest, AnOlderReplyIsNotTheReply) {
  Wires wires(SocketType::kReq);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("ROUTER"));
  ASSERT_TRUE(wires.Send(Message("q1")).ok());
  wires.Say(link, Hex("0100 0002 6131"));
  EXPECT_THAT(wires.Received(), ElementsAre("a1"));
  ASSERT_TRUE(wires.socket.Donate(link, Slice::Copy(Hex("0100 0002 6131")), wires.now).ok());
  ASSERT_TRUE(wires.Send(Message("q2")).ok());
  EXPECT_THAT(wires.Received(), IsEmpty());
  EXPECT_EQ(wires.socket.stats().dropped, 1u);
}

// A request that nobody could take leaves the one before it as it was, and its reply is the reply.
TEST_F(RequestTest, ARefusedRequestLeavesTheEarlierOne) {
  SocketOptions options = {.send_mark = {.messages = 1, .bytes = 0}};
  options.req_relaxed = options.req_correlate = true;
  Wires wires(SocketType::kReq, options);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("REP"));
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message("q1")).ok());
  EXPECT_TRUE(absl::IsUnavailable(wires.Send(Message("q2"))));
  wires.Stall(false);
  const std::string number = wires.Told(link).substr(4, 8);
  wires.Say(link, Hex("0104" + number + "0100 0002 6131"));
  EXPECT_THAT(wires.Received(), ElementsAre("a1"));
  EXPECT_EQ(wires.socket.stats().dropped, 0u);
}

// REQ_RELAXED: the earlier request was cut with the link, the later one had not begun and goes out
// on the next: it is not lost.
TEST_F(RequestTest, ACutRequestIsNotTheOneBehindIt) {
  Socket& rep = net_.Make(SocketType::kRep);
  net_.Bind(rep, "a");
  SocketOptions options;
  options.req_relaxed = options.req_correlate = true;
  Socket& req = Client(options);
  ASSERT_TRUE(net_.Send(req, Message(std::string(3000, 'q'))).ok());
  LinkId link;
  ASSERT_TRUE(req.NextTransmitLink(&link));
  TransmitBatch batch;
  ASSERT_TRUE(req.FillTransmit(link, &batch, 1 << 20));
  ASSERT_TRUE(net_.Send(req, Message("q2")).ok());
  req.ReturnBatch(link, std::move(batch), 10, absl::UnavailableError("cut"), net_.now);
  net_.CutAll();
  EXPECT_EQ(req.stats().lost, 1u);
  EXPECT_TRUE(absl::IsUnavailable(req.ReceiveStatus()));
  net_.Advance(absl::Seconds(2));
  ASSERT_THAT(net_.Received(rep), ElementsAre("q2"));
  ASSERT_TRUE(net_.Send(rep, Message("a2")).ok());
  EXPECT_THAT(net_.Received(req), ElementsAre("a2"));
}

}  // namespace
}  // namespace monocoque
