#include "tests/support/descriptors.h"

#include <sys/socket.h>

#include <functional>

#include "adapters/net/address.h"

namespace monocoque::testing {
namespace {

constexpr int kMostDescriptors = 1024;

int Find(const std::function<bool(int)>& fits) {
  for (int fd = 0; fd < kMostDescriptors; ++fd) {
    if (IntOption(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM && fits(fd)) return fd;
  }
  return -1;
}

}  // namespace

int IntOption(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

int ListeningAt(std::string_view endpoint) {
  return Find([&](int fd) {
    return IntOption(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1 &&
           net::LocalEndpoint(fd).ToString() == endpoint;
  });
}

int ConnectedTo(std::string_view endpoint) {
  return Find([&](int fd) { return net::RemoteText(fd) == endpoint; });
}

int OtherEndOf(int fd) { return ConnectedTo(net::LocalEndpoint(fd).ToString()); }

}  // namespace monocoque::testing
