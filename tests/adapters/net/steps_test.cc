#include "adapters/net/steps.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/waiting.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/poll_reactor.h"

namespace monocoque::net {
namespace {

using ::monocoque::testing::PollLoop;
using ::monocoque::testing::PollReactor;
using ::testing::HasSubstr;

// A socket, and those who wait on it.
struct End {
  End(PollLoop* loop, SocketType type, const SocketOptions& options = {})
      : reactor(loop, type, options) {
    queues.set_driver(&reactor.driver());
  }
  PollReactor reactor;
  WaitQueues queues;
};

// A wait that nobody is told the end of.
class Silent final : public Waiter {
 public:
  bool Try(const WaitQueues& /*among*/) override { return false; }
  void Finish(absl::Status /*result*/) override {}
  void Complete() override {}
};

class StepsTest : public ::testing::Test {
 protected:
  void Join(End& binds, End& connects) {
    BindStep bind("ipc://*");
    ASSERT_TRUE(bind.Try(binds.queues) && bind.status.ok()) << bind.status;
    ConnectStep connect(bind.value);
    ASSERT_TRUE(connect.Try(connects.queues) && connect.status.ok()) << connect.status;
  }
  // Turns until it has its result.
  template <typename Step>
  bool Done(Step& step, const End& at) {
    return loop_.RunUntil([&] { return step.Try(at.queues); });
  }

  PollLoop loop_;
};

TEST_F(StepsTest, OneMessage) {
  End push(&loop_, SocketType::kPush);
  End pull(&loop_, SocketType::kPull);
  ReceiveStep receive;
  WaitReceiveStep wait;
  EXPECT_FALSE(receive.Try(pull.queues) || wait.Try(pull.queues));
  SendStep send(Message("early"));
  WaitSendStep room;
  EXPECT_FALSE(send.Try(push.queues) || room.Try(push.queues));
  Join(pull, push);
  ASSERT_TRUE(Done(room, push) && Done(send, push));
  EXPECT_TRUE(room.status.ok() && send.status.ok());
  ASSERT_TRUE(Done(wait, pull));
  ASSERT_TRUE(receive.Try(pull.queues)) << "it was said to be there";
  EXPECT_TRUE(wait.status.ok() && receive.status.ok());
  EXPECT_EQ(receive.value.text(), "early");
}

TEST_F(StepsTest, ManyMessages) {
  SocketOptions small;
  small.send_mark.messages = 2;
  End push(&loop_, SocketType::kPush, small);
  End pull(&loop_, SocketType::kPull);
  ConnectStep connect("ipc://@monocoque-steps-many");
  ASSERT_TRUE(connect.Try(push.queues));
  std::vector<Message> messages;
  for (const char* text : {"a", "b", "c", "d"}) messages.emplace_back(text);
  SendManyStep send(messages);
  EXPECT_FALSE(send.Try(push.queues));
  EXPECT_EQ(send.value, 2u);
  EXPECT_EQ(messages[2].text(), "c");
  BindStep bind("ipc://@monocoque-steps-many");
  ASSERT_TRUE(bind.Try(pull.queues));
  ASSERT_TRUE(Done(send, push));
  EXPECT_TRUE(send.status.ok());
  EXPECT_EQ(send.value, 4u);
  std::string got;
  while (got.size() < 4) {
    ReceiveManyStep receive(3);
    ASSERT_TRUE(Done(receive, pull));
    EXPECT_LE(receive.value.size(), 3u);
    for (const Message& message : receive.value) got += message.text();
  }
  EXPECT_EQ(got, "abcd");
}

TEST_F(StepsTest, WhatAPatternNeverDoes) {
  End push(&loop_, SocketType::kPush);
  End pull(&loop_, SocketType::kPull);
  SendStep send(Message("x"));
  WaitSendStep room;
  ASSERT_TRUE(send.Try(pull.queues) && room.Try(pull.queues));
  EXPECT_TRUE(absl::IsFailedPrecondition(send.status)) << send.status;
  EXPECT_TRUE(absl::IsFailedPrecondition(room.status)) << room.status;
  std::vector<Message> messages(2);
  SendManyStep many(messages);
  ASSERT_TRUE(many.Try(pull.queues));
  EXPECT_TRUE(absl::IsFailedPrecondition(many.status)) << many.status;
  EXPECT_EQ(many.value, 0u);
  ReceiveStep receive;
  WaitReceiveStep wait;
  ReceiveManyStep some(3);
  ASSERT_TRUE(receive.Try(push.queues) && wait.Try(push.queues) && some.Try(push.queues));
  for (const absl::Status& status : {receive.status, wait.status, some.status}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
}

// REQ may not receive before it has asked; but if the question only waits for room, it may wait.
TEST_F(StepsTest, OutOfTurnIsNotYetWhileASendWaits) {
  End req(&loop_, SocketType::kReq);
  ReceiveStep receive;
  {
    Silent question;
    req.queues.Add(&question, Place::kSenders);
    EXPECT_FALSE(receive.Try(req.queues));
  }
  ASSERT_TRUE(receive.Try(req.queues));
  EXPECT_TRUE(absl::IsFailedPrecondition(receive.status)) << receive.status;
}

TEST_F(StepsTest, WatchersSeeWhatHappens) {
  End push(&loop_, SocketType::kPush);
  End pull(&loop_, SocketType::kPull);
  WaitReadyStep ready(1);
  WaitReadyStep crowd(2);
  WaitEventStep event;
  bool holds = false;
  UntilStep until([&] { return holds; });
  EXPECT_FALSE(ready.Try(pull.queues) || event.Try(pull.queues) || until.Try(pull.queues));
  Join(pull, push);
  EXPECT_TRUE(Done(ready, pull) && Done(event, pull));
  EXPECT_FALSE(crowd.Try(pull.queues) || until.Try(pull.queues));
  holds = true;
  EXPECT_TRUE(until.Try(pull.queues));
  EXPECT_TRUE(ready.status.ok() && event.status.ok() && until.status.ok());
}

TEST_F(StepsTest, TheEnd) {
  End push(&loop_, SocketType::kPush);
  ConnectStep connect("ipc://@monocoque-steps-nobody");
  ASSERT_TRUE(connect.Try(push.queues));
  SendStep send(Message("to nobody"));
  ASSERT_TRUE(send.Try(push.queues));
  FlushStep flush;
  EXPECT_TRUE(flush.Try(push.queues) && flush.status.ok());
  CloseStep close(absl::Milliseconds(5));
  EXPECT_FALSE(close.Try(push.queues));
  push.reactor.driver().StartClose(close.linger);
  ASSERT_TRUE(Done(close, push));
  EXPECT_TRUE(absl::IsDeadlineExceeded(close.status));
  EXPECT_THAT(close.status.message(), HasSubstr("1 message was not sent"));
  // What is waited for then does not come any more.
  WaitReadyStep ready(1);
  UntilStep until([] { return false; });
  ASSERT_TRUE(ready.Try(push.queues) && until.Try(push.queues));
  EXPECT_TRUE(absl::IsCancelled(ready.status) && absl::IsCancelled(until.status));
}

TEST_F(StepsTest, EndpointsThatAreNone) {
  End pull(&loop_, SocketType::kPull);
  BindStep bind("nonsense");
  const LinkOptions options;
  ConnectStep connect({"nonsense", &options});
  ASSERT_TRUE(bind.Try(pull.queues) && connect.Try(pull.queues));
  EXPECT_TRUE(absl::IsInvalidArgument(bind.status)) << bind.status;
  EXPECT_TRUE(absl::IsInvalidArgument(connect.status)) << connect.status;
  EXPECT_EQ(bind.value, "");
}

}  // namespace
}  // namespace monocoque::net
