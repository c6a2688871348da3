#include "adapters/net/listener.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "adapters/net/address.h"
#include "adapters/net/stream.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/transport_options.h"

namespace monocoque::net {
namespace {

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  getsockopt(fd, level, name, &value, &size);
  return value;
}

std::string Device(int fd) {
  std::array<char, IF_NAMESIZE> name{};
  socklen_t size = name.size();
  getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size);
  return name.data();
}

bool Exists(const std::string& path) {
  struct stat info{};
  return lstat(path.c_str(), &info) == 0;
}

// E-4: the port that the system chose can be read.
TEST(ListenerTest, TheSystemChoosesAPort) {
  for (const char* text : {"tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://[::1]:*"}) {
    const auto listener = Listener::Open(*ParseEndpoint(text));
    ASSERT_TRUE(listener.ok()) << listener.status();
    EXPECT_NE(listener->bound().port, 0);
    EXPECT_FALSE(listener->bound().any_port);
    EXPECT_EQ(LocalEndpoint(listener->fd()), listener->bound());
  }
}

// E-12: a path of its own, and nothing is left of it.
TEST(ListenerTest, AnyPath) {
  std::string path;
  {
    const auto listener = Listener::Open(*ParseEndpoint("ipc://*"));
    ASSERT_TRUE(listener.ok()) << listener.status();
    path = listener->bound().path;
    struct stat info{};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    const std::string directory = path.substr(0, path.rfind('/'));
    ASSERT_EQ(stat(directory.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u) << "nobody else comes in";
  }
  EXPECT_FALSE(Exists(path));
  EXPECT_FALSE(Exists(path.substr(0, path.rfind('/'))));
}

// What is moved from closes and removes nothing.
TEST(ListenerTest, Moves) {
  auto opened = Listener::Open(*ParseEndpoint("ipc://*"));
  ASSERT_TRUE(opened.ok());
  const std::string path = opened->bound().path;
  Listener kept = *std::move(opened);
  opened = absl::UnknownError("gone");
  EXPECT_TRUE(Exists(path));
  const int probe = StreamSocket(AF_UNIX);
  const auto address = NumericAddresses(kept.bound());
  EXPECT_EQ(connect(probe, address->front().get(), address->front().size), 0);
  close(probe);
}

// What lies at the path by now may be somebody else's: it stays.
TEST(ListenerTest, AnothersSocketAtThePathIsLeftAlone) {
  std::string folder = "/tmp/monocoque-test-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/socket";
  const Endpoint endpoint = *ParseEndpoint("ipc://" + path);
  std::optional<Listener> first;
  first = *Listener::Open(endpoint);
  ASSERT_EQ(rename(path.c_str(), (path + ".away").c_str()), 0);
  std::optional<Listener> second;
  second = *Listener::Open(endpoint);
  first.reset();
  const int client = StreamSocket(AF_UNIX);
  const auto address = NumericAddresses(endpoint);
  EXPECT_EQ(connect(client, address->front().get(), address->front().size), 0);
  close(client);
  second.reset();
  EXPECT_FALSE(Exists(path)) << "its own it removes";
  EXPECT_EQ(unlink((path + ".away").c_str()), 0);
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

// Hundreds may come at once, before anybody is accepted, and are answered.
TEST(ListenerTest, ACrowdMayWait) {
  int allowed = 0;
  std::ifstream("/proc/sys/net/core/somaxconn") >> allowed;
  const auto listener = Listener::Open(*ParseEndpoint("tcp://127.0.0.1:*"));
  ASSERT_TRUE(listener.ok());
  const Address address = NumericAddresses(listener->bound())->front();
  std::vector<int> crowd;
  for (int i = 0; i < std::min(allowed, 400); ++i) {
    crowd.push_back(StreamSocket(AF_INET));
    const int result = connect(crowd.back(), address.get(), address.size);
    ASSERT_TRUE(result == 0 || errno == EINPROGRESS) << i;
  }
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  for (const int fd : crowd) {
    pollfd answered{fd, POLLOUT, 0};
    const auto left = absl::ToInt64Milliseconds(deadline - absl::Now());
    ASSERT_EQ(poll(&answered, 1, static_cast<int>(std::max<std::int64_t>(left, 0))), 1)
        << "it is left waiting";
    close(fd);
  }
}

TEST(ListenerTest, EachDescriptorIsTuned) {
  const int tcp = StreamSocket(AF_INET);
  EXPECT_TRUE(TuneStream(tcp).ok());
  EXPECT_EQ(Option(tcp, IPPROTO_TCP, TCP_NODELAY), 1);
  const int before = Option(tcp, SOL_SOCKET, SO_RCVBUF);
  const int local = StreamSocket(AF_UNIX);
  EXPECT_TRUE(TuneStream(local).ok());
  EXPECT_GT(Option(local, SOL_SOCKET, SO_SNDBUF), 200'000);
  for (int fd : {tcp, local}) {
    EXPECT_EQ(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  }
  EXPECT_EQ(Option(tcp, SOL_SOCKET, SO_RCVBUF), before) << "the kernel tunes tcp's itself";
  close(tcp);
  close(local);
}

// A thread without the privilege to bind to a device what is bound to one. Which it has again when
// this ends, if it had it.
class Unprivileged {
 public:
  Unprivileged() {
    EXPECT_EQ(syscall(SYS_capget, &header_, had_.data()), 0);
    auto left = had_;
    left[0].effective &= ~(1u << CAP_NET_RAW);
    EXPECT_EQ(syscall(SYS_capset, &header_, left.data()), 0);
  }
  ~Unprivileged() { EXPECT_EQ(syscall(SYS_capset, &header_, had_.data()), 0); }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  __user_cap_header_struct header_{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> had_{};
};

// One who comes to a listener, and is let in.
class Arrival {
 public:
  explicit Arrival(const Listener& listener)
      : client_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const Address address = NumericAddresses(listener.bound())->front();
    EXPECT_EQ(connect(client_, address.get(), address.size), 0);
    accepted_ = accept(listener.fd(), nullptr, nullptr);
    EXPECT_GE(accepted_, 0);
    const auto admitted = listener.Admit(accepted_);
    EXPECT_TRUE(admitted.ok()) << admitted.status();
  }
  ~Arrival() {
    close(accepted_);
    close(client_);
  }
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;

  int accepted() const { return accepted_; }

 private:
  const int client_;
  int accepted_ = -1;
};

// Who is accepted has the listener's device from it, and must not ask for it again: that takes a
// privilege.
TEST(ListenerTest, WithADeviceWhoComesIsLetIn) {
  const Unprivileged here;
  const TransportOptions options{.type_of_service = 0x10, .device = "lo"};
  const auto listener = Listener::Open(*ParseEndpoint("tcp://127.0.0.1:*"), options);
  ASSERT_TRUE(listener.ok()) << listener.status();
  const Arrival arrival(*listener);
  EXPECT_EQ(Device(arrival.accepted()), "lo");
  EXPECT_EQ(Option(arrival.accepted(), IPPROTO_IP, IP_TOS), 0x10) << "all else is tuned";
}

// A listener that somebody else opened has no device to hand on.
TEST(ListenerTest, BehindAListenerOfOthersTheDeviceIsSet) {
  const auto opened = Listener::Open(*ParseEndpoint("tcp://127.0.0.1:*"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  const TransportOptions options{.device = "lo", .descriptor = opened->fd()};
  const auto listener = Listener::Open(opened->bound(), options);
  ASSERT_TRUE(listener.ok()) << listener.status();
  const Arrival arrival(*listener);
  EXPECT_EQ(Device(arrival.accepted()), "lo");
}

}  // namespace
}  // namespace monocoque::net
