// inproc:// on libuv: within one loop, between loops on threads of their own, and with sockets of
// another adapter.
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "adapters/uv/socket.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/uv/fixture.h"
#include "tests/support/uv_loop.h"

namespace monocoque::uv {
namespace {

using InprocTest = UvTest;

constexpr absl::Duration kSoon = absl::Seconds(20);

// E-16: connect before bind. The loop lives as long as the sockets do, and sleeps when they do
// nothing.
TEST_F(InprocTest, OneLoop) {
  auto& req = Make(SocketType::kReq);
  auto& rep = Make(SocketType::kRep);
  ASSERT_TRUE(req->Connect("inproc://uv-one-loop").ok());
  ASSERT_TRUE(req->Send("question").ok());
  rep->OnMessage([&](const Message& m) {
    EXPECT_EQ(m.text(), "question");
    EXPECT_TRUE(rep->Send("answer").ok());
  });
  ASSERT_TRUE(rep->Bind("inproc://uv-one-loop").ok());
  std::string answer;
  req->OnMessage([&](const Message& m) {
    answer = std::string(m.text());
    uv_stop(loop());
  });
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_EQ(answer, "answer");
  loop_->RunFor(absl::Milliseconds(10));
  const int before = loop_->iterations();
  loop_->RunFor(absl::Milliseconds(100));
  EXPECT_LE(loop_->iterations() - before, 4) << "it spins";
  req->Close();
  rep->Close();
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_EQ(uv_loop_alive(loop()), 0);
}

// A large body that the message owns crosses as it is, however much is under way.
TEST_F(InprocTest, LargeBodiesAreNotCopied) {
  constexpr int kMessages = 100;
  auto& push = Make(SocketType::kPush);
  auto& pull = Make(SocketType::kPull);
  ASSERT_TRUE(pull->Bind("inproc://uv-large").ok());
  ASSERT_TRUE(push->Connect("inproc://uv-large").ok());
  std::vector<const char*> sent;
  std::vector<const char*> received;
  std::vector<Message> kept;
  pull->OnMessage([&](Message m) {
    received.push_back(m.text().data());
    kept.push_back(std::move(m));
  });
  for (int i = 0; i < kMessages; ++i) {
    Message message(std::string(50'000, 'x'));
    sent.push_back(message.text().data());
    ASSERT_TRUE(RunUntil([&] { return push->Send(&message).ok(); }));
  }
  EXPECT_TRUE(RunUntil([&] { return received.size() == sent.size(); }));
  EXPECT_EQ(received, sent);
}

TEST_F(InprocTest, BetweenThreads) {
  constexpr int kMessages = 20'000;
  std::thread sender([] {
    testing::UvLoop loop;
    Socket push(loop.get(), SocketType::kPush);
    ASSERT_TRUE(push.Connect("inproc://uv-threads").ok());
    for (int i = 0; i < kMessages; ++i) {
      Message message(std::to_string(i));
      ASSERT_TRUE(loop.RunUntil([&] { return push.Send(&message).ok(); }));
    }
    push.Close();
    EXPECT_TRUE(loop.RunOut());
  });
  auto& pull = Make(SocketType::kPull);
  ASSERT_TRUE(pull->Bind("inproc://uv-threads").ok());
  int received = 0;
  pull->OnMessage([&](const Message& m) { EXPECT_EQ(m.text(), std::to_string(received++)); });
  EXPECT_TRUE(RunUntil([&] { return received == kMessages; })) << received;
  sender.join();
}

TEST_F(InprocTest, BetweenAdapters) {
  std::thread other([] {
    uring::Loop loop;
    uring::Socket req = loop.MakeSocket(SocketType::kReq);
    ASSERT_TRUE(req.Connect("inproc://uv-adapters").ok());
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(req.Send(std::to_string(i), kSoon).ok());
      const auto reply = req.Receive(kSoon);
      ASSERT_TRUE(reply.ok()) << reply.status();
      EXPECT_EQ(reply->text(), std::to_string(i));
    }
  });
  auto& rep = Make(SocketType::kRep);
  int answered = 0;
  rep->OnMessage([&](Message m) {
    EXPECT_TRUE(rep->Send(&m).ok());
    ++answered;
  });
  ASSERT_TRUE(rep->Bind("inproc://uv-adapters").ok());
  EXPECT_TRUE(RunUntil([&] { return answered == 100 && rep->core().ready_peers() == 0; }));
  other.join();
}

// A socket keeps the loop alive while it listens, is connected or tries to be.
TEST_F(InprocTest, TheLoopEndsWhenNothingIsBoundOrConnectedAnyMore) {
  for (const char* at : {"ipc://*", "inproc://uv-for-a-while"}) {
    auto& pull = Make(SocketType::kPull);
    const auto bound = pull->Bind(at);
    ASSERT_TRUE(bound.ok());
    ASSERT_TRUE(pull->Unbind(*bound).ok());
    loop_->RunFor(absl::Milliseconds(50));
    EXPECT_EQ(uv_loop_alive(loop()), 0) << at;
    pull.reset();
    loop_->RunFor(absl::Milliseconds(10));
  }
}

}  // namespace
}  // namespace monocoque::uv
