#include "adapters/net/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/time/time.h"
#include "adapters/net/socket_driver.h"

namespace monocoque::net {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(100);
// Connections accepted at one go.
constexpr int kMaxAccepts = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Create(SocketDriver* driver,
                                                           ListenerId listener, Listener socket) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(driver, listener, std::move(socket)));
  absl::StatusOr<std::unique_ptr<Watch>> watch =
      driver->reactor().MakeWatch(acceptor->socket_->fd(), acceptor.get());
  if (!watch.ok()) return watch.status();
  acceptor->watch_ = *std::move(watch);
  acceptor->watch_->Want(true, false);
  return acceptor;
}

Acceptor::Acceptor(SocketDriver* driver, ListenerId listener, Listener socket)
    : driver_(*driver), listener_(listener), socket_(std::move(socket)) {}

Acceptor::~Acceptor() { Close(); }

void Acceptor::Close() {
  accepting_ = false;
  driver_.SetTimer(this, Instant::Never());
  watch_.reset();
  socket_.reset();
}

void Acceptor::SetAccepting(bool on) {
  accepting_ = on;
  if (on) driver_.SetTimer(this, Instant::Never());
  watch_->Want(on, false);
}

void Acceptor::OnReady(bool /*readable*/, bool /*writable*/) {
  driver_.Tick();
  for (int i = 0; i < kMaxAccepts && accepting_; ++i) {
    const int fd = accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      const absl::StatusOr<TransportInfo> info = socket_->Admit(fd);
      if (!info.ok()) {
        driver_.OnAcceptFailed(listener_, info.status());
      } else if (!driver_.OnAccepted(listener_, fd, *info)) {
        Pause();
        return;
      }
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    driver_.OnAcceptFailed(listener_, SystemError("accept", socket_->bound(), errno));
    Pause();
    return;
  }
}

void Acceptor::Pause() {
  if (!accepting_) return;
  watch_->Want(false, false);
  driver_.SetTimer(this, driver_.now() + kPause);
}

void Acceptor::OnTime(Instant /*now*/) {
  if (accepting_) watch_->Want(true, false);
}

}  // namespace monocoque::net
