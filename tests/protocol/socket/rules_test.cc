// Rules that several patterns share: queues, turns, marks, and that messages stay what they are.
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
using ::testing::ElementsAreArray;

std::vector<std::string> Row(std::string_view stem, int count) {
  std::vector<std::string> row;
  for (int i = 0; i < count; ++i) row.push_back(absl::StrCat(stem, i));
  return row;
}

void SendAll(Net& net, Socket& socket, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) ASSERT_TRUE(net.Send(socket, Message(text)).ok()) << text;
}

// ALL-4, DEALER-2, PAIR-2: no octet and no part is added, taken or changed, whatever the sizes.
TEST(RulesTest, MessagesStayWhatTheyAre) {
  const std::string large(300'000, 'l');
  const std::vector<Message> sent = {
      Message(""),
      Message(std::string_view("\0\xff", 2)),
      Message(std::string(255, 's')),
      Message({"", ""}),
      Message({"a", "", "b", ""}),
      Message({large, "x", large}),
      Message(large),
      Message({"", large}),
      Message(std::string(81, 'x')),
  };
  const std::vector<std::pair<SocketType, SocketType>> pairs = {
      {SocketType::kPush, SocketType::kPull},
      {SocketType::kDealer, SocketType::kDealer},
      {SocketType::kPair, SocketType::kPair}};
  for (const auto& [from, to] : pairs) {
    Net net;
    Socket& receiver = net.Make(to);
    net.Bind(receiver, "a");
    net.Run();
    Socket& sender = net.Make(from);
    net.Connect(sender, "a");
    for (const Message& message : sent) ASSERT_TRUE(net.Send(sender, message).ok());
    net.Run();
    for (const Message& message : sent) {
      Message received;
      ASSERT_TRUE(receiver.Receive(&received, nullptr, net.now));
      EXPECT_EQ(received, message);
    }
  }
}

// ALL-2, PUSH-2: an accepted peer has a queue of its own, which dies with it; the others' stay.
TEST(RulesTest, AQueueDiesWithItsPeer) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  net.Bind(push, "a");
  net.Run();
  Socket& stays = net.Make(SocketType::kPull);
  Socket& goes = net.Make(SocketType::kPull);
  net.Connect(stays, "a");
  net.Run();
  net.Connect(goes, "a");
  net.Run();
  SendAll(net, push, {"1", "2", "3", "4"});
  goes.Close(absl::ZeroDuration(), net.now);
  EXPECT_THAT(net.Received(stays), ElementsAre("1", "3"));
  EXPECT_EQ(push.ready_peers(), 1u);
  SendAll(net, push, {"5", "6"});
  EXPECT_THAT(net.Received(stays), ElementsAre("5", "6"));
}

// ALL-3, PUSH-2, DEALER-4: a peer whose queue is full is passed over while another takes more.
TEST(RulesTest, AFullQueueIsPassedOver) {
  for (const SocketType type : {SocketType::kPush, SocketType::kDealer}) {
    Net net;
    Socket& sender = net.Make(type, {.send_mark = {.messages = 3, .bytes = 0}});
    const DialerId first = net.Connect(sender, "x");
    const DialerId second = net.Connect(sender, "y");
    SendAll(net, sender, Row("m", 6));
    Message seventh("m6");
    EXPECT_EQ(sender.Send(&seventh, net.now).code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(sender.peer_stats(sender.peer(first))->unsent_messages, 3u);
    EXPECT_EQ(sender.peer_stats(sender.peer(second))->unsent_messages, 3u);
    // One gets room, and takes all that comes.
    Socket& receiver = net.Make(type == SocketType::kPush ? SocketType::kPull : type);
    net.Bind(receiver, "y");
    net.Run();
    net.Advance(absl::Seconds(1));
    EXPECT_THAT(net.Received(receiver), ElementsAre("m1", "m3", "m5"));
    SendAll(net, sender, {"m6", "m7"});
    EXPECT_THAT(net.Received(receiver), ElementsAre("m6", "m7"));
  }
}

// PULL-1, PULL-2: at the mark a link is not read any more; nothing is dropped, and all comes in the
// end.
TEST(RulesTest, AFullReceiverReadsNoMore) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull, {.receive_mark = {.messages = 10, .bytes = 0}});
  net.Bind(pull, "a");
  net.Run();
  Socket& push = net.Make(SocketType::kPush);
  net.Connect(push, "a");
  net.Run();
  const LinkId link = net.events(pull).back().link;
  SendAll(net, push, Row("m", 9));
  net.Run();
  EXPECT_EQ(pull.read_hint(link).mode, ReadMode::kAny);
  SendAll(net, push, Row("n", 11));
  net.Run();
  EXPECT_EQ(pull.read_hint(link).mode, ReadMode::kPaused);
  std::vector<std::string> all = Row("m", 9);
  for (const std::string& text : Row("n", 11)) all.push_back(text);
  EXPECT_THAT(net.Received(pull), ElementsAreArray(all));
  EXPECT_EQ(pull.read_hint(link).mode, ReadMode::kAny);
  EXPECT_EQ(pull.stats().dropped, 0u);
}

// ALL-5, DEALER-1, DEALER-6, ROUTER-1, ROUTER-7: message by message from all who have some.
TEST(RulesTest, ReceivingIsFair) {
  for (const SocketType type : {SocketType::kDealer, SocketType::kRouter}) {
    Net net;
    Socket& receiver = net.Make(type);
    net.Bind(receiver, "a");
    net.Run();
    Socket& busy = net.Make(SocketType::kDealer);
    Socket& calm = net.Make(SocketType::kRouter);
    net.Connect(busy, "a");
    net.Connect(calm, "a", {.connect_routing_id = "r"});
    net.Run();
    SendAll(net, busy, Row("b", 3));
    for (const char* text : {"c0", "c1"}) {
      Message message(text);
      message.set_to("r");
      ASSERT_TRUE(calm.Send(&message, net.now).ok());
    }
    EXPECT_THAT(net.Received(receiver), ElementsAre("b0", "c0", "b1", "c1", "b2"));
  }
}

// PAIR-3, ALL-7: without a peer, and at the mark, a message stays with the caller.
TEST(RulesTest, PairWithNobodyToTakeIt) {
  Net net;
  Socket& pair = net.Make(SocketType::kPair, {.send_mark = {.messages = 1, .bytes = 0}});
  Message kept("kept");
  EXPECT_FALSE(pair.CanSend());
  EXPECT_EQ(pair.Send(&kept, net.now).code(), absl::StatusCode::kUnavailable);
  net.Connect(pair, "a");
  SendAll(net, pair, {"queued"});
  EXPECT_EQ(pair.Send(&kept, net.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(kept.text(), "kept");
  Socket& other = net.Make(SocketType::kPair);
  net.Bind(other, "a");
  net.Run();
  net.Advance(absl::Seconds(1));
  EXPECT_THAT(net.Received(other), ElementsAre("queued"));
}

// ALL-1: each Connect makes a queue at once, also of PAIR whose earlier dialer gave up, or went.
TEST(RulesTest, PairQueuesForWhoIsDialedNow) {
  for (const bool goes : {false, true}) {
    Net net;
    Socket& pull = net.Make(SocketType::kPull);
    net.Bind(pull, "misfit");
    net.Run();
    Socket& pair = net.Make(SocketType::kPair);
    const DialerId first = net.Connect(pair, "misfit");
    if (goes) net.Connect(pair, "later");
    net.Run();
    ASSERT_TRUE(net.saw(pair, SocketEvent::Kind::kGaveUp));
    if (goes) {
      ASSERT_TRUE(pair.Disconnect(first, net.now).ok());
    } else {
      net.Connect(pair, "later");
    }
    EXPECT_TRUE(net.Send(pair, Message("m")).ok()) << goes;
  }
}

// PAIR-3: what waits for a peer that never came goes to the one that did.
TEST(RulesTest, PairGivesWhatWaitsToWhoComes) {
  Net net;
  Socket& pair = net.Make(SocketType::kPair);
  net.Bind(pair, "a");
  net.Connect(pair, "nobody");
  SendAll(net, pair, {"1", "2"});
  net.Run();
  Socket& comes = net.Make(SocketType::kPair);
  net.Connect(comes, "a");
  EXPECT_THAT(net.Received(comes), ElementsAre("1", "2"));
}

}  // namespace
}  // namespace monocoque
