#include "adapters/net/listener.h"

#include <netinet/in.h>
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
      options_(std::move(other.options_)),
      filter_(std::move(other.filter_)),
      file_(std::exchange(other.file_, {})),
      directory_(std::exchange(other.directory_, {})) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(bound_, other.bound_);
  std::swap(options_, other.options_);
  std::swap(filter_, other.filter_);
  std::swap(file_, other.file_);
  std::swap(directory_, other.directory_);
  return *this;
}

Listener::~Listener() {
  // First, while the descriptor keeps the file's number from being given to another, and who looks
  // there does not find it dead.
  RemoveFile();
  if (fd_ >= 0 && options_.descriptor < 0) shutdown(fd_, SHUT_RDWR);
  if (fd_ >= 0) close(fd_);
  if (!directory_.empty()) rmdir(directory_.c_str());
}

void Listener::RemoveFile() {
  if (file_.path.empty()) return;
  struct stat info;
  if (lstat(file_.path.c_str(), &info) != 0) return;
  if (info.st_dev == file_.device && info.st_ino == file_.inode) unlink(file_.path.c_str());
}

absl::StatusOr<Listener> Listener::Open(const action::Listen& listen) {
  return Open(*listen.endpoint, *listen.transport);
}

absl::StatusOr<Listener> Listener::Open(const Endpoint& endpoint, const TransportOptions& options) {
  Listener listener;
  absl::StatusOr<PeerFilter> filter = PeerFilter::Create(options);
  if (!filter.ok()) return InSentence("bind", endpoint, filter.status());
  listener.filter_ = *std::move(filter);
  listener.options_ = options;
  const absl::Status opened =
      options.descriptor >= 0 ? listener.Adopt(endpoint) : listener.Bind(endpoint);
  if (!opened.ok()) return opened;
  return listener;
}

absl::Status Listener::Adopt(const Endpoint& wanted) {
  const absl::StatusOr<int> fd = DuplicateStream(options_.descriptor, wanted.transport, true);
  if (!fd.ok()) return InSentence("bind", wanted, fd.status());
  fd_ = *fd;
  bound_ = LocalEndpoint(fd_);
  return absl::OkStatus();
}

absl::Status Listener::Bind(Endpoint endpoint) {
  if (endpoint.any_path) {
    std::string directory = "/tmp/monocoque-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) return SystemError("bind", endpoint, errno);
    directory_ = directory;
    endpoint.path = directory + "/socket";
    endpoint.any_path = false;
  }
  const absl::StatusOr<Address> address = AddressForBind(endpoint, options_.ipv6);
  if (!address.ok()) return address.status();
  const bool file = endpoint.transport == Transport::kIpc && !endpoint.abstract;
  if (file) {
    if (absl::Status free = RemoveDeadSocket(endpoint, *address); !free.ok()) return free;
  }
  fd_ = StreamSocket(address->family());
  if (fd_ < 0) return SystemError("bind", endpoint, -fd_);
  // What is accepted inherits most of it; what cannot be is said here, where somebody listens.
  const absl::Status tuned = TuneStream(fd_, options_);
  if (!tuned.ok()) return InSentence("bind", endpoint, tuned);
  const int on = 1;
  const int off = 0;
  if (!file) setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (options_.ipv6.value_or(false) && address->family() == AF_INET6) {
    setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (bind(fd_, address->get(), address->size) != 0) return SystemError("bind", endpoint, errno);
  struct stat info;
  if (file && lstat(endpoint.path.c_str(), &info) == 0) {
    file_ = {endpoint.path, info.st_dev, info.st_ino};
  }
  if (listen(fd_, options_.backlog) != 0) return SystemError("bind", endpoint, errno);
  bound_ = endpoint.transport == Transport::kTcp ? LocalEndpoint(fd_) : endpoint;
  return absl::OkStatus();
}

absl::StatusOr<TransportInfo> Listener::Admit(int accepted) const {
  absl::Status fits = filter_.Check(accepted);
  if (fits.ok()) fits = TuneStream(accepted, options_);
  if (fits.ok()) return DescribeStream(accepted);
  close(accepted);
  return InSentence("accept", bound_, fits);
}

}  // namespace monocoque::net
