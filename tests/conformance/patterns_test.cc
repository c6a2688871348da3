// Every pairing of socket types, alike in each cell, whichever side binds.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"

namespace monocoque::conformance {
namespace {

using ::testing::ElementsAre;

class PatternsTest : public CellTest {
 protected:
  using Talk = std::function<void(FaceSocket* a, FaceSocket* b)>;

  // Two sockets of these types, joined, talk: once with the first one bound, once with the other
  // (TR-4).
  void BothWays(SocketType a_type, SocketType b_type, const Talk& talk,
                const SocketOptions& a_options = {}, const SocketOptions& b_options = {}) {
    for (const bool a_binds : {true, false}) {
      const auto a = Make(a_type, a_options);
      const auto b = Make(b_type, b_options);
      a_binds ? Join(a.get(), b.get()) : Join(b.get(), a.get());
      talk(a.get(), b.get());
    }
  }
  // Samples cross from one to the other and are what they were (ALL-4, TR-1, TR-3).
  void Cross(FaceSocket* from, FaceSocket* to, const std::vector<Parts>& samples) {
    for (const Parts& sample : samples) {
      Send(from, sample);
      EXPECT_TRUE(Receive(to) == sample) << sample.size() << " parts";
    }
  }
  // Answers whoever sent it: with its routing id.
  void Answer(FaceSocket* from, const Message& question, const Parts& answer) {
    Message message = MessageOf(answer);
    EXPECT_TRUE(message.set_to(question.routing_id()));
    EXPECT_TRUE(Until([&] { return from->TrySend(&message).ok(); }));
  }
  // So many octets from one peer, in whatever pieces they come.
  std::string Gather(FaceSocket* at, std::size_t octets) {
    std::string all;
    while (all.size() < octets && !HasFailure()) all += ReceiveMessage(at).text();
    return all;
  }
  // What its one peer goes by.
  std::string PeersId(FaceSocket* at) {
    const SocketEvent ready = Await(at, SocketEvent::Kind::kReady);
    return std::string(AsText(at->core().routing_id(ready.peer)));
  }
};

std::vector<Parts> SingleParts() {
  return {{"one"}, {""}, {std::string(300, 'b')}, {std::string(1 << 20, 'm')}};
}
std::vector<Parts> SeveralParts() {
  std::vector<Parts> samples = SingleParts();
  samples.push_back({"two", "parts"});
  samples.push_back({"", "", ""});
  samples.push_back({"head", std::string(1 << 18, 'n'), "", "tail"});
  return samples;
}
SocketOptions Named(const char* name) {
  SocketOptions options;
  options.routing_id = name;
  return options;
}

// PUSH-3, PULL-2
TEST_P(PatternsTest, PushPull) {
  BothWays(SocketType::kPush, SocketType::kPull,
           [&](FaceSocket* push, FaceSocket* pull) { Cross(push, pull, SeveralParts()); });
  Did("7 messages arrive, whoever binds");
}

// PAIR-2
TEST_P(PatternsTest, PairPair) {
  BothWays(SocketType::kPair, SocketType::kPair, [&](FaceSocket* a, FaceSocket* b) {
    Cross(a, b, SeveralParts());
    Cross(b, a, SeveralParts());
  });
  Did("7 messages arrive each way, whoever binds");
}

// REQ-3, REQ-8, REP-3 to REP-5
TEST_P(PatternsTest, ReqRep) {
  BothWays(SocketType::kReq, SocketType::kRep, [&](FaceSocket* req, FaceSocket* rep) {
    for (const Parts& sample : SeveralParts()) {
      Cross(req, rep, {sample});
      Cross(rep, req, {sample});
    }
  });
  Did("7 requests are answered, whoever binds");
}

// DEALER-2: its user speaks the envelope.
TEST_P(PatternsTest, DealerRep) {
  BothWays(SocketType::kDealer, SocketType::kRep, [&](FaceSocket* dealer, FaceSocket* rep) {
    Send(dealer, Parts{"hop", "", "question"});
    EXPECT_THAT(Receive(rep), ElementsAre("question"));
    Send(rep, "answer");
    EXPECT_THAT(Receive(dealer), ElementsAre("hop", "", "answer"));
  });
  Did("a question with its envelope is answered with it, whoever binds");
}

// ROUTER-4, ROUTER-5
TEST_P(PatternsTest, ReqRouter) {
  BothWays(SocketType::kReq, SocketType::kRouter, [&](FaceSocket* req, FaceSocket* router) {
    Send(req, "question");
    const Message question = ReceiveMessage(router);
    EXPECT_THAT(PartsOf(question), ElementsAre("", "question"));
    Answer(router, question, {"", "answer"});
    EXPECT_THAT(Receive(req), ElementsAre("answer"));
  });
  Did("a question is answered by its routing id, whoever binds");
}

// DEALER-2
TEST_P(PatternsTest, DealerDealer) {
  BothWays(SocketType::kDealer, SocketType::kDealer, [&](FaceSocket* a, FaceSocket* b) {
    Cross(a, b, SeveralParts());
    Cross(b, a, SeveralParts());
  });
  Did("7 messages arrive each way, whoever binds");
}

// ROUTER-3 to ROUTER-5
TEST_P(PatternsTest, DealerRouter) {
  BothWays(
      SocketType::kDealer, SocketType::kRouter,
      [&](FaceSocket* dealer, FaceSocket* router) {
        for (const Parts& sample : SeveralParts()) {
          Send(dealer, sample);
          const Message question = ReceiveMessage(router);
          EXPECT_EQ(AsText(question.routing_id()), "the dealer");
          EXPECT_TRUE(PartsOf(question) == sample);
          Answer(router, question, sample);
          EXPECT_TRUE(Receive(dealer) == sample);
        }
      },
      Named("the dealer"));
  Did("7 messages arrive each way, by the name that the DEALER gave itself, whoever binds");
}

// ROUTER-3 to ROUTER-5
TEST_P(PatternsTest, RouterRouter) {
  BothWays(
      SocketType::kRouter, SocketType::kRouter,
      [&](FaceSocket* a, FaceSocket* b) {
        AwaitPeers(a, 1);
        AwaitPeers(b, 1);
        Message message("question");
        ASSERT_TRUE(message.set_to(std::string_view("b")));
        EXPECT_EQ(a->TrySend(&message), absl::OkStatus());
        const Message question = ReceiveMessage(b);
        EXPECT_EQ(AsText(question.routing_id()), "a");
        Answer(b, question, {"answer"});
        EXPECT_THAT(Receive(a), ElementsAre("answer"));
      },
      Named("a"), Named("b"));
  Did("a question is answered, by name both ways, whoever binds");
}

// Those that begin with "a." are wanted.
std::vector<Parts> Published() { return {{"b.1"}, {"a.1"}, {"c.1"}, {"a.2", "more"}}; }

// PUB-4, SUB-5, S-5
TEST_P(PatternsTest, PubSub) {
  BothWays(SocketType::kPub, SocketType::kSub, [&](FaceSocket* pub, FaceSocket* sub) {
    ASSERT_EQ(sub->Subscribe("a."), absl::OkStatus());
    ASSERT_TRUE(Until([&] { return pub->core().topics() == 1; }));
    for (const Parts& message : Published()) Send(pub, message);
    EXPECT_THAT(Receive(sub), ElementsAre("a.1"));
    EXPECT_THAT(Receive(sub), ElementsAre("a.2", "more"));
  });
  Did("2 of 4 messages match and arrive, whoever binds");
}

// XSUB-4, S-3
TEST_P(PatternsTest, PubXsub) {
  BothWays(SocketType::kPub, SocketType::kXSub, [&](FaceSocket* pub, FaceSocket* xsub) {
    Send(xsub, std::string("\1a.", 3));
    ASSERT_TRUE(Until([&] { return pub->core().topics() == 1; }));
    for (const Parts& message : Published()) Send(pub, message);
    EXPECT_THAT(Receive(xsub), ElementsAre("a.1"));
    EXPECT_THAT(Receive(xsub), ElementsAre("a.2", "more"));
  });
  Did("2 of 4 messages match and arrive, whoever binds");
}

// XPUB-4, XPUB-7, S-10
TEST_P(PatternsTest, XpubSub) {
  BothWays(SocketType::kXPub, SocketType::kSub, [&](FaceSocket* xpub, FaceSocket* sub) {
    ASSERT_EQ(sub->Subscribe("a."), absl::OkStatus());
    EXPECT_THAT(Receive(xpub), ElementsAre(std::string("\1a.", 3)));
    for (const Parts& message : Published()) Send(xpub, message);
    EXPECT_THAT(Receive(sub), ElementsAre("a.1"));
    EXPECT_THAT(Receive(sub), ElementsAre("a.2", "more"));
  });
  Did("the subscription shows; 2 of 4 messages match and arrive, whoever binds");
}

// XPUB-3, XPUB-4, XSUB-3
TEST_P(PatternsTest, XpubXsub) {
  BothWays(SocketType::kXPub, SocketType::kXSub, [&](FaceSocket* xpub, FaceSocket* xsub) {
    Send(xsub, std::string("\1a.", 3));
    EXPECT_THAT(Receive(xpub), ElementsAre(std::string("\1a.", 3)));
    for (const Parts& message : Published()) Send(xpub, message);
    EXPECT_THAT(Receive(xsub), ElementsAre("a.1"));
    EXPECT_THAT(Receive(xsub), ElementsAre("a.2", "more"));
    Send(xsub, "upstream");
    EXPECT_THAT(Receive(xpub), ElementsAre("upstream"));
  });
  Did("the subscription shows; 2 of 4 messages match and arrive, 1 goes upstream, whoever binds");
}

// SERVER-2, SERVER-3, CLIENT-2
TEST_P(PatternsTest, ClientServer) {
  BothWays(SocketType::kClient, SocketType::kServer, [&](FaceSocket* client, FaceSocket* server) {
    for (const Parts& sample : SingleParts()) {
      Send(client, sample);
      const Message question = ReceiveMessage(server);
      EXPECT_NE(question.routing_number(), 0u);
      EXPECT_TRUE(PartsOf(question) == sample);
      Answer(server, question, sample);
      EXPECT_TRUE(Receive(client) == sample);
    }
  });
  Did("4 messages arrive each way, by the SERVER's number, whoever binds");
}

// RADIO-4, RADIO-5, DISH-3, DISH-4
TEST_P(PatternsTest, RadioDish) {
  BothWays(SocketType::kRadio, SocketType::kDish, [&](FaceSocket* radio, FaceSocket* dish) {
    ASSERT_EQ(dish->Join("in"), absl::OkStatus());
    ASSERT_TRUE(Until([&] { return radio->core().topics() == 1; }));
    for (const char* group : {"out", "in"}) {
      Message message(absl::StrCat("to ", group));
      ASSERT_TRUE(message.set_group(group));
      EXPECT_EQ(radio->TrySend(&message), absl::OkStatus());
    }
    const Message received = ReceiveMessage(dish);
    EXPECT_EQ(AsText(received.group()), "in");
    EXPECT_THAT(PartsOf(received), ElementsAre("to in"));
  });
  Did("1 of 2 messages is for the group joined, and arrives with it, whoever binds");
}

// SCATTER-2, GATHER-2
TEST_P(PatternsTest, ScatterGather) {
  BothWays(SocketType::kScatter, SocketType::kGather,
           [&](FaceSocket* scatter, FaceSocket* gather) { Cross(scatter, gather, SingleParts()); });
  Did("4 messages arrive, whoever binds");
}

// PEER-2
TEST_P(PatternsTest, PeerPeer) {
  BothWays(SocketType::kPeer, SocketType::kPeer, [&](FaceSocket* a, FaceSocket* b) {
    Message message("question");
    ASSERT_TRUE(message.set_to(PeersId(a)));
    EXPECT_EQ(a->TrySend(&message), absl::OkStatus());
    const Message question = ReceiveMessage(b);
    EXPECT_NE(question.routing_number(), 0u);
    Answer(b, question, {"answer"});
    EXPECT_THAT(Receive(a), ElementsAre("answer"));
  });
  Did("a question is answered, by number both ways, whoever binds");
}

// CHANNEL-2
TEST_P(PatternsTest, ChannelChannel) {
  BothWays(SocketType::kChannel, SocketType::kChannel, [&](FaceSocket* a, FaceSocket* b) {
    Cross(a, b, SingleParts());
    Cross(b, a, SingleParts());
  });
  Did("4 messages arrive each way, whoever binds");
}

// T-3, T-4: octets with no ZMTP around them; an empty message is a link's begin, or its end.
TEST_P(PatternsTest, StreamStream) {
  BothWays(SocketType::kStream, SocketType::kStream, [&](FaceSocket* a, FaceSocket* b) {
    const Message at_a = ReceiveMessage(a);
    const Message at_b = ReceiveMessage(b);
    for (const Message* came : {&at_a, &at_b}) {
      EXPECT_EQ(came->size(), 0u);
      EXPECT_EQ(came->routing_id().size(), 5u);
    }
    for (const std::size_t size : {std::size_t{1}, std::size_t{300}, std::size_t{1} << 20}) {
      const std::string text(size, 's');
      Answer(a, at_a, {text});
      EXPECT_TRUE(Gather(b, size) == text) << size;
      Answer(b, at_b, {text});
      EXPECT_TRUE(Gather(a, size) == text) << size;
    }
    Answer(a, at_a, {"goodbye"});
    Answer(a, at_a, {""});
    EXPECT_EQ(Gather(b, std::string("goodbye").size()), "goodbye");
    const Message gone = ReceiveMessage(b);
    EXPECT_EQ(gone.size(), 0u);
    EXPECT_EQ(AsText(gone.routing_id()), AsText(at_b.routing_id()));
  });
  Did("1 MiB crosses each way as it is, whoever binds; begin and end of the link show");
}

// T-1, T-2, E-17: types that do not fit get no link, and the dialer does not come back.
TEST_P(PatternsTest, TypesThatDoNotFit) {
  const auto rep = Make(SocketType::kRep);
  const auto push = Make(SocketType::kPush, Eager());
  Join(rep.get(), push.get());
  EXPECT_NE(Await(push.get(), SocketEvent::Kind::kGaveUp).status.message(), "");
  EXPECT_EQ(rep->core().ready_peers(), 0u);
  EXPECT_EQ(push->core().ready_peers(), 0u);
  Did("PUSH gives up on REP, and says why");
}

INSTANTIATE_TEST_SUITE_P(, PatternsTest, ::testing::ValuesIn(CellsOf("PatternsTest")), CellName);

}  // namespace
}  // namespace monocoque::conformance
