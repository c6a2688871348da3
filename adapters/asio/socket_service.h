#ifndef MONOCOQUE_ADAPTERS_ASIO_SOCKET_SERVICE_H_
#define MONOCOQUE_ADAPTERS_ASIO_SOCKET_SERVICE_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <mutex>

#include "protocol/drive/rotation.h"

namespace monocoque::asio::detail {

class SocketState;

// The sockets of one execution context. When that goes away, what waits in them is destroyed, as
// Asio does with operations of its own: a coroutine that owns a socket and waits on it would
// otherwise keep itself alive.
//
// Thread rule: Add and Remove from any thread.
class SocketService final : public boost::asio::execution_context::service {
 public:
  using key_type = SocketService;
  static boost::asio::execution_context::id id;

  static SocketService& Of(const boost::asio::any_io_executor& executor);

  explicit SocketService(boost::asio::execution_context& context);
  void Add(SocketState* socket);
  void Remove(SocketState* socket);

 private:
  void shutdown() override;

  std::mutex mutex_;
  Rotation<SocketState> sockets_;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_SOCKET_SERVICE_H_
