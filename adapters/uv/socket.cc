#include "adapters/uv/socket.h"

#include "protocol/drive/instant.h"

namespace monocoque::uv {
namespace {

template <typename... Args>
SocketState::Callback<Args...> Shared(std::function<void(Args...)> callback) {
  if (!callback) return nullptr;
  return std::make_shared<const std::function<void(Args...)>>(std::move(callback));
}

}  // namespace

Socket::Socket(uv_loop_t* loop, SocketType type, const SocketOptions& options)
    : state_(std::make_shared<SocketState>(loop, type, options)) {}

Socket::~Socket() {
  if (state_ != nullptr) state_->Shutdown();
}

absl::StatusOr<std::string> Socket::Bind(std::string_view endpoint, const LinkOptions* options) {
  if (!status().ok()) return status();
  return state_->driver().Bind(endpoint, options);
}

absl::Status Socket::Connect(std::string_view endpoint, const LinkOptions* options) {
  if (!status().ok()) return status();
  return state_->driver().Connect(endpoint, options);
}

absl::Status Socket::Unbind(std::string_view bound) {
  if (!status().ok()) return status();
  return state_->driver().Unbind(bound);
}

absl::Status Socket::Disconnect(std::string_view endpoint) {
  if (!status().ok()) return status();
  return state_->driver().Disconnect(endpoint);
}

absl::Status Socket::Send(Message* message) {
  if (!status().ok()) [[unlikely]]
    return status();
  return state_->Send(message);
}

void Socket::OnWritable(std::function<void()> callback) {
  state_->on_writable = Shared(std::move(callback));
}

// What is there already is told at the next turn.
void Socket::OnMessage(std::function<void(Message)> callback) {
  state_->on_message = Shared(std::move(callback));
  if (status().ok()) state_->driver().Touch();
}

void Socket::OnEvent(std::function<void(const SocketEvent&)> callback) {
  if (status().ok()) state_->driver().OnEvent(std::move(callback));
}

void Socket::Pause() {
  if (status().ok()) state_->SetPaused(true);
}

void Socket::Resume() {
  if (status().ok()) state_->SetPaused(false);
}

bool Socket::TryReceive(Message* out) { return status().ok() && state_->driver().Receive(out); }
bool Socket::CanReceive() { return status().ok() && state_->driver().CanReceive(); }

absl::Status Socket::Subscribe(std::string_view prefix) {
  if (!status().ok()) return status();
  return Ask([&](auto* socket, Instant now) { return socket->Subscribe(prefix, now); });
}

absl::Status Socket::Unsubscribe(std::string_view prefix) {
  if (!status().ok()) return status();
  return Ask([&](auto* socket, Instant now) { return socket->Unsubscribe(prefix, now); });
}

absl::Status Socket::Join(std::string_view group) {
  if (!status().ok()) return status();
  return Ask([&](auto* socket, Instant now) { return socket->Join(group, now); });
}

absl::Status Socket::Leave(std::string_view group) {
  if (!status().ok()) return status();
  return Ask([&](auto* socket, Instant now) { return socket->Leave(group, now); });
}

bool Socket::NextEvent(SocketEvent* out) {
  return status().ok() && state_->driver().machine().NextEvent(out);
}

void Socket::Flush() {
  if (status().ok()) state_->driver().Flush();
}

void Socket::Close(absl::Duration linger, std::function<void(absl::Status)> done) {
  if (status().ok()) state_->StartClose(linger, std::move(done));
}

}  // namespace monocoque::uv
