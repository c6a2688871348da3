#ifndef MONOCOQUE_TESTS_ADAPTERS_CORO_TALK_H_
#define MONOCOQUE_TESTS_ADAPTERS_CORO_TALK_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/coro/awaitables.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/socket.h"
#include "adapters/coro/task.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::coro {

// A PUSH and a PULL, joined.
struct Pipe {
  explicit Pipe(Loop* loop)
      : pull(loop->MakeSocket(SocketType::kPull)), push(loop->MakeSocket(SocketType::kPush)) {
    EXPECT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or("")).ok());
    EXPECT_TRUE(push.WaitReady(1, absl::Seconds(10)).ok());
  }
  Socket pull, push;
};

// A REP and a REQ, about to be.
struct Dialogue {
  explicit Dialogue(Loop* loop)
      : rep(loop->MakeSocket(SocketType::kRep)), req(loop->MakeSocket(SocketType::kReq)) {
    EXPECT_TRUE(req.Connect(rep.Bind("tcp://127.0.0.1:*").value_or("")).ok());
  }
  Socket rep, req;
};

inline Task<void> Echo(Socket& rep, int count) {
  for (int i = 0; i < count; ++i) {
    auto request = co_await rep.AsyncReceive();
    if (!request.ok()) co_return;
    (void)co_await rep.AsyncSend(*std::move(request));
  }
}

inline Task<int> Ask(Loop& loop, Socket& req, int count) {
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    if (i % 10 == 0) co_await loop.AsyncSleep(absl::Milliseconds(1));
    if (!(co_await req.AsyncSend(Message(absl::StrCat(i)))).ok()) break;
    auto reply = co_await req.AsyncReceive();
    if (reply.ok() && reply->text() == absl::StrCat(i)) ++answered;
  }
  co_return answered;
}

inline Task<void> AskInto(Loop& loop, Socket& req, int count, int* answered) {
  *answered = co_await Ask(loop, req, count);
}

}  // namespace monocoque::coro

#endif  // MONOCOQUE_TESTS_ADAPTERS_CORO_TALK_H_
