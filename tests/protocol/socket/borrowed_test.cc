// Messages whose octets are read where they lie (Message::Borrow): once Send has returned, that
// memory is the sender's again, whatever became of the message.
#include <cstddef>
#include <initializer_list>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "tests/support/net.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::TestCurveClient;
using ::monocoque::testing::TestCurveServer;
using ::testing::ElementsAre;

// Inside a message; copied to the slab; in the slab as a whole; in a slab of its own, for which its
// header leaves no room in the other; in a block of its own.
constexpr std::initializer_list<std::size_t> kSizes = {10, 81, 2048, 2049, 60'000, 65'536, 200'000};

struct Case {
  const char* name;
  SocketType from, to;
  bool curve = false;
};

class BorrowedTest : public ::testing::TestWithParam<Case> {
 protected:
  BorrowedTest() {
    SocketOptions from, to;
    if (GetParam().curve) {
      from.link.mechanism = TestCurveClient();
      to.link.mechanism = TestCurveServer();
    }
    from_ = &net_.Make(GetParam().from, from);
    to_ = &net_.Make(GetParam().to, to);
    if (GetParam().to == SocketType::kSub) {
      EXPECT_TRUE(to_->Subscribe("", net_.now).ok());
    }
    if (GetParam().to == SocketType::kDish) {
      EXPECT_TRUE(to_->Join("group", net_.now).ok());
    }
  }

  void Join() {
    net_.Bind(*to_, "a");
    net_.Run();
    net_.Connect(*from_, "a");
    net_.Run();
  }
  // The memory lent is overwritten and freed before anything crosses.
  void Send(std::size_t size) {
    std::string lent(size, 'x');
    Message message = Message::Borrow(lent);
    if (GetParam().from == SocketType::kRadio) {
      EXPECT_TRUE(message.set_group("group"));
    }
    EXPECT_TRUE(from_->Send(&message, net_.now).ok()) << size;
    lent.assign(size, '!');
  }
  void ExpectWhole(std::size_t size) {
    EXPECT_THAT(net_.Received(*to_), ElementsAre(std::string(size, 'x'))) << size;
  }

  Net net_;
  Socket* from_;
  Socket* to_;
};

TEST_P(BorrowedTest, OnALink) {
  Join();
  for (const std::size_t size : kSizes) {
    Send(size);
    ExpectWhole(size);
    if (GetParam().from == SocketType::kReq) {
      EXPECT_TRUE(net_.Send(*to_, Message("reply")).ok());
      EXPECT_THAT(net_.Received(*from_), ElementsAre("reply"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, BorrowedTest,
    ::testing::Values(Case{"Push", SocketType::kPush, SocketType::kPull},
                      Case{"Dealer", SocketType::kDealer, SocketType::kRouter},
                      Case{"Req", SocketType::kReq, SocketType::kRep},
                      Case{"Pair", SocketType::kPair, SocketType::kPair},
                      Case{"Pub", SocketType::kPub, SocketType::kSub},
                      Case{"XPub", SocketType::kXPub, SocketType::kSub},
                      Case{"Radio", SocketType::kRadio, SocketType::kDish},
                      Case{"Client", SocketType::kClient, SocketType::kServer},
                      Case{"PushCurve", SocketType::kPush, SocketType::kPull, true},
                      Case{"PubCurve", SocketType::kPub, SocketType::kSub, true}),
    [](const auto& info) { return info.param.name; });

class BorrowedQueueTest : public BorrowedTest {};

// No link is there yet: the message is kept, and what is kept is a copy.
TEST_P(BorrowedQueueTest, BeforeThereIsALink) {
  constexpr std::size_t kSize = 1000;
  net_.Connect(*from_, "a");
  Send(kSize);
  net_.Run();
  net_.Bind(*to_, "a");
  net_.Run();
  net_.Advance(absl::Seconds(60));
  ExpectWhole(kSize);
}

INSTANTIATE_TEST_SUITE_P(Types, BorrowedQueueTest,
                         ::testing::Values(Case{"Push", SocketType::kPush, SocketType::kPull},
                                           Case{"Dealer", SocketType::kDealer, SocketType::kRouter},
                                           Case{"Req", SocketType::kReq, SocketType::kRep},
                                           Case{"Pair", SocketType::kPair, SocketType::kPair},
                                           Case{"PushCurve", SocketType::kPush, SocketType::kPull,
                                                true}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace monocoque
