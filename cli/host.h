#ifndef MONOCOQUE_CLI_HOST_H_
#define MONOCOQUE_CLI_HOST_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/zap.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {

// A socket on a Host, of whichever adapter. Nothing here waits: its host's turns move it.
class HostSocket {
 public:
  virtual ~HostSocket() = default;

  // Listens before it returns: the bound endpoint.
  virtual absl::StatusOr<std::string> Bind(std::string_view endpoint) = 0;
  virtual absl::Status Connect(std::string_view endpoint) = 0;
  // Now or not at all: takes the message, or leaves it untouched. Unavailable: not now.
  virtual absl::Status TrySend(Message* message) = 0;
  virtual bool TryReceive(Message* out) = 0;
  // Is there one?
  virtual bool CanReceive();
  virtual bool NextEvent(SocketEvent* out) = 0;
  // Any other wish of the core socket, with the time it is made at. Called at once.
  using Wish = std::function<void(monocoque::Socket* core, Instant now)>;
  virtual void Ask(const Wish& wish) = 0;
  // SUB, XSUB; DISH.
  absl::Status Subscribe(std::string_view prefix);
  absl::Status Join(std::string_view group);
  // Decides who may come in; without one nobody who has to be asked about is let in.
  virtual void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) = 0;
  // Ends the socket; over, descriptors and all, when closed() says so.
  virtual void StartClose(absl::Duration linger) = 0;
  virtual bool closed() const = 0;
  // Until closed() holds: then it may be gone.
  virtual const monocoque::Socket& core() const = 0;
  // At any time.
  virtual const SocketStats& stats() const = 0;
};

// An event loop of some adapter, so that what is done with sockets is written once. One thread.
// Its sockets must be gone before it is.
class Host {
 public:
  virtual ~Host() = default;

  // OK, or why it cannot be used, and behind a semicolon what to do about it.
  virtual absl::Status status() const = 0;
  virtual absl::StatusOr<std::unique_ptr<HostSocket>> MakeSocket(SocketType type,
                                                                 const SocketOptions& options) = 0;
  // One turn: waits up to `max_wait` for something to happen to a socket or an awaited descriptor.
  virtual void RunOnce(absl::Duration max_wait) = 0;
  // Calls `ready` once, from within RunOnce, when the descriptor can be read, or written, without
  // waiting, or is at its end. Leaves its flags as they are. One call for a descriptor at a time.
  virtual void Await(int fd, bool write, std::function<void()> ready) = 0;
};

// Of a status of theirs: what is wrong alone.
std::string_view WithoutAdvice(std::string_view sentence);

// What --adapter takes.
std::vector<std::string_view> AdapterNames();
// A host of the adapter with that name; null: there is none.
std::unique_ptr<Host> MakeHost(std::string_view adapter);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_HOST_H_
