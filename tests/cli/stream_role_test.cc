// The command's role of octets without ZMTP: against a bare TCP connection, and against libzmq's
// STREAM.
#include <signal.h>
#include <unistd.h>
#include <zmq.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/raw_peer.h"
#include "tests/support/zmq_peer.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Breathe;
using ::monocoque::testing::Command;
using ::monocoque::testing::RawListener;
using ::monocoque::testing::RawPeer;
using ::monocoque::testing::Until;
using ::monocoque::testing::ZmqPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Parts = std::vector<std::string>;

constexpr char kTcp[] = "tcp://127.0.0.1:*";

// The id of who came: what is in front of the tab of the first line, which has nothing behind it.
std::string FirstPeer(Command* stream) {
  const std::string& out = stream->OutUntil("\t\n");
  return out.substr(0, out.find('\t'));
}

// STREAM-1 to STREAM-4: who comes and goes is a line with nothing behind the id.
TEST(StreamRoleTest, ATcpConnection) {
  Command stream({"stream", "--bind", kTcp});
  const std::string at = stream.Bound();
  RawPeer client(Breathe, at);
  const std::string id = FirstPeer(&stream);
  EXPECT_THAT(id, MatchesRegex("\\\\x00.+"));
  ASSERT_TRUE(client.Write("GET / HTTP/1.0\r\n\r\n"));
  const std::string asked = absl::StrCat(id, "\t\n", id, "\tGET / HTTP/1.0\\x0d\\n\\x0d\\n\n");
  EXPECT_EQ(stream.OutUntil("\\n\n"), asked);
  stream.Feed(absl::StrCat(id, "\tHTTP/1.0 200\\x0d\\n\tand more\n"));
  EXPECT_EQ(client.ReadUntil("more"), "HTTP/1.0 200\r\nand more") << "parts behind each other";
  client.EndWriting();
  client.Close();
  EXPECT_EQ(stream.OutUntil(absl::StrCat("\n", id, "\t\n")), absl::StrCat(asked, id, "\t\n"));
  stream.Signal(SIGTERM);
  EXPECT_EQ(stream.Wait(), 0);
  EXPECT_EQ(stream.Complaint(), "");
}

// STREAM-5: a line with nothing behind the id ends the connection, once the others are written.
TEST(StreamRoleTest, EndsAConnection) {
  Command stream({"stream", "--bind", kTcp});
  RawPeer client(Breathe, stream.Bound());
  const std::string id = FirstPeer(&stream);
  stream.Feed(absl::StrCat(id, "\tgood\n", id, "\tbye\n", id, "\t\n"));
  EXPECT_TRUE(client.ReadToEnd());
  EXPECT_EQ(client.ReadUntil("bye"), "goodbye");
  stream.Feed(absl::StrCat(id, "\tstill there?\n"));
  EXPECT_EQ(stream.Wait(), 1);
  EXPECT_EQ(
      stream.Complaint(),
      absl::StrCat("monocoque: stdin, line 4: no peer has the routing id \"", id, "\" any more\n"));
}

// An id that nobody was given is nobody's: there is nothing to wait for.
TEST(StreamRoleTest, AnIdOfNobody) {
  Command stream({"stream", "--bind", kTcp});
  stream.Bound();
  stream.Feed("nobody\thello\n");
  EXPECT_EQ(stream.Wait(), 1);
  EXPECT_THAT(stream.Complaint(), HasSubstr("stdin, line 1: no peer has the routing id"));
  Command alone({"stream", "--bind", kTcp});
  alone.Bound();
  alone.Feed("alone\n");
  EXPECT_EQ(alone.Wait(), 1);
  EXPECT_THAT(alone.Complaint(),
              HasSubstr("stdin, line 1: stream wants the destination's routing id, a tab"));
}

TEST(StreamRoleTest, AnswersOctets) {
  for (const bool echo : {true, false}) {
    // Somebody came, and asked.
    Command stream({"stream", "--bind", kTcp, echo ? "--echo" : "--reply=a\\n\tb", "--count", "2"});
    RawPeer client(Breathe, stream.Bound());
    ASSERT_TRUE(client.Write("ping\n"));
    EXPECT_TRUE(client.ReadToEnd());
    EXPECT_EQ(client.ReadUntil("\n"), echo ? "ping\n" : "a\nb");
    EXPECT_EQ(stream.Wait(), 0);
    EXPECT_THAT(stream.out(), EndsWith("\tping\\n\n"));
  }
}

TEST(StreamRoleTest, Connects) {
  const std::string at = absl::StrCat("ipc://@monocoque-stream-role-", getpid());
  RawListener listener(at);
  Command stream({"stream", "--connect", at, "--count", "2"});
  RawPeer server(Breathe, listener.Accept(Breathe));
  stream.Feed(absl::StrCat(FirstPeer(&stream), "\tto the server\n"));
  EXPECT_EQ(server.ReadUntil("server"), "to the server");
  ASSERT_TRUE(server.Write("to us"));
  EXPECT_EQ(stream.Wait(), 0);
  EXPECT_THAT(stream.out(), EndsWith("\tto us\n"));
}

Parts Receive(ZmqPeer* peer) {
  Parts parts;
  EXPECT_TRUE(Until([&] { return peer->Receive(&parts); }));
  return parts;
}

// Whoever binds.
TEST(StreamRoleTest, StreamOfLibzmq) {
  for (const bool we_bind : {true, false}) {
    ZmqPeer theirs(ZMQ_STREAM);
    Command ours(we_bind ? Parts{"stream", "--bind", kTcp}
                         : Parts{"stream", "--connect", theirs.Bind(kTcp)});
    if (we_bind) theirs.Connect(ours.Bound());
    const Parts came = Receive(&theirs);
    ASSERT_EQ(came.size(), 2u);
    EXPECT_EQ(came[1], "");
    const std::string id = FirstPeer(&ours);
    ours.Feed(absl::StrCat(id, "\tfrom us\n"));
    EXPECT_EQ(Receive(&theirs), (Parts{came[0], "from us"}));
    ASSERT_TRUE(theirs.Send({came[0], "from them\xff"}));
    EXPECT_EQ(ours.OutUntil("xff\n"), absl::StrCat(id, "\t\n", id, "\tfrom them\\xff\n"));
    ASSERT_TRUE(theirs.Send({came[0], ""}));
    // It ends a connection in its turns.
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (!ours.HasOut() && absl::Now() < end) theirs.events();
    EXPECT_THAT(ours.OutUntil(absl::StrCat("xff\n", id, "\t\n")), EndsWith("\t\n"));
  }
}

// There is nobody to whom a name or a password could be told.
TEST(StreamRoleTest, NoSecurity) {
  Command stream({"stream", "--bind", kTcp, "--zap-domain", "d"});
  EXPECT_EQ(stream.Wait(), 1);
  EXPECT_THAT(stream.err(), MatchesRegex("monocoque: [^\n]*STREAM[^\n]*\n"));
}

}  // namespace
}  // namespace monocoque
