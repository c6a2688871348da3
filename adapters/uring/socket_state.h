#ifndef MONOCOQUE_ADAPTERS_URING_SOCKET_STATE_H_
#define MONOCOQUE_ADAPTERS_URING_SOCKET_STATE_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/admission.h"
#include "adapters/inproc_links.h"
#include "adapters/net/endpoint_wishes.h"
#include "adapters/net/timed.h"
#include "adapters/pump.h"
#include "adapters/uring/flush_policy.h"
#include "adapters/zap.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::uring {

class Acceptor;
class Dial;
class LinkIo;
class Loop;
class Waiter;

// What a Socket handle points to: the core socket, its pump, and its descriptors. Moves octets,
// runs actions, arms one timer.
class SocketState final : public PumpDriver,
                          public net::Timed,
                          public std::enable_shared_from_this<SocketState> {
 public:
  // A socket that cannot be used: every operation says `why`.
  SocketState(Loop* loop, absl::Status why);
  SocketState(Loop* loop, monocoque::Socket machine);
  ~SocketState() override;
  SocketState(const SocketState&) = delete;
  SocketState& operator=(const SocketState&) = delete;

  Loop& loop() { return loop_; }
  const absl::Status& status() const { return status_; }
  monocoque::Socket& machine() { return *machine_; }
  const monocoque::Socket& machine() const { return *machine_; }

  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) {
    if (admission_) admission_->SetAuthenticator(std::move(authenticator));
  }
  // Closed, everything that lingered gone, and all descriptors with it.
  bool closed() const { return machine_->drained() && idle(); }
  // Then: deadline exceeded if something that should have been sent was not.
  absl::Status CloseResult() const { return wishes_->CloseResult(); }
  absl::Status TrySend(Message* message) {
    absl::Status sent = machine_->Send(message, turn_time());
    if (!sent.ok()) [[unlikely]]
      return sent;
    Touch();
    if (flush_policy_.AfterSend(machine_->pending_bytes())) Exchange();
    return sent;
  }
  // For senders inside a turn: written at its end.
  absl::Status SendInTurn(Message* message);
  bool TryReceive(Message* out) {
    const bool got = status_.ok() && machine_->Receive(out, nullptr, turn_time());
    // Taking may set reading going again: an action for the next turn.
    if (machine_ && machine_->has_outputs()) [[unlikely]]
      Touch();
    return got;
  }
  bool CanReceive() {
    const bool can = status_.ok() && machine_->CanReceive(turn_time());
    // Looking may take, too.
    if (machine_ && machine_->has_outputs()) Touch();
    return can;
  }
  // A wish of the core socket, or of `wishes` to it.
  template <typename Wish>
  auto Ask(Wish&& wish) {
    Tick();
    Touch();
    return std::forward<Wish>(wish)(&*machine_, turn_time());
  }
  net::EndpointWishes& wishes() { return *wishes_; }
  // Starts what writes can be started.
  void WriteNow();

  // One turn: true if work is left.
  bool Turn(Instant now, std::size_t max_frames);
  // Resumes whoever waits and can go on. Runs user code: the last thing in a turn.
  void ServeWaiters(std::size_t max_resumed);
  void Touch();
  // The core's deadline.
  void OnTime(Instant /*now*/) override { Touch(); }
  // Stops all I/O at once.
  void Shutdown();
  // Whoever waits gets an error.
  void FailWaiters();
  // By coroutines, and by peers that somebody has to let in.
  bool awaited() const {
    return !receivers.empty() || !senders.empty() || !watchers.empty() ||
           (admission_ && admission_->waiting());
  }
  bool idle() const {
    return links_alive.empty() && dials_.empty() && acceptors_.empty() &&
           (inproc_ == nullptr || inproc_->idle());
  }

  RotationNode<SocketState> touched;
  Rotation<LinkIo> links_alive;
  Rotation<Waiter> receivers;
  Rotation<Waiter> senders;
  Rotation<Waiter> watchers;

  // PumpDriver.
  void Do(const action::Dial& dial) override;
  void Do(const action::Listen& listen) override;
  void Do(const action::Unlisten& unlisten) override;
  void Do(const action::Accepting& accepting) override;
  void Do(const action::Read& read) override;
  void Do(const action::CloseLink& close) override;
  bool Authenticate(const action::Authenticate& ask) override { return admission_->Take(ask); }
  void Write(LinkId link, TransmitBatch batch) override;

  // For acceptors, dials and links.
  // `info`: what is known of the link; or why it was not let in, and is closed.
  void OnAccepted(ListenerId listener, int fd, const absl::StatusOr<TransportInfo>& info);
  void OnAcceptFailed(ListenerId listener, const absl::Status& why);
  void OnDialed(LinkId link, int fd, const TransportInfo& info);
  void OnDialFailed(LinkId link, const absl::Status& why);
  // The link's stream ended: the core is told, the descriptor closed.
  void OnLinkOver(LinkId link, const absl::Status& why);

 private:
  Instant turn_time() const;
  void Tick();
  void Exchange();
  void AddLink(LinkId link, int fd);
  InprocLinks* Inproc();
  absl::StatusOr<Endpoint> Listen(const action::Listen& listen);
  bool Serve(Rotation<Waiter>* queue);
  bool ServeWatchers();

  Loop& loop_;
  absl::Status status_;
  std::optional<monocoque::Socket> machine_;
  std::optional<Pump<monocoque::Socket>> pump_;
  std::optional<net::EndpointWishes> wishes_;
  std::unique_ptr<InprocLinks> inproc_;  // once there is an inproc:// endpoint
  FlushPolicy flush_policy_;
  std::optional<Admission> admission_;
  absl::flat_hash_map<LinkId, LinkIo*> links_;
  absl::flat_hash_map<LinkId, Dial*> dials_;
  absl::flat_hash_map<ListenerId, Acceptor*> acceptors_;
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

  // First come, first served.
  bool await_ready() { return queue_.empty() && Try(); }
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

// One whose result is an absl::Status or StatusOr.
template <typename Result>
class ResultWaiter : public Waiter {
 public:
  using Waiter::Waiter;
  Result await_resume() {
    Resumed();
    return *std::move(result_);
  }
  bool Try() final {
    if (!result_ && !state().status().ok()) result_ = state().status();
    if (!result_) result_ = Attempt();
    return result_.has_value();
  }
  void Fail(absl::Status why) final { result_ = std::move(why); }

 private:
  // Nothing: not yet. Of a socket that could be made.
  virtual std::optional<Result> Attempt() = 0;

  std::optional<Result> result_;
};

class ReceiveAwaiter final : public ResultWaiter<absl::StatusOr<Message>> {
 public:
  explicit ReceiveAwaiter(SocketState* state) : ResultWaiter(state, &state->receivers) {}

 private:
  std::optional<absl::StatusOr<Message>> Attempt() override;
};

class SendAwaiter final : public ResultWaiter<absl::Status> {
 public:
  SendAwaiter(SocketState* state, Message message)
      : ResultWaiter(state, &state->senders), message_(std::move(message)) {}

 private:
  std::optional<absl::Status> Attempt() override;

  Message message_;
};

// Waits until something holds of the socket: connected, closed.
class ConditionAwaiter final : public ResultWaiter<absl::Status> {
 public:
  // The result, once there is one.
  using Condition = std::function<std::optional<absl::Status>(const SocketState&)>;

  ConditionAwaiter(SocketState* state, Condition condition)
      : ResultWaiter(state, &state->watchers), condition_(std::move(condition)) {}
  // Nobody takes it from those who came earlier.
  bool await_ready() { return Try(); }

 private:
  std::optional<absl::Status> Attempt() override { return condition_(state()); }

  Condition condition_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_SOCKET_STATE_H_
