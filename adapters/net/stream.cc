#include "adapters/net/stream.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace monocoque::net {
namespace {

constexpr int kUnixBufferBytes = 1024 * 1024;

int GetOption(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// Empty: any.
std::string DeviceOf(int fd) {
  std::array<char, IF_NAMESIZE> name{};
  socklen_t size = name.size();
  const bool told = getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size) == 0;
  return told ? name.data() : "";
}

absl::Status Refused(std::string_view name, std::string_view value, int error) {
  const absl::Status why = absl::ErrnoToStatus(error, "");
  return absl::Status(
      why.code(), absl::StrCat("the system does not take ", name, " = ", absl::CHexEscape(value),
                               " (", ErrorText(error), ")"));
}

int Seconds(absl::Duration time) {
  return static_cast<int>(absl::ToInt64Seconds(absl::Ceil(time, absl::Seconds(1))));
}

int Millis(absl::Duration time) {
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(time, absl::Milliseconds(1))));
}

// Sets options one after the other, up to the first that is refused.
class Tuner {
 public:
  explicit Tuner(int fd) : fd_(fd) {}
  void Set(std::string_view name, int level, int option, int value) {
    if (!status_.ok() || setsockopt(fd_, level, option, &value, sizeof(value)) == 0) return;
    status_ = Refused(name, absl::StrCat(value), errno);
  }
  // Where 0 means: as the system is set up.
  void SetUnlessZero(std::string_view name, int level, int option, int value) {
    if (value != 0) Set(name, level, option, value);
  }
  void Set(std::string_view name, int level, int option, std::string_view value) {
    if (!status_.ok() || value.empty()) return;
    const auto size = static_cast<socklen_t>(value.size());
    if (setsockopt(fd_, level, option, value.data(), size) != 0) {
      status_ = Refused(name, value, errno);
    }
  }
  const absl::Status& status() const { return status_; }

 private:
  const int fd_;
  absl::Status status_;
};

absl::Status TuneUnix(int fd, const TransportOptions& options) {
  Tuner tuner(fd);
  const int send = options.send_buffer_bytes;
  const int receive = options.receive_buffer_bytes;
  tuner.Set("send_buffer_bytes", SOL_SOCKET, SO_SNDBUF, send == 0 ? kUnixBufferBytes : send);
  tuner.Set("receive_buffer_bytes", SOL_SOCKET, SO_RCVBUF,
            receive == 0 ? kUnixBufferBytes : receive);
  return tuner.status();
}

absl::Status TuneTcp(int fd, bool ipv6, const TransportOptions& options) {
  Tuner tuner(fd);
  tuner.Set("no delay", IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keepalive) {
    tuner.Set("keepalive", SOL_SOCKET, SO_KEEPALIVE, *options.keepalive ? 1 : 0);
    tuner.SetUnlessZero("keepalive_idle", IPPROTO_TCP, TCP_KEEPIDLE,
                        Seconds(options.keepalive_idle));
    tuner.SetUnlessZero("keepalive_interval", IPPROTO_TCP, TCP_KEEPINTVL,
                        Seconds(options.keepalive_interval));
    tuner.SetUnlessZero("keepalive_count", IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_count);
  }
  tuner.SetUnlessZero("max_retransmit_time", IPPROTO_TCP, TCP_USER_TIMEOUT,
                      Millis(options.max_retransmit_time));
  tuner.SetUnlessZero("type_of_service", IPPROTO_IP, IP_TOS, options.type_of_service);
  if (ipv6) {
    tuner.SetUnlessZero("type_of_service", IPPROTO_IPV6, IPV6_TCLASS, options.type_of_service);
  }
  // After the type of service, which sets a priority of its own.
  tuner.SetUnlessZero("priority", SOL_SOCKET, SO_PRIORITY, options.priority);
  tuner.SetUnlessZero("send_buffer_bytes", SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
  tuner.SetUnlessZero("receive_buffer_bytes", SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  tuner.SetUnlessZero("busy_poll", SOL_SOCKET, SO_BUSY_POLL, options.busy_poll);
  // What was accepted has the listener's, and to set it anew takes a privilege.
  if (!options.device.empty() && DeviceOf(fd) != options.device) {
    tuner.Set("device", SOL_SOCKET, SO_BINDTODEVICE, options.device);
  }
  return tuner.status();
}

absl::Status BindSource(int fd, const Endpoint& endpoint, const TransportOptions& options) {
  Endpoint source;
  source.host = endpoint.source_host;
  source.port = endpoint.source_port;
  const absl::StatusOr<Address> from = AddressForBind(source, options.ipv6);
  if (!from.ok()) {
    return absl::Status(from.status().code(),
                        absl::StrCat("connect ", absl::CHexEscape(endpoint.ToString()), ": ",
                                     from.status().message()));
  }
  // One port for several destinations, and again while the kernel keeps an old connection's end.
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, from->get(), from->size) != 0) return SystemError("connect", endpoint, errno);
  return absl::OkStatus();
}

}  // namespace

int StreamSocket(int family) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd >= 0 ? fd : -errno;
}

absl::Status TuneStream(int fd, const TransportOptions& options) {
  const int family = GetOption(fd, SO_DOMAIN);
  return family == AF_UNIX ? TuneUnix(fd, options) : TuneTcp(fd, family == AF_INET6, options);
}

absl::StatusOr<int> DuplicateStream(int fd, Transport transport, bool listening) {
  const int family = GetOption(fd, SO_DOMAIN);
  const bool fits =
      transport == Transport::kIpc ? family == AF_UNIX : family == AF_INET || family == AF_INET6;
  if (!fits || GetOption(fd, SO_TYPE) != SOCK_STREAM) {
    return absl::InvalidArgumentError(absl::StrCat(
        "descriptor ", fd, " is no stream socket of that transport; give it with its endpoint"));
  }
  if ((GetOption(fd, SO_ACCEPTCONN) == 1) != listening) {
    return absl::InvalidArgumentError(absl::StrCat("descriptor ", fd,
                                                   listening
                                                       ? " does not listen; call listen() first"
                                                       : " listens; a connected one is needed"));
  }
  const int ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (ours < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("descriptor ", fd, " cannot be duplicated"));
  }
  fcntl(ours, F_SETFL, fcntl(ours, F_GETFL) | O_NONBLOCK);
  return ours;
}

absl::StatusOr<int> StreamToward(const Endpoint& endpoint, const Address& address,
                                 const TransportOptions& options) {
  const int fd = StreamSocket(address.family());
  if (fd < 0) return SystemError("connect", endpoint, -fd);
  absl::Status ready = InSentence("connect", endpoint, TuneStream(fd, options));
  if (ready.ok() && !endpoint.source_host.empty()) ready = BindSource(fd, endpoint, options);
  if (ready.ok()) return fd;
  close(fd);
  return ready;
}

TransportInfo DescribeStream(int fd) {
  const Endpoint local = LocalEndpoint(fd);
  TransportInfo info{local.ToString(), RemoteText(fd), std::nullopt};
  if (local.transport == Transport::kIpc) info.process = ProcessOf(fd);
  return info;
}

bool DrainStream(int fd) {
  std::array<char, 4096> waste;
  const ssize_t got = recv(fd, waste.data(), waste.size(), MSG_DONTWAIT);
  return got == 0 || (got < 0 && !TryAgain(errno));
}

bool HasSomethingToRead(int fd) {
  char octet = 0;
  return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || !TryAgain(errno);
}

bool TryAgain(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

absl::Status StreamError(int error) {
  switch (error) {
    case ECONNRESET:
      return absl::ErrnoToStatus(error, "the peer reset the connection");
    case EPIPE:
      return absl::ErrnoToStatus(error, "the peer closed the connection");
    default:
      return absl::ErrnoToStatus(error, "the connection failed");
  }
}

}  // namespace monocoque::net
