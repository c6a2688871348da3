#include "adapters/net/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace monocoque::net {
namespace {

constexpr int kUnixBufferBytes = 1024 * 1024;

void SetOption(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof(value));
}

absl::Status BindSource(int fd, const Endpoint& endpoint) {
  Endpoint source;
  source.host = endpoint.source_host;
  source.port = endpoint.source_port;
  const absl::StatusOr<Address> from = AddressForBind(source);
  if (!from.ok()) return from.status();
  if (bind(fd, from->get(), from->size) != 0) return SystemError("connect", endpoint, errno);
  return absl::OkStatus();
}

}  // namespace

int StreamSocket(int family) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd >= 0 ? fd : -errno;
}

void TuneStream(int fd) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family == AF_UNIX) {
    SetOption(fd, SOL_SOCKET, SO_SNDBUF, kUnixBufferBytes);
    SetOption(fd, SOL_SOCKET, SO_RCVBUF, kUnixBufferBytes);
  } else {
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  }
}

absl::StatusOr<int> StreamToward(const Endpoint& endpoint, const Address& address) {
  const int fd = StreamSocket(address.family());
  if (fd < 0) return SystemError("connect", endpoint, -fd);
  TuneStream(fd);
  if (!endpoint.source_host.empty()) {
    if (absl::Status bound = BindSource(fd, endpoint); !bound.ok()) {
      close(fd);
      return bound;
    }
  }
  return fd;
}

TransportInfo DescribeStream(int fd) { return {LocalEndpoint(fd).ToString(), RemoteText(fd)}; }

absl::Status StreamError(int error) {
  return absl::ErrnoToStatus(
      error, error == ECONNRESET ? "the peer reset the connection" : "the connection failed");
}

}  // namespace monocoque::net
