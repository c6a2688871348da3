// A connection that is cut in the middle of a message of several parts: whoever receives, ours or
// libzmq's, delivers nothing of it, and the next message whole. Every pattern that carries several
// parts, whoever sends and whoever dials.
#include <zmq.h>

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/cutting_relay.h"
#include "tests/support/parts.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::CuttingRelay;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::MessageOf;
using ::monocoque::testing::Parts;
using ::monocoque::testing::PartsOf;
using ::monocoque::testing::ZmqPeer;

// Who receives has this name, for ROUTER to send to.
constexpr char kName[] = "receiver";

// One end. No call waits, and none shows a ROUTER's ids.
class End {
 public:
  virtual ~End() = default;
  virtual std::string Bind() = 0;
  virtual void Connect(const std::string& endpoint) = 0;
  virtual bool Send(const Parts& parts) = 0;
  virtual bool Receive(Parts* parts) = 0;
};

class Ours final : public End {
 public:
  Ours(AdapterFace* face, SocketType type, bool receives) : type_(type) {
    SocketOptions options;
    options.link.reconnect.interval = absl::Milliseconds(5);
    options.link.reconnect.max_interval = absl::Milliseconds(20);
    options.router_mandatory = type == SocketType::kRouter;
    options.req_relaxed = type == SocketType::kReq;
    if (receives && type == SocketType::kDealer) options.routing_id = kName;
    socket_ = face->MakeSocket(type, options);
    if (type == SocketType::kSub || type == SocketType::kXSub) {
      EXPECT_TRUE(socket_->Subscribe("").ok());
    }
  }

  std::string Bind() override { return socket_->Bind("tcp://127.0.0.1:*").value_or(""); }
  void Connect(const std::string& endpoint) override {
    EXPECT_TRUE(socket_->Connect(endpoint).ok());
  }
  bool Send(const Parts& parts) override {
    Message message = MessageOf(parts);
    if (type_ == SocketType::kRouter) message.set_to(std::string_view(kName));
    return socket_->TrySend(&message).ok();
  }
  bool Receive(Parts* parts) override {
    Message message;
    if (!socket_->TryReceive(&message)) return false;
    *parts = PartsOf(message);
    return true;
  }

 private:
  const SocketType type_;
  std::unique_ptr<FaceSocket> socket_;
};

class Theirs final : public End {
 public:
  Theirs(int type, bool receives) : type_(type), peer_(type) {
    peer_.Set(ZMQ_RECONNECT_IVL, 5);
    if (type == ZMQ_ROUTER) peer_.Set(ZMQ_ROUTER_MANDATORY, 1);
    if (type == ZMQ_REQ) peer_.Set(ZMQ_REQ_RELAXED, 1);
    if (receives && type == ZMQ_DEALER) peer_.Set(ZMQ_ROUTING_ID, kName);
    if (type == ZMQ_SUB) peer_.Set(ZMQ_SUBSCRIBE, "");
    if (type == ZMQ_XSUB) peer_.Send({"\x01"});
  }

  std::string Bind() override { return peer_.Bind("tcp://127.0.0.1:*"); }
  void Connect(const std::string& endpoint) override { peer_.Connect(endpoint); }
  bool Send(const Parts& parts) override {
    Parts all = parts;
    if (type_ == ZMQ_ROUTER) all.insert(all.begin(), kName);
    return peer_.Send(all);
  }
  bool Receive(Parts* parts) override {
    if (!peer_.Receive(parts)) return false;
    if (type_ == ZMQ_ROUTER) parts->erase(parts->begin());
    return true;
  }

 private:
  const int type_;
  ZmqPeer peer_;
};

struct Pairing {
  const char* name;
  SocketType sends;
  SocketType receives;
};

int Zmq(SocketType type) {
  switch (type) {
    case SocketType::kPush:
      return ZMQ_PUSH;
    case SocketType::kPull:
      return ZMQ_PULL;
    case SocketType::kPair:
      return ZMQ_PAIR;
    case SocketType::kReq:
      return ZMQ_REQ;
    case SocketType::kRep:
      return ZMQ_REP;
    case SocketType::kDealer:
      return ZMQ_DEALER;
    case SocketType::kRouter:
      return ZMQ_ROUTER;
    case SocketType::kPub:
      return ZMQ_PUB;
    case SocketType::kSub:
      return ZMQ_SUB;
    case SocketType::kXPub:
      return ZMQ_XPUB;
    default:
      return ZMQ_XSUB;
  }
}

class CutTest
    : public ::testing::TestWithParam<
          std::tuple<Pairing, bool /*we send*/, bool /*the sender dials*/, std::string_view>> {
 protected:
  CutTest() : face_(std::get<3>(GetParam())) {
    const auto& [pairing, we_send, sender_dials, adapter] = GetParam();
    sender_ = Make(pairing.sends, we_send, false);
    receiver_ = Make(pairing.receives, !we_send, true);
    End* const binds = sender_dials ? receiver_.get() : sender_.get();
    relay_ = std::make_unique<CuttingRelay>(binds->Bind());
    (sender_dials ? sender_ : receiver_)->Connect(relay_->endpoint());
  }

  std::unique_ptr<End> Make(SocketType type, bool ours, bool receives) {
    if (ours) return std::make_unique<Ours>(&face_, type, receives);
    return std::make_unique<Theirs>(Zmq(type), receives);
  }
  static constexpr int kAWhile = 200;

  bool is(SocketType sends) const { return std::get<0>(GetParam()).sends == sends; }

  // Has the message sent: again after a while, since one may be lost with its connection. REP
  // needs to be asked.
  void Offer(const Parts& parts, int turn) {
    Parts question;
    if (is(SocketType::kRep)) {
      if (turn % kAWhile == 0) (void)receiver_->Send({"ask"});
      if (sender_->Receive(&question)) (void)sender_->Send(parts);
      return;
    }
    // libzmq's sockets notice the end of a connection when they have read all that came on it.
    (void)sender_->Receive(&question);
    if (turn % kAWhile == 0 || !offered_) {
      offered_ = sender_->Send(parts);
    }
  }
  // The messages that are received, up to `parts`.
  std::vector<Parts> Until(const Parts& parts) {
    std::vector<Parts> all;
    int turn = 0;
    offered_ = false;
    EXPECT_TRUE(face_.Until([&] {
      relay_->Turn();
      Offer(parts, turn++);
      // libzmq's PAIR, and its ROUTER for a name, leave who comes before they have noticed the end
      // of the one before without a word, and connected.
      const bool one_alone = is(SocketType::kPair) || is(SocketType::kRouter);
      if (one_alone && turn % kAWhile == 0) relay_->Cut();
      Parts got;
      while (receiver_->Receive(&got)) {
        all.push_back(got);
        if (got == parts) return true;
      }
      return false;
    }));
    return all;
  }

  AdapterFace face_;
  std::unique_ptr<CuttingRelay> relay_;
  std::unique_ptr<End> sender_, receiver_;
  bool offered_ = false;
};

// TR-1.
TEST_P(CutTest, NothingOfACutMessageIsDelivered) {
  const Parts before = {"before", "it"};
  const Parts after = {"", "after", "it"};
  Until(before);
  const bool sender_dials = std::get<2>(GetParam());
  // In the third part.
  relay_->CutAfter(sender_dials ? CuttingRelay::From::kDialer : CuttingRelay::From::kListener,
                   150'000);
  const Parts cut = {"head", std::string(100'000, 'm'), std::string(100'000, 'n'), "tail"};
  // REP answers a request that has come; REQ has the answer it needs before it asks again.
  Parts question;
  if (is(SocketType::kReq)) {
    ASSERT_TRUE(face_.Until([&] { return relay_->Turn(), receiver_->Send({"well"}); }));
  } else if (is(SocketType::kRep)) {
    ASSERT_TRUE(face_.Until([&] { return relay_->Turn(), receiver_->Send({"ask"}); }));
    ASSERT_TRUE(face_.Until([&] { return relay_->Turn(), sender_->Receive(&question); }));
  }
  ASSERT_TRUE(face_.Until([&] { return relay_->Turn(), sender_->Send(cut); }));
  ASSERT_TRUE(face_.Until([&] { return relay_->Turn(), relay_->cuts() == 1; }));
  for (const Parts& got : Until(after)) {
    EXPECT_TRUE(got == before || got == after) << got.size() << " parts, the first: " << got[0];
  }
}

constexpr Pairing kPairings[] = {
    {"PushPull", SocketType::kPush, SocketType::kPull},
    {"PairPair", SocketType::kPair, SocketType::kPair},
    {"DealerDealer", SocketType::kDealer, SocketType::kDealer},
    {"DealerRouter", SocketType::kDealer, SocketType::kRouter},
    {"RouterDealer", SocketType::kRouter, SocketType::kDealer},
    {"ReqRep", SocketType::kReq, SocketType::kRep},
    {"RepReq", SocketType::kRep, SocketType::kReq},
    {"PubSub", SocketType::kPub, SocketType::kSub},
    {"XPubXSub", SocketType::kXPub, SocketType::kXSub},
};

INSTANTIATE_TEST_SUITE_P(All, CutTest,
                         ::testing::Combine(::testing::ValuesIn(kPairings), ::testing::Bool(),
                                            ::testing::Bool(), ::testing::ValuesIn(AllAdapters())),
                         [](const auto& param) {
                           return absl::StrCat(
                               std::get<0>(param.param).name,
                               std::get<1>(param.param) ? "WeSend" : "TheySend",
                               std::get<2>(param.param) ? "SenderDials" : "ReceiverDials",
                               AdapterTestName(std::get<3>(param.param)));
                         });

}  // namespace
}  // namespace monocoque
