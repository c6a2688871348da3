// A write failed, and nobody has said yet that the stream is over.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The socket's next batch comes back, and nothing of it left.
void FailAWrite(Net& net, Socket& socket) {
  LinkId link;
  ASSERT_TRUE(socket.NextTransmitLink(&link));
  TransmitBatch batch;
  ASSERT_TRUE(socket.FillTransmit(link, &batch, 1 << 20));
  socket.ReturnBatch(link, std::move(batch), 0, absl::UnavailableError("reset"), net.now);
}

// TR-3: of a dialer it waits for the next link, whoever the pattern gives it to.
TEST(FailedWritesTest, WhatIsSentBehindOneGoesOn) {
  const std::pair<SocketType, SocketType> pairs[] = {{SocketType::kPush, SocketType::kPull},
                                                     {SocketType::kDealer, SocketType::kDealer},
                                                     {SocketType::kXSub, SocketType::kXPub},
                                                     {SocketType::kPair, SocketType::kPair}};
  for (const auto& [from, to] : pairs) {
    Net net;
    Socket& sink = net.Make(to);
    net.Bind(sink, "a");
    Socket& source = net.Make(from);
    net.Connect(source, "a");
    net.Run();
    ASSERT_TRUE(net.Send(source, Message("one")).ok());
    FailAWrite(net, source);
    ASSERT_TRUE(net.Send(source, Message("two")).ok());
    net.Run();
    EXPECT_THAT(net.Received(sink), IsEmpty());
    net.CutAll();
    net.Advance(absl::Seconds(2));
    EXPECT_THAT(net.Received(sink), ElementsAre("one", "two"));
    EXPECT_EQ(source.stats().lost, 0u);
    EXPECT_EQ(source.stats().dropped, 0u);
  }
}

// ALL-6: of a listener there is none: others get it, or it waits for them.
TEST(FailedWritesTest, OthersComeFirst) {
  Net net;
  Socket& push = net.Make(SocketType::kPush);
  net.Bind(push, "a");
  Socket& pull = net.Make(SocketType::kPull);
  net.Connect(pull, "a");
  net.Run();
  ASSERT_TRUE(net.Send(push, Message("one")).ok());
  FailAWrite(net, push);
  EXPECT_FALSE(push.CanSend());
  EXPECT_TRUE(absl::IsUnavailable(net.Send(push, Message("two"))));
  Socket& other = net.Make(SocketType::kPull);
  net.Connect(other, "a");
  net.Run();
  ASSERT_TRUE(net.Send(push, Message("three")).ok());
  ASSERT_TRUE(net.Send(push, Message("four")).ok());
  net.Run();
  EXPECT_THAT(net.Received(other), ElementsAre("three", "four"));
}

// ALL-2: what is for that peer and nobody else is lost with it, and counted, and nobody waits.
TEST(FailedWritesTest, WhatIsAddressedIsLostWithTheLink) {
  for (const SocketType type : {SocketType::kRouter, SocketType::kRep}) {
    Net net;
    Socket& server = net.Make(type);
    net.Bind(server, "a");
    Socket& client = net.Make(type == SocketType::kRep ? SocketType::kReq : SocketType::kDealer);
    net.Connect(client, "a");
    net.Run();
    ASSERT_TRUE(net.Send(client, Message("question")).ok());
    net.Run();
    Message message;
    ASSERT_TRUE(server.Receive(&message, nullptr, net.now));
    Message answer = message;
    if (type == SocketType::kRouter) {
      ASSERT_TRUE(server.Send(&answer, net.now).ok());
      FailAWrite(net, server);
      answer = message;
      EXPECT_TRUE(server.Send(&answer, net.now).ok());
    } else {
      // A PING's answer, say: it is not the reply that failed.
      const LinkId link = net.events(server).back().link;
      ASSERT_TRUE(server.Donate(link, Slice::Copy(std::string("\4\7\4PING\0\0", 9)), net.now).ok());
      server.Process(10, net.now);
      FailAWrite(net, server);
      EXPECT_TRUE(server.Send(&answer, net.now).ok());
    }
    net.CutAll();
    net.Run();
    EXPECT_EQ(server.stats().lost, type == SocketType::kRouter ? 2u : 1u);
    EXPECT_EQ(server.stats().dropped, 0u);
  }
}

}  // namespace
}  // namespace monocoque
