#ifndef MONOCOQUE_ADAPTERS_ASIO_POST_WAKER_H_
#define MONOCOQUE_ADAPTERS_ASIO_POST_WAKER_H_

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "adapters/asio/socket_state.h"
#include "adapters/waker.h"

namespace monocoque::asio::detail {

// Posts to a socket's executor, from any thread, once until that has run.
//
// Thread rule: Wake on any thread, Stop on the socket's executor. After Stop neither the socket nor
// the executor is touched.
class PostWaker final : public Waker, public std::enable_shared_from_this<PostWaker> {
 public:
  PostWaker(SocketState* socket, const boost::asio::any_io_executor& executor)
      : socket_(*socket), executor_(executor) {}

  void Wake() override {
    const std::scoped_lock lock(mutex_);
    if (!executor_ || std::exchange(posted_, true)) return;
    executor_->execute([self = shared_from_this()] {
      if (self->OnPosted()) self->socket_.Enter([&] { self->socket_.driver()->Touch(); });
    });
  }
  void Stop() {
    const std::scoped_lock lock(mutex_);
    executor_.reset();
  }

 private:
  // False: it was stopped.
  bool OnPosted() {
    const std::scoped_lock lock(mutex_);
    posted_ = false;
    return executor_.has_value();
  }

  SocketState& socket_;
  std::mutex mutex_;
  std::optional<boost::asio::any_io_executor> executor_;
  bool posted_ = false;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_POST_WAKER_H_
