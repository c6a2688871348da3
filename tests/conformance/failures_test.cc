// What goes wrong between a socket and the system, alike in each cell: told in a sentence, and made
// up for where it can be.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"

namespace monocoque::conformance {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Absence kNamesAreTexts = {"sim", "",
                                    "a simulated host has every name and address, and no files"};

using FailuresTest = CellTest;

// E-10, E-16: said at once, with the address; whoever has it keeps it.
TEST_P(FailuresTest, AddressInUse) {
  const auto first = Make(SocketType::kPull);
  const std::string at = Bind(first.get(), any());
  const auto second = Make(SocketType::kPull);
  const absl::StatusOr<std::string> refused = second->Bind(at);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()), AllOf(HasSubstr(at), HasSubstr("in use")));
  // The socket is none the worse for it.
  Bind(second.get(), any());
  const auto push = Make(SocketType::kPush);
  Connect(push.get(), at);
  Send(push.get(), "for the first");
  EXPECT_EQ(Receive(first.get()), Parts{"for the first"});
  Did("the second bind is refused with a sentence; the first goes on, the second binds elsewhere");
}

// E-1, E-2, E-4, E-6, E-11: what the text alone shows is said at once, and nothing comes of it.
TEST_P(FailuresTest, BadEndpoints) {
  std::vector<std::string> bad = {"", "nonsense", "://x", "udp://127.0.0.1:1", "TCP://127.0.0.1:1"};
  if (over("tcp")) {
    bad.insert(bad.end(), {"tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:99999",
                           "tcp://127.0.0.1:-1", "tcp://127.0.0.1:5555x", "tcp://:1"});
  } else if (over("ipc")) {
    bad.insert(bad.end(), {"ipc://", "ipc://@", "ipc:///" + std::string(200, 'p')});
  } else {
    bad.emplace_back("inproc://");
  }
  const auto pull = Make(SocketType::kPull);
  for (const std::string& text : bad) {
    const absl::StatusOr<std::string> bound = pull->Bind(text);
    EXPECT_FALSE(bound.ok()) << text;
    const absl::Status connected = pull->Connect(text);
    EXPECT_FALSE(connected.ok()) << text;
    EXPECT_NE(bound.status().message(), "");
    EXPECT_NE(connected.message(), "");
  }
  Did(absl::StrCat(bad.size(), " texts that are no endpoints are refused, bind and connect"));
}

INSTANTIATE_TEST_SUITE_P(, FailuresTest, ::testing::ValuesIn(CellsOf("FailuresTest")), CellName);

using DialsTest = CellTest;

// TR-5: each attempt is told with a sentence that names the address; pauses grow; it goes on by
// itself.
TEST_P(DialsTest, NobodyListens) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  absl::Duration pause;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const SocketEvent failed = Await(push.get(), SocketEvent::Kind::kDialFailed);
    EXPECT_THAT(std::string(failed.status.message()),
                AllOf(HasSubstr(place()), HasSubstr("nobody listens there")));
    pause = Await(push.get(), SocketEvent::Kind::kRetry).delay;
    if (attempt == 0) {
      EXPECT_LE(pause, absl::Milliseconds(10)) << "the first pause and as much again";
    }
  }
  EXPECT_GE(pause, absl::Milliseconds(20)) << "pauses grow";
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  AwaitPeers(push.get(), 1);
  Did("4 attempts fail with a sentence each, pauses grow; once somebody listens it connects");
}

// Many dialers that nobody answers hold up neither each other nor those who are answered.
TEST_P(DialsTest, ManyThatFailHoldNobodyUp) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush, Eager());
  for (int i = 0; i < 50; ++i) Connect(push.get(), place());
  const auto other = Make(SocketType::kPush);
  Join(pull.get(), other.get());
  for (int i = 0; i < 100; ++i) {
    Send(other.get(), absl::StrCat(i));
    EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(i)});
  }
  for (int i = 0; i < 100; ++i) Await(push.get(), SocketEvent::Kind::kDialFailed);
  EXPECT_EQ(push->core().ready_peers(), 0u);
  Did("50 dialers fail again and again while 100 messages cross beside them");
}

INSTANTIATE_TEST_SUITE_P(, DialsTest,
                         ::testing::ValuesIn(CellsOf(
                             "DialsTest",
                             {{kReal, "inproc",
                               "a dial waits at the name until somebody binds it: none fails"}})),
                         CellName);

using NamesTest = CellTest;

// E-5: names are looked up off the loop.
TEST_P(NamesTest, NamesAreLookedUp) {
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush);
  const std::string at = Bind(pull.get(), any());
  Connect(push.get(), absl::StrCat("tcp://localhost", at.substr(at.rfind(':'))));
  Send(push.get(), "by name");
  EXPECT_EQ(Receive(pull.get()), Parts{"by name"});
  Did("localhost is found, and 1 message arrives");
}

// E-5: a name without an address is told, and asked for again; others are served meanwhile. One
// the resolver refuses, one that is too long to be asked for. Neither needs a name server.
TEST_P(NamesTest, NamesThatHaveNoAddress) {
  const auto pull = Make(SocketType::kPull);
  const auto other = Make(SocketType::kPush);
  Join(pull.get(), other.get());
  for (const std::string& name : {std::string(64, 'a') + ".invalid", std::string(255, 'b')}) {
    const auto push = Make(SocketType::kPush, Eager());
    Connect(push.get(), absl::StrCat("tcp://", name, ":5555"));
    const auto expect_failed = [&] {
      const SocketEvent failed = Await(push.get(), SocketEvent::Kind::kDialFailed);
      EXPECT_THAT(std::string(failed.status.message()), HasSubstr("has no address"));
    };
    expect_failed();
    Send(other.get(), "meanwhile");
    EXPECT_EQ(Receive(pull.get()), Parts{"meanwhile"});
    expect_failed();
    // At once: a lookup that is under way at the end has descriptors.
    push->StartClose(absl::ZeroDuration());
    EXPECT_TRUE(Until([&] { return push->closed(); }));
  }
  Did("2 names without an address fail with a sentence, again and again; others are served");
}

// Whoever asked may be gone when the answer comes.
TEST_P(NamesTest, DestroyedWhileANameIsLookedUp) {
  for (int turns = 0; turns < 6; ++turns) {
    auto push = Make(SocketType::kPush, Eager());
    Connect(push.get(), "tcp://localhost:1");
    for (int i = 0; i < turns; ++i) Turn();
    if (turns % 2 == 0) {
      push->StartClose(absl::ZeroDuration());
      EXPECT_TRUE(Until([&] { return push->closed(); }));
    }
  }
  // What was asked for last has been answered once this is.
  const auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush);
  const std::string at = Bind(pull.get(), any());
  Connect(push.get(), absl::StrCat("tcp://localhost", at.substr(at.rfind(':'))));
  AwaitPeers(push.get(), 1);
  Did("6 sockets go while their name is looked up; the next name is found");
}

INSTANTIATE_TEST_SUITE_P(
    , NamesTest,
    ::testing::ValuesIn(CellsOf("NamesTest", {kNamesAreTexts,
                                              {"", "ipc", "paths are not looked up"},
                                              {"", "inproc", "its names need no looking up"}})),
    CellName);

// Where there are files.
class FilesTest : public CellTest {
 protected:
  std::string BindError(const std::string& at) {
    const auto socket = Make(SocketType::kPull);
    const absl::StatusOr<std::string> bound = socket->Bind(at);
    EXPECT_FALSE(bound.ok());
    return std::string(bound.status().message());
  }
};

// E-11
TEST_P(FilesTest, AMissingDirectory) {
  EXPECT_THAT(BindError("ipc:///no/such/directory/s"), HasSubstr("the directory does not exist"));
  Did("the bind is refused with a sentence");
}

// E-12, E-14: a dead process's file is replaced, a live one's is not; closing removes ours.
TEST_P(FilesTest, AStaleSocketIsReplaced) {
  const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  PlacePath().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(dead);
  ASSERT_TRUE(PlaceHasFile());
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  EXPECT_THAT(BindError(place()), HasSubstr("in use"));
  const auto push = Make(SocketType::kPush);
  Connect(push.get(), place());
  Send(push.get(), "alive");
  EXPECT_EQ(Receive(pull.get()), Parts{"alive"});
  pull->StartClose(absl::ZeroDuration());
  EXPECT_TRUE(Until([&] { return pull->closed(); }));
  EXPECT_FALSE(PlaceHasFile()) << "closing removes it";
  Did("a dead socket's file is replaced, a live one's is not, and closing removes it");
}

// E-14: what is no socket is never removed.
TEST_P(FilesTest, AnotherFileIsInTheWay) {
  std::ofstream(PlacePath()) << "precious";
  EXPECT_THAT(BindError(place()), HasSubstr("no socket"));
  std::string kept;
  std::ifstream(PlacePath()) >> kept;
  EXPECT_EQ(kept, "precious");
  unlink(PlacePath().c_str());
  Did("the bind is refused with a sentence, and the file is kept");
}

INSTANTIATE_TEST_SUITE_P(, FilesTest,
                         ::testing::ValuesIn(CellsOf("FilesTest",
                                                     {kNamesAreTexts,
                                                      {"", "tcp", "has no files"},
                                                      {"", "inproc", "has no files"}})),
                         CellName);

}  // namespace
}  // namespace monocoque::conformance
