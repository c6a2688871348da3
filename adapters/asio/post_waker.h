#ifndef MONOCOQUE_ADAPTERS_ASIO_POST_WAKER_H_
#define MONOCOQUE_ADAPTERS_ASIO_POST_WAKER_H_

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "adapters/waker.h"

namespace monocoque::asio::detail {

class SocketState;

// Posts to a socket's executor, from any thread, once until that has run.
//
// Thread rule: Wake on any thread, Stop on the socket's executor. After Stop neither the socket nor
// the executor is touched.
class PostWaker final : public Waker, public std::enable_shared_from_this<PostWaker> {
 public:
  PostWaker(SocketState* socket, const boost::asio::any_io_executor& executor)
      : executor_(executor), socket_(socket) {}
  void Wake() override;
  void Stop();

 private:
  void OnPosted();

  std::mutex mutex_;
  std::optional<boost::asio::any_io_executor> executor_;
  SocketState* socket_;
  bool posted_ = false;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_POST_WAKER_H_
