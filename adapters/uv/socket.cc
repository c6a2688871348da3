#include "adapters/uv/socket.h"

namespace monocoque::uv {
namespace {

template <typename... Args>
SocketState::Callback<Args...> Shared(std::function<void(Args...)> callback) {
  if (!callback) return nullptr;
  return std::make_shared<const std::function<void(Args...)>>(std::move(callback));
}

}  // namespace

Socket::Socket(uv_loop_t* loop, SocketType type, const SocketOptions& options)
    : SocketFace(std::make_shared<SocketState>(loop, type, options)) {}

Socket::~Socket() {
  if (state_ != nullptr) state_->Shutdown();
}

absl::Status Socket::Send(Message* message) {
  if (!status().ok()) [[unlikely]]
    return status();
  return state_->Send(message);
}

void Socket::OnWritable(std::function<void()> callback) {
  if (!status().ok()) return;
  state_->on_writable = Shared(std::move(callback));
}

// What is there already is told at the next turn.
void Socket::OnMessage(std::function<void(Message)> callback) {
  if (!status().ok()) return;
  state_->on_message = Shared(std::move(callback));
  state_->driver().Touch();
}

void Socket::Pause() {
  if (status().ok()) state_->SetPaused(true);
}

void Socket::Resume() {
  if (status().ok()) state_->SetPaused(false);
}

void Socket::Flush() {
  if (status().ok()) state_->driver().Flush();
}

void Socket::Close(absl::Duration linger, std::function<void(absl::Status)> done) {
  if (state_ == nullptr) {
    if (done) done(status());
    return;
  }
  state_->StartClose(linger, std::move(done));
}

}  // namespace monocoque::uv
