#include "tests/conformance/place.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace monocoque::conformance {
namespace {

int NextNumber() {
  static int last = 0;
  return ++last;
}

// A bound port, in the order of the host. Listeners may bind there too: all say SO_REUSEADDR.
int HoldPort(int fd) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(fd, generic, size), 0);
  EXPECT_EQ(getsockname(fd, generic, &size), 0);
  return ntohs(address.sin_port);
}

}  // namespace

Place::Place(std::string_view carrier, bool system) {
  if (carrier == "tcp") {
    int port = 40'000 + NextNumber();
    if (system) {
      fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      port = HoldPort(fd_);
    }
    endpoint_ = absl::StrCat("tcp://127.0.0.1:", port);
  } else if (carrier == "ipc") {
    std::string path = "/tmp/monocoque-test-XXXXXX";
    if (system) {
      EXPECT_NE(mkdtemp(path.data()), nullptr);
      directory_ = path;
    }
    endpoint_ = absl::StrCat("ipc://", path, "/s");
  } else {
    endpoint_ = Any(carrier);
  }
}

Place::~Place() {
  if (fd_ >= 0) close(fd_);
  if (directory_.empty()) return;
  EXPECT_EQ(rmdir(directory_.c_str()), 0) << "something is left behind in " << directory_;
}

std::string Place::Any(std::string_view carrier) {
  if (carrier == "tcp") return "tcp://127.0.0.1:*";
  if (carrier == "ipc") return "ipc://*";
  return absl::StrCat("inproc://conformance-", NextNumber());
}

}  // namespace monocoque::conformance
