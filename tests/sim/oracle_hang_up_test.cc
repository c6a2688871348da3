// What the oracle says of links that the application ended by Unbind or Disconnect.
#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/socket_type.h"
#include "tests/sim/oracle_fixture.h"

namespace monocoque::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Instant kPatience = Instant() + absl::Seconds(30);

class OracleHangUpTest : public OracleTest {
 protected:
  void HangUp(int socket) {
    oracle_.OnHangUp(socket, links_.back().link, kPatience, /*stood=*/true);
  }
};

// What it brought is dropped, read or not, counted or not; and what comes behind it.
TEST_F(OracleHangUpTest, WhoHangsUpHearsNoMore) {
  Accept(0);
  Write(0);
  Read();
  HangUp(kReceiver);
  Accept(1);
  Write(1);
  End();
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(OracleHangUpTest, WhatItGivesOutLater) {
  Accept(0);
  Write(0);
  Read();
  HangUp(kReceiver);
  Receive(Make(0));
  EXPECT_THAT(Verdict(), ElementsAre("message 0 of socket 0 was received from link 1, which socket "
                                     "1 had hung up"));
}

TEST_F(OracleHangUpTest, OnOtherLinksItHearsAll) {
  Accept(0);
  Write(0);
  Read();
  End();
  Link();
  Accept(1);
  Write(1);
  Read();
  HangUp(kReceiver);
  End();
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("counts 0 lost or dropped, and it was 1 to 2")));
}

// What it had handed to the link is written, and read.
TEST_F(OracleHangUpTest, HalfAMessage) {
  Accept(0);
  Write(0, 10);
  HangUp(kSender);
  End();
  sent_.lost = 1;
  oracle_.OnLost(kSender, 1, 1);
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 lost 1 messages with link 1, which it hung up and "
                                     "nobody cut",
                                     HasSubstr("was not read from link 1, which nobody cut")));
}

TEST_F(OracleHangUpTest, LostBeforeItBegan) {
  Accept(0);
  HangUp(kSender);
  End();
  sent_.lost = 1;
  oracle_.OnLost(kSender, 1, 1);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("which it hung up and nobody cut")));
}

TEST_F(OracleHangUpTest, NotRead) {
  Accept(0);
  Write(0);
  HangUp(kSender);
  End();
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("was not read from link 1, which nobody cut")));
}

// Cut, or with a peer that takes nothing, or that hangs up too, it may lose what it had.
TEST_F(OracleHangUpTest, WhatIsLostForAReason) {
  enum class Why { kCut, kPatience, kPeer, kClosed };
  for (const Why why : {Why::kCut, Why::kPatience, Why::kPeer, Why::kClosed}) {
    Link();
    const auto sequence = static_cast<std::uint32_t>(why);
    Accept(sequence);
    Write(sequence, 10);
    HangUp(kSender);
    End();
    if (why == Why::kCut) Cut();
    if (why == Why::kPatience) links_.back().until = kPatience;
    if (why == Why::kPeer) HangUp(kReceiver);
    if (why == Why::kClosed) oracle_.OnClosing(kSender, Instant());
    ++sent_.lost;
    oracle_.OnLost(kSender, links_.back().link, 1);
  }
  EXPECT_THAT(Verdict(), IsEmpty());
}

// A dialer that is gone keeps nothing; the others do.
TEST_F(OracleHangUpTest, WhatWaitedForADialer) {
  oracle_.Add(kSender, {.type = SocketType::kPush, .dials = true, .keeps = true});
  Accept(0);
  Accept(1);
  oracle_.OnDisconnect(kSender, 0, links_.size());
  oracle_.OnGivenUp(kSender, 1);
  sent_.lost = 2;
  EXPECT_THAT(Verdict(), IsEmpty()) << "its linger time was over";
  oracle_.CheckAtRest(kSender, sent_);
  EXPECT_THAT(oracle_.violations(),
              ElementsAre("socket 0 (PUSH) counts 2 that never began, and it was 0 to 1"));
}

// Behind a Disconnect messages to a place go by another dialer, and may be faster.
TEST_F(OracleHangUpTest, OrderIsOfOneDialer) {
  oracle_.Add(kSender, {.type = SocketType::kPush, .dials = true});
  for (const std::uint32_t i : {0u, 1u, 2u}) Accept(i);
  HangUp(kSender);
  oracle_.OnDisconnect(kSender, 0, links_.size());
  Link();
  Write(1);
  std::swap(links_[0], links_[1]);
  Write(0);
  EXPECT_THAT(oracle_.violations(), IsEmpty());
  Link();
  Write(2);
  EXPECT_THAT(oracle_.violations(), IsEmpty());
}

TEST_F(OracleHangUpTest, OrderOfTheNextDialer) {
  oracle_.Add(kSender, {.type = SocketType::kPush, .dials = true});
  for (const std::uint32_t i : {0u, 1u}) Accept(i);
  oracle_.OnDisconnect(kSender, 0, links_.size());
  Link();
  Write(1);
  Cut();
  Link();
  Write(0);
  EXPECT_THAT(oracle_.violations(),
              ElementsAre(HasSubstr("behind message 1 for the place at the end of link 3")));
}

class PublisherHangUpTest : public OracleHangUpTest {
 protected:
  PublisherHangUpTest() {
    oracle_.Add(kSender, {.type = SocketType::kXSub});
    oracle_.Add(kReceiver, {.type = SocketType::kXPub});
  }
};

// Of copies a mark alone may stop those that were owed before.
TEST_F(PublisherHangUpTest, ACopyThatWasOwed) {
  Accept(0);
  oracle_.OnPublished({kSender, 0}, Make(0), links_);
  HangUp(kSender);
  End();
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), Contains(HasSubstr("counts 0 dropped, and it was 1")));
}

}  // namespace
}  // namespace monocoque::testing
