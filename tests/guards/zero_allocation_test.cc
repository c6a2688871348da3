// In steady state a message costs no allocation, either way: whole sockets, and bare connections.
// The senders share one payload, as an application that has its message already; all else is ours.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/allocations.h"
#include "tests/support/courier.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque::testing {
namespace {

constexpr int kWarmUpRounds = 150;
constexpr int kRounds = 150;

struct Pattern {
  const char* name;
  SocketType from, to;
  bool answered;  // the receiver sends each message back
  int burst;      // messages under way at once
  void (*prepare)(Socket* from, Socket* to, Instant now) = nullptr;
  void (*configure)(SocketOptions* from, SocketOptions* to) = nullptr;
  std::string_view group = "";  // of each message
};

constexpr bool kOneWay = false, kAnswered = true;

void SubscribeAll(Socket* /*from*/, Socket* to, Instant now) {
  EXPECT_TRUE(to->Subscribe("", now).ok());
}
void SubscribeNear(Socket* /*from*/, Socket* to, Instant now) {
  EXPECT_TRUE(to->Subscribe("xx", now).ok());
}

void JoinBoth(Socket* /*from*/, Socket* to, Instant now) {
  EXPECT_TRUE(to->Join("group", now).ok());
  EXPECT_TRUE(to->Join("a group whose name lies nowhere inside", now).ok());
}

void ConflateSending(SocketOptions* from, SocketOptions* /*to*/) { from->conflate = true; }
void ConflateReceiving(SocketOptions* /*from*/, SocketOptions* to) { to->conflate = true; }
void Correlate(SocketOptions* from, SocketOptions* /*to*/) { from->req_correlate = true; }

void Encrypt(SocketOptions* from, SocketOptions* to) {
  from->link.mechanism = TestCurveClient();
  to->link.mechanism = TestCurveServer();
}

// One line for each pattern.
constexpr Pattern kPatterns[] = {
    {"PushPull", SocketType::kPush, SocketType::kPull, kOneWay, 100},
    {"DealerRouter", SocketType::kDealer, SocketType::kRouter, kAnswered, 100},
    {"DealerDealer", SocketType::kDealer, SocketType::kDealer, kAnswered, 100},
    {"ReqRep", SocketType::kReq, SocketType::kRep, kAnswered, 1},
    {"ReqRouter", SocketType::kReq, SocketType::kRouter, kAnswered, 1},
    {"PairPair", SocketType::kPair, SocketType::kPair, kAnswered, 100},
    {"PubSub", SocketType::kPub, SocketType::kSub, kOneWay, 100, SubscribeAll},
    {"PubSubFiltered", SocketType::kPub, SocketType::kSub, kOneWay, 100, SubscribeNear},
    {"XpubXsub", SocketType::kXPub, SocketType::kXSub, kOneWay, 100, SubscribeAll},
    {"ReqRepCorrelated", SocketType::kReq, SocketType::kRep, kAnswered, 1, nullptr, Correlate},
    {"PushConflated", SocketType::kPush, SocketType::kPull, kOneWay, 1, nullptr, ConflateSending},
    {"PushPullCurve", SocketType::kPush, SocketType::kPull, kOneWay, 100, nullptr, Encrypt},
    {"DealerRouterCurve", SocketType::kDealer, SocketType::kRouter, kAnswered, 100, nullptr,
     Encrypt},
    {"PubSubCurve", SocketType::kPub, SocketType::kSub, kOneWay, 100, SubscribeAll, Encrypt},
    {"PullConflated", SocketType::kPush, SocketType::kPull, kOneWay, 1, nullptr, ConflateReceiving},
};

// And those whose messages have one part.
constexpr Pattern kSinglePartPatterns[] = {
    {"ClientServer", SocketType::kClient, SocketType::kServer, kAnswered, 100},
    {"ScatterGather", SocketType::kScatter, SocketType::kGather, kOneWay, 100},
    {"ChannelChannel", SocketType::kChannel, SocketType::kChannel, kAnswered, 100},
    {"RadioDish", SocketType::kRadio, SocketType::kDish, kOneWay, 100, JoinBoth, nullptr, "group"},
    {"RadioDishFar", SocketType::kRadio, SocketType::kDish, kOneWay, 100, JoinBoth, nullptr,
     "a group whose name lies nowhere inside"},
};

struct Shape {
  const char* name;
  std::size_t body;
  bool multipart;

  // As many as the slabs that a pool keeps have room for, both ways.
  int burst() const { return static_cast<int>(1024 * 1024 / (body + 64)); }
  Message Make() const {
    const std::string text(body, 'x');
    return multipart ? Message({"xx", "", text}) : Message(text);
  }
};

constexpr Shape kShapes[] = {
    {"64B", 64, false},          {"78B", 78, false},
    {"Parts70B", 70, true},      {"200B", 200, false},
    {"1KiB", 1024, false},       {"16KiB", 16 * 1024, false},
    {"60KiB", 60 * 1024, false}, {"Parts40B", 40, true},
    {"Parts1KiB", 1024, true},   {"Parts16KiB", 16 * 1024, true},
};
constexpr Shape kSinglePartShapes[] = {
    {"8B", 8, false},      {"64B", 64, false},          {"80B", 80, false},
    {"1KiB", 1024, false}, {"16KiB", 16 * 1024, false},
};

std::string DeliveryName(Delivery delivery) {
  return delivery == Delivery::kWindow ? "Window" : "Donation";
}

class SocketAllocationTest : public ::testing::TestWithParam<std::tuple<Pattern, Shape, Delivery>> {
};

TEST_P(SocketAllocationTest, NoneForAMessage) {
  const auto& [pattern, shape, delivery] = GetParam();
  const Host host = TestHost();
  SocketOptions from_options, to_options;
  if (pattern.configure != nullptr) pattern.configure(&from_options, &to_options);
  Socket to = *Socket::Create(pattern.to, to_options, host);
  Socket from = *Socket::Create(pattern.from, from_options, host);
  Courier courier(&to, &from, delivery, host.now);
  if (pattern.prepare != nullptr) pattern.prepare(&from, &to, host.now);
  courier.Carry();

  Message original = shape.Make();
  if (!pattern.group.empty()) original.set_group(pattern.group);
  const int burst = std::min(pattern.burst, shape.burst());
  Message message;
  int arrived = 0;
  const auto round = [&] {
    for (int i = 0; i < burst; ++i) {
      message = original;
      if (!from.Send(&message, host.now).ok()) break;
    }
    courier.Carry();
    while (to.Receive(&message, nullptr, host.now)) {
      if (!pattern.answered) {
        ++arrived;
      } else if (!to.Send(&message, host.now).ok()) {
        break;
      }
    }
    message.Clear();
    courier.Carry();
    while (pattern.answered && from.Receive(&message, nullptr, host.now)) ++arrived;
    message.Clear();
  };
  for (int i = 0; i < kWarmUpRounds; ++i) round();
  ASSERT_EQ(arrived, kWarmUpRounds * burst);
  const Allocations before = CountAllocations();
  for (int i = 0; i < kRounds; ++i) round();
  const Allocations during = CountAllocations() - before;
  EXPECT_EQ(arrived, (kWarmUpRounds + kRounds) * burst);
  EXPECT_EQ(during.made, 0) << "in " << kRounds * burst << " messages";
  EXPECT_EQ(during.live, 0);
}

std::string CaseName(const ::testing::TestParamInfo<std::tuple<Pattern, Shape, Delivery>>& info) {
  return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name + "_" +
         DeliveryName(std::get<2>(info.param));
}

INSTANTIATE_TEST_SUITE_P(
    AllPatterns, SocketAllocationTest,
    ::testing::Combine(::testing::ValuesIn(kPatterns), ::testing::ValuesIn(kShapes),
                       ::testing::Values(Delivery::kWindow, Delivery::kDonation)),
    CaseName);
INSTANTIATE_TEST_SUITE_P(SingleParts, SocketAllocationTest,
                         ::testing::Combine(::testing::ValuesIn(kSinglePartPatterns),
                                            ::testing::ValuesIn(kSinglePartShapes),
                                            ::testing::Values(Delivery::kWindow,
                                                              Delivery::kDonation)),
                         CaseName);

class StreamAllocationTest : public ::testing::TestWithParam<std::tuple<Shape, Delivery>> {};

// STREAM: octets back and forth, whatever the pieces they come in.
TEST_P(StreamAllocationTest, NoneForAMessage) {
  const auto& [shape, delivery] = GetParam();
  const Host host = TestHost();
  Socket to = *Socket::Create(SocketType::kStream, {}, host);
  Socket from = *Socket::Create(SocketType::kStream, {}, host);
  Courier courier(&to, &from, delivery, host.now);
  courier.Carry();
  Message came;
  ASSERT_TRUE(to.Receive(&came, nullptr, host.now));
  ASSERT_TRUE(from.Receive(&came, nullptr, host.now));
  Message original = shape.Make();
  original.set_to(came.routing_id());
  const int burst = std::min(100, shape.burst());
  const std::size_t octets = original.total_bytes() * static_cast<std::size_t>(burst);
  Message message;
  std::size_t arrived = 0;
  const auto round = [&] {
    for (int i = 0; i < burst; ++i) {
      message = original;
      if (!from.Send(&message, host.now).ok()) break;
    }
    courier.Carry();
    while (to.Receive(&message, nullptr, host.now) && to.Send(&message, host.now).ok()) {
    }
    message.Clear();
    courier.Carry();
    while (from.Receive(&message, nullptr, host.now)) arrived += message.size();
    message.Clear();
  };
  for (int i = 0; i < kWarmUpRounds; ++i) round();
  ASSERT_EQ(arrived, kWarmUpRounds * octets);
  const Allocations before = CountAllocations();
  for (int i = 0; i < kRounds; ++i) round();
  const Allocations during = CountAllocations() - before;
  EXPECT_EQ(arrived, (kWarmUpRounds + kRounds) * octets);
  EXPECT_EQ(during.made, 0) << "in " << kRounds * burst << " messages";
  EXPECT_EQ(during.live, 0);
}

INSTANTIATE_TEST_SUITE_P(AllShapes, StreamAllocationTest,
                         ::testing::Combine(::testing::ValuesIn(kShapes),
                                            ::testing::Values(Delivery::kWindow,
                                                              Delivery::kDonation)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) + "_" +
                                  DeliveryName(std::get<1>(info.param));
                         });

// Both connections of a pair send `shape` to each other, again and again; what was allocated once
// that had become steady, and for how many messages.
struct Measured {
  Allocations allocations;
  int messages = 0;
};

Measured MeasureConnections(const Shape& shape, Delivery delivery) {
  Pair pair(SocketType::kPair, SocketType::kPair);
  pair.Run();
  Connection& a = *pair.a.connection;
  Connection& b = *pair.b.connection;
  std::array<DonatedSlabs, 2> slabs;
  const Message original = shape.Make();
  const int burst = std::min(100, shape.burst());
  Message message;
  int arrived = 0;
  const auto pass = [&](Connection* from, Connection* to, DonatedSlabs* at) {
    for (int i = 0; i < burst; ++i) {
      message = original;
      if (!from->Send(&message, pair.now).ok()) break;
    }
    while (Carry(from, to, at, delivery, pair.now)) to->Process(1000, pair.now);
    while (to->Receive(&message, pair.now) == Poll::kMessage) ++arrived;
    message.Clear();
  };
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      pass(&a, &b, &slabs[0]);
      pass(&b, &a, &slabs[1]);
    }
  };
  rounds(kWarmUpRounds);
  const Allocations before = CountAllocations();
  rounds(kRounds);
  const Allocations during = CountAllocations() - before;
  EXPECT_EQ(arrived, (kWarmUpRounds + kRounds) * burst * 2);
  return {during, kRounds * burst * 2};
}

class ConnectionAllocationTest : public ::testing::TestWithParam<std::tuple<Shape, Delivery>> {};

TEST_P(ConnectionAllocationTest, NoneForAMessage) {
  const auto& [shape, delivery] = GetParam();
  const Measured measured = MeasureConnections(shape, delivery);
  EXPECT_EQ(measured.allocations.made, 0) << "in " << measured.messages << " messages";
}

INSTANTIATE_TEST_SUITE_P(AllShapes, ConnectionAllocationTest,
                         ::testing::Combine(::testing::ValuesIn(kShapes),
                                            ::testing::Values(Delivery::kWindow,
                                                              Delivery::kDonation)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) + "_" +
                                  DeliveryName(std::get<1>(info.param));
                         });

// A body that no slab holds is gathered in a block of its own: one, of its size, and nothing else.
TEST(LargeBodyAllocationTest, OneBlockForAMessage) {
  for (const Delivery delivery : {Delivery::kWindow, Delivery::kDonation}) {
    const Measured measured = MeasureConnections({"200KiB", 200 * 1024, false}, delivery);
    EXPECT_EQ(measured.allocations.made, measured.messages) << DeliveryName(delivery);
    EXPECT_EQ(measured.allocations.live, 0) << DeliveryName(delivery);
  }
}

// However many subscribers a large body goes to, it is copied once.
TEST(BorrowedAllocationTest, OneCopyForAllSubscribers) {
  Net net;
  Socket& pub = net.Make(SocketType::kPub);
  net.Bind(pub, "a");
  net.Run();
  std::vector<Socket*> subs;
  for (int i = 0; i < 3; ++i) {
    subs.push_back(&net.Make(SocketType::kSub));
    // The first wants everything, the others some of it: they have no log in common.
    EXPECT_TRUE(subs.back()->Subscribe(i == 0 ? "" : "x", net.now).ok());
    net.Connect(*subs.back(), "a");
  }
  net.Run();
  const std::string lent(200'000, 'x');
  Message message = Message::Borrow(lent);
  const Allocations before = CountAllocations();
  EXPECT_TRUE(pub.Send(&message, net.now).ok());
  EXPECT_LT((CountAllocations() - before).live_bytes, 2 * 200'000);
  for (Socket* sub : subs) EXPECT_THAT(net.Received(*sub), ::testing::ElementsAre(lent));
}

// What is copied at once is copied to where it is written from, and nowhere else.
TEST(BorrowedAllocationTest, NoneWhereTheOctetsFitTheSlab) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  Socket& push = net.Make(SocketType::kPush);
  net.Bind(pull, "a");
  net.Run();
  net.Connect(push, "a");
  net.Run();
  const std::string lent(1000, 'x');
  for (int i = 0; i < 4; ++i) {
    Message message = Message::Borrow(lent);
    const Allocations before = CountAllocations();
    EXPECT_TRUE(push.Send(&message, net.now).ok());
    // The first takes the slab.
    if (i > 0) {
      EXPECT_EQ((CountAllocations() - before).made, 0);
    }
  }
  EXPECT_THAT(net.Received(pull), ::testing::ElementsAre(lent, lent, lent, lent));
}

}  // namespace
}  // namespace monocoque::testing
