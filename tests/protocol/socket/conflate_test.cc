// Only the newest message is kept: of those to be sent, and of those received.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "alloc/transmit_batch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/mark.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const SocketOptions kConflate = {.conflate = true};

class ConflateTest : public ::testing::Test {
 protected:
  Socket& Bound(SocketType type, const SocketOptions& options = {}) {
    Socket& socket = net_.Make(type, options);
    net_.Bind(socket, "a");
    net_.Run();
    return socket;
  }
  Socket& Connected(SocketType type, const SocketOptions& options = {}) {
    Socket& socket = net_.Make(type, options);
    net_.Connect(socket, "a");
    net_.Run();
    return socket;
  }
  void SendRow(Socket& socket, std::string_view stem, int count) {
    for (int i = 1; i <= count; ++i) {
      ASSERT_TRUE(net_.Send(socket, Message(absl::StrCat(stem, i))).ok());
    }
  }

  Net net_;
};

// Between two writes the newest takes the place of the others, which count as dropped.
TEST_F(ConflateTest, PushSendsTheNewest) {
  Socket& pull = Bound(SocketType::kPull);
  Socket& push = Connected(SocketType::kPush, kConflate);
  SendRow(push, "a", 3);
  EXPECT_TRUE(push.has_outputs());
  EXPECT_GT(push.pending_bytes(), 0u);
  EXPECT_THAT(net_.Received(pull), ElementsAre("a3"));
  SendRow(push, "b", 2);
  EXPECT_THAT(net_.Received(pull), ElementsAre("b2"));
  EXPECT_EQ(push.stats().dropped, 3u);
  EXPECT_EQ(push.stats().messages_sent, 5u);
}

// While a batch is out, too: what is queued behind it is one message.
TEST_F(ConflateTest, BehindAWriteUnderWay) {
  Socket& pull = Bound(SocketType::kPull);
  Socket& push = Connected(SocketType::kPush, kConflate);
  net_.HoldBatches(true);
  SendRow(push, "first", 1);
  net_.Run();
  SendRow(push, "later", 3);
  EXPECT_EQ(push.stats().dropped, 2u);
  net_.HoldBatches(false);
  net_.CutAll();
  net_.Advance(absl::Seconds(2));
  // What came back unwritten is older than what waits.
  EXPECT_THAT(net_.Received(pull), ElementsAre("later3"));
  EXPECT_EQ(push.stats().dropped, 3u);
}

// Before there is a link one message waits for each peer, whatever the mark.
TEST_F(ConflateTest, QueueOfADialer) {
  SocketOptions options = kConflate;
  options.send_mark = {.messages = 1, .bytes = 1};
  Socket& push = net_.Make(SocketType::kPush, options);
  net_.Connect(push, "a");
  SendRow(push, "m", 4);
  EXPECT_TRUE(push.CanSend());
  net_.Run();
  Socket& pull = Bound(SocketType::kPull);
  net_.Advance(absl::Seconds(1));
  EXPECT_THAT(net_.Received(pull), ElementsAre("m4"));
}

// Each peer has its own newest.
// Nor behind a write that failed, until the link's end is known.
TEST_F(ConflateTest, BehindAFailedWrite) {
  Wires wires(SocketType::kPush, kConflate);
  const DialerId dialer = *wires.socket.Connect(*ParseEndpoint("sim://there"), wires.now);
  wires.Turn();
  wires.socket.OnDialed(wires.dialed, {"sim", "sim"}, wires.now);
  wires.Say(wires.dialed, PeerGreeting() + PeerReady("PULL"));
  wires.Stall(true);
  ASSERT_TRUE(wires.Send(Message("cut")).ok());
  TransmitBatch batch;
  ASSERT_TRUE(wires.socket.FillTransmit(wires.dialed, &batch, 1 << 20));
  wires.socket.ReturnBatch(wires.dialed, std::move(batch), 0, absl::UnavailableError("reset"),
                           wires.now);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(wires.Send(Message(absl::StrCat(i))).ok());
    EXPECT_FALSE(wires.socket.FillTransmit(wires.dialed, &batch, 1 << 20));
  }
  EXPECT_LE(wires.socket.peer_stats(wires.socket.peer(dialer))->unsent_messages, 2u);
}

TEST_F(ConflateTest, PushTakesTurnsAllTheSame) {
  Socket& push = Bound(SocketType::kPush, kConflate);
  Socket& one = Connected(SocketType::kPull);
  Socket& two = Connected(SocketType::kPull);
  SendRow(push, "m", 4);
  EXPECT_THAT(net_.Received(one), ElementsAre("m3"));
  EXPECT_THAT(net_.Received(two), ElementsAre("m4"));
}

// Closing waits for the message that is held.
TEST_F(ConflateTest, CloseWritesTheNewest) {
  Socket& pull = Bound(SocketType::kPull);
  Socket& push = Connected(SocketType::kPush, kConflate);
  SendRow(push, "m", 2);
  push.Close(absl::Seconds(1), net_.now);
  EXPECT_THAT(net_.Received(pull), ElementsAre("m2"));
  EXPECT_TRUE(push.drained());
}

// A receiver hands out the newest of each peer, and reads on whatever its mark.
TEST_F(ConflateTest, PullReceivesTheNewest) {
  SocketOptions options = kConflate;
  options.receive_mark = {.messages = 2, .bytes = 0};
  Socket& pull = Bound(SocketType::kPull, options);
  Socket& one = Connected(SocketType::kPush);
  Socket& two = Connected(SocketType::kPush);
  for (int turn = 0; turn < 5; ++turn) {
    SendRow(one, absl::StrCat("one", turn), 3);
    net_.Run();
  }
  SendRow(two, "two", 2);
  EXPECT_THAT(net_.Received(pull), UnorderedElementsAre("one43", "two2"));
  EXPECT_EQ(pull.stats().dropped, 15u);
  EXPECT_THAT(net_.Received(pull), IsEmpty());
}

// What was looked at is what is received, though a newer one came.
TEST_F(ConflateTest, PeekStands) {
  Socket& pull = Bound(SocketType::kPull, kConflate);
  Socket& push = Connected(SocketType::kPush);
  SendRow(push, "old", 1);
  net_.Run();
  ASSERT_NE(pull.Peek(nullptr, net_.now), nullptr);
  SendRow(push, "new", 2);
  EXPECT_THAT(net_.Received(pull), ElementsAre("old1", "new2"));
}

// The newest of a peer that is gone is still received, and nothing of it is kept after that.
TEST_F(ConflateTest, TheLastWordOfAPeer) {
  Socket& pull = Bound(SocketType::kPull, kConflate);
  Socket& push = Connected(SocketType::kPush);
  SendRow(push, "m", 2);
  net_.Run();
  push.Close(absl::ZeroDuration(), net_.now);
  net_.Run();
  EXPECT_EQ(pull.ready_peers(), 0u);
  EXPECT_THAT(net_.Received(pull), ElementsAre("m2"));
}

// Both directions; several parts stay together.
TEST_F(ConflateTest, DealerBothWays) {
  Socket& plain = Bound(SocketType::kDealer);
  Socket& dealer = Connected(SocketType::kDealer, kConflate);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(net_.Send(dealer, Message({"out", absl::StrCat(i)})).ok());
    ASSERT_TRUE(net_.Send(plain, Message({"in", absl::StrCat(i)})).ok());
  }
  EXPECT_THAT(net_.Received(plain), ElementsAre("out|2"));
  EXPECT_THAT(net_.Received(dealer), ElementsAre("in|2"));
}

// A publisher keeps the newest for each subscriber, of what that one subscribed to.
TEST_F(ConflateTest, PubSendsTheNewestMatch) {
  Socket& pub = Bound(SocketType::kPub, kConflate);
  Socket& everything = Connected(SocketType::kSub);
  Socket& apples = Connected(SocketType::kSub);
  ASSERT_TRUE(everything.Subscribe("", net_.now).ok());
  ASSERT_TRUE(apples.Subscribe("apple", net_.now).ok());
  net_.Run();
  SendRow(pub, "apple", 2);
  SendRow(pub, "pear", 2);
  EXPECT_THAT(net_.Received(everything), ElementsAre("pear2"));
  EXPECT_THAT(net_.Received(apples), ElementsAre("apple2"));
  EXPECT_EQ(pub.stats().dropped, 4u);
}

// SUB-4 first: what no subscription matches any more takes no message's place.
TEST_F(ConflateTest, SubFiltersBeforeItKeeps) {
  Socket& pub = Bound(SocketType::kPub);
  Socket& sub = Connected(SocketType::kSub, kConflate);
  ASSERT_TRUE(sub.Subscribe("a", net_.now).ok());
  ASSERT_TRUE(sub.Subscribe("b", net_.now).ok());
  net_.Run();
  SendRow(pub, "a", 2);
  SendRow(pub, "b", 2);
  // The publisher does not know of it yet.
  ASSERT_TRUE(sub.Unsubscribe("b", net_.now).ok());
  EXPECT_THAT(net_.Received(sub), ElementsAre("a2"));
}

// SUB-3: what is kept is not given out once its subscription is cancelled; it counts as dropped.
TEST_F(ConflateTest, SubCancelsWhatItKeeps) {
  Socket& pub = Bound(SocketType::kPub);
  Socket& sub = Connected(SocketType::kSub, kConflate);
  ASSERT_TRUE(sub.Subscribe("a", net_.now).ok());
  ASSERT_TRUE(sub.Subscribe("b", net_.now).ok());
  net_.Run();
  ASSERT_TRUE(net_.Send(pub, Message("a1")).ok());
  net_.Run();
  ASSERT_TRUE(sub.Unsubscribe("a", net_.now).ok());
  EXPECT_THAT(net_.Received(sub), IsEmpty());
  EXPECT_EQ(sub.stats().dropped, 1u);
  ASSERT_TRUE(net_.Send(pub, Message("b1")).ok());
  EXPECT_THAT(net_.Received(sub), ElementsAre("b1"));
}

// A close lets go of what is kept.
TEST_F(ConflateTest, NothingIsKeptAfterClose) {
  Socket& dealer = Bound(SocketType::kDealer, kConflate);
  Socket& other = Connected(SocketType::kDealer);
  ASSERT_TRUE(net_.Send(other, Message(std::string(200, 'a'))).ok());
  net_.Run();
  EXPECT_GT(net_.held_octets(), 0);
  dealer.Close(absl::Seconds(1), net_.now);
  net_.Run();
  EXPECT_EQ(net_.held_octets(), 0);
}

// What was taken is written before a link that goes singly, as without the option.
TEST_F(ConflateTest, LeavingWritesTheNewest) {
  for (const bool conflate : {false, true}) {
    for (const bool dials : {true, false}) {
      Net net;
      Socket& push = net.Make(SocketType::kPush, {.conflate = conflate});
      Socket& pull = net.Make(SocketType::kPull);
      net.Bind(dials ? pull : push, "a");
      net.Run();
      const DialerId dialer = net.Connect(dials ? push : pull, "a");
      net.Run();
      ASSERT_TRUE(net.Send(push, Message("m")).ok());
      if (dials) {
        ASSERT_TRUE(push.Disconnect(dialer, net.now).ok());
      } else {
        net.Unbind(push);
      }
      EXPECT_THAT(net.Received(pull), ElementsAre("m")) << conflate << dials;
    }
  }
}

// What those who are gone left is bounded by the mark, messages and octets: the oldest goes first.
TEST_F(ConflateTest, WhatThoseWhoAreGoneLeftIsBounded) {
  for (const Mark& mark : {Mark{.messages = 2, .bytes = 0}, Mark{.messages = 0, .bytes = 10}}) {
    SocketOptions options = kConflate;
    options.receive_mark = mark;
    Wires wires(SocketType::kPull, options);
    wires.Come(PeerGreeting() + PeerReady("PUSH") + std::string("\0\4here", 6));
    for (int i = 1000; i < 2000; ++i) {
      const std::string word = absl::StrCat(std::string("\0\4", 2), i);
      wires.HangUp(wires.Come(PeerGreeting() + PeerReady("PUSH") + word));
    }
    EXPECT_THAT(wires.Received(), ElementsAre("here", "1998", "1999"));
    EXPECT_EQ(wires.socket.stats().dropped, 998u);
    // Once taken they count no more.
    for (const char* word : {"\1a", "\1b"}) {
      wires.HangUp(wires.Come(PeerGreeting() + PeerReady("PUSH") + std::string(1, '\0') + word));
    }
    EXPECT_THAT(wires.Received(), ElementsAre("a", "b"));
    EXPECT_EQ(wires.socket.stats().dropped, 998u);
  }
}

}  // namespace
}  // namespace monocoque
