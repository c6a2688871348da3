// What a user hears of peers that do not come, do not fit or refuse: each cause once, on stderr.
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/raw_peer.h"
#include "tests/support/temp_folder.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Abstract;
using ::monocoque::testing::Breathe;
using ::monocoque::testing::Command;
using ::monocoque::testing::RawListener;
using ::monocoque::testing::RawPeer;
using ::monocoque::testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kTcp[] = "tcp://127.0.0.1:*";

// As in `echo x | monocoque push ...`: the input is over before the peer has said anything.
TEST(TroublesTest, APeerThatDoesNotFitAndInputThatIsOver) {
  const TempFolder folder;
  Command keygen({"keygen", "--out", folder.Path("server")});
  ASSERT_EQ(keygen.Wait(), 0);
  Command rep({"rep", "--bind", kTcp, "--echo"});
  Command pull({"pull", "--bind", kTcp});
  Command curve({"rep", "--bind", kTcp, "--echo", "--curve-server", "--curve-key",
                 folder.Path("server.key"), "--allow-any-key"});
  const std::string rep_at = rep.Bound();
  const std::string pull_at = pull.Bound();
  const std::string curve_at = curve.Bound();
  const struct {
    const char* role;
    std::string at;
    const char* says;
  } cases[] = {{"push", rep_at, "socket type PUSH cannot talk to REP"},
               {"req", pull_at, "socket type REQ cannot talk to PULL"},
               {"push", curve_at, "mechanism NULL here, CURVE there"},
               {"req", curve_at, "mechanism NULL here, CURVE there"}};
  for (const auto& c : cases) {
    Command sends({c.role, "--connect", c.at, "--timeout", "20"});
    sends.Feed("x\n", /*end=*/true);
    EXPECT_EQ(sends.Wait(), 1) << c.role;
    EXPECT_THAT(sends.err(), HasSubstr(c.says));
    EXPECT_THAT(sends.err(), Not(HasSubstr("lost with its peer"))) << "what to do is not that";
  }
}

// Told the first time, however often it is tried; and again with the last word.
TEST(TroublesTest, NobodyListens) {
  const std::string why = "connect tcp://127.0.0.1:1: connection refused; nobody listens there";
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"req", "--connect", "tcp://127.0.0.1:1"},
                                             {"sub", "--connect", "tcp://127.0.0.1:1"},
                                             {"proxy", "pull", "push", "--frontend-connect",
                                              "tcp://127.0.0.1:1", "--backend-bind", kTcp}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--timeout", "1"});
    Command waits(all);
    if (words[0] == "proxy") waits.Bound();
    waits.Feed("hi\n", true);
    EXPECT_EQ(waits.Wait(), 3) << words[0];
    EXPECT_EQ(
        waits.Complaint(),
        absl::StrCat("monocoque: ", why, "; trying again\nmonocoque: ", "timed out: ", why, "\n"));
  }
}

TEST(TroublesTest, AnUnknownHost) {
  Command push({"push", "--connect", "tcp://no.such.host.invalid:1"});
  push.Feed("x\n", true);
  EXPECT_THAT(push.ErrUntil("\n"),
              MatchesRegex("monocoque: [^\n]*no.such.host.invalid[^\n]+; trying again\n"));
  push.Signal(SIGTERM);
  EXPECT_EQ(push.Wait(), 1);
}

// Whoever starts the client first on purpose reads one line, and no more about it once it is there.
TEST(TroublesTest, TheClientComesFirst) {
  const std::string at = Abstract("later");
  Command push({"push", "--connect", at, "--timeout", "20"});
  push.ErrUntil("; trying again\n");
  Command pull({"pull", "--bind", at, "--timeout", "3"});
  push.Feed("patient\n", true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_THAT(push.err(), MatchesRegex("monocoque: connect [^\n]*; trying again\n"));
  EXPECT_EQ(pull.Wait(), 3);
  EXPECT_EQ(pull.Complaint(), absl::StrCat("bound ", at, "\n"));
}

// Somebody listens there, and speaks something else.
TEST(TroublesTest, AnEndpointThatHangsUp) {
  const RawListener other(Abstract("other"));
  Command push({"push", "--connect", Abstract("other"), "--linger", "2000"});
  push.Feed("x\n", true);
  for (int i = 0; i < 2; ++i) RawPeer(Breathe, other.Accept(Breathe)).Close();
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_THAT(push.err(),
              MatchesRegex("monocoque: ipc://[^\n]*: the peer (closed|reset)[^\n]*; trying "
                           "again\n(monocoque: [^\n]*\n)?"
                           "monocoque: 1 message was not sent: [^\n]+\n"));
}

// A line that is more than its peer takes, say.
TEST(TroublesTest, APeerThatCutsAMessage) {
  const RawListener listener(Abstract("cuts"));
  Command push({"push", "--connect", Abstract("cuts")});
  push.Feed(std::string(5'000'000, 'l') + "\n", true);
  RawPeer pull(Breathe, listener.Accept(Breathe));
  pull.HandshakeAs("PULL");
  pull.ReadUntil("llll");
  pull.Close();
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_THAT(push.err(), MatchesRegex("(monocoque: [^\n]*\n)?"
                                       "monocoque: 1 message was not sent: ipc://[^\n]+\n"));
}

// What is beyond the limit of a frame; told once, and then counted.
TEST(TroublesTest, APeerThatBreaksTheRules) {
  Command pull({"pull", "--bind", kTcp});
  const std::string at = pull.Bound();
  for (int i = 0; i < 3; ++i) {
    RawPeer push(Breathe, at);
    push.HandshakeAs("PUSH");
    ASSERT_TRUE(push.Write(std::string("\x02\x00\x00\x01\x00\x00\x00\x00\x00", 9)));
    EXPECT_TRUE(push.ReadToEnd());
  }
  pull.ErrUntil("limit");
  pull.Signal(SIGTERM);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_THAT(pull.Complaint(),
              MatchesRegex("monocoque: tcp://[^\n]*: frame larger than the limit\n"
                           "monocoque: 3 connections were ended\n"));
}

// Of those that come the first that does not fit is told, too.
TEST(TroublesTest, PeersThatDoNotGetIn) {
  Command rep({"rep", "--bind", kTcp, "--echo"});
  const std::string at = rep.Bound();
  for (int i = 0; i < 2; ++i) {
    Command push({"push", "--connect", at});
    push.Feed("x\n", true);
    EXPECT_EQ(push.Wait(), 1);
  }
  rep.Signal(SIGTERM);
  EXPECT_EQ(rep.Wait(), 0);
  EXPECT_THAT(rep.Complaint(),
              MatchesRegex("monocoque: tcp://[^\n]*: socket type REP cannot talk to PUSH[^\n]*\n"
                           "monocoque: 2 peers did not get in\n"));
}

}  // namespace
}  // namespace monocoque
