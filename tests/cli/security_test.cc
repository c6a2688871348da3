// The command's security as a stranger uses it: keys, passwords, who is let in and who is not;
// every flag, against itself and against a live libzmq in both roles.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/temp_folder.h"
#include "tests/support/zap_handler.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Command;
using ::monocoque::testing::TempFolder;
using ::monocoque::testing::ZapHandler;
using ::monocoque::testing::ZmqPeer;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;
using Parts = std::vector<std::string>;
using Words = std::vector<std::string>;

constexpr std::string_view kPassword = "swordfish";

Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class CommandSecurityTest : public ::testing::Test {
 protected:
  std::string Path(std::string_view name) const { return folder_.Path(name); }
  std::string Write(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    return folder_.Write(name, text, mode);
  }
  static std::string Text(const std::string& path) { return TempFolder::Text(path); }
  void Keygen(std::string_view name) const {
    Command keygen({"keygen", "--out", Path(name)});
    ASSERT_EQ(keygen.Wait(), 0) << keygen.err();
  }
  // Of PREFIX.key: what stands behind the word.
  std::string Key(std::string_view name, std::string_view word) const {
    const std::string text = Text(Path(absl::StrCat(name, ".key")));
    const std::size_t at = text.find(absl::StrCat(word, " "));
    return at == std::string::npos ? "" : text.substr(at + word.size() + 1, 40);
  }
  // A users' file with ada in it.
  std::string Users() const {
    Command passwd({"passwd", "--password-file", Write("ada.pw", kPassword), "ada"});
    EXPECT_EQ(passwd.Wait(), 0) << passwd.err();
    return Write("users", passwd.out());
  }
  Words CurveClient(std::string_view name, std::string_view server) const {
    return {"--curve-key", Path(absl::StrCat(name, ".key")), "--curve-server-key",
            Key(server, "public")};
  }
  Words CurveServer(std::string_view name) const {
    return {"--curve-server", "--curve-key", Path(absl::StrCat(name, ".key"))};
  }
  Words PlainClient(std::string_view name, std::string_view password) const {
    return {"--plain-username", std::string(name), "--plain-password-file",
            Write(absl::StrCat(name, "-", password), absl::StrCat(password, "\nignored\n"))};
  }
  // Nothing secret was said.
  void ExpectDiscreet(const Command& command) const {
    for (const std::string& text : {command.out(), command.err()}) {
      EXPECT_THAT(text, Not(HasSubstr(std::string(kPassword))));
      for (const char* name : {"server", "client", "other"}) {
        const std::string secret = Key(name, "secret");
        if (!secret.empty()) {
          EXPECT_THAT(text, Not(HasSubstr(secret)));
        }
      }
    }
  }
  void ExpectPasses(const Words& server, const Words& client) const {
    Command pull(Words{"pull", "--bind", "ipc://*", "--count", "2"} + server);
    Command push(Words{"push", "--connect", pull.Bound()} + client);
    push.Feed("one\ntwo\tparts\n", true);
    EXPECT_EQ(push.Wait(), 0) << push.err();
    EXPECT_EQ(pull.Wait(), 0) << pull.err();
    EXPECT_EQ(pull.out(), "one\ntwo\tparts\n");
    EXPECT_EQ(pull.Complaint(), "");
    EXPECT_EQ(push.err(), "");
    // Whoever listens: the server may dial.
    Command waits(Words{"push", "--bind", "ipc://*"} + client);
    Command dials(Words{"pull", "--connect", waits.Bound(), "--count", "1"} + server);
    waits.Feed("back\n", true);
    EXPECT_EQ(dials.Wait(), 0) << dials.err();
    EXPECT_EQ(dials.out(), "back\n");
    EXPECT_EQ(waits.Wait(), 0) << waits.err();
  }
  void ExpectRefused(const Words& server, const Words& client, const std::string& note = "") const {
    Command pull(Words{"pull", "--bind", "ipc://*"} + server);
    const std::string at = pull.Bound();
    Command push(Words{"push", "--connect", at} + client);
    push.Feed("never\n", true);
    EXPECT_EQ(push.Wait(), 1);
    EXPECT_THAT(push.err(),
                MatchesRegex("monocoque: [^\n]*ipc://[^\n]*: the peer refused us: 400 \\(it does "
                             "not know our name and password, or our key\\)[^\n]*\n"));
    ExpectDiscreet(push);
    pull.Signal(SIGTERM);
    EXPECT_EQ(pull.Wait(), 0);
    EXPECT_EQ(pull.out(), "");
    ASSERT_THAT(pull.Complaint(), StartsWith(note));
    EXPECT_THAT(pull.Complaint().substr(note.size()),
                MatchesRegex("monocoque: ipc://[^\n]*: the authenticator refused the peer "
                             "\\(400[^\n]*\\)\n"));
    ExpectDiscreet(pull);
  }

  TempFolder folder_;
};

TEST_F(CommandSecurityTest, KeygenMakesTwoFilesOnce) {
  Command keygen({"keygen", "--out", Path("ada")});
  EXPECT_EQ(keygen.Wait(), 0);
  EXPECT_EQ(keygen.out(), "");
  struct stat info{};
  ASSERT_EQ(stat(Path("ada.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  const std::string key = Text(Path("ada.key"));
  const std::string pub = Text(Path("ada.pub"));
  EXPECT_THAT(key, MatchesRegex("public [!-~]{40}\nsecret [!-~]{40}\n"));
  EXPECT_THAT(key, StartsWith(pub));
  Command again({"keygen", absl::StrCat("--out=", Path("ada"))});
  EXPECT_EQ(again.Wait(), 1);
  EXPECT_THAT(again.err(), MatchesRegex("monocoque: [^\n]*exists already[^\n]*\n"));
  EXPECT_EQ(Text(Path("ada.key")), key);
  // libzmq takes the pair for one.
  char public_key[41] = {};
  ASSERT_EQ(zmq_curve_public(public_key, Key("ada", "secret").c_str()), 0);
  EXPECT_EQ(Key("ada", "public"), public_key);
}

TEST_F(CommandSecurityTest, PasswdPrintsALine) {
  const std::string file = Write("pw", "swordfish\nmore\n");
  Command passwd({"passwd", "--password-file", file, "ada"});
  EXPECT_EQ(passwd.Wait(), 0);
  EXPECT_THAT(passwd.out(), MatchesRegex("ada \\$argon2id\\$[!-~]+\n"));
  EXPECT_EQ(passwd.err(), "");
  Command open({"passwd", "--password-file", Write("open", "swordfish", 0644), "ada"});
  EXPECT_EQ(open.Wait(), 0);
  EXPECT_THAT(open.err(), AllOf(HasSubstr("others than its owner can read"),
                                EndsWith(absl::StrCat("chmod 600 ", Path("open"), "\n"))));
}

// A password file as other systems write it has the same password in it.
TEST_F(CommandSecurityTest, PasswordFilesThatEndInCrLf) {
  const std::string crlf = Write("crlf", absl::StrCat(kPassword, "\r\nmore\r\n"));
  Command passwd({"passwd", "--password-file", crlf, "ada"});
  EXPECT_EQ(passwd.Wait(), 0);
  const std::string users = Write("crlf-users", passwd.out());
  ExpectPasses({"--plain-server", "--plain-users", users}, PlainClient("ada", kPassword));
  ExpectPasses({"--plain-server", "--plain-users", Users()},
               {"--plain-username", "ada", "--plain-password-file", crlf});
}

TEST_F(CommandSecurityTest, WhatTheKeysCommandsWant) {
  const struct {
    Words words;
    int code;
    const char* says;
  } cases[] = {
      {{"keygen"}, 2, "keygen wants --out PREFIX"},
      {{"keygen", "--out"}, 2, "--out wants a value"},
      {{"keygen", "--out", "a", "b"}, 2, "unexpected word \"b\""},
      {{"keygen", "--outt=a"}, 2, "unknown option \"--outt=a\" for keygen"},
      {{"keygen", "--out", "/no/such/folder/a"}, 1, "/no/such/folder/a.pub: No such file"},
      {{"passwd", "ada"}, 2, "passwd wants --password-file FILE and NAME"},
      {{"passwd", "--password-file", "/none"}, 2, "passwd wants --password-file FILE and NAME"},
      {{"passwd", "--password-file", "/none", "ada"},
       1,
       "--password-file /none: No such file or directory"},
      {{"passwd", "--password-file", "/none", "ada", "bob"}, 2, "unexpected word \"bob\""},
      {{"passwd", "--password-file", "/none", "a b"}, 2, "no blanks"},
      {{"passwd", "--password-file", Write("pw0", ""), "ada"}, 1, "its first line, is empty"},
      {{"passwd", "--password-file", Write("pw1", "\nx"), "ada"}, 1, "its first line, is empty"},
      {{"passwd", "--password-file", Write("pw2", "\r\nx"), "ada"}, 1, "its first line, is empty"},
  };
  for (const auto& c : cases) {
    Command command(c.words);
    EXPECT_EQ(command.Wait(), c.code) << c.says;
    EXPECT_THAT(command.err(), AllOf(StartsWith("monocoque: "), HasSubstr(c.says)));
    EXPECT_EQ(command.out(), "");
  }
}

// Whoever asks for help gets it, and nothing is made.
TEST_F(CommandSecurityTest, HelpWithTheKeysCommands) {
  for (const Words& words : {Words{"keygen", "--help"},
                             {"keygen", "--out", Path("x"), "--help"},
                             {"keygen", "--out=x", "-h"},
                             {"passwd", "--password-file", "f", "ada", "--help"}}) {
    Command help(words);
    EXPECT_EQ(help.Wait(), 0);
    EXPECT_EQ(help.err(), "");
    EXPECT_THAT(help.out(), HasSubstr("monocoque keygen --out PREFIX"));
  }
  EXPECT_NE(access(Path("x.key").c_str(), F_OK), 0);
}

// V-2, V-5, Z-8: keys that are allowed, and any.
TEST_F(CommandSecurityTest, Curve) {
  for (const char* name : {"server", "client", "other"}) Keygen(name);
  const Words server = CurveServer("server");
  const Words client = CurveClient("client", "server");
  const std::string allowed = Path("client.pub");
  ExpectPasses(server + Words{"--allow-key", Path("other.pub"), "--allow-key", allowed}, client);
  ExpectPasses(server + Words{"--allow-any-key"}, client);
  ExpectPasses(server + Words{"--allow-key", allowed, "--zap-domain", "global"}, client);
  ExpectRefused(server + Words{"--allow-key", allowed}, CurveClient("other", "server"));
  ExpectRefused(server, client,
                "monocoque: nobody is let in: give --allow-key FILE for each client, or "
                "--allow-any-key\n");
}

// The server's key as its file, too.
TEST_F(CommandSecurityTest, CurveWithTheServersKeyInAFile) {
  for (const char* name : {"server", "client"}) Keygen(name);
  ExpectPasses(CurveServer("server") + Words{"--allow-key", Path("client.pub")},
               {"--curve-key", Path("client.key"), "--curve-server-key", Path("server.pub")});
}

// A path of 40 characters is no key, whatever they are.
TEST_F(CommandSecurityTest, CurveWithAFileWhoseNameLooksLikeAKey) {
  for (const char* name : {"server", "client"}) Keygen(name);
  std::string directory = "/tmp/monocoque-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  std::string at = directory + "/";
  at.resize(40, 'k');
  ASSERT_EQ(symlink(Path("server.pub").c_str(), at.c_str()), 0);
  ExpectPasses(CurveServer("server") + Words{"--allow-key", Path("client.pub")},
               {"--curve-key", Path("client.key"), "--curve-server-key", at});
  unlink(at.c_str());
  rmdir(directory.c_str());
}

// V-2, V-4: a server whose key is another's says nothing; the client tries on, and says once what
// it may be.
TEST_F(CommandSecurityTest, CurveWithTheWrongServerKey) {
  for (const char* name : {"server", "client", "other"}) Keygen(name);
  Command pull(Words{"pull", "--bind", "ipc://*", "--allow-any-key"} + CurveServer("server"));
  Command push(Words{"push", "--connect", pull.Bound()} + CurveClient("client", "other"));
  push.Feed("never\n", true);
  EXPECT_EQ(push.ErrUntil("again\n"),
            "monocoque: the peer ended the handshake without a word: is --curve-server-key its "
            "key? We try again\n");
  push.Signal(SIGTERM);
  EXPECT_EQ(push.Wait(), 1);
  EXPECT_THAT(push.err(), EndsWith("\nmonocoque: interrupted before everything was sent\n"));
  pull.Signal(SIGTERM);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "");
}

// P-2, P-3, P-9, Z-8.
TEST_F(CommandSecurityTest, Plain) {
  const Words server = {"--plain-server", "--plain-users", Users()};
  ExpectPasses(server, PlainClient("ada", kPassword));
  ExpectPasses(server + Words{"--zap-domain", "global"}, PlainClient("ada", kPassword));
  ExpectRefused(server, PlainClient("ada", "guess"));
  ExpectRefused(server, PlainClient("eve", kPassword));
  ExpectRefused({"--plain-server", "--plain-users", Write("none", "# nobody\n")},
                PlainClient("ada", kPassword),
                absl::StrCat("monocoque: nobody is let in: there is no user in ", Path("none"),
                             "; monocoque passwd makes a line\n"));
}

// Z-7: a domain without anybody to ask lets nobody in, and says so.
TEST_F(CommandSecurityTest, ADomainAlone) {
  Command pull({"pull", "--bind", "ipc://*", "--zap-domain", "global"});
  Command push({"push", "--connect", pull.Bound(), "--timeout", "0.5"});
  push.Feed("never\n", true);
  EXPECT_EQ(push.Wait(), 3);
  pull.Signal(SIGTERM);
  EXPECT_EQ(pull.Wait(), 0);
  EXPECT_EQ(pull.out(), "");
  EXPECT_THAT(pull.Complaint(), StartsWith("monocoque: nobody is let in: --zap-domain has"));
}

// G-7, SEC-1: a peer without the mechanism gets nowhere, on either side.
TEST_F(CommandSecurityTest, OtherMechanismsGetNowhere) {
  for (const char* name : {"server", "client"}) Keygen(name);
  const Words curve = CurveServer("server") + Words{"--allow-any-key"};
  for (const Words& client : {Words{}, PlainClient("ada", kPassword)}) {
    Command pull(Words{"pull", "--bind", "ipc://*"} + curve);
    Command push(Words{"push", "--connect", pull.Bound()} + client);
    push.Feed("never\n");
    EXPECT_EQ(push.Wait(), 1) << "told that they do not fit, and for good";
    EXPECT_THAT(push.err(), StartsWith("monocoque: ipc://"));
    ExpectDiscreet(push);
    pull.Signal(SIGTERM);
    EXPECT_EQ(pull.Wait(), 0);
    EXPECT_EQ(pull.out(), "");
  }
}

TEST_F(CommandSecurityTest, FilesThatAreWrong) {
  for (const char* name : {"server", "client"}) Keygen(name);
  const std::string open = Write("open.key", Text(Path("server.key")), 0644);
  const std::string bad = Write("bad.key", absl::StrCat("secret ", Key("server", "secret"), "?"));
  const struct {
    Words words;
    std::string says;
  } cases[] = {
      {{"--curve-server", "--curve-key", open, "--allow-any-key"},
       absl::StrCat("--curve-key ", open,
                    ": others than its owner can read this secret key; it may be known "
                    "already. Make new keys, or: chmod 600 ",
                    open)},
      {{"--curve-server", "--curve-key", bad, "--allow-any-key"},
       absl::StrCat("--curve-key ", bad, ": line 1: z85: 41 characters, not 40")},
      {{"--curve-server", "--curve-key", Path("none.key"), "--allow-any-key"},
       absl::StrCat("--curve-key ", Path("none.key"), ": No such file or directory")},
      {CurveServer("server") + Words{"--allow-key", Path("client.key")},
       absl::StrCat("--allow-key ", Path("client.key"),
                    ": holds a secret key, which is its owner's alone; give the "
                    "file that ends in .pub")},
      {Words{"--curve-key", Path("client.key"), "--curve-server-key", Path("server.key")},
       absl::StrCat("--curve-server-key ", Path("server.key"),
                    ": holds a secret key, which is its owner's alone; give the "
                    "file that ends in .pub")},
      // It may be a secret with a slip in it.
      {Words{"--curve-key", Path("client.key"), "--curve-server-key",
             absl::StrCat(Key("server", "secret"), "?")},
       "--curve-server-key wants the server's public key, 40 characters as in its .pub file, or "
       "that file; what stands there is neither"},
      {{"--plain-server", "--plain-users", Write("u", "ada swordfish\n")},
       absl::StrCat("--plain-users ", Path("u"),
                    ": line 1: behind the name stands no hash of a password")},
      {{"--plain-username", "ada", "--plain-password-file", Write("long", std::string(256, 'p'))},
       absl::StrCat("--plain-password-file ", Path("long"),
                    ": the password, its first line, has more than 255 octets")},
      {{"--plain-username", "ada", "--plain-password-file", Write("empty", "\nswordfish\n")},
       absl::StrCat("--plain-password-file ", Path("empty"),
                    ": the password, its first line, is empty")},
  };
  for (const auto& c : cases) {
    Command pull(Words{"pull", "--bind", "ipc://*", "--timeout", "0.1"} + c.words);
    EXPECT_EQ(pull.Wait(), 1);
    EXPECT_EQ(pull.err(), absl::StrCat("monocoque: ", c.says, "\n"));
    ExpectDiscreet(pull);
  }
}

// Turns libzmq's sockets until it holds.
bool Until(ZmqPeer* peer, ZapHandler* handler, const std::function<bool()>& holds) {
  return monocoque::testing::Until([&] {
    if (handler != nullptr) handler->Serve();
    peer->events();
    return holds();
  });
}

// P-5, P-7, V-12: the command serves a libzmq, and is served by one; whom either does not know is
// refused.
TEST_F(CommandSecurityTest, LibzmqAndPlain) {
  const std::string users = Users();
  for (const bool right : {true, false}) {
    const std::string password(right ? kPassword : "guess");
    {
      ZmqPeer push(ZMQ_PUSH);
      push.Set(ZMQ_PLAIN_USERNAME, "ada");
      push.Set(ZMQ_PLAIN_PASSWORD, password);
      Command pull(Words{"pull", "--bind", "tcp://127.0.0.1:*", "--count", "1", "--timeout",
                         right ? "30" : "1"} +
                   Words{"--plain-server", "--plain-users", users});
      push.Connect(pull.Bound());
      ASSERT_TRUE(Until(&push, nullptr, [&] { return push.Send({"from libzmq"}); }));
      EXPECT_EQ(pull.Wait(), right ? 0 : 3);
      EXPECT_EQ(pull.out(), right ? "from libzmq\n" : "");
    }
    ZmqPeer pull(ZMQ_PULL);
    pull.Set(ZMQ_PLAIN_SERVER, 1);
    ZapHandler handler(&pull, std::string(kPassword));
    Command push(Words{"push", "--connect", pull.Bind("tcp://127.0.0.1:*")} +
                 PlainClient("ada", password));
    push.Feed("to libzmq\n", right);
    Parts got;
    if (right) {
      ASSERT_TRUE(Until(&pull, &handler, [&] { return pull.Receive(&got); }));
      EXPECT_EQ(got, Parts{"to libzmq"});
      EXPECT_EQ(push.Wait(), 0);
    } else {
      ASSERT_TRUE(Until(&pull, &handler, [&] { return handler.served() > 0; }));
      EXPECT_EQ(push.Wait(), 1);
      EXPECT_THAT(push.err(), HasSubstr("the peer refused us: 400"));
    }
    ExpectDiscreet(push);
  }
}

TEST_F(CommandSecurityTest, LibzmqAndCurve) {
  for (const char* name : {"server", "client", "other"}) Keygen(name);
  for (const char* name : {"client", "other"}) {
    const bool right = std::string_view(name) == "client";
    {
      ZmqPeer push(ZMQ_PUSH);
      push.Set(ZMQ_CURVE_SERVERKEY, Key("server", "public"));
      push.Set(ZMQ_CURVE_PUBLICKEY, Key(name, "public"));
      push.Set(ZMQ_CURVE_SECRETKEY, Key(name, "secret"));
      Command pull(Words{"pull", "--bind", "tcp://127.0.0.1:*", "--count", "1", "--timeout",
                         right ? "30" : "1", "--allow-key", Path("client.pub")} +
                   CurveServer("server"));
      push.Connect(pull.Bound());
      ASSERT_TRUE(Until(&push, nullptr, [&] { return push.Send({"from libzmq"}); }));
      EXPECT_EQ(pull.Wait(), right ? 0 : 3);
      EXPECT_EQ(pull.out(), right ? "from libzmq\n" : "");
    }
    ZmqPeer pull(ZMQ_PULL);
    pull.Set(ZMQ_CURVE_SERVER, 1);
    pull.Set(ZMQ_CURVE_SECRETKEY, Key("server", "secret"));
    std::array<std::uint8_t, 32> octets{};
    ASSERT_NE(zmq_z85_decode(octets.data(), Key("client", "public").c_str()), nullptr);
    ZapHandler handler(&pull, std::string(octets.begin(), octets.end()));
    Command push(Words{"push", "--connect", pull.Bind("tcp://127.0.0.1:*")} +
                 CurveClient(name, "server"));
    push.Feed("to libzmq\n", right);
    Parts got;
    if (right) {
      ASSERT_TRUE(Until(&pull, &handler, [&] { return pull.Receive(&got); }));
      EXPECT_EQ(got, Parts{"to libzmq"});
      EXPECT_EQ(push.Wait(), 0);
    } else {
      ASSERT_TRUE(Until(&pull, &handler, [&] { return handler.served() > 0; }));
      EXPECT_EQ(push.Wait(), 1);
      EXPECT_THAT(push.err(), HasSubstr("the peer refused us: 400"));
    }
    ExpectDiscreet(push);
  }
}

}  // namespace
}  // namespace monocoque
