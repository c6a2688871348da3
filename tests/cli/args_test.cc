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
      {"pull", "--bind=ipc://@x", "--plain-server", "--plain-users", "users", "--zap-domain", "d"});
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_TRUE(plain->security.plain_server);
  EXPECT_EQ(*plain->security.plain_users, "users");
  EXPECT_EQ(*plain->security.zap_domain, "d");
  const auto client = ParseArgs({"push", "--connect=ipc://@x", "--curve-key=c.key",
                                 absl::StrCat("--curve-server-key=", kKey)});
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(*client->security.curve_key, "c.key");
  EXPECT_EQ(*client->security.curve_server_key, kKey);
  const auto server = ParseArgs({"pull", "--bind=ipc://@x", "--curve-server", "--curve-key=s.key",
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
  // The longest that there may be; a prefix again, which changes nothing.
  const std::string group(255, 'g');
  const std::string prefix(65520, 'p');
  EXPECT_TRUE(ParseArgs({"dish", "--connect", "ipc://@x", "--join", group}).ok());
  EXPECT_TRUE(ParseArgs({"sub", "--connect", "ipc://@x", "--subscribe", prefix, "--subscribe=a",
                         "--subscribe=a"})
                  .ok());
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

struct Case {
  std::vector<std::string> words;
  const char* says;
};

void ExpectUsageErrors(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const auto args = ParseArgs({c.words.begin(), c.words.end()});
    ASSERT_FALSE(args.ok()) << c.says;
    EXPECT_THAT(std::string(args.status().message()), HasSubstr(c.says));
  }
}

TEST(ArgsTest, UsageErrorsSayWhat) {
  ExpectUsageErrors({
      {{}, "give a role"},
      {{"nonsense", "--bind", "ipc://@x"}, "channel, stream, proxy, demo, keygen and passwd"},
      {{"pull"}, "give --bind"},
      {{"pull", "--bind", "ipc://@x", "--frobnicate"}, "unknown option"},
      {{"pull", "--bind", "ipc://@x", "--count", "many"}, "whole number"},
      {{"pull", "--bind", "ipc://@x", "--count=-1"}, "whole number"},
      {{"pull", "--bind", "ipc://@x", "--count", " 1"}, "whole number"},
      {{"pull", "--bind", "ipc://@x", "--count", "+1"}, "whole number"},
      {{"pull", "--bind", "ipc://@x", "--count", ""}, "whole number"},
      {{"pull", "--bind", "ipc://@x", "--timeout", "1 "}, "wants seconds"},
      {{"pull", "--bind", "ipc://@x", "--timeout", "-1"}, "wants seconds"},
      {{"pull", "--bind", "ipc://@x", "--timeout", "0x1"}, "wants seconds"},
      {{"dealer", "--bind", "ipc://@x", "--identity", ""}, "--identity wants 1 to 255 octets"},
      {{"dealer", "--bind", "ipc://@x", "--identity", "\\x00x"},
       "--identity wants 1 to 255 octets, the first of them not zero"},
      {{"dealer", "--bind", "ipc://@x", "--identity", std::string(256, 'i')},
       "--identity wants 1 to"},
      {{"pull", "--bind", "ipc://@x", "--timeout", "soon"}, "wants seconds"},
      {{"pull", "--bind", "ipc://@x", "--format", "xml"}, "text, hex or json"},
      {{"pull", "--bind", "ipc://@x", "--adapter", "epoll"}, "wants uring, uv or asio"},
      {{"pull", "--bind", "ipc://@x", "--echo"}, "for rep, router, server, peer and stream"},
      {{"rep", "--bind", "ipc://@x"}, "--echo or --reply"},
      {{"rep", "--bind", "ipc://@x", "--echo", "--reply", "y"}, "exclude"},
      {{"server", "--bind", "ipc://@x", "--reply", "a\tb"}, "server answers with one part"},
      {{"dish", "--bind", "ipc://@x"}, "dish needs --join"},
      {{"sub", "--bind", "ipc://@x", "--join", "g"}, "--join is for dish"},
      {{"dish", "--bind", "ipc://@x", "--join", "\\q"}, "--join: bad escape"},
      {{"dish", "--bind", "ipc://@x", "--join", std::string(256, 'g')},
       "--join: a group has at most 255 octets"},
      {{"dish", "--bind", "ipc://@x", "--join", "g\\x00"}, "none of them zero"},
      {{"dish", "--bind", "ipc://@x", "--join", "g", "--join=\\x67"}, "--join \\\\x67 is there"},
      {{"sub", "--bind", "ipc://@x", "--subscribe", std::string(65521, 'p')},
       "--subscribe: a prefix has at most 65520 octets, not 65521"},
      {{"xsub", "--bind", "ipc://@x", "--subscribe", std::string(65521, 'p')}, "at most 65520"},
      {{"pull", "push", "--bind", "ipc://@x"}, "unexpected word"},
      {{"pull", "--bind", "ipc://@x", "--plain-server=yes"}, "--plain-server takes no value"},
      {{"rep", "--bind", "ipc://@x", "--echo=yes"}, "--echo takes no value"},
      {{"push", "--bind", "ipc://@x", "--raw=yes"}, "--raw takes no value"},
      {{"push", "--bind", "ipc://@x", "--raw", "--format=hex"}, "--raw and --format exclude"},
      {{"proxy", "pull", "push", "--raw"}, "--raw is not for proxy"},
      {{"--help=yes"}, "--help takes no value"},
      {{"pull\x1b[31m", "--bind", "ipc://@x"}, "pull\\x1b[31m"},
  });
}

TEST(ArgsTest, WrongEndpointsNameTheirOption) {
  ExpectUsageErrors({
      {{"pull", "--bind"}, "--bind lacks its endpoint"},
      {{"pull", "--bind", "--timeout", "1"},
       "--bind lacks its endpoint: behind it stands --timeout"},
      {{"pull", "--bind="}, "--bind lacks its endpoint"},
      {{"pull", "--bind", "tcp:/x"}, "--bind tcp:/x: write transport://address"},
      {{"pull", "--bind=tcp://127.0.0.1"}, "--bind tcp://127.0.0.1: a port is missing"},
      {{"pull", "--connect", "127.0.0.1:1"}, "--connect 127.0.0.1:1: write transport://address"},
      {{"pull", "--connect", "tcp://*:1"}, "--connect tcp://*:1: * is for listening"},
      {{"pull", "--bind", "tcp://x:1;y:2"}, "--bind tcp://x:1;y:2: a source address is for connec"},
      {{"pull", "--bind", "inproc://x"}, "--bind inproc://x: inproc reaches only sockets of one"},
      {{"pull", "--bind", "udp://x:1"}, "--bind udp://x:1: no such transport here; use tcp or ipc"},
      {{"pull", "--connect", "sim://x"}, "--connect sim://x: no such transport here; use tcp or"},
      {{"proxy", "pull", "push", "--frontend-bind", "tcp://\x1b[31m"},
       "--frontend-bind tcp://\\x1b[31m: "},
      {{"pull", "--bind", absl::StrCat("ipc://", std::string(5000, 'x'))},
       "xxx...: a Unix socket's"},
  });
}

TEST(ArgsTest, SecurityThatDoesNotFit) {
  ExpectUsageErrors({
      {{"pull", "--bind", "ipc://@x", "--plain-server"}, "--plain-server wants --plain-users FILE"},
      {{"pull", "--bind", "ipc://@x", "--plain-users", "f"}, "--plain-users is for --plain-server"},
      {{"pull", "--bind", "ipc://@x", "--plain-username", "a"}, "wants --plain-password-file FILE"},
      {{"pull", "--bind", "ipc://@x", "--plain-password-file", "f"}, "wants --plain-username NAME"},
      {{"pull", "--bind", "ipc://@x", "--plain-server", "--plain-users", "f", "--plain-username=a"},
       "--plain-username is for the client and --plain-server for the server"},
      {{"pull", "--bind", "ipc://@x", "--plain-server", "--curve-key", "f"},
       "PLAIN and CURVE exclude"},
      {{"pull", "--bind", "ipc://@x", "--curve-server"}, "--curve-server wants --curve-key FILE"},
      {{"pull", "--bind", "ipc://@x", "--curve-server-key", std::string(kKey)},
       "--curve-server-key wants --curve-key FILE"},
      {{"pull", "--bind", "ipc://@x", "--curve-key", "f"},
       "--curve-key wants --curve-server-key KEY"},
      {{"pull", "--bind", "ipc://@x", "--curve-key=f", "--curve-server", "--curve-server-key",
        std::string(kKey)},
       "--curve-server-key is for the client and --curve-server for the server"},
      {{"pull", "--bind", "ipc://@x", "--curve-key=f", "--curve-server-key", std::string(kKey),
        "--allow-key=g"},
       "--allow-key and --allow-any-key are for --curve-server"},
      {{"pull", "--bind=ipc://@x", "--curve-key=f", "--curve-server", "--allow-any-key",
        "--allow-key=g"},
       "--allow-key and --allow-any-key exclude each other"},
      {{"pull", "--bind=ipc://@x", "--curve-key=f", "--curve-server", "--allow-any-key",
        "--zap-domain=d"},
       "--zap-domain and --allow-any-key exclude each other"},
      {{"pull", "--bind", "ipc://@x", "--zap-domain", ""}, "--zap-domain wants a name"},
      {{"pull", "--bind", "ipc://@x", "--zap-domain=d", "--plain-username=a",
        "--plain-password-file=f"},
       "--zap-domain is for servers"},
  });
}

TEST(ArgsTest, Raw) {
  EXPECT_TRUE(ParseArgs({"push", "--raw", "--bind", "ipc://@x"})->raw);
  EXPECT_FALSE(ParseArgs({"push", "--bind", "ipc://@x"})->raw);
}

TEST(ArgsTest, Modes) {
  EXPECT_EQ(ParseArgs({"--help"})->mode, Args::Mode::kHelp);
  EXPECT_EQ(ParseArgs({"--version"})->mode, Args::Mode::kVersion);
  EXPECT_EQ(ParseArgs({"demo"})->mode, Args::Mode::kDemo);
}

}  // namespace
}  // namespace monocoque::cli
