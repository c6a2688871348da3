#include "cli/uring_host.h"

#include <utility>

#include "adapters/uring/awaitables.h"
#include "adapters/uring/task.h"

namespace monocoque::cli {
namespace {

class UringSocket final : public HostSocket {
 public:
  explicit UringSocket(uring::Socket socket) : socket_(std::move(socket)) {}

  absl::StatusOr<std::string> Bind(std::string_view at) override { return socket_.Bind(at); }
  absl::Status Connect(std::string_view to) override { return socket_.Connect(to); }
  absl::Status TrySend(Message* message) override { return socket_.TrySend(message); }
  bool TryReceive(Message* out) override { return socket_.TryReceive(out); }
  bool CanReceive() override { return socket_.CanReceive(); }
  bool NextEvent(SocketEvent* out) override { return socket_.NextEvent(out); }
  void Ask(const Wish& wish) override {
    socket_.Ask([&wish](monocoque::Socket* core, Instant now) {
      wish(core, now);
      return true;
    });
  }
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) override {
    socket_.SetAuthenticator(std::move(authenticator));
  }
  void StartClose(absl::Duration linger) override { socket_.StartClose(linger); }
  bool closed() const override { return socket_.closed(); }
  const monocoque::Socket& core() const override { return socket_.core(); }
  const SocketStats& stats() const override { return socket_.stats(); }

 private:
  mutable uring::Socket socket_;
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
