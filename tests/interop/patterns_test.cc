// Every pattern on every adapter against a live libzmq: who binds, who sends, tcp and ipc by path
// and by name, several parts, empty ones, large ones.
#include <unistd.h>
#include <zmq.h>

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/adapter_face.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AdapterTestName;
using ::monocoque::testing::AllAdapters;
using ::monocoque::testing::FaceSocket;
using ::monocoque::testing::ZmqPeer;
using Parts = std::vector<std::string>;

struct Pairing {
  const char* name;
  SocketType ours;
  int theirs;
};

// Both directions of one pairing, as far as the pattern has them.
class PatternsTest
    : public ::testing::TestWithParam<std::tuple<
          Pairing, bool /*we bind*/, const char* /*transport*/, std::string_view /*adapter*/>> {
 protected:
  PatternsTest()
      : face_(std::get<3>(GetParam())),
        pairing_(std::get<0>(GetParam())),
        ours_(face_.MakeSocket(pairing_.ours)),
        theirs_(pairing_.theirs) {}

  void Join() {
    const std::string transport = std::get<2>(GetParam());
    const std::string at = transport == "Tcp" ? "tcp://127.0.0.1:*"
                           : transport == "Ipc"
                               ? "ipc://*"
                               : absl::StrCat("ipc://@monocoque-interop-", getpid());
    if (std::get<1>(GetParam())) {
      auto bound = ours_->Bind(at);
      ASSERT_TRUE(bound.ok()) << bound.status();
      theirs_.Connect(*bound);
    } else {
      ASSERT_TRUE(ours_->Connect(theirs_.Bind(at)).ok());
    }
  }

  void WeSend(const Parts& parts) {
    std::vector<std::string_view> views(parts.begin(), parts.end());
    Message message(views);
    if (pairing_.ours == SocketType::kRouter) message.set_to(last_from_);
    ASSERT_EQ(face_.Send(ours_.get(), &message), absl::OkStatus());
  }
  Parts WeReceive() {
    Message message;
    EXPECT_EQ(face_.Receive(ours_.get(), &message), absl::OkStatus());
    Parts parts;
    for (const Slice& part : message) parts.emplace_back(part.text());
    last_from_ = std::string(AsText(message.routing_id()));
    return parts;
  }
  void TheySend(const Parts& parts) {
    ASSERT_TRUE(face_.Until([&] { return theirs_.Send(parts); }));
  }
  Parts TheyReceive() {
    Parts parts;
    EXPECT_TRUE(face_.Until([&] { return theirs_.Receive(&parts); }));
    return parts;
  }

  AdapterFace face_;
  Pairing pairing_;
  std::unique_ptr<FaceSocket> ours_;
  ZmqPeer theirs_;
  std::string last_from_;   // the routing id we saw last
  std::string their_peer_;  // our routing id as they see it
};

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

// PUSH-3, PULL-3, DEALER-2, PAIR-2, REQ-3, REQ-8, REP-3 to REP-5, ROUTER-4, ROUTER-5.
TEST_P(PatternsTest, MessagesArriveBothWays) {
  const SocketType ours = pairing_.ours;
  const int theirs = pairing_.theirs;
  const bool routers = ours == SocketType::kRouter && theirs == ZMQ_ROUTER;
  if (routers) theirs_.Set(ZMQ_ROUTING_ID, "them");
  // Else it drops what it is given before it knows us.
  if (theirs == ZMQ_ROUTER) theirs_.Set(ZMQ_ROUTER_MANDATORY, 1);
  if (routers) ours_ = face_.MakeSocket(ours, {.routing_id = "us"});
  Join();
  if (routers) {
    ASSERT_TRUE(face_.Until([&] { return ours_->core().ready_peers() == 1; }));
  }
  for (const Parts& sample : Samples()) {
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
    auto we_to_them = [&] {
      WeSend(we_show);
      Parts got = TheyReceive();
      if (theirs == ZMQ_ROUTER) {
        ASSERT_FALSE(got.empty());
        their_peer_ = got[0];
        got.erase(got.begin());
      }
      EXPECT_EQ(got, they_show);
    };
    auto they_to_us = [&] {
      TheySend(theirs == ZMQ_ROUTER ? Behind({routers ? "us" : their_peer_}, they_show)
                                    : they_show);
      EXPECT_EQ(WeReceive(), we_show);
    };
    if (we_begin) {
      we_to_them();
      if (ours != SocketType::kPush) they_to_us();
    } else {
      they_to_us();
      if (ours != SocketType::kPull) we_to_them();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PatternsTest,
    ::testing::Combine(::testing::Values(Pairing{"PushPull", SocketType::kPush, ZMQ_PULL},
                                         Pairing{"PullPush", SocketType::kPull, ZMQ_PUSH},
                                         Pairing{"PairPair", SocketType::kPair, ZMQ_PAIR},
                                         Pairing{"ReqRep", SocketType::kReq, ZMQ_REP},
                                         Pairing{"ReqRouter", SocketType::kReq, ZMQ_ROUTER},
                                         Pairing{"RepReq", SocketType::kRep, ZMQ_REQ},
                                         Pairing{"RepDealer", SocketType::kRep, ZMQ_DEALER},
                                         Pairing{"DealerDealer", SocketType::kDealer, ZMQ_DEALER},
                                         Pairing{"DealerRep", SocketType::kDealer, ZMQ_REP},
                                         Pairing{"DealerRouter", SocketType::kDealer, ZMQ_ROUTER},
                                         Pairing{"RouterReq", SocketType::kRouter, ZMQ_REQ},
                                         Pairing{"RouterDealer", SocketType::kRouter, ZMQ_DEALER},
                                         Pairing{"RouterRouter", SocketType::kRouter, ZMQ_ROUTER}),
                       ::testing::Bool(), ::testing::Values("Tcp", "Ipc", "Abstract"),
                       ::testing::ValuesIn(AllAdapters())),
    [](const auto& param) {
      return absl::StrCat(std::get<0>(param.param).name,
                          std::get<1>(param.param) ? "WeBind" : "TheyBind",
                          std::get<2>(param.param), AdapterTestName(std::get<3>(param.param)));
    });

}  // namespace
}  // namespace monocoque
