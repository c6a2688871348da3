#include "adapters/net/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adapters/net/stream.h"

namespace monocoque::net {
namespace {

// Connections that wait to be accepted, as far as the system allows so many. Beyond it a dialer's
// call goes unanswered for a second, and then for longer and longer: thousands that come at once,
// back after a restart, say, would need a minute.
constexpr int kBacklog = 4096;

// Removes the file of a socket that nobody listens on any more. An error if something lives there.
absl::Status RemoveDeadSocket(const Endpoint& endpoint, const Address& address) {
  struct stat info;
  if (lstat(endpoint.path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat("bind ", absl::CHexEscape(endpoint.ToString()),
                     ": a file that is no socket is there; remove it, or use another path."));
  }
  const int probe = StreamSocket(AF_UNIX);
  if (probe < 0) return SystemError("bind", endpoint, -probe);
  const int result = connect(probe, address.get(), address.size);
  const int error = errno;
  close(probe);
  if (result == 0 || error != ECONNREFUSED) return SystemError("bind", endpoint, EADDRINUSE);
  unlink(endpoint.path.c_str());
  return absl::OkStatus();
}

}  // namespace

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      bound_(std::move(other.bound_)),
      unlink_(std::exchange(other.unlink_, {})),
      directory_(std::exchange(other.directory_, {})) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(bound_, other.bound_);
  std::swap(unlink_, other.unlink_);
  std::swap(directory_, other.directory_);
  return *this;
}

Listener::~Listener() {
  if (fd_ >= 0) close(fd_);
  if (!unlink_.empty()) unlink(unlink_.c_str());
  if (!directory_.empty()) rmdir(directory_.c_str());
}

absl::StatusOr<Listener> Listener::Open(const Endpoint& wanted) {
  Listener listener;
  Endpoint endpoint = wanted;
  if (endpoint.any_path) {
    std::string directory = "/tmp/monocoque-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) return SystemError("bind", wanted, errno);
    listener.directory_ = directory;
    endpoint.path = directory + "/socket";
    endpoint.any_path = false;
  }
  absl::StatusOr<Address> address = AddressForBind(endpoint);
  if (!address.ok()) return address.status();
  const bool file = endpoint.transport == Transport::kIpc && !endpoint.abstract;
  if (file) {
    if (absl::Status free = RemoveDeadSocket(endpoint, *address); !free.ok()) return free;
  }
  const int fd = StreamSocket(address->family());
  if (fd < 0) return SystemError("bind", endpoint, -fd);
  listener.fd_ = fd;
  if (!file) {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  if (bind(fd, address->get(), address->size) != 0) return SystemError("bind", endpoint, errno);
  if (file) listener.unlink_ = endpoint.path;
  if (listen(fd, kBacklog) != 0) return SystemError("bind", endpoint, errno);
  listener.bound_ = endpoint.transport == Transport::kTcp ? LocalEndpoint(fd) : endpoint;
  return listener;
}

}  // namespace monocoque::net
