#include "adapters/asio/socket_service.h"

#include <boost/asio/execution.hpp>
#include <memory>

#include "adapters/asio/socket_state.h"

namespace monocoque::asio::detail {

boost::asio::execution_context::id SocketService::id;

SocketService& SocketService::Of(const boost::asio::any_io_executor& executor) {
  return boost::asio::use_service<SocketService>(
      boost::asio::query(executor, boost::asio::execution::context));
}

SocketService::SocketService(boost::asio::execution_context& context) : service(context) {}

void SocketService::Add(SocketState* socket) {
  const std::scoped_lock lock(mutex_);
  sockets_.Add(&socket->service_node_);
}

void SocketService::Remove(SocketState* socket) {
  const std::scoped_lock lock(mutex_);
  sockets_.Remove(&socket->service_node_);
}

void SocketService::shutdown() {
  for (;;) {
    std::shared_ptr<SocketState> socket;
    {
      const std::scoped_lock lock(mutex_);
      if (sockets_.empty()) return;
      socket = sockets_.front()->shared_from_this();
    }
    socket->Abandon();
  }
}

}  // namespace monocoque::asio::detail
