// Every pairing of draft types on every adapter against the libzmq that has them: who binds, tcp
// and ipc, both directions, large frames, several peers; and all of it again with PLAIN and CURVE,
// either side as the server.
#include <zmq.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/zap.h"
#include "alloc/bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/curve_keys.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/options.h"
#include "protocol/wire/routing_number.h"
#include "tests/support/adapter_face.h"
#include "tests/support/draft_frame.h"
#include "tests/support/security.h"
#include "tests/support/zap_handler.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::CountedKeys;
using ::monocoque::testing::DraftFrame;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::TestCurveClient;
using ::monocoque::testing::TestCurveServer;
using ::monocoque::testing::ZapHandler;
using ::monocoque::testing::ZmqPeer;
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
      return "";
    case Security::kPlainWeServe:
      return "PlainWeServe";
    case Security::kPlainTheyServe:
      return "PlainTheyServe";
    case Security::kCurveWeServe:
      return "CurveWeServe";
    case Security::kCurveTheyServe:
      return "CurveTheyServe";
  }
  return "?";
}

// A libzmq socket with its side of the security.
class Theirs : public ZmqPeer {
 public:
  Theirs(int type, Security security) : ZmqPeer(type) {
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

class DraftPatternsTest
    : public ::testing::TestWithParam<std::tuple<bool /*we bind*/, std::string_view /*transport*/,
                                                 std::string_view /*adapter*/, Security>> {
 protected:
  using Ours = std::unique_ptr<FaceSocket>;

  DraftPatternsTest() : face_(std::get<2>(GetParam())) {}

  static bool we_bind() { return std::get<0>(GetParam()); }
  static std::string Where() {
    return std::get<1>(GetParam()) == "Tcp" ? "tcp://127.0.0.1:*" : "ipc://*";
  }

  static Security security() { return std::get<3>(GetParam()); }

  Ours Make(SocketType type) {
    SocketOptions options;
    switch (security()) {
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
    Ours ours = face_.MakeSocket(type, options);
    ours->SetAuthenticator(AuthenticateBy([](const AuthRequest& request) {
      const bool known = request.username == kUser && request.password == kPassword;
      return AuthVerdict{.status = known ? AuthStatus::kAccepted : AuthStatus::kRefused};
    }));
    return ours;
  }
  // Each pair of sockets over an endpoint of its own. PEER: the number of ours for them, if they
  // connect.
  std::uint32_t Join(FaceSocket* ours, Theirs* theirs) {
    const std::size_t before = ours->core().ready_peers();
    std::uint32_t number = 0;
    if (we_bind()) {
      const auto bound = ours->Bind(Where());
      EXPECT_TRUE(bound.ok()) << bound.status();
      if (!bound.ok()) return 0;
      if (ours->core().type() == SocketType::kPeer) {
        number = zmq_connect_peer(theirs->socket(), bound->c_str());
      } else {
        theirs->Connect(*bound);
      }
    } else {
      EXPECT_TRUE(ours->Connect(theirs->Bind(Where())).ok());
    }
    EXPECT_TRUE(face_.Until([&] {
      theirs->Serve();
      return ours->core().ready_peers() == before + 1;
    }));
    return number;
  }

  void WeSend(FaceSocket* ours, Message message) {
    ASSERT_EQ(face_.Send(ours, &message), absl::OkStatus());
  }
  Message WeReceive(FaceSocket* ours) {
    Message message;
    EXPECT_EQ(face_.Receive(ours, &message), absl::OkStatus());
    EXPECT_FALSE(message.multipart());
    return message;
  }
  void TheySend(ZmqPeer* theirs, std::string_view text, std::uint32_t to = 0) {
    DraftFrame frame(text);
    if (to != 0) frame.set_routing_id(to);
    ASSERT_TRUE(face_.Until([&] { return frame.Send(theirs); }));
  }
  void TheyPublish(ZmqPeer* theirs, const std::string& group, std::string_view text) {
    DraftFrame frame(text);
    frame.set_group(group);
    ASSERT_TRUE(face_.Until([&] { return frame.Send(theirs); }));
  }
  void TheyReceive(ZmqPeer* theirs, DraftFrame* frame) {
    ASSERT_TRUE(face_.Until([&] { return frame->Receive(theirs); }));
  }
  std::string TheyReceive(ZmqPeer* theirs) {
    DraftFrame frame;
    EXPECT_TRUE(face_.Until([&] { return frame.Receive(theirs); }));
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

  AdapterFace face_;
};

// CLIENT-1, CLIENT-2: a client of ours, a server of theirs.
TEST_P(DraftPatternsTest, ClientAndTheirServer) {
  const Ours client = Make(SocketType::kClient);
  Theirs server(ZMQ_SERVER, security());
  Join(client.get(), &server);
  for (const std::string& sample : Samples()) {
    WeSend(client.get(), Message(sample));
    DraftFrame request;
    TheyReceive(&server, &request);
    EXPECT_TRUE(request.text() == sample) << sample.size();
    TheySend(&server, sample + "?", request.routing_id());
    EXPECT_TRUE(WeReceive(client.get()).text() == sample + "?") << sample.size();
  }
}

TEST_P(DraftPatternsTest, ClientsAndTheirServer) {
  Theirs server(ZMQ_SERVER, security());
  std::vector<Ours> clients;
  for (int i = 0; i < kPeers; ++i) {
    clients.push_back(Make(SocketType::kClient));
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
}

// SERVER-1 to SERVER-4: a server of ours tells its clients apart, and answers in any order.
TEST_P(DraftPatternsTest, ServerAndTheirClients) {
  const Ours server = Make(SocketType::kServer);
  std::vector<std::unique_ptr<Theirs>> clients;
  for (int i = 0; i < kPeers; ++i) {
    clients.push_back(std::make_unique<Theirs>(ZMQ_CLIENT, security()));
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
}

// RADIO-1, RADIO-4, RADIO-5, J-1: a radio of ours, dishes of theirs; each once, of its groups
// alone.
TEST_P(DraftPatternsTest, RadioAndTheirDishes) {
  const std::vector<Texts> groups = {{"a", "z1"}, {"", "a", "b", "z2"}, {"aa", "z3"}};
  const Ours radio = Make(SocketType::kRadio);
  std::vector<std::unique_ptr<Theirs>> dishes;
  for (const Texts& its : groups) {
    dishes.push_back(std::make_unique<Theirs>(ZMQ_DISH, security()));
    for (const std::string& group : its) {
      ASSERT_EQ(zmq_join(dishes.back()->socket(), group.c_str()), 0);
    }
    Join(radio.get(), dishes.back().get());
  }
  // Each joined a group of its own last.
  ASSERT_TRUE(face_.Until([&] {
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
}

// DISH-1, DISH-3, DISH-4, J-7: dishes of ours, a radio of theirs.
TEST_P(DraftPatternsTest, DishesAndTheirRadio) {
  Theirs radio(ZMQ_RADIO, security());
  std::vector<Ours> dishes;
  for (int i = 0; i < kPeers; ++i) {
    dishes.push_back(Make(SocketType::kDish));
    ASSERT_TRUE(dishes.back()->Join("all").ok());
    ASSERT_TRUE(dishes.back()->Join(absl::StrCat("only ", i)).ok());
    Join(dishes.back().get(), &radio);
  }
  // It drops what nobody has joined yet: once more until each had it.
  std::vector<Message> first(kPeers);
  std::set<std::size_t> has;
  ASSERT_TRUE(face_.Until([&] {
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
    for (std::size_t i = 0; i < kPeers; ++i) TheyPublish(&radio, absl::StrCat("only ", i), sample);
    for (std::size_t i = 0; i < kPeers; ++i) {
      for (const std::string& group : {std::string("all"), absl::StrCat("only ", i)}) {
        const Message got = after_hello(i);
        EXPECT_EQ(AsText(got.group()), group);
        EXPECT_TRUE(got.text() == sample) << sample.size();
      }
    }
  }
}

// ALL-6, ALL-10: scattered by turns.
TEST_P(DraftPatternsTest, ScatterAndTheirGathers) {
  const Ours scatter = Make(SocketType::kScatter);
  std::vector<std::unique_ptr<Theirs>> gathers;
  for (int i = 0; i < kPeers; ++i) {
    gathers.push_back(std::make_unique<Theirs>(ZMQ_GATHER, security()));
    Join(scatter.get(), gathers.back().get());
    if (i == 0) FromUs(scatter.get(), gathers.back().get());
  }
  for (int i = 0; i < 10 * kPeers; ++i) WeSend(scatter.get(), Message(absl::StrCat(i)));
  std::set<std::string> got;
  for (const auto& gather : gathers) {
    for (int i = 0; i < 10; ++i) got.insert(TheyReceive(gather.get()));
  }
  EXPECT_THAT(got, SizeIs(10 * kPeers)) << "ten each, none twice";
}

// ALL-5: gathered from all, each in its order.
TEST_P(DraftPatternsTest, GatherAndTheirScatters) {
  const Ours gather = Make(SocketType::kGather);
  std::vector<std::unique_ptr<Theirs>> scatters;
  for (int i = 0; i < kPeers; ++i) {
    scatters.push_back(std::make_unique<Theirs>(ZMQ_SCATTER, security()));
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
}

// SERVER-2, of PEER: both choose a number for the other. Whoever connects speaks first.
TEST_P(DraftPatternsTest, PeerAndTheirPeers) {
  const Ours ours = Make(SocketType::kPeer);
  std::vector<std::unique_ptr<Theirs>> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(std::make_unique<Theirs>(ZMQ_PEER, security()));
    Theirs* const theirs = peers.back().get();
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
}

// ALL-10, PAIR-1: to and fro.
TEST_P(DraftPatternsTest, ChannelAndTheirChannel) {
  const Ours ours = Make(SocketType::kChannel);
  Theirs theirs(ZMQ_CHANNEL, security());
  Join(ours.get(), &theirs);
  FromUs(ours.get(), &theirs);
  FromThem(&theirs, ours.get());
  Message parts({"two", "parts"});
  EXPECT_EQ(ours->TrySend(&parts).code(), absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    All, DraftPatternsTest,
    ::testing::Combine(::testing::Bool(), ::testing::Values("Tcp", "Ipc"),
                       ::testing::ValuesIn(AllAdapters()),
                       ::testing::Values(Security::kNone, Security::kPlainWeServe,
                                         Security::kPlainTheyServe, Security::kCurveWeServe,
                                         Security::kCurveTheyServe)),
    [](const auto& param) {
      return absl::StrCat(std::get<0>(param.param) ? "WeBind" : "TheyBind",
                          std::get<1>(param.param), AdapterTestName(std::get<2>(param.param)),
                          SecurityName(std::get<3>(param.param)));
    });

}  // namespace
}  // namespace monocoque
