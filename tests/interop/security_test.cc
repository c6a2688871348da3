// PLAIN and CURVE with a live libzmq, on every adapter: either side as the server, either side
// bound, tcp and ipc, patterns of every kind; and who is refused on both sides.
#include "tests/support/security.h"

#include <zmq.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/zap.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "tests/support/adapter_face.h"
#include "tests/support/zap_handler.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::CountedKeys;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::TestCrypto;
using ::monocoque::testing::ZapHandler;
using ::monocoque::testing::ZmqPeer;
using Parts = std::vector<std::string>;

constexpr std::string_view kPassword = "swordfish";

std::string Octets(Bytes octets) { return std::string(AsText(octets)); }

struct Pairing {
  const char* name;
  SocketType ours;
  int theirs;
};

enum class Kind { kPlain, kCurve };

// Our end and theirs, with the mechanism set up; `wrong`: the client has another password or key
// than the server expects.
class Base : public ::testing::Test {
 protected:
  explicit Base(std::string_view adapter) : face_(adapter) {}

  void Open(const Pairing& pairing, Kind kind, bool we_serve, bool wrong) {
    const CurveKeyPair server = CountedKeys(0);
    const CurveKeyPair client = CountedKeys(wrong ? 0x10 : 0x20);
    const std::string password = wrong ? "guess" : std::string(kPassword);
    const std::string expected =
        kind == Kind::kPlain ? std::string(kPassword) : Octets(CountedKeys(0x20).public_key);
    SocketOptions options;
    theirs_ = std::make_unique<ZmqPeer>(pairing.theirs);
    if (kind == Kind::kPlain && we_serve) {
      options.link.mechanism = PlainServer{};
      theirs_->Set(ZMQ_PLAIN_USERNAME, "ada");
      theirs_->Set(ZMQ_PLAIN_PASSWORD, password);
    } else if (kind == Kind::kPlain) {
      options.link.mechanism = PlainClient{.username = "ada", .password = password};
      theirs_->Set(ZMQ_PLAIN_SERVER, 1);
    } else if (we_serve) {
      options.link.mechanism = CurveServer{.keys = server, .crypto = TestCrypto()};
      theirs_->Set(ZMQ_CURVE_SERVERKEY, Octets(server.public_key));
      theirs_->Set(ZMQ_CURVE_PUBLICKEY, Octets(client.public_key));
      theirs_->Set(ZMQ_CURVE_SECRETKEY, Octets(client.secret_key.bytes()));
    } else {
      options.link.mechanism =
          CurveClient{.server_key = server.public_key, .keys = client, .crypto = TestCrypto()};
      theirs_->Set(ZMQ_CURVE_SERVER, 1);
      theirs_->Set(ZMQ_CURVE_SECRETKEY, Octets(server.secret_key.bytes()));
    }
    if (!we_serve) handler_ = std::make_unique<ZapHandler>(theirs_.get(), expected);
    ours_ = face_.MakeSocket(pairing.ours, options);
    ASSERT_NE(ours_, nullptr);
    ours_->SetAuthenticator(AuthenticateBy([expected](const AuthRequest& request) {
      const std::string& credential =
          request.mechanism == "PLAIN" ? request.password : request.client_key;
      return AuthVerdict{
          .status = credential == expected ? AuthStatus::kAccepted : AuthStatus::kRefused,
          .user_id = "ada of the sea"};
    }));
  }

  void Join(bool we_bind, bool tcp) {
    const std::string at = tcp ? "tcp://127.0.0.1:*" : "ipc://*";
    if (we_bind) {
      const auto bound = ours_->Bind(at);
      ASSERT_TRUE(bound.ok()) << bound.status();
      theirs_->Connect(*bound);
    } else {
      ASSERT_TRUE(ours_->Connect(theirs_->Bind(at)).ok());
    }
  }

  // Turns our loop until `done`, within a deadline.
  [[nodiscard]] bool Until(const std::function<bool()>& done) {
    return face_.Until([&] {
      if (handler_ != nullptr) handler_->Serve();
      theirs_->events();
      return done();
    });
  }

  void WeSend(const Parts& parts) {
    const std::vector<std::string_view> views(parts.begin(), parts.end());
    Message message(views);
    message.set_to(from_);
    ASSERT_TRUE(Until([&] { return ours_->TrySend(&message).ok(); }));
  }
  Parts WeReceive() {
    Message message;
    Parts parts;
    EXPECT_TRUE(Until([&] { return ours_->TryReceive(&message); }));
    for (const Slice& part : message) parts.emplace_back(part.text());
    from_ = Octets(message.routing_id());
    return parts;
  }
  void TheySend(const Parts& parts) {
    ASSERT_TRUE(Until([&] { return theirs_->Send(parts); }));
  }
  Parts TheyReceive() {
    Parts parts;
    EXPECT_TRUE(Until([&] { return theirs_->Receive(&parts); }));
    return parts;
  }
  // The first event of this kind, waited for; whatever comes before it or behind it.
  SocketEvent Event(SocketEvent::Kind kind) {
    auto found = events_.end();
    EXPECT_TRUE(Until([&] {
      for (SocketEvent event; ours_->NextEvent(&event);) events_.push_back(event);
      found = std::ranges::find(events_, kind, &SocketEvent::kind);
      return found != events_.end();
    })) << SocketEventName(kind);
    return found == events_.end() ? SocketEvent() : *found;
  }

  AdapterFace face_;
  std::unique_ptr<FaceSocket> ours_;
  std::unique_ptr<ZmqPeer> theirs_;
  std::unique_ptr<ZapHandler> handler_;
  std::vector<SocketEvent> events_;
  std::string from_;  // the routing id we saw last
};

std::string Name(Kind kind, bool we_serve, bool we_bind, bool tcp, std::string_view adapter) {
  return absl::StrCat(AdapterTestName(adapter), kind == Kind::kPlain ? "Plain" : "Curve",
                      we_serve ? "WeServe" : "TheyServe", we_bind ? "WeBind" : "TheyBind",
                      tcp ? "Tcp" : "Ipc");
}

using Case = std::tuple<Pairing, Kind, bool /*we serve*/, bool /*we bind*/, bool /*tcp*/,
                        std::string_view /*adapter*/>;

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  const auto& [pairing, kind, we_serve, we_bind, tcp, adapter] = info.param;
  return absl::StrCat(pairing.name, Name(kind, we_serve, we_bind, tcp, adapter));
}

class SecurityTest : public Base, public ::testing::WithParamInterface<Case> {
 protected:
  SecurityTest() : Base(std::get<5>(GetParam())) {}
};

// P-5, P-6, P-7, V-12, V-13, V-15, Z-8.
TEST_P(SecurityTest, MessagesPass) {
  const auto& [pairing, kind, we_serve, we_bind, tcp, adapter] = GetParam();
  Open(pairing, kind, we_serve, /*wrong=*/false);
  if (HasFatalFailure()) return;
  const bool we_publish = pairing.ours == SocketType::kPub || pairing.ours == SocketType::kXPub;
  const bool we_subscribe = pairing.ours == SocketType::kSub || pairing.ours == SocketType::kXSub;
  const bool we_ask = we_publish || pairing.ours == SocketType::kPush ||
                      pairing.ours == SocketType::kReq || pairing.ours == SocketType::kDealer ||
                      pairing.ours == SocketType::kPair;
  const bool publishing = we_publish || we_subscribe;
  const bool one_way =
      publishing || pairing.ours == SocketType::kPush || pairing.ours == SocketType::kPull;
  if (we_subscribe) {
    ASSERT_TRUE(ours_->Subscribe("").ok());
  }
  if (pairing.theirs == ZMQ_SUB) theirs_->Set(ZMQ_SUBSCRIBE, "");
  Join(we_bind, tcp);
  const SocketEvent ready = Event(SocketEvent::Kind::kReady);
  ASSERT_NE(ready.peer_info, nullptr);
  EXPECT_EQ(ready.peer_info->mechanism, kind == Kind::kPlain ? "PLAIN" : "CURVE");
  EXPECT_EQ(ready.peer_info->user_id, we_serve ? "ada of the sea" : "");
  if (we_publish) {
    ASSERT_TRUE(Until([&] { return ours_->core().topics() == 1; }));
  }
  if (we_subscribe) {
    // Until our subscription has come, what they publish is nobody's.
    Message first;
    ASSERT_TRUE(Until([&] {
      theirs_->Send({"are you there"});
      return ours_->TryReceive(&first);
    }));
    while (Until([&] { return true; }) && ours_->TryReceive(&first)) {
    }
  }
  for (const Parts& sample :
       {Parts{"one"}, Parts{""}, Parts{"a", std::string(300, 'b'), "", std::string(5000, 'c')},
        Parts{std::string(1 << 20, 'm')}, Parts{"head", std::string(1 << 20, 'n'), "tail"}}) {
    const bool envelope = pairing.theirs == ZMQ_ROUTER;
    if (we_ask) {
      WeSend(sample);
      Parts got = TheyReceive();
      std::string from;
      if (envelope && !got.empty()) {
        from = got[0];
        got.erase(got.begin());
      }
      ASSERT_EQ(got, sample);
      if (one_way) continue;
      Parts answer = sample;
      if (envelope) answer.insert(answer.begin(), from);
      TheySend(answer);
      ASSERT_EQ(WeReceive(), sample);
    } else {
      TheySend(sample);
      Parts got = WeReceive();
      while (publishing && got == Parts{"are you there"}) got = WeReceive();
      ASSERT_EQ(got, sample);
      if (one_way) continue;
      WeSend(sample);
      ASSERT_EQ(TheyReceive(), sample);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SecurityTest,
    ::testing::Combine(::testing::Values(Pairing{"PushPull", SocketType::kPush, ZMQ_PULL},
                                         Pairing{"PullPush", SocketType::kPull, ZMQ_PUSH},
                                         Pairing{"ReqRep", SocketType::kReq, ZMQ_REP},
                                         Pairing{"RepReq", SocketType::kRep, ZMQ_REQ},
                                         Pairing{"DealerRouter", SocketType::kDealer, ZMQ_ROUTER},
                                         Pairing{"RouterDealer", SocketType::kRouter, ZMQ_DEALER},
                                         Pairing{"PubSub", SocketType::kPub, ZMQ_SUB},
                                         Pairing{"SubPub", SocketType::kSub, ZMQ_PUB},
                                         Pairing{"XPubSub", SocketType::kXPub, ZMQ_SUB},
                                         Pairing{"XSubXPub", SocketType::kXSub, ZMQ_XPUB},
                                         Pairing{"Pairs", SocketType::kPair, ZMQ_PAIR}),
                       ::testing::Values(Kind::kPlain, Kind::kCurve), ::testing::Bool(),
                       ::testing::Bool(), ::testing::Bool(), ::testing::ValuesIn(AllAdapters())),
    CaseName);

using Refusal = std::tuple<Kind, bool /*we serve*/, bool /*we bind*/, std::string_view /*adapter*/>;

std::string RefusalName(const ::testing::TestParamInfo<Refusal>& info) {
  const auto& [kind, we_serve, we_bind, adapter] = info.param;
  return Name(kind, we_serve, we_bind, true, adapter);
}

class RefusalTest : public Base, public ::testing::WithParamInterface<Refusal> {
 protected:
  RefusalTest() : Base(std::get<3>(GetParam())) {}
};

// Z-9: wrong passwords and keys are refused by either side, and nothing passes.
TEST_P(RefusalTest, TheWrongClientIsRefused) {
  const auto& [kind, we_serve, we_bind, adapter] = GetParam();
  Open({"PushPull", SocketType::kPush, ZMQ_PULL}, kind, we_serve, /*wrong=*/true);
  if (HasFatalFailure()) return;
  Join(we_bind, /*tcp=*/true);
  const SocketEvent closed = Event(SocketEvent::Kind::kClosed);
  EXPECT_FALSE(closed.was_ready);
  EXPECT_EQ(CauseOf(closed.status), we_serve ? Cause::kWeRejectedPeer : Cause::kPeerRejectedUs);
  EXPECT_EQ(ours_->core().ready_peers(), 0u);
  if (!we_bind) Event(SocketEvent::Kind::kGaveUp);
}

// P-3: a server without anybody to ask lets nobody in; a client has nobody to ask.
TEST_P(RefusalTest, NobodyToAskNobodyIn) {
  const auto& [kind, we_serve, we_bind, adapter] = GetParam();
  Open({"PushPull", SocketType::kPush, ZMQ_PULL}, kind, we_serve, /*wrong=*/false);
  ours_->SetAuthenticator(nullptr);
  Join(we_bind, /*tcp=*/true);
  if (!we_serve) {
    EXPECT_EQ(Event(SocketEvent::Kind::kReady).kind, SocketEvent::Kind::kReady);
    return;
  }
  const SocketEvent closed = Event(SocketEvent::Kind::kClosed);
  EXPECT_FALSE(closed.was_ready);
  EXPECT_EQ(ours_->core().ready_peers(), 0u);
}

INSTANTIATE_TEST_SUITE_P(All, RefusalTest,
                         ::testing::Combine(::testing::Values(Kind::kPlain, Kind::kCurve),
                                            ::testing::Bool(), ::testing::Bool(),
                                            ::testing::ValuesIn(AllAdapters())),
                         RefusalName);

}  // namespace
}  // namespace monocoque
