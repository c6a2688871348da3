// Every pairing of draft types with the libzmq that has them, alike in each cell: whoever binds,
// both directions, large frames, several peers; and all of it again with PLAIN and CURVE, either
// side as the server.
#include <zmq.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/zap.h"
#include "alloc/bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/curve_keys.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/routing_number.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/zmq_cell.h"
#include "tests/support/draft_frame.h"
#include "tests/support/security.h"
#include "tests/support/zap_handler.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::CountedKeys;
using ::monocoque::testing::DraftFrame;
using ::monocoque::testing::TestCurveClient;
using ::monocoque::testing::TestCurveServer;
using ::monocoque::testing::ZapHandler;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using Texts = std::vector<std::string>;

constexpr int kPeers = 3;
constexpr char kUser[] = "ada";
constexpr char kPassword[] = "swordfish";

Texts Samples() {
  return {"one", "", std::string(300, 'b'), std::string("\0\xff\t", 3), std::string(1 << 20, 'm'),
          "last"};
}

enum class Security { kNone, kPlainWeServe, kPlainTheyServe, kCurveWeServe, kCurveTheyServe };

std::string SecurityName(Security security) {
  switch (security) {
    case Security::kNone:
      return "NULL";
    case Security::kPlainWeServe:
      return "PLAIN, we serve";
    case Security::kPlainTheyServe:
      return "PLAIN, they serve";
    case Security::kCurveWeServe:
      return "CURVE, we serve";
    case Security::kCurveTheyServe:
      return "CURVE, they serve";
  }
  return "?";
}

// A libzmq socket with its side of the security.
class TheirSocket : public ZmqPeer {
 public:
  TheirSocket(int type, Security security) : ZmqPeer(type) {
    const auto octets = [](Bytes bytes) { return std::string(AsText(bytes)); };
    const CurveKeyPair server = CountedKeys(0);
    const CurveKeyPair client = CountedKeys(0x20);
    switch (security) {
      case Security::kNone:
        break;
      case Security::kPlainWeServe:
        Set(ZMQ_PLAIN_USERNAME, kUser);
        Set(ZMQ_PLAIN_PASSWORD, kPassword);
        break;
      case Security::kPlainTheyServe:
        Set(ZMQ_PLAIN_SERVER, 1);
        handler_ = std::make_unique<ZapHandler>(this, kPassword);
        break;
      case Security::kCurveWeServe:
        Set(ZMQ_CURVE_SERVERKEY, octets(server.public_key));
        Set(ZMQ_CURVE_PUBLICKEY, octets(client.public_key));
        Set(ZMQ_CURVE_SECRETKEY, octets(client.secret_key.bytes()));
        break;
      case Security::kCurveTheyServe:
        Set(ZMQ_CURVE_SERVER, 1);
        Set(ZMQ_CURVE_SECRETKEY, octets(server.secret_key.bytes()));
        break;
    }
  }

  // Decides who comes in, if anybody has to.
  void Serve() {
    events();
    if (handler_ != nullptr) handler_->Serve();
  }

 private:
  std::unique_ptr<ZapHandler> handler_;
};

class ZmqDraftTest : public ZmqCellTest {
 protected:
  using Ours = std::unique_ptr<FaceSocket>;

  // Runs it for each mechanism and whoever binds.
  void Each(const std::function<void()>& scenario) {
    for (const Security each : {Security::kNone, Security::kPlainWeServe, Security::kPlainTheyServe,
                                Security::kCurveWeServe, Security::kCurveTheyServe}) {
      for (const bool we_bind : {true, false}) {
        SCOPED_TRACE(absl::StrCat(SecurityName(each), we_bind ? ", we bind" : ", they bind"));
        security_ = each;
        we_bind_ = we_bind;
        scenario();
        if (HasFailure()) return;
      }
    }
  }

  Ours MakeOurs(SocketType type) {
    SocketOptions options;
    switch (security_) {
      case Security::kNone:
        break;
      case Security::kPlainWeServe:
        options.link.mechanism = PlainServer{};
        break;
      case Security::kPlainTheyServe:
        options.link.mechanism = PlainClient{.username = kUser, .password = kPassword};
        break;
      case Security::kCurveWeServe:
        options.link.mechanism = TestCurveServer();
        break;
      case Security::kCurveTheyServe:
        options.link.mechanism = TestCurveClient();
        break;
    }
    Ours ours = Make(type, options);
    ours->SetAuthenticator(AuthenticateBy([](const AuthRequest& request) {
      const bool known = request.username == kUser && request.password == kPassword;
      return AuthVerdict{.status = known ? AuthStatus::kAccepted : AuthStatus::kRefused};
    }));
    return ours;
  }
  // Each pair of sockets over an endpoint of its own. PEER: the number of ours for them, if they
  // connect.
  std::uint32_t Join(FaceSocket* ours, TheirSocket* theirs) {
    const std::size_t before = ours->core().ready_peers();
    std::uint32_t number = 0;
    if (we_bind_) {
      const std::string bound = Bind(ours, any());
      if (ours->core().type() == SocketType::kPeer) {
        number = zmq_connect_peer(theirs->socket(), bound.c_str());
      } else {
        theirs->Connect(bound);
      }
    } else {
      Connect(ours, theirs->Bind(any()));
    }
    EXPECT_TRUE(Until([&] {
      theirs->Serve();
      return ours->core().ready_peers() == before + 1;
    }));
    return number;
  }

  void WeSend(FaceSocket* ours, Message message) {
    ASSERT_EQ(face().Send(ours, &message), absl::OkStatus());
  }
  Message WeReceive(FaceSocket* ours) {
    Message message = ReceiveMessage(ours);
    EXPECT_FALSE(message.multipart());
    return message;
  }
  void TheySend(ZmqPeer* theirs, std::string_view text, std::uint32_t to = 0) {
    DraftFrame frame(text);
    if (to != 0) frame.set_routing_id(to);
    ASSERT_TRUE(Until([&] { return frame.Send(theirs); }));
  }
  void TheyPublish(ZmqPeer* theirs, const std::string& group, std::string_view text) {
    DraftFrame frame(text);
    frame.set_group(group);
    ASSERT_TRUE(Until([&] { return frame.Send(theirs); }));
  }
  void TheyReceive(ZmqPeer* theirs, DraftFrame* frame) {
    ASSERT_TRUE(Until([&] { return frame->Receive(theirs); }));
  }
  std::string TheyReceive(ZmqPeer* theirs) {
    DraftFrame frame;
    EXPECT_TRUE(Until([&] { return frame.Receive(theirs); }));
    return frame.text();
  }
  // All that crosses from one to the other.
  void FromUs(FaceSocket* ours, ZmqPeer* theirs) {
    for (const std::string& sample : Samples()) {
      WeSend(ours, Message(sample));
      EXPECT_TRUE(TheyReceive(theirs) == sample) << sample.size();
    }
  }
  void FromThem(ZmqPeer* theirs, FaceSocket* ours) {
    for (const std::string& sample : Samples()) {
      TheySend(theirs, sample);
      EXPECT_TRUE(WeReceive(ours).text() == sample) << sample.size();
    }
  }

  Security security_ = Security::kNone;
  bool we_bind_ = true;
};

// CLIENT-1, CLIENT-2: a client of ours, a server of theirs.
TEST_P(ZmqDraftTest, ClientAndTheirServer) {
  Each([&] {
    const Ours client = MakeOurs(SocketType::kClient);
    TheirSocket server(ZMQ_SERVER, security_);
    Join(client.get(), &server);
    for (const std::string& sample : Samples()) {
      WeSend(client.get(), Message(sample));
      DraftFrame request;
      TheyReceive(&server, &request);
      EXPECT_TRUE(request.text() == sample) << sample.size();
      TheySend(&server, sample + "?", request.routing_id());
      EXPECT_TRUE(WeReceive(client.get()).text() == sample + "?") << sample.size();
    }
  });
  Did("6 requests are answered, whoever binds, with each mechanism");
}

TEST_P(ZmqDraftTest, ClientsAndTheirServer) {
  Each([&] {
    TheirSocket server(ZMQ_SERVER, security_);
    std::vector<Ours> clients;
    for (int i = 0; i < kPeers; ++i) {
      clients.push_back(MakeOurs(SocketType::kClient));
      Join(clients.back().get(), &server);
      WeSend(clients.back().get(), Message(absl::StrCat("from ", i)));
    }
    for (int i = 0; i < kPeers; ++i) {
      DraftFrame request;
      TheyReceive(&server, &request);
      TheySend(&server, "answer to what came " + request.text(), request.routing_id());
    }
    for (int i = 0; i < kPeers; ++i) {
      EXPECT_EQ(WeReceive(clients[static_cast<std::size_t>(i)].get()).text(),
                absl::StrCat("answer to what came from ", i));
    }
  });
  Did("3 clients get their own answers, whoever binds, with each mechanism");
}

// SERVER-1 to SERVER-4: a server of ours tells its clients apart, and answers in any order.
TEST_P(ZmqDraftTest, ServerAndTheirClients) {
  Each([&] {
    const Ours server = MakeOurs(SocketType::kServer);
    std::vector<std::unique_ptr<TheirSocket>> clients;
    for (int i = 0; i < kPeers; ++i) {
      clients.push_back(std::make_unique<TheirSocket>(ZMQ_CLIENT, security_));
      Join(server.get(), clients.back().get());
    }
    for (const std::string& sample : Samples()) {
      for (int i = 0; i < kPeers; ++i) {
        TheySend(clients[static_cast<std::size_t>(i)].get(), absl::StrCat(i, sample));
      }
      std::map<std::uint32_t, Message> requests;
      for (int i = 0; i < kPeers; ++i) {
        const Message request = WeReceive(server.get());
        EXPECT_NE(request.routing_number(), 0u);
        requests[request.routing_number()] = request;
      }
      EXPECT_THAT(requests, SizeIs(kPeers));
      for (const auto& [number, request] : requests) {
        Message answer(request.text());
        ASSERT_TRUE(answer.set_to_number(number));
        WeSend(server.get(), std::move(answer));
      }
      for (int i = 0; i < kPeers; ++i) {
        EXPECT_TRUE(TheyReceive(clients[static_cast<std::size_t>(i)].get()) ==
                    absl::StrCat(i, sample));
      }
    }
    Message nobody("x");
    ASSERT_TRUE(nobody.set_to_number(77));
    EXPECT_EQ(server->TrySend(&nobody).code(), absl::StatusCode::kNotFound);
  });
  Did("3 clients get their own answers to 6 requests each, whoever binds, with each mechanism");
}

// RADIO-1, RADIO-4, RADIO-5, J-1: a radio of ours, dishes of theirs; each once, of its groups
// alone.
TEST_P(ZmqDraftTest, RadioAndTheirDishes) {
  Each([&] {
    const std::vector<Texts> groups = {{"a", "z1"}, {"", "a", "b", "z2"}, {"aa", "z3"}};
    const Ours radio = MakeOurs(SocketType::kRadio);
    std::vector<std::unique_ptr<TheirSocket>> dishes;
    for (const Texts& its : groups) {
      dishes.push_back(std::make_unique<TheirSocket>(ZMQ_DISH, security_));
      for (const std::string& group : its) {
        ASSERT_EQ(zmq_join(dishes.back()->socket(), group.c_str()), 0);
      }
      Join(radio.get(), dishes.back().get());
    }
    // Each joined a group of its own last.
    ASSERT_TRUE(Until([&] {
      for (const auto& dish : dishes) dish->events();
      return radio->core().topics() == 7;
    }));
    for (const std::string& sample : Samples()) {
      for (const char* group : {"a", "", "none", "b", "aa", "z1", "z2", "z3"}) {
        Message message(sample);
        ASSERT_TRUE(message.set_group(group));
        WeSend(radio.get(), std::move(message));
      }
      for (const auto& [index, expected] :
           {std::pair(0u, Texts{"a", "z1"}), std::pair(1u, Texts{"a", "", "b", "z2"}),
            std::pair(2u, Texts{"aa", "z3"})}) {
        for (const std::string& group : expected) {
          DraftFrame got;
          TheyReceive(dishes[index].get(), &got);
          EXPECT_EQ(got.group(), group);
          EXPECT_TRUE(got.text() == sample) << sample.size();
        }
      }
    }
  });
  Did("6 messages to 8 groups reach 3 dishes, those of their groups alone, whoever binds, with "
      "each mechanism");
}

// DISH-1, DISH-3, DISH-4, J-7: dishes of ours, a radio of theirs.
TEST_P(ZmqDraftTest, DishesAndTheirRadio) {
  Each([&] {
    TheirSocket radio(ZMQ_RADIO, security_);
    std::vector<Ours> dishes;
    for (int i = 0; i < kPeers; ++i) {
      dishes.push_back(MakeOurs(SocketType::kDish));
      ASSERT_TRUE(dishes.back()->Join("all").ok());
      ASSERT_TRUE(dishes.back()->Join(absl::StrCat("only ", i)).ok());
      Join(dishes.back().get(), &radio);
    }
    // It drops what nobody has joined yet: once more until each had it.
    std::vector<Message> first(kPeers);
    std::set<std::size_t> has;
    ASSERT_TRUE(Until([&] {
      for (std::size_t i = 0; i < kPeers; ++i) {
        if (has.contains(i)) continue;
        TheyPublish(&radio, absl::StrCat("only ", i), "hello");
        if (dishes[i]->TryReceive(&first[i])) has.insert(i);
      }
      return has.size() == kPeers;
    }));
    const auto after_hello = [&](std::size_t i) {
      for (;;) {
        Message message = WeReceive(dishes[i].get());
        if (message.text() != "hello") return message;
      }
    };
    for (const std::string& sample : Samples()) {
      TheyPublish(&radio, "nobody", sample);
      TheyPublish(&radio, "all", sample);
      for (std::size_t i = 0; i < kPeers; ++i)
        TheyPublish(&radio, absl::StrCat("only ", i), sample);
      for (std::size_t i = 0; i < kPeers; ++i) {
        for (const std::string& group : {std::string("all"), absl::StrCat("only ", i)}) {
          const Message got = after_hello(i);
          EXPECT_EQ(AsText(got.group()), group);
          EXPECT_TRUE(got.text() == sample) << sample.size();
        }
      }
    }
  });
  Did("6 messages to all and to each reach 3 dishes, whoever binds, with each mechanism");
}

// ALL-6, ALL-10: scattered by turns.
TEST_P(ZmqDraftTest, ScatterAndTheirGathers) {
  Each([&] {
    const Ours scatter = MakeOurs(SocketType::kScatter);
    std::vector<std::unique_ptr<TheirSocket>> gathers;
    for (int i = 0; i < kPeers; ++i) {
      gathers.push_back(std::make_unique<TheirSocket>(ZMQ_GATHER, security_));
      Join(scatter.get(), gathers.back().get());
      if (i == 0) FromUs(scatter.get(), gathers.back().get());
    }
    for (int i = 0; i < 10 * kPeers; ++i) WeSend(scatter.get(), Message(absl::StrCat(i)));
    std::set<std::string> got;
    for (const auto& gather : gathers) {
      for (int i = 0; i < 10; ++i) got.insert(TheyReceive(gather.get()));
    }
    EXPECT_THAT(got, SizeIs(10 * kPeers)) << "ten each, none twice";
  });
  Did("6 messages reach the first of 3, then 30 go around, whoever binds, with each mechanism");
}

// ALL-5: gathered from all, each in its order.
TEST_P(ZmqDraftTest, GatherAndTheirScatters) {
  Each([&] {
    const Ours gather = MakeOurs(SocketType::kGather);
    std::vector<std::unique_ptr<TheirSocket>> scatters;
    for (int i = 0; i < kPeers; ++i) {
      scatters.push_back(std::make_unique<TheirSocket>(ZMQ_SCATTER, security_));
      Join(gather.get(), scatters.back().get());
      if (i == 0) FromThem(scatters.back().get(), gather.get());
    }
    for (int n = 0; n < 10; ++n) {
      for (std::size_t i = 0; i < kPeers; ++i) TheySend(scatters[i].get(), absl::StrCat(i, " ", n));
    }
    std::map<std::string, Texts> got;
    for (int i = 0; i < 10 * kPeers; ++i) {
      const std::string text(WeReceive(gather.get()).text());
      got[text.substr(0, 1)].push_back(text.substr(2));
    }
    EXPECT_THAT(got, SizeIs(kPeers));
    for (const auto& [sender, texts] : got) {
      EXPECT_THAT(texts, ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")) << sender;
    }
  });
  Did("6 messages come from the first of 3, then 10 of each in order, whoever binds, with each "
      "mechanism");
}

// SERVER-2, of PEER: both choose a number for the other. Whoever connects speaks first.
TEST_P(ZmqDraftTest, PeerAndTheirPeers) {
  Each([&] {
    const Ours ours = MakeOurs(SocketType::kPeer);
    std::vector<std::unique_ptr<TheirSocket>> peers;
    for (int i = 0; i < kPeers; ++i) {
      peers.push_back(std::make_unique<TheirSocket>(ZMQ_PEER, security_));
      TheirSocket* const theirs = peers.back().get();
      std::uint32_t for_them = Join(ours.get(), theirs);
      std::uint32_t for_us = 0;
      SocketEvent event;
      while (ours->NextEvent(&event)) {
        if (event.kind != SocketEvent::Kind::kReady) continue;
        for_us = RoutingNumberOf(ours->core().routing_id(event.peer));
      }
      ASSERT_NE(for_us, 0u);
      for (const std::string& sample : Samples()) {
        if (for_them != 0) {
          TheySend(theirs, sample, for_them);
          const Message got = WeReceive(ours.get());
          EXPECT_EQ(got.routing_number(), for_us);
          EXPECT_TRUE(got.text() == sample) << sample.size();
        }
        Message message(sample);
        ASSERT_TRUE(message.set_to_number(for_us));
        WeSend(ours.get(), std::move(message));
        DraftFrame got;
        TheyReceive(theirs, &got);
        EXPECT_TRUE(got.text() == sample) << sample.size();
        for_them = got.routing_id();
      }
    }
    // Each of them still has its own number.
    EXPECT_EQ(ours->core().ready_peers(), static_cast<std::size_t>(kPeers));
  });
  Did("6 messages cross each way with each of 3, by number, whoever binds, with each mechanism");
}

// ALL-10, PAIR-1: to and fro.
TEST_P(ZmqDraftTest, ChannelAndTheirChannel) {
  Each([&] {
    const Ours ours = MakeOurs(SocketType::kChannel);
    TheirSocket theirs(ZMQ_CHANNEL, security_);
    Join(ours.get(), &theirs);
    FromUs(ours.get(), &theirs);
    FromThem(&theirs, ours.get());
    Message parts({"two", "parts"});
    EXPECT_EQ(ours->TrySend(&parts).code(), absl::StatusCode::kInvalidArgument);
  });
  Did("6 messages cross each way, whoever binds, with each mechanism");
}

INSTANTIATE_TEST_SUITE_P(, ZmqDraftTest,
                         ::testing::ValuesIn(CellsOf("ZmqDraftTest", ZmqAbsences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
