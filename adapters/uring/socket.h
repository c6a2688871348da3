#ifndef MONOCOQUE_ADAPTERS_URING_SOCKET_H_
#define MONOCOQUE_ADAPTERS_URING_SOCKET_H_

#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/uring/socket_state.h"
#include "adapters/zap.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"

namespace monocoque::uring {

class Loop;

// A socket on a Loop. Blocking calls turn the loop while they wait; coroutines use the Async calls;
// both may be mixed. Errors carry sentences; "unavailable" alone means: not now.
//
// What is sent inside a turn is written at its end; outside, a single message goes at once and a
// tight row of them in growing writes: the last of a burst may wait until the next call that waits.
// Flush and Close always write.
//
// Thread rule: the loop's thread. A handle: movable; destroying it closes without lingering: what
// the kernel does not take now is lost.
class Socket {
 public:
  Socket() = default;
  explicit Socket(std::shared_ptr<SocketState> state) : state_(std::move(state)) {}
  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Socket();

  // OK if the socket could be made.
  const absl::Status& status() const { return state_->status(); }

  // Listens before it returns: the bound endpoint, with the port that the system chose.
  // `options`: for its links; null: those of the socket.
  absl::StatusOr<std::string> Bind(std::string_view endpoint, const LinkOptions* options = nullptr);
  // Connects in the background, again and again.
  absl::Status Connect(std::string_view endpoint, const LinkOptions* options = nullptr);
  // The way back: with the text that Bind gave, and that Connect got. The links end with it, once
  // what was handed to them is written.
  absl::Status Unbind(std::string_view bound);
  absl::Status Disconnect(std::string_view endpoint);

  // Decides about peers where `mechanism` asks who they are; without one, or null, none of those is
  // let in. Called last in a turn of the loop.
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) {
    if (status().ok()) state_->driver().SetAuthenticator(std::move(authenticator));
  }

  // Sends, waiting until some peer can take it. On an error the message is untouched.
  absl::Status Send(Message* message, absl::Duration timeout = absl::InfiniteDuration());
  absl::Status Send(Message message, absl::Duration timeout = absl::InfiniteDuration()) {
    return Send(&message, timeout);
  }
  absl::Status Send(std::string_view text, absl::Duration timeout = absl::InfiniteDuration()) {
    Message borrowed = Message::Borrow(text);
    return Send(&borrowed, timeout);
  }
  // Sends now or not at all.
  absl::Status TrySend(Message* message) {
    if (!status().ok()) [[unlikely]]
      return status();
    return state_->TrySend(message);
  }
  // The next message, waiting for it.
  absl::StatusOr<Message> Receive(absl::Duration timeout = absl::InfiniteDuration());
  absl::Status Receive(Message* out, absl::Duration timeout = absl::InfiniteDuration());
  // True and a message, if one is there already.
  bool TryReceive(Message* out) { return status().ok() && state_->driver().Receive(out); }
  // Is one there?
  bool CanReceive() { return status().ok() && state_->driver().CanReceive(); }
  // SUB, XSUB: see monocoque::Socket::Subscribe.
  absl::Status Subscribe(std::string_view prefix);
  absl::Status Unsubscribe(std::string_view prefix);
  // DISH: see monocoque::Socket::Join.
  absl::Status Join(std::string_view group);
  absl::Status Leave(std::string_view group);
  // Everything sent is handed to the kernel, as far as it takes it.
  void Flush();
  // Waits until so many peers have finished their handshake.
  absl::Status WaitReady(std::size_t peers = 1, absl::Duration timeout = absl::InfiniteDuration());
  // What happens to the socket, as it happens: told within turns, in calls that wait, coroutines
  // and Poll alike, one before each coroutine that goes on. The callback may call anything here, on
  // any socket, and destroy this one; what happens to this one while it waits is told when it has
  // returned. Without a callback events wait, the oldest ones, and NextEvent gives them. Each is
  // given once: coroutines beside a callback wait for what it noted.
  void OnEvent(std::function<void(const SocketEvent&)> callback) {
    if (status().ok()) state_->driver().OnEvent(std::move(callback));
  }
  bool NextEvent(SocketEvent* out);
  // Ends the socket: what was sent is written for at most `linger`; deadline exceeded if some was
  // not. Again: with a new linger time.
  absl::Status Close(absl::Duration linger = absl::InfiniteDuration());
  // The same without waiting: goes on while the loop turns, and is over when closed() says so.
  void StartClose(absl::Duration linger = absl::InfiniteDuration());
  bool closed() const { return !status().ok() || state_->driver().closed(); }

  // Awaitables for coroutines: absl::Status, absl::StatusOr<Message>. A message is taken in the
  // very call that resumes the coroutine; destroying one that waits loses nothing.
  auto AsyncSend(Message message) {
    return Awaiter(state_.get(), &state_->senders,
                   [message = std::move(message)](SocketState& state) mutable {
                     return state.AttemptSend(&message);
                   });
  }
  auto AsyncReceive() {
    return Awaiter(state_.get(), &state_->receivers,
                   [](SocketState& state) { return state.AttemptReceive(); });
  }
  // Until the condition holds, which is asked whenever something happened to the socket; cancelled
  // if it does not when the socket is closed.
  auto AsyncUntil(std::function<bool()> holds) {
    return Awaiter(state_.get(), &state_->watchers,
                   [holds = std::move(holds)](SocketState& state) -> std::optional<absl::Status> {
                     if (holds()) return absl::OkStatus();
                     // Nothing will happen to it any more.
                     if (state.driver().closed())
                       return absl::CancelledError("the socket was closed");
                     return std::nullopt;
                   });
  }
  // As WaitReady and Close.
  auto AsyncReady(std::size_t peers = 1) {
    return AsyncUntil(
        [state = state_.get(), peers] { return state->driver().machine().ready_peers() >= peers; });
  }
  auto AsyncClose(absl::Duration linger = absl::InfiniteDuration()) {
    StartClose(linger);
    return Awaiter(state_.get(), &state_->watchers,
                   [](SocketState& state) -> std::optional<absl::Status> {
                     if (!state.driver().closed()) return std::nullopt;
                     return state.driver().CloseResult();
                   });
  }

  // Any other wish of the core socket, with the time it is made at, if status() is OK:
  //     socket.Ask([&](monocoque::Socket* s, Instant now) { return s->Join("group", now); })
  template <typename Wish>
  auto Ask(Wish&& wish) {
    return state_->driver().Ask(std::forward<Wish>(wish));
  }

  // The core socket beneath: getters, statistics.
  monocoque::Socket& core() const { return state_->driver().machine(); }
  const SocketStats& stats() const { return core().stats(); }

 private:
  std::shared_ptr<SocketState> state_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_SOCKET_H_
