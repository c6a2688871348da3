// The command's roles of the draft types: against itself, and against the libzmq that has them.
#include <signal.h>
#include <unistd.h>
#include <zmq.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/draft_frame.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Command;
using ::monocoque::testing::DraftFrame;
using ::monocoque::testing::Received;
using ::monocoque::testing::Sent;
using ::monocoque::testing::ZmqPeer;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::MatchesRegex;

constexpr absl::Duration kSoon = absl::Seconds(20);
constexpr char kTcp[] = "tcp://127.0.0.1:*";

// What is in front of the first tab of a line.
std::string Front(std::string_view line) { return std::string(line.substr(0, line.find('\t'))); }

// The number of the first peer that a peer was told of.
std::string FirstPeer(Command* peer) {
  // The line is written as a whole.
  const std::string err = peer->ErrUntil("peer ");
  const std::size_t at = err.find("peer ") + 5;
  return err.substr(at, err.find('\n', at) - at);
}

// SERVER-2, ALL-10: each question is answered, and shown with its peer's number.
TEST(DraftRolesTest, ServerAnswersClients) {
  for (const bool echo : {true, false}) {
    Command server({"server", "--bind", kTcp, "--count", "3", echo ? "--echo" : "--reply=yes"});
    const std::string at = server.Bound();
    Command one({"client", "--connect", at, "--count", "2"});
    one.Feed("one\n\\x00\\t\n", true);
    EXPECT_EQ(one.Wait(), 0);
    EXPECT_EQ(one.out(), echo ? "one\n\\x00\\t\n" : "yes\nyes\n");
    Command two({"client", "--connect", at, "--count", "1"});
    two.Feed("three\n");
    EXPECT_EQ(two.Wait(), 0);
    EXPECT_EQ(two.out(), echo ? "three\n" : "yes\n");
    EXPECT_EQ(server.Wait(), 0);
    EXPECT_THAT(server.out(), MatchesRegex("[0-9]+\tone\n[0-9]+\t\\\\x00\\\\t\n[0-9]+\tthree\n"));
    EXPECT_EQ(server.Complaint(), "");
  }
}

TEST(DraftRolesTest, ServerShowsAndTakesNumbers) {
  Command server({"server", "--bind", "ipc://*"});
  Command client({"client", "--connect", server.Bound(), "--count", "2", "--format=json"});
  client.Feed("hello\n", true);
  const std::string number = Front(server.OutUntil("hello\n"));
  server.Feed(absl::StrCat(number, "\tback\n", number, "\tagain\n"));
  EXPECT_EQ(client.Wait(), 0) << "it stays when its input ends";
  EXPECT_EQ(client.out(), "{\"parts\":[\"back\"]}\n{\"parts\":[\"again\"]}\n");
  server.Feed("77\tnobody\n");
  EXPECT_EQ(server.Wait(), 1);
  EXPECT_THAT(server.Complaint(), EndsWith("no peer has the routing number 77\n"));
}

// Clients that ask and go have no answer, which ends nobody else's.
TEST(DraftRolesTest, ClientsThatDoNotWait) {
  Command server({"server", "--bind", kTcp, "--echo"});
  const std::string at = server.Bound();
  for (int i = 0; i < 10; ++i) {
    Command client({"client", "--connect", at});
    const std::string question = absl::StrCat("question ", i, "\n");
    client.Feed(question);
    server.OutUntil(question);
    client.Signal(SIGKILL);
  }
  Command last({"client", "--connect", at, "--count", "1"});
  last.Feed("still there\n");
  EXPECT_EQ(last.Wait(), 0);
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

// RADIO-5, J-7: the groups that were joined, each message with its group; others not.
TEST(DraftRolesTest, RadioToDishes) {
  Command radio({"radio", "--bind", kTcp, "--interval", "10"});
  const std::string at = radio.Bound();
  Command both({"dish", "--connect", at, "--join", "news", "--join=\\x01", "--count", "20"});
  Command one({"dish", "--connect", at, "--join", "new", "--timeout", "2"});
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "news\tone\nother\tno\n\\x01\ttwo\n";
  radio.Feed(lines, true);
  EXPECT_EQ(both.Wait(), 0);
  const std::vector<std::string> got = absl::StrSplit(both.out(), '\n', absl::SkipEmpty());
  EXPECT_EQ(got.size(), 20u);
  EXPECT_THAT(got, Each(AnyOf("news\tone", "\\x01\ttwo")));
  EXPECT_THAT(got, IsSupersetOf({"news\tone", "\\x01\ttwo"}));
  EXPECT_EQ(radio.Wait(), 0);
  EXPECT_EQ(one.Wait(), 3);
  EXPECT_EQ(one.out(), "") << "groups are whole names";
}

TEST(DraftRolesTest, ScatterToGathers) {
  Command one({"gather", "--bind", kTcp, "--count", "20"});
  Command other({"gather", "--bind", "ipc://*", "--count", "20"});
  Command scatter({"scatter", "--connect", one.Bound(), "--connect", other.Bound()});
  std::string lines;
  for (int i = 0; i < 40; ++i) absl::StrAppend(&lines, i, "\n");
  scatter.Feed(lines, true);
  EXPECT_EQ(scatter.Wait(), 0);
  EXPECT_EQ(one.Wait(), 0);
  EXPECT_EQ(other.Wait(), 0);
}

// Whoever connects, or is connected to, is told whom it can speak to.
TEST(DraftRolesTest, PeersSpeakByNumbers) {
  Command one({"peer", "--bind", kTcp});
  Command other({"peer", "--connect", one.Bound(), "--count", "1"});
  const std::string its = FirstPeer(&other);
  other.Feed(absl::StrCat(its, "\thello\n", its, "\tagain\n"));
  const std::string mine = FirstPeer(&one);
  EXPECT_EQ(one.OutUntil("again\n"), absl::StrCat(mine, "\thello\n", mine, "\tagain\n"));
  one.Feed(absl::StrCat(mine, "\tback\n"));
  EXPECT_EQ(other.Wait(), 0);
  EXPECT_EQ(other.out(), absl::StrCat(its, "\tback\n"));
  Command echoes({"peer", "--bind", kTcp, "--echo", "--count", "1"});
  Command asks({"peer", "--connect", echoes.Bound(), "--count", "1"});
  asks.Feed(absl::StrCat(FirstPeer(&asks), "\techo\n"));
  EXPECT_EQ(asks.Wait(), 0);
  EXPECT_THAT(asks.out(), EndsWith("\techo\n"));
}

TEST(DraftRolesTest, ChannelsBothWays) {
  Command one({"channel", "--bind", "ipc://*", "--count", "1"});
  Command other({"channel", "--connect", one.Bound(), "--count", "1"});
  one.Feed("ping\n", true);
  EXPECT_EQ(other.Wait(), 0);
  EXPECT_EQ(other.out(), "ping\n");
  Command again({"channel", "--connect", "ipc://@monocoque-none", "--timeout=0.1"});
  EXPECT_EQ(again.Wait(), 3);
}

// ALL-10: what does not fit is an error that names the line; what came before it is sent.
TEST(DraftRolesTest, LinesThatDoNotFit) {
  const std::string one_part =
      "sends messages of one part; a tab that belongs to it is written \\t";
  const struct {
    const char* role;
    std::string line;
    std::string says;
  } cases[] = {
      {"client", "a\tb", "client " + one_part},
      {"scatter", "a\tb", "scatter " + one_part},
      {"channel", "\t", "channel " + one_part},
      {"radio", "g\ta\tb", "radio " + one_part},
      {"radio", "alone", "radio wants a group, a tab, and a message"},
      {"server", "1\ta\tb", "server " + one_part},
      {"server", "x\ta", "server wants the peer's routing number in front, not \"x\""},
      {"peer", "alone", "peer wants the peer's routing number, a tab, and a message"},
  };
  for (const auto& c : cases) {
    Command fails({c.role, "--bind", kTcp});
    fails.Bound();
    fails.Feed(c.line + "\n");
    EXPECT_EQ(fails.Wait(), 1) << c.role;
    EXPECT_EQ(fails.Complaint(), absl::StrCat("monocoque: stdin, line 1: ", c.says, "\n"));
  }
  Command gather({"gather", "--bind", kTcp, "--count", "1"});
  Command scatter({"scatter", "--connect", gather.Bound()});
  scatter.Feed("fine\nnot\tfine\n");
  EXPECT_EQ(scatter.Wait(), 1);
  EXPECT_THAT(scatter.err(), HasSubstr("stdin, line 2: "));
  EXPECT_EQ(gather.Wait(), 0);
  EXPECT_EQ(gather.out(), "fine\n");
}

TEST(DraftRolesTest, Timeouts) {
  const std::string at = absl::StrCat("ipc://@monocoque-draft-timeouts-", getpid());
  for (const char* role :
       {"client", "server", "radio", "dish", "scatter", "gather", "peer", "channel"}) {
    std::vector<std::string> words = {role, "--connect", at, "--timeout", "0.2"};
    if (std::string_view(role) == "dish") words.push_back("--join=g");
    Command late(words);
    EXPECT_EQ(late.Wait(), 3) << role;
  }
}

TEST(DraftRolesTest, ServerAndClientOfLibzmq) {
  Command server({"server", "--bind", kTcp, "--echo"});
  ZmqPeer client(ZMQ_CLIENT);
  client.Connect(server.Bound());
  ASSERT_TRUE(Sent("question", &client));
  DraftFrame reply;
  ASSERT_TRUE(Received(&reply, &client));
  EXPECT_EQ(reply.text(), "question");
  EXPECT_THAT(server.OutUntil("\n"), MatchesRegex("[1-9][0-9]*\tquestion\n"));
}

TEST(DraftRolesTest, ClientAndServerOfLibzmq) {
  ZmqPeer server(ZMQ_SERVER);
  Command client({"client", "--connect", server.Bind(kTcp), "--count", "1"});
  client.Feed("question\n");
  DraftFrame request;
  ASSERT_TRUE(Received(&request, &server));
  EXPECT_EQ(request.text(), "question");
  DraftFrame answer("answer\t\xff");
  answer.set_routing_id(request.routing_id());
  ASSERT_TRUE(Sent(&answer, &server));
  EXPECT_EQ(client.Wait(), 0);
  EXPECT_EQ(client.out(), "answer\\t\\xff\n");
}

TEST(DraftRolesTest, DishAndRadioOfLibzmq) {
  ZmqPeer radio(ZMQ_RADIO);
  Command dish({"dish", "--connect", radio.Bind(kTcp), "--join", "news", "--count", "1"});
  // It drops what nobody has joined yet: once more until it arrives.
  for (const absl::Time end = absl::Now() + kSoon; dish.out().empty();) {
    ASSERT_LT(absl::Now(), end);
    for (const char* group : {"other", "news"}) {
      DraftFrame message(absl::StrCat("in ", group));
      message.set_group(group);
      ASSERT_TRUE(Sent(&message, &radio));
    }
    // Something, or nothing yet.
    if (dish.HasOut()) dish.OutUntil("\n");
  }
  EXPECT_EQ(dish.Wait(), 0);
  EXPECT_EQ(dish.out(), "news\tin news\n");
}

TEST(DraftRolesTest, RadioAndDishOfLibzmq) {
  ZmqPeer dish(ZMQ_DISH);
  ASSERT_EQ(zmq_join(dish.socket(), "news"), 0);
  Command radio({"radio", "--connect", dish.Bind("ipc://*"), "--interval", "1"});
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += "other\tno\nnews\tyes\n";
  radio.Feed(lines, true);
  DraftFrame got;
  ASSERT_TRUE(Received(&got, &dish));
  EXPECT_EQ(got.text(), "yes");
  EXPECT_EQ(got.group(), "news");
  EXPECT_EQ(radio.Wait(), 0);
}

TEST(DraftRolesTest, ScatterGatherAndChannelOfLibzmq) {
  for (const auto& [role, type] :
       {std::pair("scatter", ZMQ_GATHER), std::pair("channel", ZMQ_CHANNEL)}) {
    ZmqPeer theirs(type);
    Command ours({role, "--connect", theirs.Bind(kTcp)});
    ours.Feed("to them\n");
    DraftFrame got;
    ASSERT_TRUE(Received(&got, &theirs));
    EXPECT_EQ(got.text(), "to them");
  }
  for (const auto& [role, type] :
       {std::pair("gather", ZMQ_SCATTER), std::pair("channel", ZMQ_CHANNEL)}) {
    Command ours({role, "--bind", kTcp, "--count", "1"});
    ZmqPeer theirs(type);
    theirs.Connect(ours.Bound());
    ASSERT_TRUE(Sent("to us", &theirs));
    EXPECT_EQ(ours.Wait(), 0);
    EXPECT_EQ(ours.out(), "to us\n");
  }
}

TEST(DraftRolesTest, PeerAndPeerOfLibzmq) {
  Command ours({"peer", "--bind", kTcp, "--count", "1"});
  ZmqPeer theirs(ZMQ_PEER);
  const std::uint32_t id = zmq_connect_peer(theirs.socket(), ours.Bound().c_str());
  ASSERT_NE(id, 0u);
  const std::string number = FirstPeer(&ours);
  ours.Feed(absl::StrCat(number, "\tfrom us\n"));
  DraftFrame got;
  ASSERT_TRUE(Received(&got, &theirs));
  EXPECT_EQ(got.text(), "from us");
  DraftFrame back("from them");
  back.set_routing_id(id);
  ASSERT_TRUE(Sent(&back, &theirs));
  EXPECT_EQ(ours.Wait(), 0);
  EXPECT_EQ(ours.out(), absl::StrCat(number, "\tfrom them\n"));
}

}  // namespace
}  // namespace monocoque
