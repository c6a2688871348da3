// A dialer's peer that is there for sending only while it has a link (libzmq: IMMEDIATE).
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

SocketOptions Immediate() { return {.link = {.immediate = true}}; }

// Nothing waits for a peer that never was there, nor during its handshake; the message stays with
// the caller.
TEST(ImmediateTest, NothingWaitsForAHandshake) {
  Net net;
  Socket& push = net.Make(SocketType::kPush, Immediate());
  net.Connect(push, "a");
  net.Run();
  EXPECT_FALSE(push.CanSend());
  Message kept("kept");
  EXPECT_EQ(push.Send(&kept, net.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(kept.text(), "kept");
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  net.Run();
  net.Advance(absl::Seconds(1));
  EXPECT_TRUE(push.CanSend());
  ASSERT_TRUE(push.Send(&kept, net.now).ok());
  EXPECT_THAT(net.Received(pull), ElementsAre("kept"));
}

// All goes to the peer that is there.
TEST(ImmediateTest, TurnsSkipWhoIsNotThere) {
  Net net;
  Socket& pull = net.Make(SocketType::kPull);
  net.Bind(pull, "a");
  net.Run();
  Socket& push = net.Make(SocketType::kPush, Immediate());
  net.Connect(push, "nobody");
  net.Connect(push, "a");
  net.Run();
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(net.Send(push, Message(text)).ok());
  EXPECT_THAT(net.Received(pull), ElementsAre("1", "2", "3"));
}

// What had not begun when the link died is lost, and counted, in the event too; the next link
// begins empty.
TEST(ImmediateTest, NothingIsKeptForTheNextLink) {
  for (const bool conflate : {false, true}) {
    Net net;
    Socket& pull = net.Make(SocketType::kPull);
    net.Bind(pull, "a");
    net.Run();
    SocketOptions options = Immediate();
    options.conflate = conflate;
    Socket& push = net.Make(SocketType::kPush, options);
    net.Connect(push, "a");
    net.Run();
    net.HoldBatches(true);
    ASSERT_TRUE(net.Send(push, Message("written to nowhere")).ok());
    net.Run();
    ASSERT_TRUE(net.Send(push, Message("behind it")).ok());
    net.CutAll();
    EXPECT_FALSE(push.CanSend());
    net.HoldBatches(false);
    net.Run();
    EXPECT_EQ(push.stats().lost, 2u);
    std::uint64_t told = 0;
    for (const SocketEvent& event : net.events(push)) told += event.lost_messages;
    EXPECT_EQ(told, 2u);
    net.Advance(absl::Seconds(2));
    EXPECT_EQ(push.ready_peers(), 1u);
    EXPECT_THAT(net.Received(pull), IsEmpty());
    ASSERT_TRUE(net.Send(push, Message("anew")).ok());
    EXPECT_THAT(net.Received(pull), ElementsAre("anew"));
  }
}

// Each Connect has its own say.
TEST(ImmediateTest, OneDialerOfTwo) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  net.Connect(push, "first", {.immediate = true});
  EXPECT_FALSE(push.CanSend());
  net.Connect(push, "second");
  EXPECT_TRUE(push.CanSend());
}

}  // namespace
}  // namespace monocoque
