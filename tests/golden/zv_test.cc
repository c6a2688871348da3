#include "tests/golden/zv.h"

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kHead =
    "# a PULL that listens\n"
    "@captured libzmq 4.3.4\n"
    "@subject S\n"
    "@socket PULL\n";

TEST(ZvTest, TheHeaderSaysWhatWasRecorded) {
  const auto capture = ParseCapture(
      "@captured libzmq 4.3.4, draft API enabled\n@differs D-16 D-18\n@needs draft\n@order free\n"
      "@subject both\n@socket-S ROUTER\n@socket-C DEALER\n@set-S HEARTBEAT_IVL 300\n"
      "@set-C ROUTING_ID str:id-1\n@set-C SUBSCRIBE hex:\n@transport ipc\n@endpoint ipc://@name\n"
      "C> 00\n");
  ASSERT_TRUE(capture.ok()) << capture.status();
  EXPECT_EQ(capture->subject, Side::kBoth);
  EXPECT_EQ(capture->side(Side::kS).type, SocketType::kRouter);
  EXPECT_EQ(capture->side(Side::kC).type, SocketType::kDealer);
  ASSERT_THAT(capture->s.options, SizeIs(1));
  EXPECT_EQ(capture->s.options[0].value.number, 300);
  ASSERT_THAT(capture->c.options, SizeIs(2));
  EXPECT_EQ(capture->c.options[0].name, "ROUTING_ID");
  EXPECT_EQ(capture->c.options[0].value.octets, "id-1");
  EXPECT_FALSE(capture->c.options[1].value.number.has_value());
  EXPECT_THAT(capture->differs, ElementsAre("D-16", "D-18"));
  EXPECT_TRUE(capture->order_free);
  EXPECT_EQ(capture->endpoint, "ipc://@name");
}

TEST(ZvTest, ARuleMayBeASection) {
  const auto capture = ParseCapture(absl::StrCat("@differs section 3\n", kHead, "C> 00\n"));
  ASSERT_TRUE(capture.ok()) << capture.status();
  EXPECT_THAT(capture->differs, ElementsAre("section 3"));
}

TEST(ZvTest, OctetsAreWordsBehindEachOther) {
  const auto capture = ParseCapture(
      absl::StrCat(kHead, "S> ff {padding:2=0001} 7f 61*3   # a comment\nopen 2\nC2> 00\n"));
  ASSERT_TRUE(capture.ok()) << capture.status();
  ASSERT_THAT(capture->steps, SizeIs(3));
  const Step& step = capture->steps[0];
  EXPECT_EQ(step.kind, Step::Kind::kOctets);
  EXPECT_EQ(step.side, Side::kS);
  EXPECT_EQ(step.text, "S> ff {padding:2=0001} 7f 61*3");
  EXPECT_EQ(step.octets.size(), 7u);
  EXPECT_EQ(step.octets.text(), std::string("\xff\0\x01\x7f"
                                            "aaa",
                                            7));
  EXPECT_EQ(capture->steps[1].kind, Step::Kind::kOpen);
  EXPECT_EQ(capture->steps[2].connection, 2);
}

TEST(ZvTest, NamedOctetsMayDiffer) {
  const Octets octets{{{"\xff", ""}, {std::string("\0\x01", 2), "padding"}, {"\x7f", ""}}};
  EXPECT_EQ(octets.Difference("\xff\x33\x34\x7f"), "");
  EXPECT_EQ(octets.Difference("\xff\x33\x34\x7e"), "octet 3: 7e, not 7f");
  EXPECT_EQ(octets.Difference("\xfe\x33\x34\x7f"), "octet 0: fe, not ff");
}

TEST(ZvTest, PausesAndCloses) {
  const auto capture = ParseCapture(absl::StrCat(
      kHead,
      "open 2\nidle 100\nidle 60 2\nno-reconnect 600\nwait 50\nS! close within 1000\nC2! close\n"));
  ASSERT_TRUE(capture.ok()) << capture.status();
  ASSERT_THAT(capture->steps, SizeIs(7));
  EXPECT_EQ(capture->steps[1].kind, Step::Kind::kIdle);
  EXPECT_EQ(capture->steps[1].connection, 1);
  EXPECT_EQ(capture->steps[2].connection, 2);
  EXPECT_EQ(capture->steps[2].time, absl::Milliseconds(60));
  EXPECT_EQ(capture->steps[3].kind, Step::Kind::kNoReconnect);
  EXPECT_EQ(capture->steps[4].kind, Step::Kind::kWait);
  EXPECT_EQ(capture->steps[5].kind, Step::Kind::kCloseWithin);
  EXPECT_EQ(capture->steps[5].time, absl::Seconds(1));
  EXPECT_EQ(capture->steps[6].kind, Step::Kind::kClose);
  EXPECT_EQ(capture->steps[6].connection, 2);
}

TEST(ZvTest, WhatTheApplicationDoes) {
  const auto capture =
      ParseCapture(absl::StrCat(kHead,
                                "app send group= rid=last 00+7a*300 - 61\n"
                                "app send-fails error=EAGAIN 61\n"
                                "app recv {routing-id:5=0001020304} 61\n"
                                "app recv-none 150\napp recv-fails error=EFSM\n"
                                "app setopt SUBSCRIBE str:A\napp join 7476\napp close\n"));
  ASSERT_TRUE(capture.ok()) << capture.status();
  ASSERT_THAT(capture->steps, SizeIs(8));
  const AppStep& send = capture->steps[0].app;
  EXPECT_EQ(send.verb, AppVerb::kSend);
  EXPECT_EQ(send.group, "");
  EXPECT_EQ(send.routing_id, "last");
  ASSERT_THAT(send.frames, SizeIs(3));
  EXPECT_EQ(send.frames[0].size(), 301u);
  EXPECT_EQ(send.frames[1].text(), "");
  EXPECT_EQ(capture->steps[1].app.error, "EAGAIN");
  EXPECT_FALSE(capture->steps[1].app.group.has_value());
  EXPECT_TRUE(capture->steps[2].app.frames[0].named());
  EXPECT_FALSE(capture->steps[2].app.frames[1].named());
  EXPECT_EQ(capture->steps[3].time, absl::Milliseconds(150));
  EXPECT_THAT(capture->steps[4].app.frames, IsEmpty());
  EXPECT_EQ(capture->steps[5].app.option.value.octets, "A");
  EXPECT_EQ(capture->steps[6].app.group, "tv");
  EXPECT_EQ(capture->steps[7].app.verb, AppVerb::kClose);
}

TEST(ZvTest, BothSidesHaveTheirOwnSteps) {
  const auto capture = ParseCapture(
      "@captured libzmq 4.3.4\n@subject both\n@socket-S PULL\n@socket-C PUSH\n"
      "C.app send 61\nS.app recv 61\nS! close\n");
  ASSERT_TRUE(capture.ok()) << capture.status();
  EXPECT_EQ(capture->steps[0].side, Side::kC);
  EXPECT_EQ(capture->steps[1].side, Side::kS);
  EXPECT_EQ(capture->steps[2].kind, Step::Kind::kClose);
}

// A script of ours goes on where a capture was left, and may ask for ERROR in no certain words.
TEST(ZvTest, AScriptGoesOn) {
  const auto script = ParseScript("S2! error\nS2! close within 100\nopen 3\n", Side::kS, 2);
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_EQ((*script)[0].kind, Step::Kind::kError);
  EXPECT_EQ((*script)[0].connection, 2);
  EXPECT_FALSE(ParseScript("C! error\n", Side::kS, 1).ok());
  EXPECT_FALSE(ParseScript("S2! error\n", Side::kS, 1).ok());
  EXPECT_FALSE(ParseCapture(absl::StrCat(kHead, "S! error\n")).ok());
}

TEST(ZvTest, MalformedStepsAreRefusedWithTheirLine) {
  struct Case {
    const char* line;
    const char* why;
  };
  for (const Case& c : {Case{"C> 0g", "not hexadecimal"},
                        Case{"C> 0A", "in lower case"},
                        Case{"C> 012", "not hexadecimal"},
                        Case{"C>", "no octets"},
                        Case{"C> 7a*", "no number"},
                        Case{"C> 7a*0", "no number"},
                        Case{"C> 7a*9999999999", "no number"},
                        Case{"C> 7a7a*3", "repeats not one octet"},
                        Case{"C> -", "not hexadecimal"},
                        Case{"C> {padding:2=00}", "is not {name:length=octets}"},
                        Case{"C> {padding:1=00", "is not {name:length=octets}"},
                        Case{"C> {Padding:1=00}", "is not {name:length=octets}"},
                        Case{"C> {:1=00}", "is not {name:length=octets}"},
                        Case{"C> {padding=1:00}", "is not {name:length=octets}"},
                        Case{"C2> 00", "is not open"},
                        Case{"C0> 00", "is not open"},
                        Case{"Cx> 00", "is not open"},
                        Case{"D> 00", "unknown step"},
                        Case{"C 00", "unknown step"},
                        Case{"C? 00", "unknown step"},
                        Case{"C! shut", "followed by close"},
                        Case{"C! close within 100", "the other side at once"},
                        Case{"S! close", "within a time"},
                        Case{"S! close before 100", "within how long"},
                        Case{"S! close within 0", "no number"},
                        Case{"open", "which connection"},
                        Case{"open 1", "no number"},
                        Case{"open 3", "no number"},
                        Case{"idle", "how long"},
                        Case{"idle -1", "no number"},
                        Case{"idle 100 2", "is not open"},
                        Case{"wait 100 1", "how long"},
                        Case{"no-reconnect 99999999", "no number"},
                        Case{"app", "without a verb"},
                        Case{"app sing 61", "does not know"},
                        Case{"app send", "frames are missing"},
                        Case{"app send error=EFSM 61", "belongs to what fails"},
                        Case{"app send-fails 61", "belongs to what fails"},
                        Case{"app send group=6 61", "not hexadecimal"},
                        Case{"app send rid=first 61", "or a number"},
                        Case{"app send 61++61", "is no frame"},
                        Case{"app recv-fails error=EFSM 61", "too many"},
                        Case{"app recv-fails error=x", "the name of an errno"},
                        Case{"app recv-none", "takes a time"},
                        Case{"app setopt SUBSCRIBE", "a name and a value"},
                        Case{"app setopt subscribe str:A", "no option's name"},
                        Case{"app setopt SUBSCRIBE A", "no number"},
                        Case{"app join", "take a group"},
                        Case{"app close now", "takes nothing"},
                        Case{"S.app recv 61", "unknown step"},
                        Case{"Z> 61", "without @zap"},
                        Case{"@set LINGER 1", "a header line in the script"},
                        Case{"C> 00\x7f", "not printable"}}) {
    const auto capture = ParseCapture(absl::StrCat(kHead, "C> 00\n", c.line, "\n"));
    ASSERT_FALSE(capture.ok()) << c.line;
    EXPECT_THAT(std::string(capture.status().message()), HasSubstr("line 6: ")) << c.line;
    EXPECT_THAT(std::string(capture.status().message()), HasSubstr(c.why)) << c.line;
  }
}

TEST(ZvTest, MalformedHeadersAreRefused) {
  struct Case {
    const char* head;
    const char* why;
  };
  for (const Case& c :
       {Case{"@subject S\n@socket PULL\n", "before @captured"},
        Case{"@captured libzmq 4.3.4\n@socket PULL\n", "before @captured and @subject"},
        Case{"@captured libzmq 4.3.4\n@subject S\n", "before @socket"},
        Case{"@captured libzmq 4.3.4\n@subject both\n@socket-S PULL\n", "before @socket"},
        Case{"@captured libzmq 4.3.4\n@subject both\n@socket PULL\n", "does not fit"},
        Case{"@captured libzmq 4.3.4\n@subject S\n@socket PULL\n@set-C LINGER 1\n", "does not fit"},
        Case{"@captured zmq 4.3.4\n", "captured from what"}, Case{"@subject X\n", "S, C or both"},
        Case{"@subject S\n@subject S\n", "twice"}, Case{"@socket PLUG\n", "no socket type"},
        Case{"@socket\n", "without a value"}, Case{"@socket PULL PUSH\n", "takes one value"},
        Case{"@set LINGER\n", "a name and a value"}, Case{"@random 0\n", "not hexadecimal"},
        Case{"@key name 00\n", "octets and a symbol"},
        Case{"@transport pgm\n", "unknown transport"}, Case{"@needs luck\n", "needs what"},
        Case{"@weather fine\n", "unknown header"}}) {
    const auto capture = ParseCapture(absl::StrCat(c.head, "C> 00\n"));
    ASSERT_FALSE(capture.ok()) << c.head;
    EXPECT_THAT(std::string(capture.status().message()), HasSubstr(c.why)) << c.head;
  }
  EXPECT_THAT(std::string(ParseCapture(kHead).status().message()), HasSubstr("there is no script"));
  EXPECT_FALSE(ParseCapture("").ok());
}

}  // namespace
}  // namespace monocoque::golden
