#include "adapters/uring/socket.h"

#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"

namespace monocoque::uring {
namespace {

// A wish of the core socket, by name; of a socket that could not be made, why.
absl::Status AskByName(SocketState* state,
                       absl::Status (monocoque::Socket::*wish)(std::string_view, Instant),
                       std::string_view name) {
  if (!state->status().ok()) return state->status();
  return state->driver().Ask(
      [&](monocoque::Socket* machine, Instant now) { return (machine->*wish)(name, now); });
}

// Turns the loop until `done` or the time is over. Whoever is served meanwhile may destroy the
// socket's handle: its state is what is asked.
template <typename Done>
absl::Status TurnUntil(std::shared_ptr<SocketState> state, absl::Duration timeout,
                       std::string_view what, Done done) {
  Instant deadline = Instant::Never();
  if (timeout != absl::InfiniteDuration()) deadline = net::Now() + timeout;
  while (!done(*state)) {
    const Instant now = deadline.is_never() ? state->loop().now() : net::Now();
    if (now >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(what, ": not within the time given"));
    }
    state->loop().RunOnce(deadline - now);
  }
  return absl::OkStatus();
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

absl::StatusOr<std::string> Socket::Bind(std::string_view endpoint, const LinkOptions* options) {
  if (!status().ok()) return status();
  return state_->driver().Bind(endpoint, options);
}

absl::Status Socket::Connect(std::string_view endpoint, const LinkOptions* options) {
  return status().ok() ? state_->driver().Connect(endpoint, options) : status();
}

absl::Status Socket::Unbind(std::string_view bound) {
  return status().ok() ? state_->driver().Unbind(bound) : status();
}

absl::Status Socket::Disconnect(std::string_view endpoint) {
  return status().ok() ? state_->driver().Disconnect(endpoint) : status();
}

absl::Status Socket::Send(Message* message, absl::Duration timeout) {
  absl::Status sent = TrySend(message);
  if (!absl::IsUnavailable(sent)) [[likely]]
    return sent;
  // What is borrowed is copied while there is time, and whoever is served meanwhile may change it.
  if (!message->Own()) return absl::ResourceExhaustedError("send: there is no memory to wait with");
  absl::Status waited = TurnUntil(state_, timeout, "send", [&](SocketState& state) {
    sent = state.SendInTurn(message);
    return !absl::IsUnavailable(sent);
  });
  if (!waited.ok()) return waited;
  if (sent.ok()) state_->WriteNow();
  return sent;
}

absl::Status Socket::Receive(Message* out, absl::Duration timeout) {
  if (TryReceive(out)) [[likely]]
    return absl::OkStatus();
  if (!status().ok()) return status();
  absl::Status why = core().ReceiveStatus();
  if (!absl::IsUnavailable(why)) return why;
  bool got = false;
  absl::Status waited = TurnUntil(state_, timeout, "receive", [&](SocketState& state) {
    got = state.driver().Receive(out);
    if (!got) why = state.driver().machine().ReceiveStatus();
    return got || !absl::IsUnavailable(why);
  });
  if (!waited.ok()) return waited;
  return got ? absl::OkStatus() : why;
}

absl::StatusOr<Message> Socket::Receive(absl::Duration timeout) {
  Message message;
  if (absl::Status received = Receive(&message, timeout); !received.ok()) return received;
  return message;
}

absl::Status Socket::Subscribe(std::string_view prefix) {
  return AskByName(state_.get(), &monocoque::Socket::Subscribe, prefix);
}

absl::Status Socket::Unsubscribe(std::string_view prefix) {
  return AskByName(state_.get(), &monocoque::Socket::Unsubscribe, prefix);
}

absl::Status Socket::Join(std::string_view group) {
  return AskByName(state_.get(), &monocoque::Socket::Join, group);
}

absl::Status Socket::Leave(std::string_view group) {
  return AskByName(state_.get(), &monocoque::Socket::Leave, group);
}

void Socket::Flush() {
  if (status().ok()) state_->WriteNow();
}

absl::Status Socket::WaitReady(std::size_t peers, absl::Duration timeout) {
  if (!status().ok()) return status();
  bool ready = false;
  absl::Status waited = TurnUntil(state_, timeout, "wait for peers", [&](SocketState& state) {
    ready = state.driver().machine().ready_peers() >= peers;
    return ready || state.driver().closed();
  });
  if (!waited.ok() || ready) return waited;
  return absl::CancelledError("the socket was closed");
}

bool Socket::NextEvent(SocketEvent* out) { return status().ok() && core().NextEvent(out); }

void Socket::StartClose(absl::Duration linger) {
  if (status().ok()) state_->driver().StartClose(linger);
}

absl::Status Socket::Close(absl::Duration linger) {
  if (!status().ok()) return status();
  const std::shared_ptr<SocketState> state = state_;
  state->loop().RunOnce(absl::ZeroDuration());
  state->driver().StartClose(linger);
  absl::Status over = TurnUntil(state, absl::InfiniteDuration(), "close",
                                [](SocketState& s) { return s.driver().closed(); });
  return over.ok() ? state->driver().CloseResult() : over;
}

}  // namespace monocoque::uring
