#include "cli/uring_host.h"

#include <utility>

#include "absl/strings/str_replace.h"
#include "cli/host_socket_on.h"

namespace monocoque::cli {
namespace {

class UringSocket final : public HostSocketOn<uring::Socket> {
 public:
  using HostSocketOn::HostSocketOn;

  void StartClose(absl::Duration linger) override { socket_.StartClose(linger); }
  bool closed() const override { return socket_.closed(); }
};

uring::Task<void> Tell(uring::Loop* loop, int fd, bool write, std::function<void()> ready) {
  if (write) {
    co_await loop->AsyncWritable(fd);
  } else {
    co_await loop->AsyncReadable(fd);
  }
  ready();
}

}  // namespace

// The adapter advises to use another one: here is how.
absl::Status UringHost::status() const {
  const absl::Status& status = loop_.status();
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrReplaceAll(status.message(),
                                          {{"another adapter", "--adapter=uv or --adapter=asio"}}));
}

absl::StatusOr<std::unique_ptr<HostSocket>> UringHost::MakeSocket(SocketType type,
                                                                  const SocketOptions& options) {
  uring::Socket socket = loop_.MakeSocket(type, options);
  if (!socket.status().ok()) return socket.status();
  return std::make_unique<UringSocket>(std::move(socket));
}

void UringHost::Await(int fd, bool write, std::function<void()> ready) {
  loop_.Spawn(Tell(&loop_, fd, write, std::move(ready)));
}

}  // namespace monocoque::cli
