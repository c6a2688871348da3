#include "adapters/coro/socket.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "adapters/coro/awaiter.h"
#include "adapters/coro/loop.h"
#include "adapters/net/host.h"
#include "adapters/net/steps.h"
#include "adapters/net/waiting.h"

namespace monocoque::coro {
namespace {

// Turns the loop, at least once, until the step has its result or the time is over. Whoever is
// served meanwhile may destroy the socket's handle, or move it: its state is what is asked.
template <typename Step>
absl::Status TurnUntil(std::shared_ptr<SocketState> state, absl::Duration timeout,
                       std::string_view what, Step* step) {
  Instant deadline = Instant::Never();
  if (timeout != absl::InfiniteDuration()) {
    deadline = net::Now() + std::max(timeout, absl::ZeroDuration());
  }
  for (bool turned = false;; turned = true) {
    if (step->Try(state->waiting)) return step->status;
    const Instant now = deadline.is_never() ? state->loop().now() : net::Now();
    if (turned && now >= deadline) {
      return NotInTime(what);
    }
    state->loop().RunOnce(deadline - now);
  }
}

}  // namespace

Socket::~Socket() {
  if (state_ == nullptr || !status().ok()) return;
  net::SocketDriver& driver = state_->driver();
  driver.SetAuthenticator(nullptr);
  driver.OnEvent(nullptr);
  driver.Flush();
  driver.StartClose(absl::ZeroDuration());
  driver.Turn();
  const absl::Status closed = absl::CancelledError("the socket was closed");
  state_->waiting.FinishAll(closed);
  state_->waiting.FinishClosers(closed);
  if (state_->over()) return;
  state_->Wake();
  state_->loop().Adopt(std::move(state_));
}

absl::Status Socket::Send(Message* message, absl::Duration timeout) {
  absl::Status sent = TrySend(message);
  if (!absl::IsUnavailable(sent)) [[likely]]
    return sent;
  // What is borrowed is copied while there is time, and whoever is served meanwhile may change it.
  if (!message->Own()) return absl::ResourceExhaustedError("send: there is no memory to wait with");
  const std::shared_ptr<SocketState> state = state_;
  net::SendItStep step(message);
  sent = TurnUntil(state, timeout, "send", &step);
  if (sent.ok()) state->WriteNow();
  return sent;
}

absl::Status Socket::Receive(Message* out, absl::Duration timeout) {
  if (TryReceive(out)) [[likely]]
    return absl::OkStatus();
  if (!status().ok()) return status();
  net::ReceiveStep step;
  absl::Status received = TurnUntil(state_, timeout, "receive", &step);
  if (received.ok()) *out = std::move(step.value);
  return received;
}

absl::StatusOr<Message> Socket::Receive(absl::Duration timeout) {
  Message message;
  if (absl::Status received = Receive(&message, timeout); !received.ok()) return received;
  return message;
}

void Socket::Flush() {
  if (status().ok()) state_->WriteNow();
}

absl::Status Socket::WaitReady(std::size_t peers, absl::Duration timeout) {
  if (!status().ok()) return status();
  net::WaitReadyStep step(peers);
  return TurnUntil(state_, timeout, "wait for peers", &step);
}

void Socket::StartClose(absl::Duration linger) {
  if (status().ok()) state_->driver().StartClose(linger);
}

absl::Status Socket::Close(absl::Duration linger) {
  if (!status().ok()) return status();
  const std::shared_ptr<SocketState> state = state_;
  state->loop().RunOnce(absl::ZeroDuration());
  state->driver().StartClose(linger);
  net::CloseStep step(linger);
  return TurnUntil(state, absl::InfiniteDuration(), "close", &step);
}

}  // namespace monocoque::coro
