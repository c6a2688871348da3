#include "adapters/coro/socket.h"

#include "absl/strings/str_cat.h"
#include "adapters/coro/loop.h"
#include "adapters/net/host.h"

namespace monocoque::coro {
namespace {

// Turns the loop until `attempt(state)` gives a result or the time is over. Whoever is served
// meanwhile may destroy the socket's handle, or move it: its state is what is asked.
template <typename Attempt>
absl::Status TurnUntil(std::shared_ptr<SocketState> state, absl::Duration timeout,
                       std::string_view what, Attempt attempt) {
  Instant deadline = Instant::Never();
  if (timeout != absl::InfiniteDuration()) deadline = net::Now() + timeout;
  for (;;) {
    if (std::optional<absl::Status> result = attempt(*state)) return *std::move(result);
    const Instant now = deadline.is_never() ? state->loop().now() : net::Now();
    if (now >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(what, ": not within the time given"));
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
  state_->FailWaiters();
  if (!driver.closed()) state_->loop().Adopt(std::move(state_));
}

absl::Status Socket::Send(Message* message, absl::Duration timeout) {
  absl::Status sent = TrySend(message);
  if (!absl::IsUnavailable(sent)) [[likely]]
    return sent;
  // What is borrowed is copied while there is time, and whoever is served meanwhile may change it.
  if (!message->Own()) return absl::ResourceExhaustedError("send: there is no memory to wait with");
  const std::shared_ptr<SocketState> state = state_;
  sent = TurnUntil(state, timeout, "send",
                   [message](SocketState& sending) { return sending.AttemptSend(message); });
  if (sent.ok()) state->WriteNow();
  return sent;
}

absl::Status Socket::Receive(Message* out, absl::Duration timeout) {
  if (TryReceive(out)) [[likely]]
    return absl::OkStatus();
  if (!status().ok()) return status();
  return TurnUntil(state_, timeout, "receive",
                   [out](SocketState& state) { return state.AttemptReceive(out); });
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
  return TurnUntil(state_, timeout, "wait for peers",
                   [peers](SocketState& state) { return state.AttemptReady(peers); });
}

void Socket::StartClose(absl::Duration linger) {
  if (status().ok()) state_->driver().StartClose(linger);
}

absl::Status Socket::Close(absl::Duration linger) {
  if (!status().ok()) return status();
  const std::shared_ptr<SocketState> state = state_;
  state->loop().RunOnce(absl::ZeroDuration());
  state->driver().StartClose(linger);
  return TurnUntil(state, absl::InfiniteDuration(), "close",
                   [](SocketState& closing) { return closing.AttemptClose(); });
}

}  // namespace monocoque::coro
