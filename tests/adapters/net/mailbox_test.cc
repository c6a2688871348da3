#include "adapters/net/mailbox.h"

#include <poll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/reactor.h"
#include "adapters/waker.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"

namespace monocoque::net {
namespace {

// Counts how often it is woken.
class Woken final : public Reactor {
 public:
  void Wake() override { ++times; }
  void SetTimer(Instant /*when*/) override {}
  absl::StatusOr<std::unique_ptr<Watch>> MakeWatch(int /*fd*/, WatchHandler* /*handler*/) override {
    return absl::UnimplementedError("no watches");
  }
  absl::StatusOr<std::unique_ptr<Lookup>> Resolve(const std::string& /*host*/,
                                                  std::uint16_t /*port*/,
                                                  Found /*found*/) override {
    return absl::UnimplementedError("no names");
  }

  int times = 0;
};

class MailboxTest : public ::testing::Test {
 protected:
  class Asked final : public Watch {
   public:
    void Want(bool read, bool write) override { EXPECT_TRUE(read && !write); }
  };

  std::unique_ptr<Watch> MakeWatch(int fd, WatchHandler* handler) {
    if (refuses_) return nullptr;
    fd_ = fd;
    handler_ = handler;
    return std::make_unique<Asked>();
  }
  // Would the loop's wait end?
  bool Called() const {
    pollfd wanted{fd_, POLLIN, 0};
    return poll(&wanted, 1, 0) == 1;
  }

  bool refuses_ = false;
  int fd_ = -1;
  WatchHandler* handler_ = nullptr;
  Mailbox mailbox_{[this](int fd, WatchHandler* handler) { return MakeWatch(fd, handler); },
                   /*turning=*/false};
};

TEST_F(MailboxTest, AnotherThreadEndsTheWait) {
  const auto socket = std::make_shared<Woken>();
  const std::shared_ptr<Waker> waker = mailbox_.MakeWaker(socket);
  ASSERT_NE(waker, nullptr);
  EXPECT_FALSE(mailbox_.Deliver());
  std::thread([&] { waker->Wake(); }).join();
  EXPECT_TRUE(Called());
  EXPECT_TRUE(mailbox_.waiting());
  EXPECT_EQ(socket->times, 0);
  EXPECT_TRUE(mailbox_.Deliver());
  EXPECT_EQ(socket->times, 1);
  handler_->OnReady(true, false);
  EXPECT_FALSE(Called());
  EXPECT_FALSE(mailbox_.Deliver());
}

// Its own thread is at work and looks by itself; if it did not, the next wait ends at once.
TEST_F(MailboxTest, WithinATurnOnlyWordIsLeft) {
  const auto socket = std::make_shared<Woken>();
  const std::shared_ptr<Waker> waker = mailbox_.MakeWaker(socket);
  mailbox_.BeginTurn();
  waker->Wake();
  EXPECT_FALSE(Called());
  EXPECT_TRUE(mailbox_.waiting());
  mailbox_.EndTurn(/*looked=*/false);
  EXPECT_TRUE(Called());
}

TEST_F(MailboxTest, ASocketThatIsGoneIsNotWoken) {
  auto socket = std::make_shared<Woken>();
  const std::shared_ptr<Waker> waker = mailbox_.MakeWaker(socket);
  socket.reset();
  waker->Wake();
  EXPECT_TRUE(mailbox_.Deliver());
}

// A loop that can watch nothing more has no waker; when it can again, it has one.
TEST_F(MailboxTest, ALoopThatCannotWatch) {
  refuses_ = true;
  EXPECT_EQ(mailbox_.MakeWaker({}), nullptr);
  EXPECT_FALSE(mailbox_.waiting());
  refuses_ = false;
  const std::shared_ptr<Waker> waker = mailbox_.MakeWaker({});
  ASSERT_NE(waker, nullptr);
  waker->Wake();
  EXPECT_TRUE(Called());
}

}  // namespace
}  // namespace monocoque::net
