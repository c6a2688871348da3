// The chronicle can fail: each fault that it looks for is planted, and it says so.
#include "tests/sim/chronicle.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"

namespace monocoque::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SocketEvent::Kind;

// A socket that tells of a listener, or of a dialer, and of links and a peer of theirs.
class ChronicleTest : public ::testing::Test {
 protected:
  SocketEvent Event(Kind kind, std::uint64_t link = 0) {
    SocketEvent event{.kind = kind};
    event.link = LinkId::FromValue(link);
    event.peer = PeerId::FromValue(7);
    return event;
  }
  void Tell(Kind kind, std::uint64_t link = 0) { chronicle_.OnEvent(Event(kind, link)); }
  void Dial(Kind kind, std::uint64_t link = 0) {
    SocketEvent event = Event(kind, link);
    event.dialer = DialerId::FromValue(3);
    chronicle_.OnEvent(event);
  }
  void Close(std::uint64_t link, std::uint64_t lost = 0, Cause cause = Cause::kTransport,
             bool was_ready = true) {
    SocketEvent event = Event(Kind::kClosed, link);
    event.status = TerminalStatus(cause, "over");
    event.lost_messages = lost;
    event.was_ready = was_ready;
    chronicle_.OnEvent(event);
    stats_.lost += lost;
  }
  void Accept(std::uint64_t link) {
    Tell(Kind::kAccepted, link);
    Tell(Kind::kReady, link);
  }
  void Connect(std::uint64_t link) {
    Dial(Kind::kDialing, link);
    Dial(Kind::kConnected, link);
    Dial(Kind::kReady, link);
  }
  const std::vector<std::string>& Verdict() {
    chronicle_.Close(stats_);
    return chronicle_.violations();
  }

  Chronicle chronicle_{/*keeps=*/true};
  SocketStats stats_;
};

TEST_F(ChronicleTest, NothingIsWrong) {
  Tell(Kind::kListening);
  Accept(1);
  Tell(Kind::kDropsBegan, 1);
  SocketEvent ended = Event(Kind::kDropsEnded, 1);
  ended.dropped_messages = stats_.dropped = 2;
  chronicle_.OnEvent(ended);
  Close(1, 5);
  Tell(Kind::kUnlistened);
  Connect(2);
  Dial(Kind::kRetry);  // before the end of its link, which has something to write
  Close(2, 1);
  Dial(Kind::kDialing, 3);
  Dial(Kind::kDialFailed, 3);
  Dial(Kind::kRetry);
  Connect(4);
  stats_.reconnects = 1;
  Close(4, 0, Cause::kLocal);
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(ChronicleTest, LinksThatDoNotEnd) {
  Accept(1);
  Connect(2);
  EXPECT_THAT(Verdict(),
              ElementsAre("never tells that link 1 ended", "never tells that link 2 ended"));
}

TEST_F(ChronicleTest, LinksThatEndTwiceOrNeverBegan) {
  Accept(1);
  Close(1);
  Close(1);
  Close(2);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("out of turn"), HasSubstr("truly"),
                                     HasSubstr("had not begun")));
}

TEST_F(ChronicleTest, ReadyTwiceOrUntold) {
  Accept(1);
  Tell(Kind::kReady, 1);
  Tell(Kind::kAccepted, 2);
  Close(1);
  Close(2);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("out of turn"), HasSubstr("truly")));
}

TEST_F(ChronicleTest, ADialerHasOneAttempt) {
  Dial(Kind::kDialing, 1);
  Dial(Kind::kDialing, 2);
  Dial(Kind::kDialFailed, 1);
  Dial(Kind::kDialFailed, 2);
  Dial(Kind::kRetry);
  Dial(Kind::kRetry);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("need not dial"), HasSubstr("out of turn")));
}

TEST_F(ChronicleTest, WhoGaveUpDialsAgain) {
  Dial(Kind::kDialing, 1);
  Dial(Kind::kDialFailed, 1);
  Dial(Kind::kGaveUp);
  Dial(Kind::kDialing, 2);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("need not dial")));
}

TEST_F(ChronicleTest, ListenersAndDropsThatDoNotEnd) {
  Tell(Kind::kListening);
  Accept(1);
  Tell(Kind::kDropsBegan, 1);
  Tell(Kind::kDropsBegan, 1);
  Close(1);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("twice"), HasSubstr("listens no more"),
                                     HasSubstr("drops ended")));
}

// One message of a link can be cut in the middle; the others wait for the next.
TEST_F(ChronicleTest, ADialerLosesWhatItKeeps) {
  Connect(1);
  Close(1, 2);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("keeps what had not begun")));
}

TEST_F(ChronicleTest, WhoClosesLosesNothingByIt) {
  Accept(1);
  Close(1, 1, Cause::kLocal);
  Accept(2);
  chronicle_.OnLingerOver();
  Close(2, 1, Cause::kLocal);
  EXPECT_THAT(Verdict(),
              ElementsAre(HasSubstr("link 1 peer 7: over (closed here), 1 messages lost")));
}

// Of a dialer that is gone nothing is heard but the end of its link, which may lose all it has.
TEST_F(ChronicleTest, WhoIsDisconnectedIsSilent) {
  Connect(1);
  EXPECT_TRUE(chronicle_.attached(""));
  EXPECT_THAT(chronicle_.OnHangUp(""), ElementsAre(LinkId::FromValue(1)));
  EXPECT_TRUE(chronicle_.disconnected(LinkId::FromValue(1)));
  EXPECT_FALSE(chronicle_.attached(""));
  chronicle_.OnGivenUp(2);
  stats_.lost = 2;
  Close(1, 3, Cause::kLocal);
  EXPECT_THAT(chronicle_.violations(), IsEmpty());
  Dial(Kind::kRetry);
  Dial(Kind::kDialing, 2);
  Dial(Kind::kDialFailed, 2);
  EXPECT_THAT(Verdict(), ElementsAre(HasSubstr("out of turn"), HasSubstr("need not dial")));
}

// An earlier link that has yet to give back what it has ended by itself.
TEST_F(ChronicleTest, WhatEndedBeforeIsNotHungUp) {
  Connect(1);
  Dial(Kind::kRetry);
  Dial(Kind::kDialing, 2);
  Dial(Kind::kConnected, 2);
  Dial(Kind::kReady, 2);
  EXPECT_FALSE(chronicle_.attached(""));
  EXPECT_THAT(chronicle_.OnHangUp(""), ElementsAre(LinkId::FromValue(2)));
  EXPECT_TRUE(chronicle_.disconnected(LinkId::FromValue(1)));
  Close(1, 3);
  Close(2);
  stats_.reconnects = 1;
  EXPECT_THAT(Verdict(), IsEmpty());
}

TEST_F(ChronicleTest, WhoUnboundAccepts) {
  Tell(Kind::kListening);
  Accept(1);
  Tell(Kind::kAccepted, 2);
  EXPECT_EQ(chronicle_.OnHangUp("").size(), 2u);
  EXPECT_FALSE(chronicle_.disconnected(LinkId::FromValue(1)));
  Tell(Kind::kUnlistened);
  Close(1, 1, Cause::kLocal);
  Tell(Kind::kReady, 2);
  Close(2);
  Tell(Kind::kAccepted, 3);
  Close(3, 0, Cause::kTransport, /*was_ready=*/false);
  EXPECT_THAT(Verdict(),
              ElementsAre(HasSubstr("although it was hung up"), HasSubstr("listens no more")));
}

TEST_F(ChronicleTest, LossesThatNoLinkTellsOf) {
  stats_.lost = 3;
  EXPECT_THAT(Verdict(), ElementsAre("counts 3 lost, and its events tell 0"));
}

TEST_F(ChronicleTest, CountsThatAreLess) {
  chronicle_.OnLingerOver();
  Connect(1);
  Close(1, 4);
  stats_.lost = 3;
  stats_.reconnects = 1;
  stats_.events_lost = 1;
  EXPECT_THAT(Verdict(), ElementsAre("counts 1 reconnects, and its events tell 0",
                                     "counts 1 events that were lost, and its events tell 0",
                                     "counts 3 lost, and its events tell 4"));
}

}  // namespace
}  // namespace monocoque::testing
