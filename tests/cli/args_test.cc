#include "cli/args.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/roles.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";

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

TEST(ArgsTest, Security) {
  const auto plain = ParseArgs(
      {"pull", "--bind=x", "--plain-server", "--plain-users", "users", "--zap-domain", "d"});
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_TRUE(plain->security.plain_server);
  EXPECT_EQ(*plain->security.plain_users, "users");
  EXPECT_EQ(*plain->security.zap_domain, "d");
  const auto client = ParseArgs(
      {"push", "--connect=x", "--curve-key=c.key", absl::StrCat("--curve-server-key=", kKey)});
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(*client->security.curve_key, "c.key");
  EXPECT_EQ(*client->security.curve_server_key, kKey);
  const auto server = ParseArgs({"pull", "--bind=x", "--curve-server", "--curve-key=s.key",
                                 "--allow-key=a.pub", "--allow-key", "b.pub"});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(server->security.allow_keys, (std::vector<std::string>{"a.pub", "b.pub"}));
}

TEST(ArgsTest, GroupsAndPrefixes) {
  const auto dish = ParseArgs({"dish", "--connect", "ipc://@x", "--join", "a", "--join=\\x01"});
  ASSERT_TRUE(dish.ok()) << dish.status();
  EXPECT_THAT(dish->groups, ElementsAre("a", "\x01"));
  const auto sub = ParseArgs({"sub", "--connect", "ipc://@x", "--subscribe=b"});
  ASSERT_TRUE(sub.ok()) << sub.status();
  EXPECT_THAT(sub->subscriptions, ElementsAre("b"));
}

// Every role is known by its name and has what it needs.
TEST(ArgsTest, AllRoles) {
  std::string names = RoleNames(" ");
  EXPECT_THAT(names, HasSubstr("channel"));
  for (const std::string_view name : absl::StrSplit(names, ' ')) {
    std::vector<std::string_view> words = {name, "--bind", "ipc://@x"};
    if (name == "rep") words.push_back("--echo");
    if (name == "dish") words.push_back("--join=g");
    const auto args = ParseArgs(words);
    ASSERT_TRUE(args.ok()) << args.status();
    EXPECT_EQ(RoleOf(args->role), FindRole(name));
  }
}

TEST(ArgsTest, UsageErrorsSayWhat) {
  struct Case {
    std::vector<std::string_view> words;
    const char* says;
  };
  const std::vector<Case> cases = {
      {{}, "give a role"},
      {{"nonsense", "--bind", "x"}, "channel, stream, proxy, demo, keygen and passwd"},
      {{"pull"}, "give --bind"},
      {{"pull", "--bind"}, "wants a value"},
      {{"pull", "--bind", "x", "--frobnicate"}, "unknown option"},
      {{"pull", "--bind", "x", "--count", "many"}, "whole number"},
      {{"pull", "--bind", "x", "--count=-1"}, "whole number"},
      {{"pull", "--bind", "x", "--count", " 1"}, "whole number"},
      {{"pull", "--bind", "x", "--count", "+1"}, "whole number"},
      {{"pull", "--bind", "x", "--count", ""}, "whole number"},
      {{"pull", "--bind", "x", "--timeout", "1 "}, "wants seconds"},
      {{"pull", "--bind", "x", "--timeout", "-1"}, "wants seconds"},
      {{"pull", "--bind", "x", "--timeout", "0x1"}, "wants seconds"},
      {{"dealer", "--bind", "x", "--identity", ""}, "1 to 255 octets"},
      {{"pull", "--bind", "x", "--timeout", "soon"}, "wants seconds"},
      {{"pull", "--bind", "x", "--format", "xml"}, "text, hex or json"},
      {{"pull", "--bind", "x", "--adapter", "epoll"}, "wants uring, uv or asio"},
      {{"pull", "--bind", "x", "--echo"}, "for rep, router, server, peer and stream"},
      {{"rep", "--bind", "x"}, "--echo or --reply"},
      {{"rep", "--bind", "x", "--echo", "--reply", "y"}, "exclude"},
      {{"server", "--bind", "x", "--reply", "a\tb"}, "server answers with one part"},
      {{"dish", "--bind", "x"}, "dish needs --join"},
      {{"sub", "--bind", "x", "--join", "g"}, "--join is for dish"},
      {{"dish", "--bind", "x", "--join", "\\q"}, "--join: bad escape"},
      {{"pull", "push", "--bind", "x"}, "unexpected word"},
      {{"pull", "--bind", "x", "--plain-server"}, "--plain-server wants --plain-users FILE"},
      {{"pull", "--bind", "x", "--plain-users", "f"}, "--plain-users is for --plain-server"},
      {{"pull", "--bind", "x", "--plain-username", "a"}, "wants --plain-password-file FILE"},
      {{"pull", "--bind", "x", "--plain-password-file", "f"}, "wants --plain-username NAME"},
      {{"pull", "--bind", "x", "--plain-server", "--plain-users", "f", "--plain-username=a"},
       "--plain-username is for the client and --plain-server for the server"},
      {{"pull", "--bind", "x", "--plain-server", "--curve-key", "f"}, "PLAIN and CURVE exclude"},
      {{"pull", "--bind", "x", "--curve-server"}, "--curve-server wants --curve-key FILE"},
      {{"pull", "--bind", "x", "--curve-server-key", kKey},
       "--curve-server-key wants --curve-key FILE"},
      {{"pull", "--bind", "x", "--curve-key", "f"}, "--curve-key wants --curve-server-key KEY"},
      {{"pull", "--bind", "x", "--curve-key=f", "--curve-server", "--curve-server-key", kKey},
       "--curve-server-key is for the client and --curve-server for the server"},
      {{"pull", "--bind", "x", "--curve-key=f", "--curve-server-key", kKey, "--allow-key=g"},
       "--allow-key and --allow-any-key are for --curve-server"},
      {{"pull", "--bind=x", "--curve-key=f", "--curve-server", "--allow-any-key", "--allow-key=g"},
       "--allow-key and --allow-any-key exclude each other"},
      {{"pull", "--bind=x", "--curve-key=f", "--curve-server", "--allow-any-key", "--zap-domain=d"},
       "--zap-domain and --allow-any-key exclude each other"},
      {{"pull", "--bind", "x", "--zap-domain", ""}, "--zap-domain wants a name"},
      {{"pull", "--bind", "x", "--zap-domain=d", "--plain-username=a", "--plain-password-file=f"},
       "--zap-domain is for servers"},
      {{"pull", "--bind", "x", "--plain-server=yes"}, "--plain-server takes no value"},
      {{"rep", "--bind", "x", "--echo=yes"}, "--echo takes no value"},
      {{"--help=yes"}, "--help takes no value"},
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
