#include "protocol/socket/proxy.h"

#include <string>
#include <utility>
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
  // Two sockets that are connected: the first one listens.
  std::pair<Socket&, Socket&> Joined(SocketType listens, SocketType dials) {
    const std::string name = absl::StrCat("link", ++links_);
    Socket& listener = net_.Make(listens);
    net_.Bind(listener, name);
    Socket& dialer = net_.Make(dials);
    net_.Connect(dialer, name);
    net_.Run();
    return {listener, dialer};
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

 private:
  int links_ = 0;
};

// Z-12, REP-3: requests go to a worker, the replies back to who asked, over two hops.
TEST_F(ProxyTest, RequestsAndRepliesOverTwoHops) {
  auto [router1, req] = Joined(SocketType::kRouter, SocketType::kReq);
  auto [router2, dealer1] = Joined(SocketType::kRouter, SocketType::kDealer);
  auto [rep, dealer2] = Joined(SocketType::kRep, SocketType::kDealer);
  Proxy first(&router1, &dealer1);
  Proxy second(&router2, &dealer2);
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
  auto [pub, xsub] = Joined(SocketType::kPub, SocketType::kXSub);
  auto [xpub, sub] = Joined(SocketType::kXPub, SocketType::kSub);
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
  auto [front, a] = Joined(SocketType::kPair, SocketType::kPair);
  auto [back, b] = Joined(SocketType::kPair, SocketType::kPair);
  Socket& capture = net_.Make(SocketType::kPush);
  net_.Bind(capture, "c");
  Proxy proxy(&front, &back, &capture);
  ASSERT_TRUE(net_.Send(a, Message("unseen")).ok());
  Run(&proxy);
  EXPECT_EQ(proxy.stats().not_captured, 1u);
  Socket& eyes = net_.Make(SocketType::kPull);
  net_.Connect(eyes, "c");
  net_.Run();
  ASSERT_TRUE(net_.Send(a, Message({"there", "x"})).ok());
  ASSERT_TRUE(net_.Send(b, Message("and back")).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(b), ElementsAre("unseen", "there|x"));
  EXPECT_THAT(net_.Received(a), ElementsAre("and back"));
  EXPECT_THAT(net_.Received(eyes), ElementsAre("there|x", "and back"));
}

// PAUSE, RESUME, STATISTICS, TERMINATE.
TEST_F(ProxyTest, IsSteered) {
  auto [pull, push] = Joined(SocketType::kPull, SocketType::kPush);
  auto [in, out] = Joined(SocketType::kPull, SocketType::kPush);
  const auto steering = Joined(SocketType::kRep, SocketType::kReq);
  Proxy proxy(&pull, &out);
  const auto say = [&](const char* command) {
    EXPECT_TRUE(net_.Send(steering.second, Message(command)).ok());
    net_.Run();
    EXPECT_TRUE(proxy.Steer(&steering.first, net_.now).ok());
    net_.Run();
    Message reply;
    EXPECT_TRUE(steering.second.Receive(&reply, nullptr, net_.now)) << "a REP answers everything";
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

// Over a PULL or a SUB there is nobody to answer, and what follows is done all the same.
TEST_F(ProxyTest, IsSteeredOneWay) {
  auto [pull, push] = Joined(SocketType::kPull, SocketType::kPush);
  auto [in, out] = Joined(SocketType::kPull, SocketType::kPush);
  const auto steering = Joined(SocketType::kPull, SocketType::kPush);
  Proxy proxy(&pull, &out);
  for (const char* command : {"STATISTICS", "PAUSE"}) {
    EXPECT_TRUE(net_.Send(steering.second, Message(command)).ok());
  }
  net_.Run();
  EXPECT_TRUE(proxy.Steer(&steering.first, net_.now).ok());
  EXPECT_TRUE(proxy.paused());
}

// For a ROUTER somebody has to be named, and be there.
TEST_F(ProxyTest, WhatHasNoDestinationIsCounted) {
  auto [pull, push] = Joined(SocketType::kPull, SocketType::kPush);
  Socket& router = net_.Make(SocketType::kRouter, {.router_mandatory = true});
  Socket& dealer = net_.Make(SocketType::kDealer, {.routing_id = "known"});
  net_.Bind(router, "b");
  net_.Connect(dealer, "b");
  net_.Run();
  Proxy proxy(&pull, &router);
  ASSERT_TRUE(net_.Send(push, Message("no id at all")).ok());
  ASSERT_TRUE(net_.Send(push, Message({"stranger", "x"})).ok());
  ASSERT_TRUE(net_.Send(push, Message({"known", "y"})).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(dealer), ElementsAre("y"));
  EXPECT_EQ(proxy.stats().unroutable, 2u);
  EXPECT_TRUE(proxy.status().ok());
}

// What the other socket will not have goes nowhere: whoever sends such does not end the service.
TEST_F(ProxyTest, WhatDoesNotFitIsCounted) {
  auto [pull, push] = Joined(SocketType::kPull, SocketType::kPush);
  auto [server, client] = Joined(SocketType::kServer, SocketType::kClient);
  Proxy proxy(&pull, &client);
  ASSERT_TRUE(net_.Send(push, Message("first")).ok());
  ASSERT_TRUE(net_.Send(push, Message({"two", "parts"})).ok());
  ASSERT_TRUE(net_.Send(push, Message("third")).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(server), ElementsAre("first", "third"));
  EXPECT_EQ(proxy.stats().unroutable, 1u);
  EXPECT_EQ(proxy.stats().back.sent.messages, 2u);
  EXPECT_TRUE(proxy.status().ok());
  Message held;
  EXPECT_FALSE(proxy.TakeHeld(&held));
}

// The same of a subscription that is too long to go up.
TEST_F(ProxyTest, ASubscriptionThatIsTooLongIsCounted) {
  Socket& pub = net_.Make(SocketType::kPub);
  net_.Bind(pub, "up");
  SocketOptions narrow;
  narrow.link.limits.max_command_bytes = 32;
  Socket& xsub = net_.Make(SocketType::kXSub, narrow);
  net_.Connect(xsub, "up");
  auto [xpub, sub] = Joined(SocketType::kXPub, SocketType::kSub);
  Proxy proxy(&xsub, &xpub);
  ASSERT_TRUE(sub.Subscribe(std::string(17, 'p'), net_.now).ok());
  ASSERT_TRUE(sub.Subscribe("fits", net_.now).ok());
  Run(&proxy);
  EXPECT_EQ(proxy.stats().unroutable, 1u);
  EXPECT_TRUE(proxy.status().ok());
  EXPECT_EQ(pub.topics(), 1u);
}

// A socket that takes nothing any more stops the proxy: what it holds is given back, what is behind
// it waits where it was.
TEST_F(ProxyTest, StopsAtARefusalAndGivesBackWhatItHolds) {
  auto [pull, push] = Joined(SocketType::kPull, SocketType::kPush);
  Socket& router = net_.Make(SocketType::kRouter,
                             {.send_mark = {.messages = 1, .bytes = 0}, .router_mandatory = true});
  Socket& dealer = net_.Make(SocketType::kDealer, {.routing_id = "known"});
  net_.Bind(router, "b");
  net_.Connect(dealer, "b");
  net_.Run();
  Proxy proxy(&pull, &router);
  for (const char* text : {"first", "second", "third"}) {
    ASSERT_TRUE(net_.Send(push, Message({"known", text})).ok());
  }
  net_.Run();
  EXPECT_FALSE(proxy.Run(net_.now));
  EXPECT_TRUE(proxy.status().ok());
  router.Close(absl::ZeroDuration(), net_.now);
  EXPECT_FALSE(proxy.Run(net_.now));
  EXPECT_TRUE(absl::IsFailedPrecondition(proxy.status())) << proxy.status();
  Message held;
  ASSERT_TRUE(proxy.TakeHeld(&held));
  EXPECT_EQ(held.text(), "second");
  EXPECT_FALSE(proxy.TakeHeld(&held));
  EXPECT_THAT(net_.Received(pull), ElementsAre("known|third"));
}

// One socket on both sides: what comes in goes out again.
TEST_F(ProxyTest, OneSocketIsAnEcho) {
  auto [echo, dealer] = Joined(SocketType::kDealer, SocketType::kDealer);
  Proxy proxy(&echo, &echo);
  ASSERT_TRUE(net_.Send(dealer, Message({"a", "b"})).ok());
  Run(&proxy);
  EXPECT_THAT(net_.Received(dealer), ElementsAre("a|b"));
}

}  // namespace
}  // namespace monocoque
