// What the operating system may say no to: one clear sentence each, and what to do about it.
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/net/address.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/raw_peer.h"

namespace monocoque::uring {
namespace {

using ::monocoque::testing::FewDescriptors;
using ::monocoque::testing::TakenDescriptors;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kSoon = absl::Seconds(10);

// A short path: a Unix socket's has at most 107 octets.
class Directory {
 public:
  Directory() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~Directory() {
    chmod(path_.c_str(), 0700);
    EXPECT_EQ(rmdir(path_.c_str()), 0) << "something is left behind in " << path_;
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/monocoque-test-XXXXXX";
};

// Without the rights of root, as far as this thread has them, while it lives.
class Unprivileged {
 public:
  Unprivileged() {
    syscall(SYS_capget, &header_, before_.data());
    auto without = before_;
    for (auto& set : without) set.effective = 0;
    syscall(SYS_capset, &header_, without.data());
  }
  ~Unprivileged() { syscall(SYS_capset, &header_, before_.data()); }

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> before_{};
};

class ErrorsTest : public ::testing::Test {
 protected:
  std::string BindError(const std::string& endpoint) {
    const auto bound = pull_.Bind(endpoint);
    EXPECT_FALSE(bound.ok()) << *bound;
    return std::string(bound.status().message());
  }
  // The first event of the kind, within a deadline.
  SocketEvent Event(Socket* socket, SocketEvent::Kind kind) {
    SocketEvent event;
    const Instant end = net::Now() + kSoon;
    while (net::Now() < end) {
      while (socket->NextEvent(&event)) {
        if (event.kind == kind) return event;
      }
      loop_.RunOnce(absl::Milliseconds(10));
    }
    ADD_FAILURE() << "never: " << SocketEventName(kind);
    return SocketEvent();
  }
  std::string DialError(const std::string& endpoint) {
    Socket push = loop_.MakeSocket(SocketType::kPush);
    EXPECT_TRUE(push.Connect(endpoint).ok());
    return std::string(Event(&push, SocketEvent::Kind::kDialFailed).status.message());
  }

  Loop loop_;
  Socket pull_ = loop_.MakeSocket(SocketType::kPull);
};

// E-10
TEST_F(ErrorsTest, AddressInUse) {
  Socket first = loop_.MakeSocket(SocketType::kPull);
  for (const char* any : {"tcp://127.0.0.1:*", "ipc://@monocoque-in-use", "ipc://*"}) {
    const std::string at = *first.Bind(any);
    EXPECT_EQ(BindError(at), absl::StrCat("bind ", at,
                                          ": address in use; another socket listens there. Use "
                                          "another address, or end the other."));
  }
}

TEST_F(ErrorsTest, PortsBelow1024NeedAPrivilege) {
  int first = 1024;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first;
  const std::string at = "tcp://127.0.0.1:80";
  const std::string denied =
      "bind tcp://127.0.0.1:80: permission denied; ports below 1024 need a privilege. Use another "
      "port, or grant CAP_NET_BIND_SERVICE.";
  EXPECT_EQ(net::SystemError("bind", *ParseEndpoint(at), EACCES).message(), denied);
  const Unprivileged now;
  // A system may let everybody have it.
  EXPECT_EQ(pull_.Bind(at).status().message() == denied, first > 80);
}

TEST_F(ErrorsTest, ADirectoryThatMayNotBeWritten) {
  const Directory directory;
  chmod(directory.path().c_str(), 0500);
  const Unprivileged now;
  EXPECT_EQ(BindError("ipc://" + (directory / "s")),
            absl::StrCat("bind ipc://", directory / "s",
                         ": permission denied; check who may write in that directory."));
}

TEST_F(ErrorsTest, ASocketThatMayNotBeWritten) {
  const Directory directory;
  const std::string path = directory / "s";
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("ipc://" + path).ok());
  chmod(path.c_str(), 0400);
  const Unprivileged now;
  EXPECT_THAT(DialError("ipc://" + path),
              EndsWith("permission denied; check who may write to that socket."));
}

// E-11
TEST_F(ErrorsTest, AMissingDirectory) {
  EXPECT_EQ(BindError("ipc:///no/such/directory/s"),
            "bind ipc:///no/such/directory/s: the directory does not exist; make it first.");
}

// E-14: a file that is no socket is never removed.
TEST_F(ErrorsTest, AnotherFileInTheWay) {
  const Directory directory;
  const std::string path = directory / "file";
  std::ofstream(path) << "precious";
  EXPECT_EQ(BindError("ipc://" + path), absl::StrCat("bind ipc://", path,
                                                     ": a file that is no socket is there; remove "
                                                     "it, or use another path."));
  std::string kept;
  std::ifstream(path) >> kept;
  EXPECT_EQ(kept, "precious");
  unlink(path.c_str());
}

// E-14: what a dead process left behind is replaced, what lives is not.
TEST_F(ErrorsTest, AStaleSocketFileIsReplaced) {
  const Directory directory;
  const std::string path = directory / "s";
  {
    // Bound and closed without a word, as by a process that was killed.
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    close(fd);
  }
  struct stat info{};
  ASSERT_EQ(lstat(path.c_str(), &info), 0);
  ASSERT_TRUE(pull_.Bind("ipc://" + path).ok());
  Socket second = loop_.MakeSocket(SocketType::kPull);
  EXPECT_FALSE(second.Bind("ipc://" + path).ok());
  auto push = loop_.Push("ipc://" + path);
  ASSERT_TRUE(push->Send("alive").ok());
  EXPECT_EQ(pull_.Receive(kSoon)->text(), "alive") << "the second bind took nothing away";
  EXPECT_TRUE(pull_.Close(kSoon).ok());
  EXPECT_NE(lstat(path.c_str(), &info), 0) << "closing removes the file";
}

TEST_F(ErrorsTest, NoDescriptorToListen) {
  const FewDescriptors few(256);
  const TakenDescriptors none(0);
  EXPECT_EQ(BindError("tcp://127.0.0.1:0"),
            "bind tcp://127.0.0.1:*: descriptors are out; raise the limit (ulimit -n) or close "
            "some.");
  EXPECT_THAT(std::string(Loop().status().message()),
              HasSubstr("descriptors are out; raise the limit (ulimit -n)"));
}

TEST_F(ErrorsTest, NoDescriptorForAName) {
  const FewDescriptors few(256);
  const TakenDescriptors none(0);
  EXPECT_THAT(DialError("tcp://localhost:1"), HasSubstr("raise the limit (ulimit -n"));
}

// One accept fails, is told, costs no busy loop, and is made up for.
TEST_F(ErrorsTest, NoDescriptorToAccept) {
  const FewDescriptors few(256);
  TakenDescriptors two(2);
  const std::string at = *pull_.Bind("tcp://127.0.0.1:*");
  monocoque::testing::RawPeer peer([&] { loop_.RunOnce(absl::Milliseconds(1)); }, at);
  ASSERT_TRUE(peer.connected());
  const SocketEvent failed = Event(&pull_, SocketEvent::Kind::kAcceptFailed);
  EXPECT_EQ(failed.status.message(),
            absl::StrCat("accept ", at,
                         ": descriptors are out; raise the limit (ulimit -n) or close some."));
  const Instant begin = net::Now();
  for (int i = 0; i < 5; ++i) loop_.RunOnce(absl::Milliseconds(10));
  EXPECT_GE(net::Now() - begin, absl::Milliseconds(20)) << "it spins";
  two.Free(1);
  peer.HandshakeAs("PUSH");
  EXPECT_TRUE(pull_.WaitReady(1, kSoon).ok());
}

TEST_F(ErrorsTest, NobodyListens) {
  EXPECT_THAT(DialError("tcp://127.0.0.1:1"),
              AllOf(StartsWith("connect tcp://127.0.0.1:1: "),
                    EndsWith("connection refused; nobody listens there.")));
  EXPECT_THAT(DialError("ipc:///tmp/monocoque-no-such-socket"),
              EndsWith("there is no such socket; nobody listens there."));
}

TEST_F(ErrorsTest, NoSuchAddress) {
  EXPECT_THAT(BindError("tcp://192.0.2.1:0"),
              EndsWith("this machine has no such address; see `ip address`."));
  EXPECT_THAT(BindError("tcp://no-such-interface:0"),
              EndsWith("write 127.0.0.1, [::1], an interface's name, or *."));
}

// What the text alone shows is said at once.
TEST_F(ErrorsTest, BadEndpoints) {
  EXPECT_THAT(BindError("tcp://127.0.0.1"), HasSubstr("a port is missing"));
  EXPECT_THAT(BindError("udp://127.0.0.1:1"), HasSubstr("no such transport here"));
  EXPECT_THAT(BindError("sim://x"), HasSubstr("no such transport here"));
  for (const char* bad : {"tcp://127.0.0.1:*", "tcp://*:5555", "ipc://*", "tcp://x:99999"}) {
    EXPECT_FALSE(pull_.Connect(bad).ok()) << bad;
  }
}

// The pattern's own rules.
TEST_F(ErrorsTest, CallsOutOfTurn) {
  EXPECT_EQ(pull_.Send("never").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(pull_.Receive(absl::Milliseconds(1)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  Socket req = loop_.MakeSocket(SocketType::kReq);
  EXPECT_EQ(req.Receive().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(req.Send("nobody", absl::Milliseconds(1)).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(pull_.Unbind("tcp://127.0.0.1:1").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(pull_.Disconnect("tcp://127.0.0.1:1").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace monocoque::uring
