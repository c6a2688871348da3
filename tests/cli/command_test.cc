// The command's contract as a stranger uses it: roles, options, exit codes; against itself and
// against libzmq.
#include "tests/support/command.h"

#include <fcntl.h>
#include <unistd.h>
#include <zmq.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Abstract;
using ::monocoque::testing::Command;
using ::monocoque::testing::CommandSetup;
using ::monocoque::testing::Until;
using ::monocoque::testing::ZmqPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using Parts = std::vector<std::string>;

// Its input, which is there when it begins.
CommandSetup Says(std::string_view text) {
  CommandSetup setup;
  setup.prepare = [text] {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || dup2(ends[0], STDIN_FILENO) < 0) return;
    (void)!write(ends[1], text.data(), text.size());
  };
  return setup;
}

TEST(CommandTest, DemoArrivesInFull) {
  // Two at once are in nobody's way.
  Command demo({"demo"});
  Command other({"demo"});
  EXPECT_EQ(demo.Wait(), 0);
  EXPECT_EQ(other.Wait(), 0);
  EXPECT_THAT(demo.out(), HasSubstr("12 of 12 messages arrived"));
  for (const char* shown : {"PUSH to PULL over tcp://127.0.0.1:", ", uring listens, uv dials\n",
                            "REQ and REP over ipc:///", ", asio listens, uring dials\n",
                            "ROUTER and DEALER over tcp://", ", uv listens, asio dials\n",
                            "PUB to SUB over tcp://", "weather.berlin", "PAIR over ipc://@",
                            "push     -> pull     job 1", "octets \\x00\\x01\\xff and all"}) {
    EXPECT_THAT(demo.out(), HasSubstr(shown));
  }
  EXPECT_EQ(demo.err(), "");
}

TEST(CommandTest, PushToPull) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "3"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("one\ntwo\tparts\n\\x00\\\\", true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "one\ntwo\tparts\n\\x00\\\\\n");
  EXPECT_EQ(pull.Complaint(), "");
}

TEST(CommandTest, BoundEndpointsAreTold) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:0", "--bind", "tcp://*:*", "--bind", "ipc://*",
                "--bind", Abstract("bound"), "--timeout", "0.1"});
  EXPECT_THAT(pull.Bound(), MatchesRegex("tcp://127.0.0.1:[1-9][0-9]*"));
  EXPECT_THAT(pull.Bound(), MatchesRegex("tcp://0.0.0.0:[1-9][0-9]*"));
  EXPECT_THAT(pull.Bound(), MatchesRegex("ipc:///.*"));
  EXPECT_EQ(pull.Bound(), Abstract("bound"));
  EXPECT_EQ(pull.Wait(), 3);
}

TEST(CommandTest, ManyWaysAtOnce) {
  Command sink({"pull", "--bind", "tcp://127.0.0.1:*", "--bind", "ipc://*", "--count", "40"});
  const std::string tcp = sink.Bound();
  const std::string ipc = sink.Bound();
  Command other({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "20"});
  Command push({"push", "--connect", tcp, "--connect=" + ipc, "--connect", other.Bound()});
  std::string lines;
  for (int i = 0; i < 60; ++i) absl::StrAppend(&lines, i, "\n");
  push.Feed(lines, true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(sink.Wait(), 0) << "two thirds of what is dealt out in turn";
  EXPECT_EQ(other.Wait(), 0);
}

// Connecting may come before listening.
TEST(CommandTest, ConnectBeforeBind) {
  Command push({"push", "--connect", Abstract("later")});
  push.Feed("patient\n", true);
  Command pull({"pull", "--bind", Abstract("later"), "--count=1"});
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "patient\n");
  EXPECT_EQ(push.Wait(), 0);
}

TEST(CommandTest, RequestsAreAnswered) {
  Command rep({"rep", "--bind", "ipc://*", "--reply", "yes\\t!\tmore", "--count", "2"});
  Command req({"req", "--connect", rep.Bound(), "--format=json"});
  req.Feed("a\nb\n", true);
  EXPECT_EQ(req.Wait(), 0);
  EXPECT_EQ(rep.Wait(), 0);
  EXPECT_EQ(rep.out(), "a\nb\n");
  const std::string line = "{\"parts\":[\"yes\\t!\",\"more\"]}\n";
  EXPECT_EQ(req.out(), line + line);
}

TEST(CommandTest, EchoSendsEachRequestBack) {
  Command rep({"rep", "--bind", "tcp://127.0.0.1:*", "--echo"});
  Command req({"req", "--connect", rep.Bound(), "--count", "3"});
  req.Feed("one\ntwo\t\tparts\n\nnever sent\n");
  EXPECT_EQ(req.Wait(), 0) << "--count counts replies";
  EXPECT_EQ(req.out(), "one\ntwo\t\tparts\n\n");
  EXPECT_EQ(rep.OutUntil("parts\n\n"), "one\ntwo\t\tparts\n\n");
}

// ROUTER answers DEALER and REQ alike: REQ's empty part stays in front.
TEST(CommandTest, RouterAnswers) {
  for (const bool echo : {true, false}) {
    const std::vector<std::string> answer =
        echo ? std::vector<std::string>{"--echo"} : std::vector<std::string>{"--reply", "yes"};
    std::vector<std::string> words = {"router", "--bind", "tcp://127.0.0.1:*", "--count", "2"};
    words.insert(words.end(), answer.begin(), answer.end());
    Command router(words);
    const std::string at = router.Bound();
    Command req({"req", "--connect", at, "--identity", "asker"});
    req.Feed("question\n", true);
    EXPECT_EQ(req.Wait(), 0);
    EXPECT_EQ(req.out(), echo ? "question\n" : "yes\n");
    Command dealer({"dealer", "--connect", at, "--identity", "\\x01d", "--count=1"});
    dealer.Feed("a\tb\n");
    EXPECT_EQ(dealer.Wait(), 0);
    EXPECT_EQ(dealer.out(), echo ? "a\tb\n" : "yes\n");
    EXPECT_EQ(router.Wait(), 0);
    EXPECT_EQ(router.out(), "asker\t\tquestion\n\\x01d\ta\tb\n");
  }
}

TEST(CommandTest, RouterShowsAndTakesIds) {
  Command router({"router", "--bind", "tcp://127.0.0.1:0"});
  // What is for somebody who is not there yet waits for it.
  router.Feed("me\tearly\n");
  Command dealer({"dealer", "--identity", "me", "--connect", router.Bound(), "--count", "2"});
  EXPECT_EQ(dealer.OutUntil("\n"), "early\n");
  dealer.Feed("hello\n");
  EXPECT_EQ(router.OutUntil("\n"), "me\thello\n");
  router.Feed("me\ttwo\tparts\n");
  EXPECT_EQ(dealer.Wait(), 0);
  EXPECT_EQ(dealer.out(), "early\ntwo\tparts\n");
}

TEST(CommandTest, RouterToNobody) {
  Command router({"router", "--bind", "tcp://127.0.0.1:0"});
  Command dealer({"dealer", "--identity", "me", "--connect", router.Bound()});
  dealer.Feed("hello\n");
  router.OutUntil("hello");
  dealer.Signal(SIGTERM);
  EXPECT_EQ(dealer.Wait(), 0);
  router.Feed("me\tx\n");
  EXPECT_EQ(router.Wait(), 1);
  EXPECT_EQ(router.Complaint(),
            "monocoque: stdin, line 1: no peer has the routing id \"me\" any more\n");
  Command lone({"router", "--bind", "tcp://127.0.0.1:0"});
  lone.Feed("no destination\n");
  EXPECT_EQ(lone.Wait(), 1);
  EXPECT_THAT(lone.err(), HasSubstr("stdin, line 1: router wants the destination's routing id"));
}

TEST(CommandTest, PubToSubs) {
  Command pub({"pub", "--bind", "tcp://127.0.0.1:*", "--interval", "10"});
  const std::string endpoint = pub.Bound();
  Command all({"sub", "--connect", endpoint, "--count", "3"});
  Command some(
      {"sub", "--connect", endpoint, "--subscribe", "b", "--subscribe=\\x63", "--count", "2"});
  // Each comes when it comes: there is enough for the later one.
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += "a\nb\tparts\nc\n";
  pub.Feed(lines, true);
  EXPECT_EQ(all.Wait(), 0);
  EXPECT_THAT(all.out(),
              ::testing::AnyOf("a\nb\tparts\nc\n", "b\tparts\nc\na\n", "c\na\nb\tparts\n"));
  EXPECT_EQ(some.Wait(), 0);
  EXPECT_THAT(some.out(), ::testing::AnyOf("b\tparts\nc\n", "c\nb\tparts\n"));
  EXPECT_EQ(pub.Wait(), 0);
}

// XPUB shows subscriptions and takes messages; XSUB sends both.
TEST(CommandTest, XPubAndXSub) {
  Command xpub({"xpub", "--bind", "ipc://*", "--timeout", "5"});
  Command xsub({"xsub", "--connect", xpub.Bound(), "--subscribe", "n", "--count", "1"});
  xsub.Feed("upstream\n", true);
  xpub.Feed("news\n", true);
  EXPECT_EQ(xsub.Wait(), 0);
  EXPECT_EQ(xsub.out(), "news\n");
  EXPECT_EQ(xpub.Wait(), 3);
  EXPECT_THAT(xpub.out(), StartsWith("\\x01n\nupstream\n"));
}

TEST(CommandTest, SubAndLibzmqPub) {
  ZmqPeer theirs(ZMQ_XPUB);
  Command sub(
      {"sub", "--connect", theirs.Bind("tcp://127.0.0.1:*"), "--subscribe", "t", "--count", "1"});
  Parts notice;
  ASSERT_TRUE(Until([&] { return theirs.Receive(&notice); }));
  EXPECT_EQ(notice, Parts{"\x01t"});
  ASSERT_TRUE(theirs.Send({"u"}));
  ASSERT_TRUE(theirs.Send({"t", "second"}));
  EXPECT_EQ(sub.Wait(), 0);
  EXPECT_EQ(sub.out(), "t\tsecond\n");
}

// PAIR and DEALER send and receive at once, and stay when their input ends.
TEST(CommandTest, BothWaysAtOnce) {
  for (const char* role : {"pair", "dealer"}) {
    Command one({role, "--bind", "ipc://*", "--count", "2"});
    Command other({role, "--connect", one.Bound(), "--count", "2"});
    one.Feed("ping\n", true);
    EXPECT_EQ(other.OutUntil("\n"), "ping\n");
    other.Feed("pong\n", true);
    EXPECT_EQ(one.OutUntil("\n"), "pong\n");
    one.Signal(SIGTERM);
    EXPECT_EQ(one.Wait(), 0);
    other.Signal(SIGINT);
    EXPECT_EQ(other.Wait(), 0);
  }
}

// Neither keeps its own message to itself because the other's came first.
TEST(CommandTest, OneMessageEachWay) {
  for (const char* role : {"pair", "dealer", "channel"}) {
    for (int i = 0; i < 20; ++i) {
      Command one({role, "--bind", "ipc://*", "--count", "1", "--timeout", "5"}, Says("ping\n"));
      Command other({role, "--connect", one.Bound(), "--count", "1", "--timeout", "5"},
                    Says("pong\n"));
      ASSERT_EQ(other.Wait(), 0) << role << other.err();
      EXPECT_EQ(other.out(), "ping\n");
      EXPECT_EQ(one.Wait(), 0) << role << one.err();
      EXPECT_EQ(one.out(), "pong\n");
    }
  }
}

// The same with lines that wait for who comes.
TEST(CommandTest, OneMessageEachWayOnceSomebodyIsThere) {
  for (int i = 0; i < 20; ++i) {
    Command router({"router", "--bind", "ipc://*", "--count", "1", "--timeout", "5"},
                   Says("me\tping\n"));
    Command dealer(
        {"dealer", "--connect", router.Bound(), "--identity=me", "--count=1", "--timeout=5"},
        Says("pong\n"));
    ASSERT_EQ(dealer.Wait(), 0) << dealer.err();
    EXPECT_EQ(router.Wait(), 0);
    Command xpub({"xpub", "--bind", "ipc://*", "--count", "1", "--timeout", "5"}, Says("news\n"));
    Command sub({"sub", "--connect", xpub.Bound(), "--count", "1", "--timeout", "5"});
    ASSERT_EQ(sub.Wait(), 0) << sub.err();
    EXPECT_EQ(xpub.Wait(), 0);
  }
}

// A role that only sends counts what it sends.
TEST(CommandTest, PushCountsWhatItSends) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--timeout", "30"});
  Command push({"push", "--connect", pull.Bound(), "--count", "2"});
  push.Feed("1\n2\n3\n4\n");
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.OutUntil("2\n"), "1\n2\n");
}

TEST(CommandTest, CountZeroIsDoneAtOnce) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "0"});
  EXPECT_EQ(pull.Wait(), 0);
}

TEST(CommandTest, IntervalsLieBetweenSends) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "3"});
  Command push({"push", "--connect", pull.Bound(), "--interval", "100"});
  const absl::Time begin = absl::Now();
  push.Feed("1\n2\n3\n", true);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
  EXPECT_EQ(push.Wait(), 0);
}

// Every octet there and back; in each format.
TEST(CommandTest, EveryOctet) {
  std::string escaped;
  std::string hex;
  for (int i = 0; i < 256; ++i) {
    const std::string two = absl::StrCat(absl::Hex(i, absl::kZeroPad2));
    const std::string one = i == '\\'                  ? "\\\\"
                            : i == '\t'                ? "\\t"
                            : i == '\n'                ? "\\n"
                            : (i >= 0x20 && i <= 0x7e) ? std::string(1, static_cast<char>(i))
                                                       : "\\x" + two;
    escaped += one;
    hex += two;
  }
  const struct {
    const char* format;
    std::string line;
  } cases[] = {{"text", escaped + "\t"},
               {"hex", hex + "\t"},
               {"json", "{\"parts\":[{\"hex\":\"" + hex + "\"},\"\"]}"}};
  for (const auto& c : cases) {
    Command pull({"pull", "--bind", "ipc://*", "--count", "1", "--format", c.format});
    Command push({"push", "--connect", pull.Bound()});
    push.Feed(escaped + "\t\n", true);
    EXPECT_EQ(pull.Wait(), 0);
    EXPECT_EQ(pull.out(), c.line + "\n");
  }
}

// What is typed without an escape is taken as it is, and shown escaped.
TEST(CommandTest, RawOctetsOnStdin) {
  Command pull({"pull", "--bind", "ipc://*", "--count", "2"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed(std::string("h\xc3\xa9llo\r\n\0\x1b[31m\n", 14), true);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "h\\xc3\\xa9llo\\x0d\n\\x00\\x1b[31m\n");
}

TEST(CommandTest, RawLines) {
  const std::string line("\\q h\xc3\xa9llo\t\0\x1b[31m\r\n", 18);
  for (const bool front : {false, true}) {
    Command to({front ? "dealer" : "pull", "--bind", "ipc://*", "--count", "1", "--raw",
                "--identity", "me\\x01"});
    Command from({front ? "router" : "push", "--connect", to.Bound(), "--raw"});
    from.Feed((front ? "me\\x01\t" : "") + line, !front);
    EXPECT_EQ(to.Wait(), 0);
    EXPECT_EQ(to.out(), line);
  }
}

TEST(CommandTest, ABadEscapeNamesItsLineAndLosesNothing) {
  Command pull({"pull", "--bind", "tcp://127.0.0.1:*", "--count", "1"});
  Command push({"push", "--connect", pull.Bound()});
  push.Feed("fine\nbad \\q \x1b\nnever\n", true);
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_EQ(
      push.err(),
      "monocoque: stdin, line 2: bad escape \"\\\\q\"; there are \\\\ \\t \\n and \\x with two "
      "lower-case hexadecimal digits. --raw takes lines as they are\n");
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "fine\n");
}

// A high-water mark of two takes two messages for a peer that is not there; the third waits, since
// its input goes on.
TEST(CommandTest, HighWaterMark) {
  for (const bool fits : {true, false}) {
    Command push({"push", "--connect", Abstract("full"), "--hwm", "2", "--count", fits ? "2" : "3",
                  "--linger", "0", "--timeout", fits ? "20" : "1"});
    push.Feed("1\n2\n3\n");
    EXPECT_EQ(push.Wait(), fits ? 1 : 3);
    EXPECT_THAT(push.err(),
                HasSubstr(fits ? "monocoque: 2 messages were not sent" : "monocoque: timed out: "));
  }
}

TEST(CommandTest, LingerIsCapped) {
  Command nobody({"push", "--connect", Abstract("nobody"), "--linger", "50"});
  nobody.Feed("lost\n", true);
  EXPECT_EQ(nobody.Wait(), 1);
  EXPECT_THAT(nobody.err(), HasSubstr("monocoque: 1 message was not sent"));
}

// --timeout ends it, whatever it waits for.
TEST(CommandTest, Timeouts) {
  const std::string at = Abstract("timeouts");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"pull", "--bind", at},
                                             {"push", "--connect", at},
                                             {"rep", "--connect", at, "--echo"},
                                             {"req", "--connect", at},
                                             {"pair", "--connect", at},
                                             {"dealer", "--connect", at},
                                             {"router", "--connect", at}}) {
    for (const bool end_of_input : {true, false}) {
      std::vector<std::string> all = words;
      all.insert(all.end(), {"--timeout", "0.2"});
      Command late(all);
      if (words[0] == "router") late.Feed("x\t");
      late.Feed("a line\n", end_of_input);
      EXPECT_EQ(late.Wait(), 3) << words[0];
    }
  }
}

TEST(CommandTest, UsageErrors) {
  const struct {
    std::vector<std::string> words;
    const char* says;
  } cases[] = {
      {{}, "give a role"},
      {{"pull"}, "give --bind ENDPOINT or --connect ENDPOINT"},
      {{"sum", "--bind", "tcp://*:1"}, "unknown role \"sum\""},
      {{"pull", "--bind", "tcp://*:1", "--subscribe", "x"}, "--subscribe is for sub and xsub"},
      {{"sub", "--bind", "tcp://*:1", "--subscribe", "\\q"}, "--subscribe: bad escape"},
      {{"pull", "--bind", "tcp://*:1", "--adapter", "epoll"}, "--adapter wants uring, uv or asio"},
      {{"rep", "--bind", "tcp://*:1"}, "--echo or --reply"},
      {{"rep", "--bind", "tcp://*:1", "--reply", "\\q"}, "--reply: bad escape"},
      {{"pull", "--bind", "tcp://*:1", "--count", "-1"}, "--count wants a whole number"},
      {{"demo", "--bind", "tcp://*:1"}, "demo takes no options"},
      {{"pull", "--\x1b[31m"}, "\\x1b[31m"},
      {{"dealer", "--bind", "ipc://*", "--identity", "\\x00x"}, "--identity wants 1 to 255"},
      {{"pull", "--bind", "--timeout", "1"}, "--bind lacks its endpoint"},
      {{"pull", "--bind", "tcp://127.0.0.1:*", "--connect", "tcp://*:1"}, "--connect tcp://*:1: "},
  };
  for (const auto& c : cases) {
    Command usage(c.words);
    EXPECT_EQ(usage.Wait(), 2) << c.says;
    EXPECT_THAT(usage.err(), HasSubstr(c.says));
    EXPECT_THAT(usage.err(), MatchesRegex("monocoque: [^\n]*; see monocoque --help\n"));
  }
}

TEST(CommandTest, FailuresAreOneLine) {
  Command holder({"pull", "--bind", "tcp://127.0.0.1:*"});
  const std::string taken = holder.Bound();
  const struct {
    std::vector<std::string> words;
    std::string says;
  } cases[] = {
      {{"pull", "--bind", taken}, absl::StrCat("bind ", taken, ": address in use")},
      {{"pull", "--bind", "ipc:///no/such/place"}, "the directory does not exist; make it first"},
      {{"pull", "--bind", "tcp://localhost:1"}, "names are not looked up to listen"},
      {{"pull", "--bind", "ipc:///\x1b[31m/x"}, "ipc:///\\x1b[31m/x"},
  };
  for (const auto& c : cases) {
    Command failed(c.words);
    EXPECT_EQ(failed.Wait(), 1) << c.says;
    EXPECT_THAT(failed.err(), HasSubstr(c.says));
    EXPECT_THAT(failed.err(), MatchesRegex("monocoque: [^\n]*\n"));
  }
}

// A peer that does not fit is told; with nobody else to wait for, it is the end.
TEST(CommandTest, APeerThatRefusesForGood) {
  Command rep({"rep", "--bind", "tcp://127.0.0.1:*", "--echo"});
  const std::string at = rep.Bound();
  Command pull({"pull", "--connect", at});
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_THAT(pull.err(), StartsWith(absl::StrCat("monocoque: ", at, ": ")));
  EXPECT_THAT(pull.err(), EndsWith("; it will not be tried again\n"));
  Command listens({"pull", "--connect", at, "--bind", "tcp://127.0.0.1:*", "--count", "1"});
  Command push({"push", "--connect", listens.Bound()});
  listens.ErrUntil("tried again\n");
  push.Feed("still here\n", true);
  EXPECT_EQ(listens.Wait(), 0);
  EXPECT_EQ(listens.out(), "still here\n");
  EXPECT_THAT(listens.Complaint(), EndsWith("; it will not be tried again\n"));
}

TEST(CommandTest, HelpAndVersion) {
  Command version({"--version"});
  EXPECT_EQ(version.Wait(), 0);
  EXPECT_THAT(version.out(), MatchesRegex("monocoque [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  Command help({"pull", "--help"});
  EXPECT_EQ(help.Wait(), 0);
  for (const char* option :
       {"--adapter", "--bind", "--connect", "--count", "--timeout", "--identity", "--reply",
        "--echo", "--interval", "--format", "--hwm", "--linger", "--subscribe", "--join", "--raw",
        "channel", "demo", "exit: 0"}) {
    EXPECT_THAT(help.out(), HasSubstr(option));
  }
}

Parts Receive(ZmqPeer* peer) {
  Parts parts;
  EXPECT_TRUE(Until([&] { return peer->Receive(&parts); }));
  return parts;
}

TEST(CommandTest, ReqAndLibzmqRep) {
  ZmqPeer rep(ZMQ_REP);
  Command req({"req", "--connect", rep.Bind("tcp://127.0.0.1:*")});
  req.Feed("over here\n");
  EXPECT_EQ(Receive(&rep), Parts{"over here"});
  ASSERT_TRUE(rep.Send({"and\there", "\xff"}));
  EXPECT_EQ(req.OutUntil("\n"), "and\\there\t\\xff\n");
  req.EndInput();
  EXPECT_EQ(req.Wait(), 0);
}

TEST(CommandTest, RouterAndLibzmqReq) {
  Command router({"router", "--bind", "tcp://127.0.0.1:*", "--reply", "yes"});
  ZmqPeer req(ZMQ_REQ);
  req.Set(ZMQ_ROUTING_ID, "z");
  req.Connect(router.Bound());
  ASSERT_TRUE(req.Send({"?"}));
  EXPECT_EQ(Receive(&req), Parts{"yes"});
  EXPECT_EQ(router.OutUntil("\n"), "z\t\t?\n");
}

TEST(CommandTest, DealerAndLibzmqRouter) {
  ZmqPeer router(ZMQ_ROUTER);
  Command dealer({"dealer", "--identity=d\\xff", "--connect", router.Bind("ipc://*"), "--count=1"});
  dealer.Feed("up\tand\n");
  EXPECT_EQ(Receive(&router), (Parts{"d\xff", "up", "and"}));
  ASSERT_TRUE(router.Send({"d\xff", "down"}));
  EXPECT_EQ(dealer.Wait(), 0);
  EXPECT_EQ(dealer.out(), "down\n");
}

TEST(CommandTest, PushAndLibzmqPull) {
  ZmqPeer pull(ZMQ_PULL);
  Command push({"push", "--connect", pull.Bind("tcp://127.0.0.1:*")});
  std::string lines;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&lines, i, "\t\n");
  push.Feed(lines, true);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(Receive(&pull), (Parts{absl::StrCat(i), ""}));
  EXPECT_EQ(push.Wait(), 0);
}

}  // namespace
}  // namespace monocoque
