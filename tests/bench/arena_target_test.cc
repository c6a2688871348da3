// The benchmark of two processes, as a harness drives it: tiny runs of each kind.
#include <signal.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/version.h"
#include "tests/support/command.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Command;
using ::testing::HasSubstr;

// On each variant.
class ArenaTargetTest : public ::testing::TestWithParam<const char*> {};

// One side. The endpoint is an abstract name: both sides may begin in any order.
class Side {
 public:
  Side(const std::string& role, const std::string& kind, const std::vector<std::string>& more)
      : command_(Words(role, kind, more), {.program = "bench/arena_target", .prepare = {}}) {}

  static std::string Endpoint(const std::string& kind) {
    return absl::StrCat("ipc://@monocoque-arena-", kind, "-", ArenaTargetTest::GetParam(), "-",
                        getpid());
  }
  int Wait() { return command_.Wait(); }
  void Kill() { command_.Signal(SIGKILL); }
  const std::string& err() const { return command_.err(); }
  // The numbers behind the word that the only line begins with.
  std::vector<double> Numbers(const std::string& word) {
    const std::vector<std::string> words =
        absl::StrSplit(absl::StripAsciiWhitespace(command_.out()), ' ');
    EXPECT_EQ(words[0], word) << command_.out() << command_.err();
    std::vector<double> numbers;
    for (std::size_t i = 1; i < words.size(); ++i) {
      EXPECT_TRUE(absl::SimpleAtod(words[i], &numbers.emplace_back()));
    }
    return numbers;
  }

 private:
  static std::vector<std::string> Words(const std::string& role, const std::string& kind,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> words = {"--role",
                                      role,
                                      "--kind=" + kind,
                                      "--transport",
                                      "ipc",
                                      "--payload-bytes=64",
                                      "--variant",
                                      ArenaTargetTest::GetParam(),
                                      "--endpoint",
                                      Endpoint(kind)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  Command command_;
};

// Both sides in one process.
class Both {
 public:
  Both(const std::string& kind, const std::string& scheme, const std::vector<std::string>& more)
      : command_(Words(kind, scheme, more), {.program = "bench/arena_target", .prepare = {}}) {}

  // Once it is over: how many lines it printed, all of which begin so and count something.
  int Lines(const std::string& word) {
    EXPECT_EQ(command_.Wait(), 0);
    int lines = 0;
    for (std::string_view line : absl::StrSplit(command_.out(), '\n', absl::SkipEmpty())) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      EXPECT_EQ(words[0], word);
      EXPECT_EQ(words.size(), word == "LATENCY" ? 8u : 3u) << line;
      double count = 0;
      EXPECT_TRUE(absl::SimpleAtod(words[1], &count)) << line;
      EXPECT_GT(count, 0);
      ++lines;
    }
    return lines;
  }
  const std::string& err() const { return command_.err(); }

 private:
  static std::vector<std::string> Words(const std::string& kind, const std::string& scheme,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> words = {
        "--role=both",
        "--kind=" + kind,
        "--transport=inproc",
        "--variant",
        ArenaTargetTest::GetParam(),
        "--endpoint",
        absl::StrCat(scheme, "monocoque-both-", kind, "-", ArenaTargetTest::GetParam(), getpid())};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  Command command_;
};

TEST_P(ArenaTargetTest, Throughput) {
  for (const char* warmup : {"--warmup=100", "--warmup=0"}) {
    Side sub("sub", "throughput", {"--messages", "5000", warmup});
    Side pub("pub", "throughput", {"--messages", "5000", warmup});
    EXPECT_EQ(pub.Wait(), 0);
    EXPECT_EQ(sub.Wait(), 0);
    const std::vector<double> told = sub.Numbers("THROUGHPUT");
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0], 5000);
    EXPECT_GT(told[1], 0);
  }
}

TEST_P(ArenaTargetTest, Latency) {
  Side sub("sub", "latency", {"--knob", "spin=off", "--knob", "unheard=of"});
  Side pub("pub", "latency", {"--messages", "200", "--warmup", "10", "--knob=spin=20"});
  EXPECT_EQ(pub.Wait(), 0);
  const std::vector<double> told = pub.Numbers("LATENCY");
  ASSERT_EQ(told.size(), 7u);
  EXPECT_EQ(told[0], 200);
  EXPECT_GT(told[1], 0);
  for (std::size_t i = 2; i < told.size(); ++i) EXPECT_GE(told[i], told[i - 1]);
  sub.Kill();
}

// Either side may bind; producers send until they are killed.
TEST_P(ArenaTargetTest, ManyPeers) {
  const std::vector<std::string> common = {"--peers", "2", "--duration-secs", "0.5"};
  std::vector<std::string> binds = common;
  binds.emplace_back("--bind");
  {
    Side producer("pub", "fanout", binds);
    Side one("sub", "fanout", common);
    Side two("sub", "fanout", common);
    for (Side* side : {&one, &two}) {
      EXPECT_EQ(side->Wait(), 0);
      const std::vector<double> told = side->Numbers("THROUGHPUT");
      ASSERT_EQ(told.size(), 2u);
      EXPECT_GT(told[0], 0);
      EXPECT_GE(told[1], 0.2);
    }
    producer.Kill();
  }
  Side consumer("sub", "fanin", binds);
  Side one("pub", "fanin", common);
  Side two("pub", "fanin", common);
  EXPECT_EQ(consumer.Wait(), 0);
  EXPECT_GT(consumer.Numbers("THROUGHPUT")[0], 0);
}

// The time is kept by who hears a message now and then, too.
TEST_P(ArenaTargetTest, AFewMessagesNowAndThen) {
  Side consumer("sub", "fanin", {"--duration-secs", "0.3", "--bind"});
  Command push({"push", "--connect", Side::Endpoint("fanin"), "--interval", "20"});
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "x\n";
  push.Feed(lines);
  EXPECT_EQ(consumer.Wait(), 0);
  const std::vector<double> told = consumer.Numbers("THROUGHPUT");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_GE(told[1], 0.3);
  EXPECT_LT(told[1], 3);
}

// Who publishes may bind or connect.
TEST_P(ArenaTargetTest, PubSub) {
  const std::vector<std::string> common = {"--peers", "2", "--duration-secs", "0.5"};
  std::vector<std::string> binds = common;
  binds.emplace_back("--bind");
  Side publisher("pub", "pubsub", binds);
  Side one("sub", "pubsub", common);
  Side two("sub", "pubsub", common);
  for (Side* side : {&one, &two}) {
    EXPECT_EQ(side->Wait(), 0);
    EXPECT_GT(side->Numbers("THROUGHPUT")[0], 0);
  }
  publisher.Kill();
}

// One process with both sides prints what two would.
TEST_P(ArenaTargetTest, BothSidesInOneProcess) {
  const std::vector<std::string> few = {"--messages=3000", "--warmup=10"};
  const std::vector<std::string> many = {"--peers", "2", "--duration-secs", "0.5"};
  for (const char* scheme : {"inproc://", "ipc://@"}) {
    Both throughput("throughput", scheme, few);
    EXPECT_EQ(throughput.Lines("THROUGHPUT"), 1) << throughput.err();
  }
  Both latency("latency", "inproc://", few);
  EXPECT_EQ(latency.Lines("LATENCY"), 1) << latency.err();
  for (const char* kind : {"fanout", "pubsub"}) {
    Both both(kind, "inproc://", many);
    EXPECT_EQ(both.Lines("THROUGHPUT"), 2) << kind << both.err();
  }
  Both fanin("fanin", "inproc://", many);
  EXPECT_EQ(fanin.Lines("THROUGHPUT"), 1) << fanin.err();
}

INSTANTIATE_TEST_SUITE_P(Variants, ArenaTargetTest, ::testing::Values("uring", "uv", "asio"),
                         [](const auto& param) { return std::string(param.param); });

TEST(ArenaTargetCommandTest, Describe) {
  Command describe({"describe"}, {.program = "bench/arena_target", .prepare = {}});
  EXPECT_EQ(describe.Wait(), 0);
  EXPECT_EQ(describe.out(), absl::StrCat("{\"engine\":\"monocoque\",\"lib_version\":\"", kVersion,
                                         "\",\"language\":\"C++20\",\"concurrency\":\"one loop\","
                                         "\"threading\":\"single thread\",\"io\":\"io_uring; libuv "
                                         "or Boost.Asio by --variant\"}\n"));
}

TEST(ArenaTargetCommandTest, WhatIsNotThereIsSaid) {
  const std::vector<std::string> common = {"--role=pub", "--kind=latency", "--endpoint=ipc://@x"};
  for (const auto& [flag, says] :
       {std::pair("--variant=epoll", "there is no --variant epoll"),
        std::pair("--endpoint=inproc://x", "use --role both"),
        std::pair("--role=all", "--role must be"), std::pair("--peers=0", "--peers must not be 0"),
        std::pair("--kind=depth", "--kind must be"),
        std::pair("--frobnicate=1", "unknown flag --frobnicate")}) {
    std::vector<std::string> words = common;
    words.emplace_back(flag);
    Command wrong(words, {.program = "bench/arena_target", .prepare = {}});
    EXPECT_EQ(wrong.Wait(), 2);
    EXPECT_THAT(wrong.err(), HasSubstr(says));
  }
}

}  // namespace
}  // namespace monocoque
