#include "cli/args.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::cli {
namespace {

using ::testing::HasSubstr;

TEST(ArgsTest, TheWholeContract) {
  const auto args =
      ParseArgs({"router", "--adapter=uv", "--bind", "tcp://*:1", "--connect=ipc://@x", "--count",
                 "3", "--timeout=1.5", "--identity", "i\\x01d", "--reply", "r", "--interval=20",
                 "--format", "json", "--hwm=7", "--linger", "250"});
  ASSERT_TRUE(args.ok()) << args.status();
  EXPECT_EQ(args->role, SocketType::kRouter);
  EXPECT_EQ(args->adapter, "uv");
  ASSERT_EQ(args->places.size(), 2u);
  EXPECT_TRUE(args->places[0].bind);
  EXPECT_EQ(args->places[1].endpoint, "ipc://@x");
  EXPECT_EQ(*args->count, 3u);
  EXPECT_EQ(args->timeout, absl::Milliseconds(1500));
  EXPECT_EQ(args->identity, std::string("i\x01") + "d");
  EXPECT_EQ(*args->reply, "r");
  EXPECT_EQ(args->interval, absl::Milliseconds(20));
  EXPECT_EQ(args->format, Format::kJson);
  EXPECT_EQ(*args->hwm, 7u);
  EXPECT_EQ(args->linger, absl::Milliseconds(250));
}

TEST(ArgsTest, UsageErrorsSayWhat) {
  struct Case {
    std::vector<std::string_view> words;
    const char* says;
  };
  const std::vector<Case> cases = {
      {{}, "give a role"},
      {{"nonsense", "--bind", "x"}, "unknown role"},
      {{"pull"}, "give --bind"},
      {{"pull", "--bind"}, "wants a value"},
      {{"pull", "--bind", "x", "--frobnicate"}, "unknown option"},
      {{"pull", "--bind", "x", "--count", "many"}, "whole number"},
      {{"pull", "--bind", "x", "--count=-1"}, "whole number"},
      {{"pull", "--bind", "x", "--timeout", "soon"}, "wants seconds"},
      {{"pull", "--bind", "x", "--format", "xml"}, "text, hex or json"},
      {{"pull", "--bind", "x", "--adapter", "epoll"}, "wants uring, uv or asio"},
      {{"pull", "--bind", "x", "--echo"}, "for rep and router"},
      {{"rep", "--bind", "x"}, "--echo or --reply"},
      {{"rep", "--bind", "x", "--echo", "--reply", "y"}, "exclude"},
      {{"pull", "push", "--bind", "x"}, "unexpected word"},
      {{"pull\x1b[31m", "--bind", "x"}, "pull\\x1b[31m"},
  };
  for (const Case& c : cases) {
    const auto args = ParseArgs(c.words);
    ASSERT_FALSE(args.ok()) << c.says;
    EXPECT_THAT(std::string(args.status().message()), HasSubstr(c.says));
  }
}

TEST(ArgsTest, Modes) {
  EXPECT_EQ(ParseArgs({"--help"})->mode, Args::Mode::kHelp);
  EXPECT_EQ(ParseArgs({"--version"})->mode, Args::Mode::kVersion);
  EXPECT_EQ(ParseArgs({"demo"})->mode, Args::Mode::kDemo);
}

}  // namespace
}  // namespace monocoque::cli
