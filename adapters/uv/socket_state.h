#ifndef MONOCOQUE_ADAPTERS_UV_SOCKET_STATE_H_
#define MONOCOQUE_ADAPTERS_UV_SOCKET_STATE_H_

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/uv/handle.h"
#include "adapters/uv/turns.h"
#include "adapters/waker.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::uv {

// What a Socket points to: the driven core socket, its user's callbacks, and libuv beneath. A round
// of turns keeps it while its Socket may be destroyed by user code.
class SocketState final : public net::Reactor, public std::enable_shared_from_this<SocketState> {
 public:
  // A callback lives as long as it runs, even if it replaces itself.
  template <typename... Args>
  using Callback = std::shared_ptr<const std::function<void(Args...)>>;

  SocketState(uv_loop_t* loop, SocketType type, const SocketOptions& options);
  ~SocketState() override;
  SocketState(const SocketState&) = delete;
  SocketState& operator=(const SocketState&) = delete;

  const absl::Status& status() const { return status_; }
  // If status() is OK.
  net::SocketDriver& driver() { return *driver_; }

  absl::Status Send(Message* message);
  void SetPaused(bool paused);
  void StartClose(absl::Duration linger, std::function<void(absl::Status)> done);
  // Closes every descriptor and handle. Whoever waits for the end of a close is told later; nobody
  // else is called any more.
  void Shutdown();

  // For Turns: what the core wants done, and then what the user wants to hear.
  void Turn();
  void Serve();

  // Reactor.
  void Wake() override;
  void SetTimer(Instant when) override;
  absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                        net::WatchHandler* handler) override;
  absl::StatusOr<std::unique_ptr<net::Lookup>> Resolve(const std::string& host, std::uint16_t port,
                                                       Found found) override;
  void Hold(bool on) override;
  std::shared_ptr<Waker> MakeWaker() override;

  Callback<Message> on_message;
  Callback<> on_writable;

 private:
  class AsyncWaker;
  // What OnWritable waits for.
  enum class Refused {
    kNothing,
    kByAll,      // until the socket can send
    kByOnePeer,  // until a peer that refused can take something
  };

  void ServeAuthenticator();
  void ServeEvents();
  void ServeMessages();
  void ServeWritable();
  void ServeClosed();
  // Gives back what was taken of the loop.
  void CloseHandles();

  uv_loop_t* const loop_;
  absl::Status status_;
  std::shared_ptr<Turns> turns_;  // null once closed
  RotationNode<SocketState> node_;
  Handle<uv_timer_t> timer_;
  Handle<uv_async_t> hold_;  // keeps the loop alive; nobody calls it
  std::vector<std::shared_ptr<AsyncWaker>> wakers_;
  std::optional<net::SocketDriver> driver_;
  bool paused_ = false;
  Refused refused_ = Refused::kNothing;
  std::vector<std::function<void(absl::Status)>> on_closed_;
  bool closing_ = false;
};

}  // namespace monocoque::uv

#endif  // MONOCOQUE_ADAPTERS_UV_SOCKET_STATE_H_
