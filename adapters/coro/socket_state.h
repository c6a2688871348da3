#ifndef MONOCOQUE_ADAPTERS_CORO_SOCKET_STATE_H_
#define MONOCOQUE_ADAPTERS_CORO_SOCKET_STATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/flush_policy.h"
#include "adapters/net/link.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/net/timed.h"
#include "adapters/net/turn_clock.h"
#include "adapters/net/waiting.h"
#include "adapters/waker.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::coro {

class Loop;

// What a Socket handle points to: the driven core socket, and the coroutines that wait for it.
class SocketState final : public net::Reactor,
                          public net::Timed,
                          public std::enable_shared_from_this<SocketState> {
 public:
  // Without a machine, a socket that cannot be used: every operation says why.
  SocketState(Loop* loop, absl::StatusOr<monocoque::Socket> machine);
  ~SocketState() override;
  SocketState(const SocketState&) = delete;
  SocketState& operator=(const SocketState&) = delete;

  Loop& loop() { return loop_; }
  const absl::Status& status() const { return status_; }
  // If status() is OK.
  net::SocketDriver& driver() { return *driver_; }
  const net::SocketDriver& driver() const { return *driver_; }

  absl::Status TrySend(Message* message) {
    absl::Status sent = driver_->TrySend(message);
    if (!sent.ok()) [[unlikely]]
      return sent;
    Wake();
    if (flush_policy_.AfterSend(driver_->machine().pending_bytes())) Exchange();
    return sent;
  }
  // Starts what writes can be started.
  void WriteNow();

  // One turn, at the loop's time.
  void Turn(std::size_t max_frames) {
    if (driver_) driver_->Turn(max_frames);
  }
  // Resumes whoever waits and can go on, one of each kind a round. Runs user code: the last thing
  // in a turn.
  void ServeWaiters(std::size_t max_rounds);
  // The driver's timer.
  void OnTime(Instant /*now*/) override { driver_->OnTimer(); }
  // By coroutines, by peers that somebody has to let in, and by who is told events.
  bool awaited() const { return !waiting.empty() || (driver_ && driver_->serves()); }
  // Nothing is left to do once the handle is gone.
  bool over() const { return driver_->closed() && waiting.empty(); }

  // Reactor. A turn is due, for whatever reason.
  void Wake() override;
  void SetTimer(Instant when) override;
  // Of somebody who waits, on the loop; never: none.
  void SetTimer(net::Timed* timed, Instant when);
  absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                        net::WatchHandler* handler) override;
  absl::StatusOr<std::unique_ptr<net::Lookup>> Resolve(const std::string& host, std::uint16_t port,
                                                       Found found) override;
  std::shared_ptr<Waker> MakeWaker() override;
  net::LinkPtr MakeLink(LinkId link, int fd) override;
  // The loop's.
  net::TurnClock& clock() override;

  RotationNode<SocketState> touched;
  bool to_serve = false;  // at the end of the turn
  net::WaitQueues waiting;

 private:
  void Exchange();
  bool ServeAuthenticator();
  bool ServeEvent();

  Loop& loop_;
  absl::Status status_;
  net::FlushPolicy flush_policy_;
  std::optional<net::SocketDriver> driver_;
  // A call of user code is under way.
  bool asking_ = false;
  bool telling_ = false;
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_SOCKET_STATE_H_
