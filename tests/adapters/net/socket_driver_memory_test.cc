// Memory that a budget refuses is asked for again in time, also if nothing else happens to the
// socket.
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/net/socket_driver.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/poll_reactor.h"

namespace monocoque::net {
namespace {

using ::monocoque::testing::PollLoop;
using ::monocoque::testing::PollReactor;

class SocketDriverMemoryTest : public ::testing::Test {
 protected:
  // A turn for each; what has come is kept. `looks`: nothing is taken that was not seen before.
  void Turn(PollReactor* pull, bool looks = false) {
    loop_.RunFor(absl::Milliseconds(1));
    SocketDriver& driver = pull->driver();
    for (Message message; (!looks || driver.CanReceive()) && driver.Receive(&message);) {
      kept_.push_back(std::move(message));
    }
  }

  PollLoop loop_;
  std::vector<Message> kept_;
};

// What the receiver keeps is the sender's memory.
TEST_F(SocketDriverMemoryTest, SendingGoesOnOnceItIsBack) {
  SocketOptions little;
  little.budget_bytes = 100'000;
  PollReactor push(&loop_, SocketType::kPush, little);
  PollReactor pull(&loop_, SocketType::kPull, {});
  ASSERT_TRUE(push.driver().Connect(*pull.driver().Bind("inproc://memory")).ok());
  // What is sent before there is a link waits beside the budget.
  ASSERT_TRUE(loop_.RunUntil([&] { return push.driver().machine().ready_peers() == 1; }));
  const std::string body(1500, 'b');
  int refused = 0;
  for (int i = 0; i < 500 && refused < 20; ++i) {
    Message message(body);
    const absl::Status sent = push.driver().Send(&message);
    ASSERT_TRUE(sent.ok() || absl::IsUnavailable(sent)) << sent;
    refused = sent.ok() ? 0 : refused + 1;
    if (refused > 0 || i % 35 == 34) Turn(&pull);
  }
  ASSERT_EQ(refused, 20);
  Message message(body);
  ASSERT_TRUE(absl::IsUnavailable(push.driver().Send(&message)));
  kept_.clear();
  EXPECT_TRUE(loop_.RunUntil([&] { return push.driver().machine().CanSend(); }));
  EXPECT_TRUE(push.driver().Send(&message).ok());
}

// What is kept has the memory for the next that comes.
TEST_F(SocketDriverMemoryTest, ReceivingGoesOnOnceItIsBack) {
  SocketOptions little;
  little.budget_bytes = 300 * 1024;
  little.receive_mark.messages = 1;
  for (const bool looks : {false, true}) {
    SCOPED_TRACE(looks);
    kept_.clear();
    PollReactor push(&loop_, SocketType::kPush, {});
    PollReactor pull(&loop_, SocketType::kPull, little);
    ASSERT_TRUE(push.driver().Connect(*pull.driver().Bind("tcp://127.0.0.1:*")).ok());
    ASSERT_TRUE(loop_.RunUntil([&] { return push.driver().machine().ready_peers() == 1; }));
    for (int i = 0; i < 40; ++i) {
      Message message(std::string(60'000, 'b'));
      ASSERT_TRUE(push.driver().Send(&message).ok());
    }
    for (int i = 0; i < 100; ++i) Turn(&pull, looks);
    ASSERT_LT(kept_.size(), 40u) << "a budget of 300 KiB holds 2.4 MB";
    // Nobody asks any more: the driver has to come back to it by itself.
    loop_.RunFor(absl::Milliseconds(50));
    EXPECT_TRUE(loop_.RunUntil([&] { return pull.driver().machine().NextDeadline() > Now(); }))
        << "it was due long ago";
    std::size_t came = kept_.size();
    for (int i = 0; i < 1000 && came < 40; ++i) {
      kept_.clear();
      Turn(&pull, looks);
      came += kept_.size();
    }
    EXPECT_EQ(came, 40u);
  }
}

}  // namespace
}  // namespace monocoque::net
