#include "protocol/socket/proxy.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Two sockets with a proxy between, in one Net.
class ProxyTest : public ::testing::Test {
 protected:
  // Whoever dialed before there was a listener has come back.
  void Settle() {
    net_.Run();
    net_.Advance(absl::Seconds(1));
  }
  // Passes all that can pass, with everything on the wires.
  void Run(Proxy* proxy) {
    for (int round = 0; round < 10; ++round) {
      net_.Run();
      while (proxy->Run(net_.now)) {
      }
    }
    net_.Run();
  }
  std::vector<std::uint64_t> Numbers(const Message& statistics) {
    std::vector<std::uint64_t> numbers;
    for (const Slice part : statistics) {
      std::uint64_t number = 0;
      for (std::size_t i = part.size(); i-- > 0;) number = number << 8 | part.data()[i];
      numbers.push_back(number);
    }
    return numbers;
  }

  Net net_;
};

// Z-12, REP-3: requests go to a worker, the replies back to who asked, over two hops.
TEST_F(ProxyTest, RequestsAndRepliesOverTwoHops) {
  Socket& req = net_.Make(SocketType::kReq);
  Socket& router1 = net_.Make(SocketType::kRouter);
  Socket& dealer1 = net_.Make(SocketType::kDealer);
  Socket& router2 = net_.Make(SocketType::kRouter);
  Socket& dealer2 = net_.Make(SocketType::kDealer);
  Socket& rep = net_.Make(SocketType::kRep);
  net_.Bind(router1, "a");
  net_.Bind(router2, "b");
  net_.Bind(rep, "c");
  net_.Connect(req, "a");
  net_.Connect(dealer1, "b");
  net_.Connect(dealer2, "c");
  Proxy first(&router1, &dealer1);
  Proxy second(&router2, &dealer2);
  Settle();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(net_.Send(req, Message(absl::StrCat("question ", i))).ok());
    Run(&first);
    Run(&second);
    ASSERT_THAT(net_.Received(rep), ElementsAre(absl::StrCat("question ", i)));
    ASSERT_TRUE(net_.Send(rep, Message(absl::StrCat("answer ", i))).ok());
    Run(&second);
    Run(&first);
    EXPECT_THAT(net_.Received(req), ElementsAre(absl::StrCat("answer ", i)));
  }
  EXPECT_TRUE(first.status().ok());
}

// XSUB-1, XPUB-1: subscriptions go up, what they ask for comes down, and no more than that.
TEST_F(ProxyTest, SubscriptionsGoUp) {
  Socket& pub = net_.Make(SocketType::kPub);
  Socket& xsub = net_.Make(SocketType::kXSub);
  Socket& xpub = net_.Make(SocketType::kXPub);
  Socket& sub = net_.Make(SocketType::kSub);
  net_.Bind(pub, "up");
  net_.Bind(xpub, "down");
  net_.Connect(xsub, "up");
  net_.Connect(sub, "down");
  Proxy proxy(&xsub, &xpub);
  ASSERT_TRUE(sub.Subscribe("a", net_.now).ok());
  Run(&proxy);
  EXPECT_EQ(pub.topics(), 1u);
  ASSERT_TRUE(net_.Send(pub, Message("b: nobody asked")).ok());
  ASSERT_TRUE(net_.Send(pub, Message({"a", "wanted"})).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(sub), ElementsAre("a|wanted"));
  EXPECT_EQ(proxy.stats().front.received.messages, 1u);
  EXPECT_EQ(proxy.stats().back.received.messages, 1u) << "the subscription";
}

// One direction, whichever side is in front; marks hold: what cannot go on waits where it was.
TEST_F(ProxyTest, APipelineIsHeldByItsSlowEnd) {
  for (const bool pull_in_front : {true, false}) {
    Net net;
    SocketOptions few;
    few.send_mark.messages = 5;
    few.receive_mark.messages = 5;
    Socket& push = net.Make(SocketType::kPush, few);
    Socket& pull = net.Make(SocketType::kPull, few);
    Socket& out = net.Make(SocketType::kPush, few);
    Socket& in = net.Make(SocketType::kPull, few);
    net.Bind(pull, "a");
    net.Connect(push, "a");
    net.Connect(out, "nobody");
    Proxy proxy(pull_in_front ? &pull : &out, pull_in_front ? &out : &pull);
    net.Run();
    int sent = 0;
    for (int i = 0; i < 100; ++i) {
      if (net.Send(push, Message(absl::StrCat(i))).ok()) ++sent;
      net.Run();
      while (proxy.Run(net.now)) {
      }
    }
    EXPECT_LT(sent, 40);
    net.Bind(in, "nobody");
    std::vector<std::string> received;
    for (int i = 0; i < 100; ++i) {
      net.Advance(absl::Seconds(1));
      while (proxy.Run(net.now)) {
      }
      for (std::string& text : net.Received(in)) received.push_back(std::move(text));
    }
    ASSERT_EQ(received.size(), static_cast<std::size_t>(sent)) << "nothing is lost";
    for (int i = 0; i < sent; ++i)
      EXPECT_EQ(received[static_cast<std::size_t>(i)], absl::StrCat(i));
  }
}

// Everything that passes is copied; a capturing socket that is not there is counted.
TEST_F(ProxyTest, Captures) {
  Socket& a = net_.Make(SocketType::kPair);
  Socket& front = net_.Make(SocketType::kPair);
  Socket& back = net_.Make(SocketType::kPair);
  Socket& b = net_.Make(SocketType::kPair);
  Socket& capture = net_.Make(SocketType::kPush);
  net_.Bind(front, "a");
  net_.Bind(back, "b");
  net_.Connect(a, "a");
  net_.Connect(b, "b");
  net_.Bind(capture, "c");
  Proxy proxy(&front, &back, &capture);
  Settle();
  ASSERT_TRUE(net_.Send(a, Message("unseen")).ok());
  Run(&proxy);
  EXPECT_EQ(proxy.stats().not_captured, 1u);
  Socket& eyes = net_.Make(SocketType::kPull);
  net_.Connect(eyes, "c");
  Settle();
  ASSERT_TRUE(net_.Send(a, Message({"there", "x"})).ok());
  ASSERT_TRUE(net_.Send(b, Message("and back")).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(b), ElementsAre("unseen", "there|x"));
  EXPECT_THAT(net_.Received(a), ElementsAre("and back"));
  EXPECT_THAT(net_.Received(eyes), ElementsAre("there|x", "and back"));
}

// PAUSE, RESUME, STATISTICS, TERMINATE.
TEST_F(ProxyTest, IsSteered) {
  Socket& push = net_.Make(SocketType::kPush);
  Socket& pull = net_.Make(SocketType::kPull);
  Socket& out = net_.Make(SocketType::kPush);
  Socket& in = net_.Make(SocketType::kPull);
  Socket& control = net_.Make(SocketType::kRep);
  Socket& hand = net_.Make(SocketType::kReq);
  net_.Bind(pull, "a");
  net_.Connect(push, "a");
  net_.Bind(in, "b");
  net_.Connect(out, "b");
  net_.Bind(control, "c");
  net_.Connect(hand, "c");
  Proxy proxy(&pull, &out);
  Settle();
  const auto say = [&](const char* command) {
    EXPECT_TRUE(net_.Send(hand, Message(command)).ok());
    net_.Run();
    EXPECT_TRUE(proxy.Steer(&control, net_.now).ok());
    net_.Run();
    Message reply;
    EXPECT_TRUE(hand.Receive(&reply, nullptr, net_.now)) << "a REP answers everything";
    return reply;
  };
  EXPECT_EQ(say("PAUSE").size(), 0u);
  EXPECT_TRUE(proxy.paused());
  ASSERT_TRUE(net_.Send(push, Message("twelve bytes")).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(in), IsEmpty());
  say("RESUME");
  Run(&proxy);
  EXPECT_THAT(net_.Received(in), ElementsAre("twelve bytes"));
  EXPECT_THAT(Numbers(say("STATISTICS")), ElementsAre(1, 12, 0, 0, 0, 0, 1, 12));
  EXPECT_EQ(say("NONSENSE").size(), 0u);
  say("TERMINATE");
  EXPECT_TRUE(proxy.terminated());
  ASSERT_TRUE(net_.Send(push, Message("too late")).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(in), IsEmpty());
}

// For a ROUTER somebody has to be named, and be there.
TEST_F(ProxyTest, WhatHasNoDestinationIsCounted) {
  Socket& push = net_.Make(SocketType::kPush);
  Socket& pull = net_.Make(SocketType::kPull);
  Socket& router = net_.Make(SocketType::kRouter, {.router_mandatory = true});
  Socket& dealer = net_.Make(SocketType::kDealer, {.routing_id = "known"});
  net_.Bind(pull, "a");
  net_.Connect(push, "a");
  net_.Bind(router, "b");
  net_.Connect(dealer, "b");
  Settle();
  Proxy proxy(&pull, &router);
  ASSERT_TRUE(net_.Send(push, Message("no id at all")).ok());
  ASSERT_TRUE(net_.Send(push, Message({"stranger", "x"})).ok());
  ASSERT_TRUE(net_.Send(push, Message({"known", "y"})).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(dealer), ElementsAre("y"));
  EXPECT_EQ(proxy.stats().unroutable, 2u);
  EXPECT_TRUE(proxy.status().ok());
}

// A socket that ends stops the proxy, and the message on its way is not lost.
TEST_F(ProxyTest, EndsWithASocketAndGivesBackWhatItHolds) {
  Socket& push = net_.Make(SocketType::kPush);
  Socket& pull = net_.Make(SocketType::kPull);
  Socket& rep = net_.Make(SocketType::kReq);
  Socket& peer = net_.Make(SocketType::kRep);
  net_.Bind(pull, "a");
  net_.Connect(push, "a");
  net_.Bind(peer, "b");
  net_.Connect(rep, "b");
  Proxy proxy(&pull, &rep);
  Settle();
  ASSERT_TRUE(net_.Send(push, Message("first")).ok());
  ASSERT_TRUE(net_.Send(push, Message("second")).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(peer), ElementsAre("first"));
  Message held;
  if (!proxy.status().ok()) {
    EXPECT_TRUE(absl::IsFailedPrecondition(proxy.status()));
    ASSERT_TRUE(proxy.TakeHeld(&held));
    EXPECT_EQ(held.text(), "second");
  } else {
    ASSERT_TRUE(pull.Receive(&held, nullptr, net_.now)) << "it waits where it was";
    EXPECT_EQ(held.text(), "second");
  }
  EXPECT_FALSE(proxy.TakeHeld(&held));
}

// One socket on both sides: what comes in goes out again.
TEST_F(ProxyTest, OneSocketIsAnEcho) {
  Socket& dealer = net_.Make(SocketType::kDealer);
  Socket& echo = net_.Make(SocketType::kDealer);
  net_.Bind(echo, "a");
  net_.Connect(dealer, "a");
  Proxy proxy(&echo, &echo);
  Settle();
  ASSERT_TRUE(net_.Send(dealer, Message({"a", "b"})).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(dealer), ElementsAre("a|b"));
}

}  // namespace
}  // namespace monocoque
