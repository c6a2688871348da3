// The command as a proxy: between its own roles and between sockets of libzmq.
#include <signal.h>
#include <sys/resource.h>
#include <zmq.h>

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/raw_peer.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Command;
using ::monocoque::testing::RawPeer;
using ::monocoque::testing::Until;
using ::monocoque::testing::ZmqPeer;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Parts = std::vector<std::string>;

constexpr char kTcp[] = "tcp://127.0.0.1:*";

// A proxy that listens on both sides, and its endpoints.
struct Between {
  explicit Between(const std::string& front_type, const std::string& back_type,
                   const std::vector<std::string>& more = {})
      : command(Words(front_type, back_type, more)),
        front(command.Bound()),
        back(command.Bound()) {}

  static std::vector<std::string> Words(const std::string& front, const std::string& back,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> words = {"proxy",          front,    back, "--frontend-bind", kTcp,
                                      "--backend-bind", "ipc://*"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // As whoever started it ends it.
  void End() {
    command.Signal(SIGINT);
    EXPECT_EQ(command.Wait(), 0);
    EXPECT_EQ(command.Complaint(), "");
  }

  Command command;
  std::string front;
  std::string back;
};

// ROUTER-4, ROUTER-5, REP-3: envelopes find their way back, whoever asked.
TEST(ProxyCommandTest, RequestsAndReplies) {
  Between proxy("router", "dealer");
  EXPECT_THAT(proxy.front, MatchesRegex("tcp://127.0.0.1:[1-9][0-9]*"));
  EXPECT_THAT(proxy.back, MatchesRegex("ipc:///.*"));
  Command worker({"rep", "--connect", proxy.back, "--echo"});
  Command other({"rep", "--connect", proxy.back, "--echo"});
  Command one({"req", "--connect", proxy.front});
  Command two({"req", "--connect", proxy.front});
  one.Feed("a\n\tb\t\nc\n", true);
  two.Feed("1\n2\n3\n", true);
  EXPECT_EQ(one.Wait(), 0);
  EXPECT_EQ(one.out(), "a\n\tb\t\nc\n");
  EXPECT_EQ(two.Wait(), 0);
  EXPECT_EQ(two.out(), "1\n2\n3\n");
  proxy.End();
}

// The other way round, and with sides that connect.
TEST(ProxyCommandTest, SidesThatConnect) {
  Command rep({"rep", "--bind", kTcp, "--reply", "yes"});
  Command proxy({"proxy", "dealer", "router", "--frontend-connect", rep.Bound(), "--backend-bind",
                 kTcp, "--backend-bind=ipc://*"});
  const std::string tcp = proxy.Bound();
  for (const std::string& at : {tcp, proxy.Bound()}) {
    Command req({"req", "--connect", at});
    req.Feed("?\n", true);
    EXPECT_EQ(req.Wait(), 0);
    EXPECT_EQ(req.out(), "yes\n");
  }
  proxy.Signal(SIGTERM);
  EXPECT_EQ(proxy.Wait(), 0);
}

TEST(ProxyCommandTest, Pipelines) {
  Between proxy("pull", "push");
  Command pull({"pull", "--connect", proxy.back, "--count", "20000"});
  Command push({"push", "--connect", proxy.front});
  std::string lines;
  for (int i = 0; i < 20000; ++i) absl::StrAppend(&lines, i, "\tpart\n");
  push.Feed(lines, true);
  EXPECT_EQ(push.Wait(), 0);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_TRUE(pull.out() == lines);
  proxy.End();
}

TEST(ProxyCommandTest, DraftPipelinesAndChannels) {
  Between pipeline("gather", "scatter");
  Command gather({"gather", "--connect", pipeline.back, "--count", "2"});
  Command scatter({"scatter", "--connect", pipeline.front});
  scatter.Feed("one\ntwo\n", true);
  EXPECT_EQ(gather.Wait(), 0);
  EXPECT_EQ(gather.out(), "one\ntwo\n");
  pipeline.End();
  Between channels("channel", "channel");
  Command left({"channel", "--connect", channels.front, "--count", "1"});
  Command right({"channel", "--connect", channels.back});
  left.Feed("to the right\n");
  EXPECT_EQ(right.OutUntil("\n"), "to the right\n");
  right.Feed("to the left\n");
  EXPECT_EQ(left.Wait(), 0);
  EXPECT_EQ(left.out(), "to the left\n");
}

// Publishers behind it hear what is wanted, and send nothing else.
TEST(ProxyCommandTest, SubscriptionsGoThroughIt) {
  Between proxy("xsub", "xpub");
  ZmqPeer publisher(ZMQ_XPUB);
  publisher.Connect(proxy.front);
  Command sub({"sub", "--connect", proxy.back, "--subscribe", "t", "--count", "1"});
  Parts notice;
  ASSERT_TRUE(Until([&] { return publisher.Receive(&notice); }));
  EXPECT_EQ(notice, Parts{"\x01t"});
  ASSERT_TRUE(publisher.Send({"u", "unwanted"}));
  ASSERT_TRUE(publisher.Send({"t", "wanted"}));
  EXPECT_EQ(sub.Wait(), 0);
  EXPECT_EQ(sub.out(), "t\twanted\n");
  ASSERT_TRUE(Until([&] { return publisher.Receive(&notice); }));
  EXPECT_EQ(notice, Parts{std::string("\0t", 2)}) << "nobody wants it any more";
  // And our own publisher.
  Command pub({"pub", "--connect", proxy.front, "--interval", "10"});
  Command late({"sub", "--connect", proxy.back, "--count", "3"});
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "x\n";
  pub.Feed(lines, true);
  EXPECT_EQ(late.Wait(), 0);
  EXPECT_EQ(late.out(), "x\nx\nx\n");
}

TEST(ProxyCommandTest, ItsCopiesAreCaptured) {
  Between proxy("router", "dealer", {"--capture-bind", kTcp});
  Command sub({"sub", "--connect", proxy.command.Bound(), "--count", "4"});
  Command rep({"rep", "--connect", proxy.back, "--reply", "no"});
  Command req({"req", "--connect", proxy.front, "--identity", "asker", "--interval", "10"});
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += "may I\n";
  req.Feed(lines);
  EXPECT_EQ(sub.Wait(), 0);
  const Parts seen = absl::StrSplit(sub.out(), '\n', absl::SkipEmpty());
  EXPECT_THAT(seen, Each(AnyOf("asker\t\tmay I", "asker\t\tno")));
  EXPECT_THAT(seen, ::testing::Contains("asker\t\tno"));
}

// Many parts, empty ones, large ones, between sockets of libzmq.
TEST(ProxyCommandTest, BetweenSocketsOfLibzmq) {
  const Parts samples[] = {{"one"}, {"", "", ""}, {"head", std::string(1 << 20, 'm'), "tail"}};
  {
    Between proxy("router", "dealer");
    ZmqPeer rep(ZMQ_REP);
    rep.Connect(proxy.back);
    ZmqPeer req(ZMQ_REQ);
    req.Connect(proxy.front);
    for (const Parts& sample : samples) {
      Parts got;
      ASSERT_TRUE(Until([&] { return req.Send(sample); }));
      ASSERT_TRUE(Until([&] { return rep.Receive(&got); }));
      EXPECT_TRUE(got == sample);
      ASSERT_TRUE(Until([&] { return rep.Send(sample); }));
      ASSERT_TRUE(Until([&] { return req.Receive(&got); }));
      EXPECT_TRUE(got == sample);
    }
    proxy.End();
  }
  for (const auto& [front, back, sends, receives] :
       {std::tuple("pull", "push", ZMQ_PUSH, ZMQ_PULL),
        std::tuple("pair", "pair", ZMQ_PAIR, ZMQ_PAIR)}) {
    Between proxy(front, back);
    ZmqPeer to(receives);
    to.Connect(proxy.back);
    ZmqPeer from(sends);
    from.Connect(proxy.front);
    for (const Parts& sample : samples) {
      Parts got;
      ASSERT_TRUE(Until([&] { return from.Send(sample); }));
      ASSERT_TRUE(Until([&] { return to.Receive(&got); }));
      EXPECT_TRUE(got == sample);
    }
    proxy.End();
  }
}

// A worker that goes and one that comes: what waits meanwhile waits in front.
TEST(ProxyCommandTest, WorkersComeAndGo) {
  Between proxy("router", "dealer");
  Command req({"req", "--connect", proxy.front, "--count", "2"});
  req.Feed("before anybody is there\n");
  {
    Command worker({"rep", "--connect", proxy.back, "--echo"});
    EXPECT_EQ(req.OutUntil("\n"), "before anybody is there\n");
    worker.Signal(SIGTERM);
    worker.Wait();
  }
  Command worker({"rep", "--connect", proxy.back, "--echo", "--count", "1"});
  req.Feed("again\n");
  EXPECT_EQ(worker.Wait(), 0);
  EXPECT_EQ(req.Wait(), 0);
}

// What a worker that died had not taken is no failure of the proxy's when it is ended.
TEST(ProxyCommandTest, WorkersThatDied) {
  Between proxy("pull", "push");
  {
    RawPeer dies(testing::Breathe, proxy.back);
    dies.HandshakeAs("PULL");
    Command push({"push", "--connect", proxy.front});
    push.Feed(std::string(5'000'000, 'x') + "\nwith it\n", true);
    EXPECT_EQ(push.Wait(), 0);
    EXPECT_THAT(dies.ReadUntil("xxxx"), HasSubstr("xxxx"));
  }
  Command pull({"pull", "--connect", proxy.back, "--count", "1"});
  Command push({"push", "--connect", proxy.front});
  push.Feed("after it\n", true);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "after it\n");
  proxy.End();
}

// With peers on both sides that say nothing, and one whose message finds nobody on the other.
TEST(ProxyCommandTest, IdleItDoesNothing) {
  for (const bool blocked : {false, true}) {
    Between proxy("pull", "push", {"--timeout", "1.5"});
    ZmqPeer push(ZMQ_PUSH);
    push.Connect(proxy.front);
    ASSERT_TRUE(!blocked || Until([&] { return push.Send({"to nobody"}); }));
    rusage before{};
    getrusage(RUSAGE_CHILDREN, &before);
    EXPECT_EQ(proxy.command.Wait(), 3);
    rusage after{};
    getrusage(RUSAGE_CHILDREN, &after);
    const auto used =
        absl::DurationFromTimeval(after.ru_utime) + absl::DurationFromTimeval(after.ru_stime) -
        absl::DurationFromTimeval(before.ru_utime) - absl::DurationFromTimeval(before.ru_stime);
    EXPECT_LT(used, absl::Seconds(0.7)) << "processor time of a second and a half";
  }
}

TEST(ProxyCommandTest, UsageErrors) {
  const struct {
    std::vector<std::string> words;
    const char* says;
  } cases[] = {
      {{"proxy"}, "proxy wants the types of its two sides"},
      {{"proxy", "router"}, "proxy wants the types of its two sides"},
      {{"proxy", "rep", "req"},
       "proxy does not join rep and req; it joins router and dealer, xsub"},
      {{"proxy", "pull", "x\x1b"}, "proxy does not join pull and x\\x1b"},
      {{"proxy", "pull", "push", "pub"}, "unexpected word \"pub\""},
      {{"proxy", "pull", "push"}, "give --frontend-bind or --frontend-connect"},
      {{"proxy", "pull", "push", "--frontend-bind=ipc://@x"},
       "give --backend-bind or --backend-connect"},
      {{"proxy", "pull", "push", "--bind=ipc://@x"}, "give --frontend-bind and --backend-bind"},
      {{"proxy", "pull", "push", "--count=1"}, "--count is not for proxy"},
      {{"proxy", "pull", "push", "--frontend-bind", kTcp, "--backend-bind=inproc://a"},
       "--backend-bind inproc://a: inproc reaches only sockets of one process"},
      {{"proxy", "pull", "push", "--echo"}, "--echo is not for proxy"},
      {{"proxy", "pull", "push", "--curve-server"}, "--curve-server is not for proxy"},
      {{"proxy", "pull", "push", "--plain-users=x"}, "--plain-users is not for proxy"},
      {{"proxy", "pull", "push", "--zap-domain", "x"}, "--zap-domain is not for proxy"},
      {{"pull", "--frontend-bind=ipc://@x"}, "--frontend-bind is for proxy, not for a role"},
  };
  for (const auto& c : cases) {
    Command usage(c.words);
    EXPECT_EQ(usage.Wait(), 2) << c.says;
    EXPECT_THAT(usage.err(), HasSubstr(c.says));
    EXPECT_THAT(usage.err(), MatchesRegex("monocoque: [^\n]*; see monocoque --help\n"));
  }
}

TEST(ProxyCommandTest, FailuresAreOneLine) {
  Command holder({"pull", "--bind", kTcp});
  const std::string taken = holder.Bound();
  Command backend({"proxy", "pull", "push", "--frontend-bind", kTcp, "--backend-bind", taken});
  backend.Bound();
  EXPECT_EQ(backend.Wait(), 1);
  EXPECT_EQ(backend.Complaint().find(absl::StrCat("monocoque: bind ", taken)), 0u);
  // A side to which nobody can come any more.
  Command refused({"proxy", "pull", "push", "--frontend-connect", taken, "--backend-bind", kTcp});
  EXPECT_EQ(refused.Wait(), 1);
  EXPECT_THAT(refused.err(), HasSubstr("; it will not be tried again\n"));
}

}  // namespace
}  // namespace monocoque
