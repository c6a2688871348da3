#ifndef MONOCOQUE_ADAPTERS_CORO_SOCKET_H_
#define MONOCOQUE_ADAPTERS_CORO_SOCKET_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/coro/awaiter.h"
#include "adapters/coro/socket_state.h"
#include "adapters/net/socket_face.h"
#include "adapters/net/steps.h"
#include "protocol/wire/message.h"

namespace monocoque::coro {

class Loop;

// A socket on a Loop. Blocking calls turn the loop while they wait, once even if they have no time
// for that, and not at all for what is there; coroutines use the Async calls; both may be mixed.
// Errors carry sentences; "unavailable" alone means: not now.
//
// What is sent inside a turn is written at its end; outside, a single message goes at once and a
// tight row of them in growing writes: the last of a burst may wait until the next call that waits.
// Flush and Close always write.
//
// OnEvent's callback is told within turns, in calls that wait, coroutines and Poll alike, one event
// before each coroutine that goes on; what happens to its socket while it waits is told when it has
// returned. Coroutines beside a callback wait for what it noted.
//
// Thread rule: the loop's thread. Destroying it closes without lingering: what the kernel does not
// take now is lost. Assigning to it destroys what it had.
class Socket : public net::SocketFace<SocketState> {
 public:
  // None: every call says so.
  Socket() = default;
  explicit Socket(std::shared_ptr<SocketState> state) : SocketFace(std::move(state)) {}
  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&& other) noexcept {
    Socket gone(std::move(other));
    std::swap(state_, gone.state_);
    return *this;
  }
  ~Socket();

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
  // Everything sent is handed to the kernel, as far as it takes it.
  void Flush();
  // Waits until so many peers have finished their handshake.
  absl::Status WaitReady(std::size_t peers = 1, absl::Duration timeout = absl::InfiniteDuration());
  // Ends the socket: what was sent is written for at most `linger`; deadline exceeded if some was
  // not. Again: with a new linger time.
  absl::Status Close(absl::Duration linger = absl::InfiniteDuration());
  // The same without waiting: goes on while the loop turns, and is over when closed() says so.
  void StartClose(absl::Duration linger = absl::InfiniteDuration());
  bool closed() const { return !status().ok() || state_->driver().closed(); }

  // Awaitables for coroutines: absl::Status, absl::StatusOr<Message>. A message is taken in the
  // very call that resumes the coroutine; destroying one that waits loses nothing. With a timeout
  // they fail when it is over as the blocking calls do, deadline exceeded, after one turn at least;
  // what comes later stays for the next receive. Without one no timer is set.
  auto AsyncSend(Message message) {
    return Awaiter(state_.get(), net::SendStep(std::move(message)));
  }
  auto AsyncSend(Message message, absl::Duration timeout) {
    return TimedAwaiter(state_.get(), net::SendStep(std::move(message)), timeout, "send");
  }
  // On an error the message is untouched; it stays where it is until then.
  auto AsyncSend(Message* message) { return Awaiter(state_.get(), net::SendItStep(message)); }
  auto AsyncSend(Message* message, absl::Duration timeout) {
    return TimedAwaiter(state_.get(), net::SendItStep(message), timeout, "send");
  }
  auto AsyncReceive() { return Awaiter(state_.get(), net::ReceiveStep()); }
  auto AsyncReceive(absl::Duration timeout) {
    return TimedAwaiter(state_.get(), net::ReceiveStep(), timeout, "receive");
  }
  // Until the condition holds, which is asked whenever something happened to the socket; cancelled
  // if it does not when the socket is closed.
  auto AsyncUntil(std::function<bool()> holds) {
    return Awaiter(state_.get(), net::UntilStep(std::move(holds)));
  }
  // As WaitReady and Close.
  auto AsyncReady(std::size_t peers = 1) {
    return Awaiter(state_.get(), net::WaitReadyStep(peers));
  }
  auto AsyncReady(std::size_t peers, absl::Duration timeout) {
    return TimedAwaiter(state_.get(), net::WaitReadyStep(peers), timeout, "wait for peers");
  }
  auto AsyncClose(absl::Duration linger = absl::InfiniteDuration()) {
    StartClose(linger);
    return Awaiter(state_.get(), net::CloseStep(linger));
  }

 private:
  friend class Loop;
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_SOCKET_H_
