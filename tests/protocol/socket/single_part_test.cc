// The types whose messages have one part: CLIENT, SERVER, SCATTER, GATHER, PEER, CHANNEL (RFC 41,
// 49, 51, 52).
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum SocketType;

// ALL-10, CLIENT-3, SERVER-6, GATHER-2, PEER-2, CHANNEL-2: several parts from the wire are dropped
// whole and counted; the link stays, and what follows is received.
TEST(SinglePartTest, SeveralPartsAreDroppedWhole) {
  struct Case {
    SocketType type;
    std::string_view peer;
  };
  for (const Case& c : {Case{kClient, "SERVER"}, Case{kServer, "CLIENT"}, Case{kGather, "SCATTER"},
                        Case{kPeer, "PEER"}, Case{kChannel, "CHANNEL"}}) {
    Wires wires(c.type);
    const LinkId link = wires.Accept(PeerGreeting() + PeerReady(c.peer));
    wires.Say(link, Hex("0101 61 0101 62 0001 63") + Hex("0003 6f6e65") + Hex("0100 0000"));
    EXPECT_THAT(wires.Received(), ElementsAre("one")) << c.peer;
    EXPECT_EQ(wires.socket.stats().dropped, 2u);
    EXPECT_FALSE(wires.closed(link));
  }
}

// ALL-10: and none goes out; the message stays with the caller.
TEST(SinglePartTest, SeveralPartsAreRefused) {
  for (const SocketType type : {kClient, kServer, kScatter, kPeer, kChannel}) {
    Net net;
    Socket& socket = net.Make(type);
    net.Connect(socket, "a");
    Message message({"a", "b"});
    message.set_to_number(1);
    const absl::Status status = socket.Send(&message, net.now);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat(SocketTypeName(type), " sends messages of one part")));
    net.Run();
    const PeerId peer = net.events(socket).front().peer;
    EXPECT_EQ(socket.SendTo(peer, &message, net.now).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(message.part_count(), 2u);
    EXPECT_EQ(socket.stats().messages_sent, 0u);
  }
}

// SCATTER-1, SCATTER-2, GATHER-1, GATHER-2, ALL-5, ALL-6, ALL-7: around its peers, and fairly from
// them.
TEST(SinglePartTest, ScatterGoesAroundAndGatherIsFair) {
  Net net;
  Socket& scatter = net.Make(kScatter);
  Message kept("kept");
  EXPECT_EQ(scatter.Send(&kept, net.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(kept.text(), "kept");
  net.Bind(scatter, "s");
  net.Run();
  Socket& one = net.Make(kGather);
  Socket& two = net.Make(kGather);
  Socket& calm = net.Make(kScatter);
  net.Connect(one, "s");
  net.Connect(two, "s");
  net.Bind(one, "g");
  net.Run();
  net.Connect(calm, "g");
  net.Run();
  for (const char* text : {"1", "2", "3", "4", "5"}) {
    ASSERT_TRUE(net.Send(scatter, Message(text)).ok());
  }
  ASSERT_TRUE(net.Send(calm, Message("c")).ok());
  EXPECT_THAT(net.Received(one), ElementsAre("1", "c", "3", "5"));
  EXPECT_THAT(net.Received(two), ElementsAre("2", "4"));
  EXPECT_THAT(std::string(scatter.ReceiveStatus().message()), HasSubstr("SCATTER only sends"));
  EXPECT_THAT(std::string(net.Send(one, Message("x")).message()),
              HasSubstr("GATHER only receives"));
  EXPECT_FALSE(one.CanSend());
}

// What comes in at a SCATTER is read and dropped.
TEST(SinglePartTest, ScatterDropsInput) {
  Wires wires(kScatter);
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("GATHER"));
  wires.Say(link, Hex("0001 61 0001 62"));
  EXPECT_THAT(wires.Received(), IsEmpty());
  EXPECT_EQ(wires.socket.stats().dropped, 2u);
}

// CHANNEL-1, CHANNEL-2, CHANNEL-3, ALL-7: one peer, freely both ways; a second is refused and may
// come once the first is gone.
TEST(SinglePartTest, ChannelHasOnePeer) {
  Net net;
  Socket& channel = net.Make(kChannel);
  EXPECT_EQ(net.Send(channel, Message("x")).code(), absl::StatusCode::kUnavailable);
  net.Bind(channel, "a");
  net.Run();
  Socket& first = net.Make(kChannel);
  Socket& second = net.Make(kChannel);
  net.Connect(first, "a");
  net.Run();
  net.Connect(second, "a");
  net.Run();
  EXPECT_EQ(channel.ready_peers(), 1u);
  bool refused = false;
  for (const SocketEvent& event : net.events(channel)) {
    refused = refused || event.status.message() == "CHANNEL has a peer already";
  }
  EXPECT_TRUE(refused);
  for (const char* text : {"1", "2"}) {
    ASSERT_TRUE(net.Send(channel, Message(text)).ok());
    ASSERT_TRUE(net.Send(first, Message(text)).ok());
  }
  EXPECT_THAT(net.Received(first), ElementsAre("1", "2"));
  EXPECT_THAT(net.Received(channel), ElementsAre("1", "2"));
  first.Close(absl::ZeroDuration(), net.now);
  net.Run();
  net.Advance(absl::Seconds(20));
  ASSERT_TRUE(net.Send(second, Message("my turn")).ok());
  EXPECT_THAT(net.Received(channel), ElementsAre("my turn"));
}

// PUSH-5: the same of PUSH, whose peers send nothing if they keep the rules.
TEST(SinglePartTest, PushDropsInputToo) {
  Wires wires(kPush, {.receive_mark = {.messages = 1, .bytes = 0}});
  const LinkId link = wires.Accept(PeerGreeting() + PeerReady("PULL"));
  for (int i = 0; i < 3; ++i) wires.Say(link, Hex("0001 61 0101 62 0001 63"));
  EXPECT_EQ(wires.socket.stats().dropped, 6u);
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
  ASSERT_TRUE(wires.Send(Message("m")).ok());
  EXPECT_EQ(wires.Told(link), "00016d");
}

}  // namespace
}  // namespace monocoque
