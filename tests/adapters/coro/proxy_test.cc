#include "adapters/coro/proxy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "adapters/coro/loop.h"
#include "gtest/gtest.h"
#include "tests/adapters/coro/runtimes.h"

namespace monocoque::coro {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);

Task<void> Pass(Socket& front, Socket& back, absl::Status* result) {
  *result = co_await Proxy(front, back);
}

Socket Connected(Loop* loop, SocketType type, const std::string& at) {
  Socket socket = loop->MakeSocket(type);
  EXPECT_TRUE(socket.Connect(at).ok());
  return socket;
}

class ProxyTest : public OnEachRuntime {};

// REP-3, REP-4, ROUTER-4, ROUTER-5: requests go to any worker, each reply finds its asker.
TEST_P(ProxyTest, RequestsAndReplies) {
  Loop& loop = NewLoop();
  Socket front = loop.MakeSocket(SocketType::kRouter);
  Socket back = loop.MakeSocket(SocketType::kDealer);
  const std::string clients = *front.Bind("tcp://127.0.0.1:*");
  const std::string workers = *back.Bind("ipc://*");
  absl::Status result = absl::UnknownError("still running");
  loop.Spawn(Pass(front, back, &result));
  Socket one = Connected(&loop, SocketType::kReq, clients);
  Socket two = Connected(&loop, SocketType::kReq, clients);
  Socket worker = Connected(&loop, SocketType::kRep, workers);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(one.Send(Message({absl::StrCat("one ", i), ""})).ok());
    ASSERT_TRUE(two.Send(absl::StrCat("two ", i)).ok());
    for (int served = 0; served < 2; ++served) {
      auto request = worker.Receive(kSoon);
      ASSERT_TRUE(request.ok()) << request.status();
      ASSERT_TRUE(worker.Send(absl::StrCat(request->text(), " done")).ok());
    }
    EXPECT_EQ(one.Receive(kSoon)->text(), absl::StrCat("one ", i, " done"));
    EXPECT_EQ(two.Receive(kSoon)->text(), absl::StrCat("two ", i, " done"));
  }
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.message(), "still running");
  ASSERT_TRUE(front.Close(absl::ZeroDuration()).ok());
  for (int i = 0; i < 100 && result.message() == "still running"; ++i) {
    loop.RunOnce(absl::Milliseconds(10));
  }
  EXPECT_EQ(result.code(), absl::StatusCode::kFailedPrecondition) << result;
}

// Patterns of one direction: it ends by itself too.
TEST_P(ProxyTest, OneWay) {
  for (const bool pull_first : {true, false}) {
    Loop& loop = NewLoop();
    Socket in = loop.MakeSocket(SocketType::kPull);
    Socket out = loop.MakeSocket(SocketType::kPush);
    Socket push = Connected(&loop, SocketType::kPush, *in.Bind("tcp://127.0.0.1:*"));
    Socket pull = Connected(&loop, SocketType::kPull, *out.Bind("tcp://127.0.0.1:*"));
    absl::Status result;
    loop.Spawn(pull_first ? Pass(in, out, &result) : Pass(out, in, &result));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(push.Send(absl::StrCat(i)).ok());
    push.Flush();
    for (int i = 0; i < 100; ++i) ASSERT_EQ(pull.Receive(kSoon)->text(), absl::StrCat(i));
  }
}

ON_EACH_RUNTIME(ProxyTest);

}  // namespace
}  // namespace monocoque::coro
