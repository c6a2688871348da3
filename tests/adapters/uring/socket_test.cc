#include "adapters/uring/socket.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "adapters/uring/awaitables.h"
#include "adapters/uring/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/adapters/uring/kernel_version.h"

namespace monocoque::uring {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);

Message Must(absl::StatusOr<Message> message) {
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : Message();
}

// One run for each way to receive, where this kernel has it.
class SocketTest : public ::testing::TestWithParam<ReadMethod> {
 protected:
  SocketTest() : loop_({.best_read_method = GetParam()}) {}
  void SetUp() override {
    if (!KernelHas(GetParam())) GTEST_SKIP() << "this kernel is too old for it";
  }
  Loop loop_;
};

TEST_P(SocketTest, TheMethodAskedForIsInUse) {
  ASSERT_TRUE(loop_.status().ok()) << loop_.status();
  ASSERT_EQ(loop_.read_method(), GetParam());
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  auto at = pull.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(at.ok()) << at.status();
  auto push = loop_.Push(*at);
  ASSERT_TRUE(push.ok());
  ASSERT_TRUE(push->Send("hello").ok());
  EXPECT_EQ(Must(pull.Receive(kSoon)).text(), "hello");
  const LoopStats& stats = loop_.stats();
  EXPECT_EQ(stats.reads_incremental > 0, GetParam() == ReadMethod::kIncremental);
  EXPECT_EQ(stats.reads_bundle > 0, GetParam() == ReadMethod::kBundle);
  EXPECT_EQ(stats.reads_one_shot > 0, GetParam() == ReadMethod::kOneShot);
}

// Many messages of many sizes keep their order and their octets.
TEST_P(SocketTest, ManySizes) {
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  const std::string at = *pull.Bind("ipc://@monocoque-many-sizes");
  Socket push = loop_.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(at).ok());
  constexpr std::size_t kSizes[] = {0, 1, 79, 80, 81, 255, 256, 2048, 2049, 70000, 1 << 20};
  int received = 0;
  auto check = [&](const Message& m) {
    const std::size_t size = kSizes[static_cast<std::size_t>(received) % std::size(kSizes)];
    ASSERT_EQ(m.size(), size) << received;
    ASSERT_TRUE(m.text() == std::string(size, static_cast<char>('a' + received % 26))) << received;
    ++received;
  };
  Message m;
  constexpr int kCount = 500;
  for (int sent = 0; sent < kCount; ++sent) {
    const std::size_t size = kSizes[static_cast<std::size_t>(sent) % std::size(kSizes)];
    ASSERT_TRUE(
        push.Send(Message(std::string(size, static_cast<char>('a' + sent % 26))), kSoon).ok());
    while (pull.TryReceive(&m)) check(m);
  }
  push.Flush();
  while (received < kCount) check(Must(pull.Receive(kSoon)));
}

TEST_P(SocketTest, RequestReply) {
  Socket rep = loop_.MakeSocket(SocketType::kRep);
  const std::string at = *rep.Bind("tcp://*:0");
  auto req = loop_.Req(absl::StrCat("tcp://127.0.0.1", at.substr(at.rfind(':'))));
  ASSERT_TRUE(req.ok());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(req->Send(Message({"question", absl::StrCat(i)})).ok());
    Message question = Must(rep.Receive(kSoon));
    ASSERT_EQ(question.part_count(), 2u);
    ASSERT_TRUE(rep.Send(absl::StrCat("answer ", question[1].text())).ok());
    EXPECT_EQ(Must(req->Receive(kSoon)).text(), absl::StrCat("answer ", i));
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, SocketTest,
                         ::testing::Values(ReadMethod::kIncremental, ReadMethod::kBundle,
                                           ReadMethod::kOneShot),
                         [](const auto& param) {
                           return param.param == ReadMethod::kIncremental ? "Incremental"
                                  : param.param == ReadMethod::kBundle    ? "Bundle"
                                                                          : "OneShot";
                         });

// TR-5: connecting before anybody listens; what was sent arrives once somebody does.
TEST(LoopTest, ConnectBeforeBind) {
  Loop loop;
  SocketOptions options;
  options.link.reconnect.interval = absl::Milliseconds(5);
  Socket push = loop.MakeSocket(SocketType::kPush, options);
  ASSERT_TRUE(push.Connect("ipc://@monocoque-before-bind").ok());
  ASSERT_TRUE(push.Send("early").ok());
  loop.RunOnce(absl::Milliseconds(20));
  Socket pull = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("ipc://@monocoque-before-bind").ok());
  EXPECT_EQ(Must(pull.Receive(kSoon)).text(), "early");
}

// ALL-1: the queue survives; the listener comes back and gets what was sent meanwhile.
TEST(LoopTest, ReconnectAfterTheListenerIsGone) {
  Loop loop;
  SocketOptions options;
  options.link.reconnect.interval = absl::Milliseconds(5);
  Socket push = loop.MakeSocket(SocketType::kPush, options);
  auto pull = std::make_unique<Socket>(loop.MakeSocket(SocketType::kPull));
  const std::string at = *pull->Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(push.Connect(at).ok());
  ASSERT_TRUE(push.Send("one").ok());
  EXPECT_EQ(Must(pull->Receive(kSoon)).text(), "one");
  pull.reset();
  ASSERT_TRUE(push.WaitReady(1, kSoon).ok());
  while (push.core().ready_peers() > 0) loop.RunOnce(kSoon);
  ASSERT_TRUE(push.Send("two").ok());
  Socket again = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(again.Bind(at).ok());
  EXPECT_EQ(Must(again.Receive(kSoon)).text(), "two");
  EXPECT_EQ(push.stats().reconnects, 1u);
}

TEST(LoopTest, ErrorsSayWhatToDo) {
  Loop loop;
  Socket one = loop.MakeSocket(SocketType::kPull);
  Socket two = loop.MakeSocket(SocketType::kPull);
  const std::string at = *one.Bind("tcp://127.0.0.1:*");
  const auto taken = two.Bind(at);
  EXPECT_THAT(std::string(taken.status().message()), ::testing::HasSubstr("address in use"));
  EXPECT_FALSE(two.Bind("tcp://127.0.0.1").ok());
  EXPECT_FALSE(two.Connect("tcp://127.0.0.1:*").ok());
  EXPECT_FALSE(two.Bind("ipc:///no/such/directory/socket").ok());
  EXPECT_EQ(two.Send("never").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(two.Receive(absl::Milliseconds(1)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

// E-14: a file that is no dead socket is never removed; a dead socket's is.
TEST(LoopTest, SocketFiles) {
  std::string directory = "/tmp/monocoque-test-XXXXXX";  // a socket's path must be short
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/s";
  Loop loop;
  {
    Socket first = loop.MakeSocket(SocketType::kPull);
    ASSERT_TRUE(first.Bind("ipc://" + path).ok());
    Socket second = loop.MakeSocket(SocketType::kPull);
    EXPECT_FALSE(second.Bind("ipc://" + path).ok());
  }
  Socket third = loop.MakeSocket(SocketType::kPull);
  EXPECT_TRUE(third.Bind("ipc://" + path).ok());
  EXPECT_EQ(third.Close(kSoon), absl::OkStatus());
  EXPECT_NE(rmdir(directory.c_str()), -1) << "the socket file is left behind";
}

// TR-6: closing writes what was sent.
TEST(LoopTest, CloseLingers) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string at = *pull.Bind("tcp://127.0.0.1:*");
  auto push = loop.Push(at);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(push->Send(absl::StrCat(i)).ok());
  EXPECT_TRUE(push->Close(kSoon).ok());
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(Must(pull.Receive(kSoon)).text(), absl::StrCat(i));
}

// Nobody ever comes: the linger time ends it, and the loss is said.
TEST(LoopTest, LingerEnds) {
  Loop loop;
  auto push = loop.Push("ipc://@monocoque-nobody");
  ASSERT_TRUE(push->Send("lost").ok());
  EXPECT_EQ(push->Close(absl::Milliseconds(30)).code(), absl::StatusCode::kDeadlineExceeded);
}

Task<void> Echo(Socket& rep, int count) {
  for (int i = 0; i < count; ++i) {
    auto request = co_await rep.AsyncReceive();
    if (!request.ok()) co_return;
    (void)co_await rep.AsyncSend(*std::move(request));
  }
}

Task<int> Ask(Loop& loop, Socket& req, int count) {
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    if (i % 10 == 0) co_await loop.AsyncSleep(absl::Milliseconds(1));
    if (!(co_await req.AsyncSend(Message(absl::StrCat(i)))).ok()) break;
    auto reply = co_await req.AsyncReceive();
    if (reply.ok() && reply->text() == absl::StrCat(i)) ++answered;
  }
  co_return answered;
}

TEST(LoopTest, Coroutines) {
  Loop loop;
  Socket rep = loop.MakeSocket(SocketType::kRep), req = loop.MakeSocket(SocketType::kReq);
  ASSERT_TRUE(req.Connect(*rep.Bind("tcp://127.0.0.1:*")).ok());
  loop.Spawn(Echo(rep, 100));
  EXPECT_EQ(loop.RunUntil(Ask(loop, req, 100)), 100);
}

// Destroying a coroutine that waits loses no message.
TEST(LoopTest, CancellingLosesNothing) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  auto push = loop.Push(*pull.Bind("tcp://127.0.0.1:*"));
  {
    Task<void> waiting = Echo(pull, 1);
    waiting.Resume();
    loop.RunOnce(absl::Milliseconds(1));
  }
  ASSERT_TRUE(push->Send("kept").ok());
  EXPECT_EQ(Must(pull.Receive(kSoon)).text(), "kept");
}

// Everything may be destroyed with operations outstanding.
TEST(LoopTest, DestroyedWithOperationsOutstanding) {
  for (int turns = 0; turns < 12; ++turns) {
    Loop loop;
    Socket rep = loop.MakeSocket(SocketType::kRep);
    Socket req = loop.MakeSocket(SocketType::kReq);
    ASSERT_TRUE(req.Connect(*rep.Bind("tcp://127.0.0.1:*")).ok());
    ASSERT_TRUE(req.Connect("tcp://localhost:1").ok());
    loop.Spawn(Echo(rep, 100));
    (void)req.Send("x");
    for (int i = 0; i < turns; ++i) loop.RunOnce(absl::Milliseconds(1));
    if (turns % 2 == 0) {
      const Socket gone = std::move(rep);
    }
  }
}

TEST(LoopTest, WaitAnyAndSpinOff) {
  Loop loop({.spin = absl::ZeroDuration()});
  Socket a = loop.MakeSocket(SocketType::kPull), b = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(a.Bind("tcp://127.0.0.1:*").ok());
  auto push = loop.Push(*b.Bind("tcp://127.0.0.1:*"));
  ASSERT_TRUE(push->Send("b").ok());
  EXPECT_EQ(*loop.WaitAny({&a, &b}, kSoon), 1u);
  EXPECT_EQ(Must(b.Receive(kSoon)).text(), "b");
  EXPECT_FALSE(loop.WaitAny({&a, &b}, absl::Milliseconds(1)).ok());
  EXPECT_EQ(loop.stats().spins, 0u);
}

}  // namespace
}  // namespace monocoque::uring
