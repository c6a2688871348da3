// What a close says came of what was sent.
#include "adapters/net/endpoint_wishes.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/socket_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/poll_reactor.h"

namespace monocoque::net {
namespace {

using ::monocoque::testing::PollLoop;
using ::monocoque::testing::PollReactor;
using ::testing::AllOf;
using ::testing::HasSubstr;

class EndpointWishesTest : public ::testing::Test {
 protected:
  void Send(const std::string& text) {
    Message message(text);
    ASSERT_TRUE(loop_.RunUntil([&] { return push_.driver().Send(&message).ok(); }));
  }
  void Connect(PollReactor* to, bool listens = true) {
    const std::string at = *to->driver().Bind("tcp://127.0.0.1:*");
    if (!listens) {
      ASSERT_TRUE(to->driver().Unbind(at).ok());
    }
    ASSERT_TRUE(push_.driver().Connect(at).ok());
  }
  // A dialer that a message waits for, and that gives up.
  void GiveUp() {
    Connect(&rep_);
    Send("waits");
    ASSERT_TRUE(loop_.RunUntil([&] { return push_.driver().machine().stats().abandoned == 1; }));
  }
  absl::Status Close(absl::Duration linger) {
    push_.driver().StartClose(linger);
    EXPECT_TRUE(loop_.RunUntil([&] { return push_.driver().closed(); }));
    return push_.driver().CloseResult();
  }

  PollLoop loop_;
  PollReactor push_{&loop_, SocketType::kPush, {}};
  PollReactor rep_{&loop_, SocketType::kRep, {}};
  PollReactor pull_{&loop_, SocketType::kPull, {}};
};

TEST_F(EndpointWishesTest, ACloseTellsWhatADialerThatGaveUpHad) {
  GiveUp();
  const absl::Status closed = Close(absl::Seconds(10));
  EXPECT_TRUE(absl::IsInvalidArgument(closed)) << closed;
  EXPECT_THAT(std::string(closed.message()), HasSubstr("close: 1 message was lost: "));
}

// It is long ago for a socket that went on with somebody else.
TEST_F(EndpointWishesTest, ACloseSpeaksOfItself) {
  GiveUp();
  Connect(&pull_);
  Send("last");
  Message got;
  ASSERT_TRUE(loop_.RunUntil([&] { return pull_.driver().Receive(&got); }));
  EXPECT_TRUE(Close(absl::Seconds(10)).ok()) << push_.driver().CloseResult();
}

TEST_F(EndpointWishesTest, ACloseOutOfTimeSpeaksOfItself) {
  GiveUp();
  Connect(&pull_, /*listens=*/false);
  Send("last");
  const absl::Status closed = Close(absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(closed)) << closed;
  EXPECT_THAT(std::string(closed.message()), HasSubstr("1 message was not sent in time"));
}

// One dialer gave up, another had too little time: more of it would have helped.
TEST_F(EndpointWishesTest, ACloseTellsOfBothWaysToLose) {
  Connect(&rep_);
  Connect(&pull_, /*listens=*/false);
  Send("to one");
  Send("to the other");
  const absl::Status closed = Close(absl::Milliseconds(200));
  EXPECT_TRUE(absl::IsDeadlineExceeded(closed)) << closed;
  EXPECT_THAT(std::string(closed.message()),
              AllOf(HasSubstr("close: 1 message was not sent in time; 1 message was lost: "),
                    HasSubstr("PUSH")));
}

}  // namespace
}  // namespace monocoque::net
