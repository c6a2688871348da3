#include "adapters/uring/socket.h"

#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"

namespace monocoque::uring {
namespace {

// What comes of the wish; of a socket that could not be made, why.
template <typename Wish>
auto IfMade(SocketState* state, Wish wish) -> decltype(state->Ask(wish)) {
  if (!state->status().ok()) return state->status();
  return state->Ask(wish);
}

// Turns the loop until `done()` or the time is over.
template <typename Done>
absl::Status TurnUntil(Loop* loop, absl::Duration timeout, std::string_view what, Done done) {
  Instant deadline = Instant::Never();
  if (timeout != absl::InfiniteDuration()) deadline = net::Now() + timeout;
  while (!done()) {
    const Instant now = deadline.is_never() ? loop->now() : net::Now();
    if (now >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(what, ": not within the time given"));
    }
    loop->RunOnce(deadline - now);
  }
  return absl::OkStatus();
}

}  // namespace

Socket::~Socket() {
  if (state_ == nullptr || !state_->status().ok()) return;
  Loop& loop = state_->loop();
  loop.Tick();
  state_->SetAuthenticator(nullptr);
  state_->machine().Close(absl::ZeroDuration(), loop.now());
  state_->Turn(loop.now(), Pump<monocoque::Socket>::kFramesATurn);
  state_->FailWaiters();
  if (!state_->idle()) loop.Adopt(std::move(state_));
}

absl::StatusOr<std::string> Socket::Bind(std::string_view endpoint, const LinkOptions* options) {
  return IfMade(state_.get(),
                [&](auto*, Instant now) { return state_->wishes().Bind(endpoint, options, now); });
}

absl::Status Socket::Connect(std::string_view endpoint, const LinkOptions* options) {
  return IfMade(state_.get(), [&](auto*, Instant now) {
    return state_->wishes().Connect(endpoint, options, now);
  });
}

absl::Status Socket::Unbind(std::string_view bound) {
  return IfMade(state_.get(),
                [&](auto*, Instant now) { return state_->wishes().Unbind(bound, now); });
}

absl::Status Socket::Disconnect(std::string_view endpoint) {
  return IfMade(state_.get(),
                [&](auto*, Instant now) { return state_->wishes().Disconnect(endpoint, now); });
}

absl::Status Socket::Send(Message* message, absl::Duration timeout) {
  absl::Status sent = TrySend(message);
  if (!absl::IsUnavailable(sent)) [[likely]]
    return sent;
  // What is borrowed is copied while there is time, and whoever is served meanwhile may change it.
  if (!message->Own()) return absl::ResourceExhaustedError("send: there is no memory to wait with");
  absl::Status waited = TurnUntil(&state_->loop(), timeout, "send", [&] {
    sent = state_->SendInTurn(message);
    return !absl::IsUnavailable(sent);
  });
  if (!waited.ok()) return waited;
  if (sent.ok()) state_->WriteNow();
  return sent;
}

absl::Status Socket::Receive(Message* out, absl::Duration timeout) {
  if (TryReceive(out)) [[likely]]
    return absl::OkStatus();
  if (!state_->status().ok()) return state_->status();
  absl::Status why = state_->machine().ReceiveStatus();
  if (!absl::IsUnavailable(why)) return why;
  bool got = false;
  absl::Status waited = TurnUntil(&state_->loop(), timeout, "receive", [&] {
    got = TryReceive(out);
    if (!got) why = state_->machine().ReceiveStatus();
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
  return IfMade(state_.get(),
                [&](auto* socket, Instant now) { return socket->Subscribe(prefix, now); });
}

absl::Status Socket::Unsubscribe(std::string_view prefix) {
  return IfMade(state_.get(),
                [&](auto* socket, Instant now) { return socket->Unsubscribe(prefix, now); });
}

absl::Status Socket::Join(std::string_view group) {
  return IfMade(state_.get(), [&](auto* socket, Instant now) { return socket->Join(group, now); });
}

absl::Status Socket::Leave(std::string_view group) {
  return IfMade(state_.get(), [&](auto* socket, Instant now) { return socket->Leave(group, now); });
}

void Socket::Flush() {
  if (state_->status().ok()) state_->WriteNow();
}

absl::Status Socket::WaitReady(std::size_t peers, absl::Duration timeout) {
  if (!state_->status().ok()) return state_->status();
  return TurnUntil(&state_->loop(), timeout, "wait for peers",
                   [&] { return state_->machine().ready_peers() >= peers; });
}

bool Socket::NextEvent(SocketEvent* out) {
  return state_->status().ok() && state_->machine().NextEvent(out);
}

void Socket::StartClose(absl::Duration linger) {
  if (!state_->status().ok()) return;
  state_->Ask([&](auto*, Instant now) { state_->wishes().StartClose(linger, now); });
}

absl::Status Socket::Close(absl::Duration linger) {
  if (!state_->status().ok()) return state_->status();
  Loop& loop = state_->loop();
  loop.RunOnce(absl::ZeroDuration());
  StartClose(linger);
  absl::Status over =
      TurnUntil(&loop, absl::InfiniteDuration(), "close", [&] { return state_->closed(); });
  return over.ok() ? state_->CloseResult() : over;
}

ConditionAwaiter Socket::AsyncUntil(std::function<bool()> holds) {
  return ConditionAwaiter(
      state_.get(),
      [holds = std::move(holds)](const SocketState& state) -> std::optional<absl::Status> {
        if (holds()) return absl::OkStatus();
        // Nothing will happen to it any more.
        if (state.closed()) return absl::CancelledError("the socket was closed");
        return std::nullopt;
      });
}

ConditionAwaiter Socket::AsyncReady(std::size_t peers) {
  return AsyncUntil(
      [state = state_.get(), peers] { return state->machine().ready_peers() >= peers; });
}

ConditionAwaiter Socket::AsyncClose(absl::Duration linger) {
  StartClose(linger);
  return ConditionAwaiter(state_.get(),
                          [](const SocketState& state) -> std::optional<absl::Status> {
                            if (!state.closed()) return std::nullopt;
                            return state.CloseResult();
                          });
}

}  // namespace monocoque::uring
