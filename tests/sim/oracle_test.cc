// The oracle can fail: each fault that it looks for is planted, and it says so.
#include "tests/sim/oracle.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "adapters/sim/options.h"
#include "alloc/bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/mark.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/command.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/sim/oracle_fixture.h"
#include "tests/sim/payload.h"

namespace monocoque::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(OracleTest, NothingIsWrong) {
  for (std::uint32_t i = 0; i < 10; ++i) Pass(i);
  EXPECT_THAT(Verdict(), IsEmpty());
  EXPECT_EQ(oracle_.accepted(), 10u);
  EXPECT_EQ(oracle_.delivered(), 10u);
}

// ---- What is delivered -------------------------------------------------------------------------

// TR-2
TEST_F(OracleTest, ADuplicate) {
  Pass(0);
  Receive(Make(0));
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("message 0 of socket 0 was received twice")));
}

// What is put together of pieces is held to the same; the pieces are what is counted.
TEST_F(OracleTest, RebuiltOfPieces) {
  for (const std::uint32_t i : {0u, 1u}) {
    Accept(i);
    Write(i);
  }
  Read();
  for (int piece = 0; piece < 3; ++piece) {
    oracle_.OnNotice(kReceiver);
    ++got_.messages_received;
  }
  Payload payload;
  EXPECT_TRUE(oracle_.OnRebuilt(kReceiver, Make(1), &payload));
  EXPECT_EQ(payload.id.sequence, 1u);
  EXPECT_TRUE(oracle_.OnRebuilt(kReceiver, Make(0), &payload));
  EXPECT_FALSE(oracle_.OnRebuilt(kReceiver, Message("no mark"), &payload));
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("behind message 1 of the same peer"),
                                     HasSubstr("a message without its mark")));
}

// TR-3
TEST_F(OracleTest, AReorder) {
  for (const std::uint32_t i : {0u, 1u}) {
    Accept(i);
    Write(i);
  }
  Read();
  Receive(Make(1));
  Receive(Make(0));
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("behind message 1 of the same peer")));
}

// Of two links that both deliver nothing is promised about the order.
TEST_F(OracleTest, OrderIsOfOnePeer) {
  for (const std::uint32_t i : {0u, 1u}) {
    Accept(i);
    Write(i);
  }
  Read();
  Receive(Make(1), 1);
  Receive(Make(0), 2);
  EXPECT_THAT(Verdict(), IsEmpty());
}

// TR-1
TEST_F(OracleTest, APartIsMissing) {
  Accept(0);
  Write(0);
  Read();
  const Message whole = Make(0, {100, 50});
  Receive(Message(whole[0].text()));
  EXPECT_THAT(Verdict(), Contains(HasSubstr("came in 1 parts in place of 2")));
}

// TR-1
TEST_F(OracleTest, AnOctetIsAnother) {
  Accept(0);
  Write(0);
  Read();
  std::string text(Make(0).text());
  text.back() ^= 1;
  Receive(Message(text));
  EXPECT_THAT(Verdict(), Contains(HasSubstr("other octets than it was sent with")));
}

TEST_F(OracleTest, APartTooMuch) {
  Accept(0);
  Write(0);
  Read();
  Receive(Message({"", Make(0).text()}));
  EXPECT_THAT(Verdict(), Contains(HasSubstr("a message with 1 parts in front")));
}

TEST_F(OracleTest, AMessageOfNobody) {
  Receive(Make(7));
  EXPECT_THAT(Verdict(), ElementsAre("message 7 of socket 0 was received and never accepted"));
}

TEST_F(OracleTest, ARefusedMessageIsWritten) {
  Write(0);
  EXPECT_THAT(Verdict(), ElementsAre("message 0 of socket 0 was written and never accepted"));
}

// ---- What is not -------------------------------------------------------------------------------

TEST_F(OracleTest, VanishedBeforeItBegan) {
  Accept(0);
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUSH) counts 0 lost or dropped, and it was 1"));
}

TEST_F(OracleTest, LostAndCounted) {
  Accept(0);
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(OracleTest, CountedAsDropped) {
  Accept(0);
  sent_.dropped = 1;
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUSH) counts 0 lost, and it was 1"));
}

TEST_F(OracleTest, CountedAndNotLost) {
  Pass(0);
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), Contains(HasSubstr("counts 1 lost")));
}

TEST_F(OracleTest, LostWhenNothingMayBe) {
  oracle_.ForbidLoss(kSender);
  Accept(0);
  oracle_.AllowLoss(kSender);
  Accept(1);
  sent_.lost = 2;
  EXPECT_THAT(Verdict(), ElementsAre("message 0 of socket 0 is missing, although nothing went "
                                     "wrong any more"));
}

TEST_F(OracleTest, StuckOnALinkThatStands) {
  Accept(0);
  Write(0, 10);
  Read();
  EXPECT_THAT(Verdict(), Contains(HasSubstr("is stuck on link 1, which stands")));
}

TEST_F(OracleTest, NotReadFromALinkThatStands) {
  Accept(0);
  Write(0);
  EXPECT_THAT(Verdict(), Contains(HasSubstr("was not read from link 1, which stands")));
}

// Cut in the middle it is its sender's to count; whole and unread nobody can.
TEST_F(OracleTest, GoneWithItsLink) {
  Accept(0);
  Write(0);
  Accept(1);
  Write(1, 10);
  Cut();
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), IsEmpty());
  EXPECT_EQ(oracle_.gone_with_links(), 2u);
}

TEST_F(OracleTest, ACutMessageIsNotCounted) {
  Accept(0);
  Write(0, 10);
  Cut();
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("counts 0 lost or dropped, and it was 1")));
}

// Whole messages that were read are delivered, whatever becomes of their link.
TEST_F(OracleTest, SwallowedByItsReceiver) {
  Accept(0);
  Write(0);
  Read();
  Cut();
  EXPECT_THAT(Verdict(), ElementsAre("socket 1 (PULL) counts 0 lost or dropped, and it was 1"));
}

TEST_F(OracleTest, AReceiverThatClosesLetsGo) {
  Accept(0);
  Write(0);
  Read();
  Cut();
  oracle_.OnClosing(kReceiver, Instant::Never());
  EXPECT_THAT(Verdict(), IsEmpty());
}

// Who closes in good order sees to it that what it began is written, and what it wrote is read.
TEST_F(OracleTest, UnreadFromALinkThatNobodyCut) {
  Accept(0);
  Write(0, 10);
  End();
  sent_.lost = 1;
  oracle_.OnClosing(kSender, Instant());
  EXPECT_THAT(Verdict(), IsEmpty()) << "its time was over";
  oracle_.OnClosing(kSender, Instant() + absl::Seconds(1));
  oracle_.Settle(links_);
  EXPECT_THAT(oracle_.violations(), ElementsAre(HasSubstr("link 1, which nobody cut or gave up")));
}

// Of who dials and keeps what has not begun.
TEST_F(OracleTest, LostByWhoKeepsIt) {
  oracle_.Add(kSender, {.type = SocketType::kPush, .dials = true, .keeps = true});
  Accept(0);
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), IsEmpty()) << "its linger time was over";
  oracle_.CheckAtRest(kSender, sent_);
  EXPECT_THAT(oracle_.violations(),
              ElementsAre("socket 0 (PUSH) counts 1 that never began, and it was 0"));
}

TEST_F(OracleTest, BegunOutOfOrder) {
  oracle_.Add(kSender, {.type = SocketType::kPush, .dials = true});
  for (const std::uint32_t i : {0u, 1u, 2u}) Accept(i);
  Write(1);
  Write(0);
  Cut();
  Link();
  Write(2);
  EXPECT_THAT(oracle_.violations(),
              ElementsAre("message 0 of socket 0 began behind message 1 on link 1",
                          HasSubstr("behind message 1 for the place at the end of link 1")));
}

TEST_F(OracleTest, BegunOnTwoLinks) {
  Accept(0);
  Write(0, 10);
  Cut();
  Link();
  Write(0);
  Read();
  Receive(Make(0));
  EXPECT_THAT(Verdict(), Contains("message 0 of socket 0 began on link 1 and again on 2"));
}

// Its mark may lie in two writes.
TEST_F(OracleTest, FoundInPieces) {
  const Message message = Make(0);
  Accept(0);
  for (std::size_t at = 0; at < message.bytes().size(); ++at) {
    oracle_.OnOctets({1, kSender, kReceiver, message.bytes().subspan(at, 1)});
  }
  EXPECT_EQ(oracle_.link_of({kSender, 0}), 1u);
  links_.back().dialer_wrote = message.bytes().size();
  Read();
  EXPECT_THAT(Verdict(), Contains(HasSubstr("counts 0 lost or dropped")));
}

// ---- Counts and marks --------------------------------------------------------------------------

TEST_F(OracleTest, WrongCounts) {
  Pass(0);
  ++sent_.messages_sent;
  --got_.messages_received;
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUSH) counts 2 sent, and it was 1",
                                     "socket 1 (PULL) counts 0 received, and it was 1"));
}

TEST_F(OracleTest, MoreThanTheMark) {
  const auto held = [this](const Mark& mark) {
    oracle_.CheckHeld(kSender, mark, 1, sent_);
    return oracle_.violations().size();
  };
  const Mark by_messages = {.messages = 3, .bytes = 0};
  for (std::uint32_t i = 0; i < 6; ++i) Accept(i);  // a batch that is out, and what waits
  EXPECT_EQ(held(by_messages), 0u);
  Accept(6);
  EXPECT_EQ(held(by_messages), 1u);
  EXPECT_EQ(held({.messages = 0, .bytes = 300}), 1u);
  EXPECT_EQ(held({.messages = 0, .bytes = 200}), 2u);
}

TEST_F(OracleTest, MoreReadThanTheMark) {
  const Mark mark = {.messages = 3, .bytes = 0};
  for (std::uint32_t i = 0; i < 4; ++i) {
    Accept(i);
    Write(i);
  }
  Read();
  oracle_.CheckUntaken(kReceiver, mark, 1, links_);
  EXPECT_THAT(oracle_.violations(), IsEmpty());
  Accept(4);
  Write(4);
  Read();
  oracle_.CheckUntaken(kReceiver, mark, 1, links_);
  EXPECT_THAT(oracle_.violations(), ElementsAre(HasSubstr("has read 5 messages of link 1")));
}

TEST_F(OracleTest, MoreOctetsReadThanTheMark) {
  const Mark mark = {.messages = 0, .bytes = 200};
  const auto untaken = [&] {
    oracle_.CheckUntaken(kReceiver, mark, 1, links_);
    return oracle_.violations().size();
  };
  for (std::uint32_t i = 0; i < 3; ++i) {
    Accept(i);
    Write(i);
  }
  Read();
  EXPECT_EQ(untaken(), 0u);
  Accept(3);
  Write(3, 1);
  Read();
  EXPECT_EQ(untaken(), 0u);
  Accept(4);
  Write(4);
  Read();
  EXPECT_EQ(untaken(), 1u);
  EXPECT_THAT(oracle_.violations(), ElementsAre(HasSubstr("octets of link 1")));
}

// ---- Publishing --------------------------------------------------------------------------------

class PublishOracleTest : public OracleTest {
 protected:
  PublishOracleTest() : OracleTest(SocketType::kPub, SocketType::kSub) {}
};

TEST_F(PublishOracleTest, NotSubscribed) {
  oracle_.OnSubscribed(kReceiver, "a", true);
  Pass(0);
  EXPECT_THAT(oracle_.violations(), IsEmpty());
  oracle_.OnSubscribed(kReceiver, "a", false);
  Pass(1);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("to which it has no subscription")));
}

TEST_F(PublishOracleTest, SubscribedTwice) {
  oracle_.OnSubscribed(kReceiver, "a", true);
  oracle_.OnSubscribed(kReceiver, "a", true);
  oracle_.OnSubscribed(kReceiver, "a", false);
  Pass(0);
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(PublishOracleTest, NeverReached) {
  oracle_.OnSubscribed(kReceiver, "a", true);
  Accept(0);
  oracle_.CheckReached({kSender, 0}, "aa", kReceiver);
  EXPECT_THAT(Verdict(), ElementsAre("topic aa of socket 0 did not reach socket 1"));
}

// Below its mark a publisher drops nothing.
TEST_F(PublishOracleTest, DroppedWithoutReason) {
  Accept(0);
  sent_.dropped = 1;
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUB) counts 1 dropped, and it was 0"));
}

// ---- Copies that are owed ----------------------------------------------------------------------

// A publisher that was told what its subscriber wants.
class OwedOracleTest : public PublishOracleTest {
 protected:
  OwedOracleTest() {
    oracle_.OnSubscribed(kReceiver, "a", true);
    Tell();
  }
  void Tell() {
    std::string told(64, 'g');
    AppendCommand(&told, command::kSubscribe, AsBytes("a"));
    oracle_.OnOctets({links_.back().link, kReceiver, kSender, AsBytes(told)});
    links_.back().acceptor_wrote = links_.back().dialer_read = told.size();
  }
  void Publish(std::uint32_t sequence) {
    Accept(sequence);
    oracle_.OnPublished({kSender, sequence}, Make(sequence), links_);
  }
};

TEST_F(OwedOracleTest, ACopyIsDelivered) {
  Publish(0);
  Write(0);
  Read();
  Receive(Make(0));
  EXPECT_THAT(Verdict(), IsEmpty());
  EXPECT_EQ(oracle_.owed(), 1u);
}

TEST_F(OwedOracleTest, NothingIsOwed) {
  const auto owed = [this](std::uint32_t sequence) {
    const std::size_t before = oracle_.owed();
    Publish(sequence);
    return oracle_.owed() - before;
  };
  EXPECT_EQ(owed(0), 1u);
  --links_.back().dialer_read;  // not told yet
  EXPECT_EQ(owed(1), 0u);
  ++links_.back().dialer_read;
  links_.back().dialer_ready = false;
  EXPECT_EQ(owed(2), 0u);
  links_.back().dialer_ready = true;
  Cut();
  EXPECT_EQ(owed(3), 0u);
}

TEST_F(OwedOracleTest, ACopyVanishesOnALinkThatStands) {
  Publish(0);
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUB) counts 0 dropped, and it was 1",
                                     "socket 0 (PUB) counts 0 lost or dropped, and it was 1"));
}

// Nothing is lost of a link that stands.
TEST_F(OwedOracleTest, ACopyIsLostOnALinkThatStands) {
  Publish(0);
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUB) counts 0 dropped, and it was 1",
                                     "socket 0 (PUB) counts 1 lost, and it was 0"));
}

TEST_F(OwedOracleTest, ACopyIsDroppedAtAMark) {
  oracle_.Add(kSender, {.type = SocketType::kPub, .drops_copies = true});
  Publish(0);
  sent_.dropped = 1;
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(OwedOracleTest, ACopyDiesWithItsLink) {
  Publish(0);
  Cut();
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(OwedOracleTest, ACopyDiesWithItsLinkAndIsNotCounted) {
  Publish(0);
  Cut();
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUB) counts 0 lost or dropped, and it was 1"));
}

// What one counts does not stand for the other: one copy was cut, one never began.
TEST_F(OwedOracleTest, EachCopyIsCounted) {
  Publish(0);
  Publish(1);
  Write(0, 10);
  Cut();
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUB) counts 1 lost or dropped, and it was 2"));
}

// The tail of a publisher that closes in order.
TEST_F(OwedOracleTest, ACopyIsLostWhenNothingMayBe) {
  oracle_.ForbidLoss(kSender);
  Publish(0);
  Cut();
  sent_.lost = 1;
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUB) counts 0 dropped, and it was 1"));
}

// Whoever dialed keeps it for whoever is there next.
TEST_F(OwedOracleTest, ACopyGoesOnTheNextLink) {
  Publish(0);
  Cut();
  Link();
  Write(0);
  Read();
  Receive(Make(0));
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(OwedOracleTest, ACopyOnALinkToAnotherPlaceIsAnother) {
  constexpr int kOther = 2;
  oracle_.Add(kOther, {.type = SocketType::kSub, .place = 2});
  Publish(0);
  Cut();
  Link();
  links_.back().acceptor = kOther;
  const Message message = Make(0);
  oracle_.OnOctets({links_.back().link, kSender, kOther, message.bytes()});
  Cut();
  links_.back().dialer_wrote = message.bytes().size();
  EXPECT_THAT(Verdict(), ElementsAre("socket 0 (PUB) counts 0 lost or dropped, and it was 1"));
}

TEST_F(OwedOracleTest, MoreOwedThanTheMark) {
  const auto held = [this](const Mark& mark) {
    oracle_.CheckOwed(kSender, mark, links_, sent_);
    return oracle_.violations().size();
  };
  const Mark by_messages = {.messages = 3, .bytes = 0};
  for (std::uint32_t i = 0; i < 6; ++i) Publish(i);
  EXPECT_EQ(held(by_messages), 0u);
  Publish(6);
  EXPECT_EQ(held(by_messages), 1u);
  EXPECT_EQ(held({.messages = 0, .bytes = 300}), 1u);
  EXPECT_EQ(held({.messages = 0, .bytes = 200}), 2u);
  Write(0);
  EXPECT_EQ(held(by_messages), 2u);
}

// A sentence is said once, and no run says more than can be read.
TEST_F(OracleTest, ManyViolations) {
  for (int i = 0; i < 1000; ++i) {
    oracle_.Violation("the same");
    oracle_.Violation(std::to_string(i));
  }
  EXPECT_EQ(oracle_.violations().size(), Oracle::kMaxViolations);
}

}  // namespace
}  // namespace monocoque::testing
