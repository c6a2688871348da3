#ifndef MONOCOQUE_ADAPTERS_CORO_SOCKET_STATE_H_
#define MONOCOQUE_ADAPTERS_CORO_SOCKET_STATE_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/flush_policy.h"
#include "adapters/net/link.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/net/timed.h"
#include "adapters/net/turn_clock.h"
#include "adapters/waker.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::coro {

class Loop;
class Waiter;

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
    absl::Status sent = driver_->machine().Send(message, driver_->now());
    if (!sent.ok()) [[unlikely]]
      return sent;
    Wake();
    if (flush_policy_.AfterSend(driver_->machine().pending_bytes())) Exchange();
    return sent;
  }
  // For those who wait in turns of the loop: what comes of it; nothing: not yet. What is sent is
  // written at the end of the turn.
  std::optional<absl::Status> AttemptSend(Message* message);
  std::optional<absl::Status> AttemptReceive(Message* out);
  std::optional<absl::StatusOr<Message>> AttemptReceive();
  std::optional<absl::Status> AttemptReady(std::size_t peers) const {
    return AttemptUntil(driver_->machine().ready_peers() >= peers);
  }
  // `holds`: what is waited for. Cancelled once nothing can happen to the socket any more.
  std::optional<absl::Status> AttemptUntil(bool holds) const;
  std::optional<absl::Status> AttemptClose() const;
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
  // Whoever waits gets an error.
  void FailWaiters();
  // By coroutines, by peers that somebody has to let in, and by who is told events.
  bool awaited() const {
    return !receivers.empty() || !senders.empty() || !watchers.empty() ||
           (driver_ && driver_->serves());
  }

  // Reactor. A turn is due, for whatever reason.
  void Wake() override;
  void SetTimer(Instant when) override;
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
  Rotation<Waiter> receivers;
  Rotation<Waiter> senders;
  Rotation<Waiter> watchers;

 private:
  void Exchange();
  bool ServeAuthenticator();
  bool ServeEvent();
  static bool Resume(Waiter* waiter);

  Loop& loop_;
  absl::Status status_;
  net::FlushPolicy flush_policy_;
  std::optional<net::SocketDriver> driver_;
  // A call of user code is under way.
  bool asking_ = false;
  bool telling_ = false;
};

// A coroutine that waits on a socket. Lives in the coroutine's frame: when that is destroyed, the
// wait ends and no message is lost.
class Waiter {
 public:
  // It waits in `queue` of the socket.
  Waiter(SocketState* state, Rotation<Waiter>* queue)
      : state_(state), queue_(*queue), node_(this) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter();

  // First come, first served; what watchers wait for nobody takes from them.
  bool await_ready() { return (queue_.empty() || &queue_ == &state_->watchers) && Try(); }
  void await_suspend(std::coroutine_handle<> awaiting);

  // True once there is a result: then the coroutine may go on.
  virtual bool Try() = 0;
  // The socket goes away: the result is `why`.
  virtual void Fail(absl::Status why) = 0;

 protected:
  // The coroutine goes on: nothing is left of the wait.
  void Resumed() { loop_ = nullptr; }
  SocketState& state() { return *state_; }

 private:
  friend class SocketState;

  SocketState* state_;  // not to be used once resumed, nor is the queue
  Rotation<Waiter>& queue_;
  RotationNode<Waiter> node_;
  Loop* loop_ = nullptr;  // while it waits
  std::coroutine_handle<> handle_;
};

// Waits until `attempt(state)` gives a result, an absl::Status or StatusOr; no value: not yet. It
// is asked of sockets that could be made; of others the result is why not.
template <typename Attempt>
class Awaiter final : public Waiter {
 public:
  using Result = typename std::invoke_result_t<Attempt&, SocketState&>::value_type;

  Awaiter(SocketState* state, Rotation<Waiter>* queue, Attempt attempt)
      : Waiter(state, queue), attempt_(std::move(attempt)) {}
  Result await_resume() {
    Resumed();
    return *std::move(result_);
  }
  bool Try() override {
    if (!result_ && !state().status().ok()) result_ = state().status();
    if (!result_) result_ = attempt_(state());
    return result_.has_value();
  }
  void Fail(absl::Status why) override { result_ = std::move(why); }

 private:
  Attempt attempt_;
  std::optional<Result> result_;
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_SOCKET_STATE_H_
