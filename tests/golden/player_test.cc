#include "tests/golden/player.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/golden/expectations.h"

namespace monocoque::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A PULL of ours that listens, up to where both sides are ready.
constexpr std::string_view kUp =
    "C> ff00000000000000017f 03 014e554c4c 00*48\n"
    "S> ff {padding:8=0000000000000000} 7f 03 014e554c4c 00*48\n"
    "C> 041a0552454144590b536f636b65742d547970650000000450555348\n"
    "S> 041a0552454144590b536f636b65742d547970650000000450554c4c\n";

Outcome PlayAs(std::string_view header, std::string_view script, Cut cut = Cut::kLines) {
  const auto capture = ParseCapture(absl::StrCat("@captured libzmq 4.3.4\n", header, "\n", script));
  EXPECT_TRUE(capture.ok()) << capture.status();
  if (!capture.ok()) return {};
  return Play(*capture, capture->subject, capture->steps, cut);
}

// A player that is content with everything proves nothing: each of these scripts is wrong in its
// last step.
TEST(PlayerTest, ASubjectThatDoesOtherwiseIsFoundOut) {
  struct Case {
    const char* steps;
    const char* what;
  };
  for (const Case& c :
       {Case{"C> 04070450494e470000\nS> 040504504f4e46\n", "octet 6: 47, not 46"},
        Case{"S> 00\n", "no more than 0 octets"},
        Case{"C> 0400\nS> 00\n", "the subject closed after 0 octets"},
        Case{"C> 0400\nC> 0000\n", "the subject has closed"},
        Case{"C> 04070450494e470000\n", "left over on connection 1: 7 octets 040504504f4e47"},
        Case{"C> 04070450494e470000\nidle 10\n", "7 octets"},
        Case{"C> 0400\nidle 10\n", "the subject closed"},
        Case{"S! close within 1000\n", "no close"},
        Case{"C> 04070450494e470000\nC> 0400\nS! close within 1000\n", "before the close 7 octets"},
        Case{"app recv 61\n", "nothing to receive"},
        Case{"C> 000162\napp recv 61\n", "part 0 is 1 octets 62"},
        Case{"C> 000161\napp recv 61 61\n", "1 parts"},
        Case{"C> 000161\napp recv-none 10\n", "received 1 octets 61"},
        Case{"app recv-fails error=EFSM\n", "UNAVAILABLE"},
        Case{"app send 61\n", "PULL only receives"},
        Case{"app send-fails error=EAGAIN 61\n", "PULL only receives"}}) {
    const Outcome outcome = PlayAs("@subject S\n@socket PULL", absl::StrCat(kUp, c.steps));
    EXPECT_EQ(Outcome::Name(outcome.kind), "differs") << c.steps;
    EXPECT_THAT(outcome.text, HasSubstr(c.what)) << c.steps;
  }
}

TEST(PlayerTest, TheStepIsNamed) {
  EXPECT_THAT(PlayAs("@subject S\n@socket PULL", absl::StrCat(kUp, "app recv 61\n")).text,
              HasSubstr("step 5, app recv 61: "));
}

// Time goes on to the end of what is waited for, and no further.
TEST(PlayerTest, TimeIsTheScripts) {
  const char* head =
      "@subject S\n@socket PULL\n@set HEARTBEAT_IVL 100\n@set HEARTBEAT_TIMEOUT 1000";
  EXPECT_EQ(
      PlayAs(head, absl::StrCat(
                       kUp, "idle 99\nwait 1\nS> 04070450494e470000\nC> 040504504f4e47\nidle 99\n"))
          .text,
      "");
  EXPECT_THAT(PlayAs(head, absl::StrCat(kUp, "idle 100\n")).text, HasSubstr("9 octets"));
}

TEST(PlayerTest, AConnectionThatNobodyExpectedIsFoundOut) {
  const char* head = "@subject C\n@socket PUSH\n@set RECONNECT_IVL 100";
  EXPECT_THAT(
      PlayAs(head, "C> ff {padding:8=0000000000000000} 7f\nS! close\nno-reconnect 99\n").text, "");
  EXPECT_THAT(PlayAs(head, "S! close\nno-reconnect 200\n").text, HasSubstr("a new connection"));
  EXPECT_THAT(
      PlayAs(head, "C> ff {padding:8=0000000000000000} 7f\nS> 00\nC! close within 10\nopen 2\n")
          .text,
      HasSubstr("no new connection"));
}

TEST(PlayerTest, WhatIsMissingIsSaid) {
  const Outcome option = PlayAs("@subject S\n@socket PULL\n@set NO_SUCH_OPTION 1", "idle 1\n");
  EXPECT_EQ(Outcome::Name(option.kind), "option missing");
  EXPECT_EQ(option.text, "NO_SUCH_OPTION");
  const Outcome running = PlayAs("@subject S\n@socket PULL", "app setopt HEARTBEAT_IVL 1\n");
  EXPECT_EQ(Outcome::Name(running.kind), "option missing");
}

TEST(PlayerTest, WhatIsAskedOfZapIsLookedAt) {
  const char* head = "@subject S\n@socket PULL\n@set ZAP_DOMAIN str:d\n@zap handler";
  EXPECT_THAT(PlayAs(head, "Z> 61\n").text, HasSubstr("ZAP is not asked"));
  const std::string greeting =
      "C> ff00000000000000017f 03 014e554c4c 00*48\n"
      "S> ff {padding:8=0000000000000000} 7f 03 014e554c4c 00*48\n";
  EXPECT_THAT(PlayAs(head, absl::StrCat(greeting, "Z> 312e30\n")).text, HasSubstr("6 frames"));
  const char* asked = "Z> 312e30 31 64 3132372e302e302e31 - 4e554c4c\n";
  EXPECT_EQ(PlayAs(head, absl::StrCat(greeting, asked)).text, "");
  EXPECT_THAT(PlayAs(head, absl::StrCat(greeting, "Z> 312e30 31 64 - - 4e554c4c\n")).text,
              HasSubstr("frame 3"));
  EXPECT_EQ(PlayAs(head, absl::StrCat(greeting, asked, "Z< 312e30 31 343030 - - -\n",
                                      "S> 040a054552524f5203343030\nS! close within 10\n"))
                .text,
            "");
}

TEST(PlayerTest, AnyCutGivesTheSame) {
  for (const Cut cut : {Cut::kLines, Cut::kOctets, Cut::kJoined}) {
    const std::string script =
        absl::StrCat(kUp, "C> 01 01 61\nC> 00 01 62\nC> 02 0000000000010000 63*65536\n",
                     "app recv 61 62\napp recv 63*65536\n");
    EXPECT_EQ(PlayAs("@subject S\n@socket PULL", script, cut).text, "");
  }
}

// The order of the last octets is free where the capture says so, and not their number.
TEST(PlayerTest, LastFramesInAnyOrder) {
  const char* head = "@subject S\n@socket PULL\n@order free";
  const std::string pings = absl::StrCat(kUp, "C> 04080450494e47000078\nC> 04080450494e47000079\n");
  EXPECT_EQ(PlayAs(head, absl::StrCat(pings, "S> 040604504f4e4779\nS> 040604504f4e4778\n")).text,
            "");
  EXPECT_NE(PlayAs(head, absl::StrCat(pings, "S> 040604504f4e4779\nS> 040604504f4e4779\n")).text,
            "");
  EXPECT_NE(PlayAs("@subject S\n@socket PULL",
                   absl::StrCat(pings, "S> 040604504f4e4779\nS> 040604504f4e4778\n"))
                .text,
            "");
}

TEST(ExpectationsTest, ListsAreReadStrictly) {
  const auto deviations =
      ParseDeviations("[name] section 3, after 12 steps\nS! error\nS! close within 10\n");
  ASSERT_TRUE(deviations.ok()) << deviations.status();
  EXPECT_EQ(deviations->at("name").rule, "section 3");
  EXPECT_EQ(deviations->at("name").steps, 12u);
  EXPECT_EQ(deviations->at("name").script, "S! error\nS! close within 10\n");
  for (const char* bad :
       {"S! error", "[name] D-1", "[name] D-1, after x steps", "name] D-1, after 1 steps",
        "[a] D-1, after 1 steps\n[a] D-1, after 1 steps"}) {
    EXPECT_FALSE(ParseDeviations(bad).ok()) << bad;
  }
  const auto cites = ParseCites("name: F-6 D-11\n");
  ASSERT_TRUE(cites.ok()) << cites.status();
  EXPECT_THAT(cites->at("name"), ElementsAre("F-6", "D-11"));
  for (const char* bad : {"name", "name: ", "a: F-6\na: F-7"})
    EXPECT_FALSE(ParseCites(bad).ok()) << bad;
}

}  // namespace
}  // namespace monocoque::golden
