// Every pairing of socket types with a live libzmq, alike in each cell: whoever binds, over ipc by
// path and by name, several parts, empty ones, large ones. Those that publish are in
// zmq_publish_test.cc, the draft ones in zmq_draft_test.cc.
#include <zmq.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/zmq_cell.h"

namespace monocoque::conformance {
namespace {

using ::testing::ElementsAre;

std::vector<Parts> Samples() {
  return {{"one"},
          {""},
          {"two", "parts"},
          {"", "", ""},
          {"a", std::string(300, 'b'), "", std::string(5000, 'c')},
          {std::string(1 << 20, 'm')},
          {"head", std::string(1 << 20, 'n'), "tail"}};
}

Parts Behind(Parts head, const Parts& rest) {
  head.insert(head.end(), rest.begin(), rest.end());
  return head;
}

// One of ours and one of theirs, joined.
class ZmqPatternsTest : public ZmqCellTest {
 protected:
  // Seven messages each way, as far as the pattern has it.
  void Talk(SocketType ours, int theirs) {
    for (const Way& way : Ways()) {
      SCOPED_TRACE(way);
      Begin(ours, theirs, way);
      for (const Parts& sample : Samples()) {
        Exchange(ours, theirs, sample);
        if (HasFailure()) return;
      }
    }
  }

 private:
  void Begin(SocketType ours, int theirs, const Way& way) {
    const bool routers = ours == SocketType::kRouter && theirs == ZMQ_ROUTER;
    SocketOptions options;
    if (routers) options.routing_id = "us";
    ours_ = Make(ours, options);
    theirs_ = Theirs(theirs);
    if (routers) theirs_->Set(ZMQ_ROUTING_ID, "them");
    // Else it drops what it is given before it knows us.
    if (theirs == ZMQ_ROUTER) theirs_->Set(ZMQ_ROUTER_MANDATORY, 1);
    us_ = "us";
    Join(way, ours_.get(), theirs_.get());
    if (routers) AwaitPeers(ours_.get(), 1);
  }
  // PUSH-3, PULL-3, DEALER-2, PAIR-2, REQ-3, REQ-8, REP-3 to REP-5, ROUTER-4, ROUTER-5.
  void Exchange(SocketType ours, int theirs, const Parts& sample) {
    // What the other side's socket adds or takes, seen from a socket that shows all parts.
    Parts shown = sample;
    if (ours == SocketType::kReq && theirs == ZMQ_ROUTER) shown = Behind({""}, sample);
    if (ours == SocketType::kRep && theirs == ZMQ_DEALER) shown = Behind({"hop", ""}, sample);
    if (ours == SocketType::kDealer && theirs == ZMQ_REP) shown = Behind({""}, sample);
    if (ours == SocketType::kRouter && theirs == ZMQ_REQ) shown = Behind({""}, sample);
    const bool we_hide = ours == SocketType::kReq || ours == SocketType::kRep;
    const Parts we_show = we_hide ? sample : shown;
    const Parts they_show = theirs == ZMQ_REQ || theirs == ZMQ_REP ? sample : shown;
    const bool we_begin = ours == SocketType::kPush || ours == SocketType::kReq ||
                          (ours == SocketType::kDealer && theirs != ZMQ_DEALER);
    if (we_begin) {
      WeToThem(we_show, they_show, theirs == ZMQ_ROUTER);
      if (ours != SocketType::kPush) TheyToUs(they_show, we_show, theirs == ZMQ_ROUTER);
    } else {
      TheyToUs(they_show, we_show, theirs == ZMQ_ROUTER);
      if (ours != SocketType::kPull) WeToThem(we_show, they_show, theirs == ZMQ_ROUTER);
    }
  }
  void WeToThem(const Parts& sent, const Parts& received, bool to_router) {
    Message message = MessageOf(sent);
    if (ours_->core().type() == SocketType::kRouter) {
      EXPECT_TRUE(message.set_to(last_from_));
    }
    EXPECT_EQ(face().Send(ours_.get(), &message), absl::OkStatus());
    Parts got = TheyReceive(theirs_.get());
    if (to_router) {
      ASSERT_FALSE(got.empty());
      us_ = got[0];
      got.erase(got.begin());
    }
    EXPECT_TRUE(got == received) << received.size() << " parts";
  }
  void TheyToUs(const Parts& sent, const Parts& received, bool from_router) {
    TheySend(theirs_.get(), from_router ? Behind({us_}, sent) : sent);
    const Message message = ReceiveMessage(ours_.get());
    EXPECT_TRUE(PartsOf(message) == received) << received.size() << " parts";
    last_from_ = std::string(AsText(message.routing_id()));
  }

  std::unique_ptr<FaceSocket> ours_;
  std::unique_ptr<ZmqPeer> theirs_;
  std::string last_from_;  // the routing id we saw last
  std::string us_;         // our routing id as they see it
};

TEST_P(ZmqPatternsTest, PushAndTheirPull) {
  Talk(SocketType::kPush, ZMQ_PULL);
  Did("7 messages arrive, whoever binds");
}
TEST_P(ZmqPatternsTest, PullAndTheirPush) {
  Talk(SocketType::kPull, ZMQ_PUSH);
  Did("7 messages arrive, whoever binds");
}
TEST_P(ZmqPatternsTest, PairAndTheirPair) {
  Talk(SocketType::kPair, ZMQ_PAIR);
  Did("7 messages arrive each way, whoever binds");
}
TEST_P(ZmqPatternsTest, ReqAndTheirRep) {
  Talk(SocketType::kReq, ZMQ_REP);
  Did("7 requests are answered, whoever binds");
}
TEST_P(ZmqPatternsTest, ReqAndTheirRouter) {
  Talk(SocketType::kReq, ZMQ_ROUTER);
  Did("7 requests are answered by our routing id, whoever binds");
}
TEST_P(ZmqPatternsTest, RepAndTheirReq) {
  Talk(SocketType::kRep, ZMQ_REQ);
  Did("7 requests are answered, whoever binds");
}
TEST_P(ZmqPatternsTest, RepAndTheirDealer) {
  Talk(SocketType::kRep, ZMQ_DEALER);
  Did("7 requests with their envelope are answered with it, whoever binds");
}
TEST_P(ZmqPatternsTest, DealerAndTheirDealer) {
  Talk(SocketType::kDealer, ZMQ_DEALER);
  Did("7 messages arrive each way, whoever binds");
}
TEST_P(ZmqPatternsTest, DealerAndTheirRep) {
  Talk(SocketType::kDealer, ZMQ_REP);
  Did("7 requests with their envelope are answered with it, whoever binds");
}
TEST_P(ZmqPatternsTest, DealerAndTheirRouter) {
  Talk(SocketType::kDealer, ZMQ_ROUTER);
  Did("7 messages arrive each way, by our routing id, whoever binds");
}
TEST_P(ZmqPatternsTest, RouterAndTheirReq) {
  Talk(SocketType::kRouter, ZMQ_REQ);
  Did("7 requests are answered by their routing id, whoever binds");
}
TEST_P(ZmqPatternsTest, RouterAndTheirDealer) {
  Talk(SocketType::kRouter, ZMQ_DEALER);
  Did("7 messages arrive each way, by their routing id, whoever binds");
}
TEST_P(ZmqPatternsTest, RouterAndTheirRouter) {
  Talk(SocketType::kRouter, ZMQ_ROUTER);
  Did("7 messages arrive each way, by the names they gave themselves, whoever binds");
}

// T-1, T-2, D-15: types that do not fit get no link, whoever dials; one that fits is served.
TEST_P(ZmqPatternsTest, TypesThatDoNotFit) {
  {
    const auto rep = Theirs(ZMQ_REP);
    const auto push = Make(SocketType::kPush, Eager());
    const std::string at = rep->Bind(any());
    Connect(push.get(), at);
    EXPECT_NE(Await(push.get(), SocketEvent::Kind::kGaveUp).status.message(), "");
    EXPECT_EQ(push->core().ready_peers(), 0u);
    const auto req = Make(SocketType::kReq);
    Connect(req.get(), at);
    Send(req.get(), "fits");
    EXPECT_EQ(TheyReceive(rep.get()), Parts{"fits"});
  }
  const auto rep = Make(SocketType::kRep);
  const std::string at = Bind(rep.get(), any());
  const auto push = Theirs(ZMQ_PUSH);
  push->Connect(at);
  const SocketEvent closed = Await(rep.get(), SocketEvent::Kind::kClosed);
  EXPECT_FALSE(closed.was_ready);
  // Whoever learns it first closes.
  const Cause cause = CauseOf(closed.status);
  EXPECT_TRUE(cause == Cause::kPeerIncompatible || cause == Cause::kTransport) << closed.status;
  const auto req = Theirs(ZMQ_REQ);
  req->Connect(at);
  TheySend(req.get(), {"fits"});
  EXPECT_EQ(Receive(rep.get()), Parts{"fits"});
  EXPECT_EQ(rep->core().ready_peers(), 1u);
  Did("our PUSH gives up on their REP and says why, no link of their PUSH with our REP stands; a "
      "REQ is served by each");
}

INSTANTIATE_TEST_SUITE_P(, ZmqPatternsTest,
                         ::testing::ValuesIn(CellsOf("ZmqPatternsTest", ZmqAbsences())), CellName);

class ZmqStreamTest : public ZmqCellTest {
 protected:
  // So many octets, in whatever pieces they come.
  std::string Gather(FaceSocket* at, std::size_t octets) {
    std::string all;
    while (all.size() < octets && !HasFailure()) all += ReceiveMessage(at).text();
    return all;
  }
  std::string TheyGather(ZmqPeer* at, std::size_t octets) {
    std::string all;
    while (all.size() < octets && !HasFailure()) {
      const Parts piece = TheyReceive(at);
      EXPECT_EQ(piece.size(), 2u);
      all += piece.back();
    }
    return all;
  }
  void WeSend(FaceSocket* from, std::string_view to, std::string_view text) {
    Message message(text);
    EXPECT_TRUE(message.set_to(to));
    EXPECT_EQ(face().Send(from, &message), absl::OkStatus());
  }
};

// T-4: octets with no ZMTP around them; whoever was connected to ends it.
TEST_P(ZmqStreamTest, StreamAndTheirStream) {
  for (const Way& way : Ways()) {
    const auto ours = Make(SocketType::kStream);
    const auto theirs = Theirs(ZMQ_STREAM);
    Join(way, ours.get(), theirs.get());
    const Message came_here = ReceiveMessage(ours.get());
    EXPECT_EQ(came_here.size(), 0u);
    EXPECT_EQ(came_here.routing_id().size(), 5u);
    const std::string them(AsText(came_here.routing_id()));
    const Parts came = TheyReceive(theirs.get());
    ASSERT_EQ(came.size(), 2u);
    const std::string& us = came[0];
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{80}, std::size_t{9000}, std::size_t{1} << 20}) {
      const std::string text(size, 'x');
      TheySend(theirs.get(), {us, text});
      EXPECT_TRUE(Gather(ours.get(), size) == text) << size;
      WeSend(ours.get(), them, text);
      EXPECT_TRUE(TheyGather(theirs.get(), size) == text) << size;
    }
    if (way.we_bind) {
      WeSend(ours.get(), them, "");
      EXPECT_THAT(TheyReceive(theirs.get()), ElementsAre(us, ""));
      continue;
    }
    TheySend(theirs.get(), {us, ""});
    // It goes on with the close only when it is called.
    Message end;
    ASSERT_TRUE(Until([&] {
      theirs->events();
      return ours->TryReceive(&end);
    }));
    EXPECT_EQ(end.text(), "");
  }
  Did("1 MiB crosses each way as it is, whoever binds; begin and end of the link show");
}

std::vector<Absence> StreamAbsences() {
  std::vector<Absence> absences = ZmqAbsences();
  absences.push_back({"", "ipc", "libzmq's STREAM has tcp alone"});
  return absences;
}
INSTANTIATE_TEST_SUITE_P(, ZmqStreamTest,
                         ::testing::ValuesIn(CellsOf("ZmqStreamTest", StreamAbsences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
