#ifndef MONOCOQUE_TESTS_CONFORMANCE_OPERATIONS_H_
#define MONOCOQUE_TESTS_CONFORMANCE_OPERATIONS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::conformance {

// A socket whose operations are begun, wait beside each other, and complete later: coroutines on
// io_uring, asynchronous operations with handlers on Asio. Destroying it leaves them outstanding.
// libuv's has one such, Close: its Send is over at once, and nobody is told of the others.
class OperationSocket {
 public:
  using Done = std::function<void(const absl::Status&)>;
  using Received = std::function<void(const absl::StatusOr<Message>&)>;
  // Names an operation, to cancel it.
  using Id = std::size_t;

  virtual ~OperationSocket() = default;

  virtual absl::StatusOr<std::string> Bind(std::string_view at) = 0;
  virtual absl::Status Connect(std::string_view to) = 0;
  virtual Id Receive(Received received) = 0;
  virtual Id Send(Message message, Done done) = 0;
  // Until it has so many peers.
  virtual Id WaitReady(std::size_t peers, Done done) = 0;
  virtual Id Close(absl::Duration linger, Done done) = 0;
};

// A loop with such sockets on it. They must be gone before it is.
class OperationLoop {
 public:
  virtual ~OperationLoop() = default;

  virtual std::unique_ptr<OperationSocket> MakeSocket(SocketType type,
                                                      const SocketOptions& options) = 0;
  // Ends an operation before its time; libuv's goes on.
  virtual void Cancel(OperationSocket::Id operation) = 0;
  // One turn, which waits a moment for something to happen.
  virtual void Turn() = 0;
};

// By the adapter's name; null: it has no operations that wait.
std::unique_ptr<OperationLoop> MakeOperationLoop(std::string_view adapter);

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_OPERATIONS_H_
