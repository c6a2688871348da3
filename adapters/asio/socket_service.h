#ifndef MONOCOQUE_ADAPTERS_ASIO_SOCKET_SERVICE_H_
#define MONOCOQUE_ADAPTERS_ASIO_SOCKET_SERVICE_H_

#include <boost/asio/execution_context.hpp>
#include <memory>
#include <mutex>

#include "adapters/asio/socket_state.h"
#include "protocol/drive/rotation.h"

namespace monocoque::asio::detail {

// The sockets of one execution context. When that goes away, what waits in them is destroyed, as
// Asio does with operations of its own: a coroutine that owns a socket and waits on it would
// otherwise keep itself alive.
//
// Thread rule: Add and Remove from any thread.
class SocketService final : public boost::asio::execution_context::service {
 public:
  using key_type = SocketService;
  inline static boost::asio::execution_context::id id;

  explicit SocketService(boost::asio::execution_context& context) : service(context) {}
  void Add(RotationNode<SocketState>* node) {
    const std::scoped_lock lock(mutex_);
    sockets_.Add(node);
  }
  void Remove(RotationNode<SocketState>* node) {
    const std::scoped_lock lock(mutex_);
    sockets_.Remove(node);
  }

 private:
  void shutdown() override {
    while (const std::shared_ptr<SocketState> socket = Front()) socket->Abandon();
  }
  std::shared_ptr<SocketState> Front() {
    const std::scoped_lock lock(mutex_);
    return sockets_.empty() ? nullptr : sockets_.front()->shared_from_this();
  }

  std::mutex mutex_;
  Rotation<SocketState> sockets_;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_SOCKET_SERVICE_H_
