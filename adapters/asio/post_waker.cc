#include "adapters/asio/post_waker.h"

#include <utility>

#include "adapters/asio/socket_state.h"

namespace monocoque::asio::detail {

void PostWaker::Wake() {
  const std::scoped_lock lock(mutex_);
  if (!executor_ || std::exchange(posted_, true)) return;
  executor_->execute([self = shared_from_this()] { self->OnPosted(); });
}

void PostWaker::Stop() {
  const std::scoped_lock lock(mutex_);
  executor_.reset();
  socket_ = nullptr;
}

void PostWaker::OnPosted() {
  SocketState* socket = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    posted_ = false;
    socket = socket_;
  }
  if (socket != nullptr) socket->Enter([socket] { socket->driver()->Touch(); });
}

}  // namespace monocoque::asio::detail
