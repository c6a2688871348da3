// What peers, and whoever reads our stderr, can make of the command: one that does not do its part
// holds up nobody else, nor the end.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/pair.h"
#include "tests/support/raw_peer.h"
#include "tests/support/temp_folder.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Abstract;
using ::monocoque::testing::Breathe;
using ::monocoque::testing::Command;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::RawPeer;
using ::monocoque::testing::TempFolder;
using ::monocoque::testing::With;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Nothing more fits into it, and nobody reads it.
void FillStderr() {
  const int flags = fcntl(STDERR_FILENO, F_GETFL);
  fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
  const std::string full(4096, '.');
  while (write(STDERR_FILENO, full.data(), full.size()) > 0) {
  }
  fcntl(STDERR_FILENO, F_SETFL, flags);
}

void StdoutToNowhere() { dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO); }

// A message of one part.
std::string Frame(std::string_view body) {
  std::string header("\x02", 1);
  for (int shift = 56; shift >= 0; shift -= 8) {
    header += static_cast<char>(static_cast<std::uint64_t>(body.size()) >> shift);
  }
  return absl::StrCat(header, body);
}

TEST(PeersAndPipesTest, StderrStalls) {
  for (const bool timeout : {true, false}) {
    const std::string at = Abstract(timeout ? "mute-timeout" : "mute-signal");
    Command peer({"peer", "--bind", at, "--echo", "--timeout", timeout ? "5" : "60"},
                 With(FillStderr));
    for (int i = 0; i < 3; ++i) {
      Command asks({"peer", "--connect", at});
      asks.ErrUntil("peer ");
      asks.Signal(SIGKILL);
    }
    if (!timeout) peer.Signal(SIGTERM);
    EXPECT_EQ(peer.WaitUnheard(), timeout ? 3 : 0);
  }
}

// What could not be said is counted, and said once there is room.
TEST(PeersAndPipesTest, StderrIsReadLate) {
  const std::string at = Abstract("late");
  Command pull({"pull", "--bind", at, "--bind", at + "2"}, With(FillStderr));
  Command push({"push", "--connect", at});
  push.Feed("one\n", true);
  EXPECT_EQ(pull.OutUntil("one\n"), "one\n");
  pull.ErrUntil(std::string(65536, '.'));
  pull.CloseOut();
  Command again({"push", "--connect", at});
  again.Feed("two\n", true);
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_THAT(pull.err(), HasSubstr("monocoque: 2 lines are missing here: nobody read stderr\n"
                                    "monocoque: stdout is closed\n"));
}

// Many answers that find nobody are one line, and a sum.
TEST(PeersAndPipesTest, AnswersThatFindNobody) {
  Command server({"server", "--bind", "ipc://*", "--echo"});
  RawPeer asks(Breathe, server.Bound());
  asks.HandshakeAs("CLIENT");
  std::string questions;
  for (int i = 0; i < 30; ++i) questions += Frame(std::string(10'000, 'q'));
  ASSERT_TRUE(asks.Write(questions + Frame("last")));
  asks.EndWriting();
  // Printing the first few waits for us: most are not answered when its link is over.
  ASSERT_TRUE(asks.ReadToEnd());
  server.OutUntil("\tlast\n");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  EXPECT_THAT(server.Complaint(),
              MatchesRegex("monocoque: a peer was gone before it had its answer\n"
                           "monocoque: [1-9][0-9]* answers found nobody\n"));
}

// The others are served on, and what it did not take is no failure of ours.
TEST(PeersAndPipesTest, OneThatDoesNotReadHoldsNobodyUp) {
  const struct {
    const char* role;
    const char* peer;
  } cases[] = {{"router", "DEALER"}, {"server", "CLIENT"}, {"peer", "PEER"}};
  for (const auto& c : cases) {
    Command answers({c.role, "--bind", "ipc://*", "--echo", "--hwm", "4"}, With(StdoutToNowhere));
    const std::string at = answers.Bound();
    RawPeer deaf(Breathe, at);
    deaf.HandshakeAs(c.peer);
    std::string questions;
    for (int i = 0; i < 40; ++i) questions += Frame(std::string(100'000, 'q'));
    EXPECT_TRUE(deaf.Write(questions)) << c.role << " reads no more";
    RawPeer other(Breathe, at);
    other.HandshakeAs(c.peer);
    ASSERT_TRUE(other.Write(Frame("may I?")));
    EXPECT_THAT(other.ReadUntil("may I?"), HasSubstr("may I?"));
    answers.ErrUntil("did not take its answer\n");
    deaf.Close();
    // What it asked and its end are come to in turn with these.
    for (int i = 0; i < 60; ++i) {
      const std::string more = absl::StrCat("<", i, ">");
      ASSERT_TRUE(other.Write(Frame(more)));
      ASSERT_THAT(other.ReadUntil(more), HasSubstr(more));
    }
    // The other one has its answers, and does not end its side.
    answers.Signal(SIGTERM);
    EXPECT_EQ(answers.Wait(), 0) << c.role << answers.Complaint();
    EXPECT_THAT(answers.Complaint(), HasSubstr("monocoque: a peer did not take its answer\n"));
    EXPECT_THAT(answers.Complaint(), HasSubstr(" answers were not taken\n"));
  }
}

// One that asks much at once, and reads, has every answer.
TEST(PeersAndPipesTest, ManyQuestionsAtOnce) {
  Command router({"router", "--bind", "tcp://127.0.0.1:*", "--echo"}, With(StdoutToNowhere));
  Command dealer({"dealer", "--connect", router.Bound(), "--count", "20000"});
  std::string lines;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&lines, i, "\n");
  dealer.Feed(lines);
  EXPECT_EQ(dealer.Wait(), 0);
  EXPECT_TRUE(dealer.out() == lines);
}

// A line waits for room with somebody who goes meanwhile; or is read when that is known already.
TEST(PeersAndPipesTest, RouterToWhomIsGone) {
  const TempFolder folder;
  const std::string path =
      folder.Write("lines", absl::StrCat("me\t", std::string(5'000'000, 'x'),
                                         "\nme\ttwo\nme\tthree\nme\tfour\nme\tfive\n"));
  Command router({"router", "--bind", "ipc://*", "--hwm", "1"},
                 With([&] { dup2(open(path.c_str(), O_RDONLY), STDIN_FILENO); }));
  RawPeer me(Breathe, router.Bound());
  ASSERT_TRUE(me.Write(PeerGreeting() + PeerReady("DEALER", "me")));
  EXPECT_THAT(me.ReadUntil("xxxx"), HasSubstr("xxxx"));
  me.Close();
  EXPECT_EQ(router.Wait(), 1);
  EXPECT_THAT(router.Complaint(),
              MatchesRegex("monocoque: stdin, line [2-5]: (whom it is for has just gone|"
                           "no peer has the routing id \"me\" any more)\n"));
}

// One that came and left without a word was there, too.
TEST(PeersAndPipesTest, RouterToWhomNeverSpoke) {
  Command router({"router", "--bind", "tcp://127.0.0.1:*", "--timeout", "10"});
  const std::string at = router.Bound();
  RawPeer ghost(Breathe, at);
  ASSERT_TRUE(ghost.Write(PeerGreeting() + PeerReady("DEALER", "ghost")));
  ghost.EndWriting();
  ASSERT_TRUE(ghost.ReadToEnd());
  // Who comes later is heard later.
  Command dealer({"dealer", "--connect", at, "--identity", "after"});
  dealer.Feed("hello\n");
  router.OutUntil("hello\n");
  router.Feed("ghost\thello\n");
  EXPECT_EQ(router.Wait(), 1);
  EXPECT_EQ(router.Complaint(),
            "monocoque: stdin, line 1: no peer has the routing id \"ghost\" any more\n");
}

// Nor do lines wait for one that is gone before they were looked at again.
TEST(PeersAndPipesTest, RouterWaitsForWhomNeverSpeaks) {
  const TempFolder folder;
  const std::string path = folder.Write(
      "lines", absl::StrCat("ghost\t", std::string(5'000'000, 'x'), "\nghost\ttwo\nghost\t3\n"));
  Command router({"router", "--bind", "ipc://*", "--hwm", "1", "--timeout", "10"},
                 With([&] { dup2(open(path.c_str(), O_RDONLY), STDIN_FILENO); }));
  RawPeer ghost(Breathe, router.Bound());
  ASSERT_TRUE(ghost.Write(PeerGreeting() + PeerReady("DEALER", "ghost")));
  ghost.ReadUntil("READY");
  ghost.Close();
  EXPECT_EQ(router.Wait(), 1);
  EXPECT_THAT(router.Complaint(),
              MatchesRegex("monocoque: stdin, line [1-3]: (whom it is for has just gone|"
                           "no peer has the routing id \"ghost\" any more)\n"));
}

}  // namespace
}  // namespace monocoque
