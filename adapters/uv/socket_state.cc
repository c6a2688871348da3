#include "adapters/uv/socket_state.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "adapters/net/host.h"
#include "adapters/uv/lookup.h"
#include "adapters/uv/watch.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/socket.h"

namespace monocoque::uv {
namespace {

// Messages, events and questions that one turn hands to the user.
constexpr int kMostATurn = 1024;

constexpr std::int64_t kNanosAMilli = 1'000'000;

}  // namespace

// Its handle, which does not keep the loop alive, is closed before the waker's last holder is gone.
class SocketState::AsyncWaker final : public Waker {
 public:
  explicit AsyncWaker(SocketState* state) : async_(state) {
    uv_async_init(state->loop_, async_.get(), [](uv_async_t* async) {
      static_cast<SocketState*>(async->data)->driver().Touch();
    });
    async_.Unref();
  }
  void Wake() override {
    const std::lock_guard lock(mutex_);
    if (async_) uv_async_send(async_.get());
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    async_.Close();
  }

 private:
  std::mutex mutex_;
  Handle<uv_async_t> async_;
};

SocketState::SocketState(uv_loop_t* loop, SocketType type, const SocketOptions& options)
    : loop_(loop), turns_(Turns::On(loop)), node_(this) {
  absl::StatusOr<monocoque::Socket> machine =
      monocoque::Socket::Create(type, options, turns_->MakeHost());
  status_ = machine.status();
  if (!status_.ok()) {
    turns_.reset();
    return;
  }
  timer_ = Handle<uv_timer_t>(this);
  uv_timer_init(loop, timer_.get());
  driver_.emplace(this, *std::move(machine));
}

SocketState::~SocketState() { Shutdown(); }

void SocketState::Shutdown() {
  driver_.reset();
  for (auto& done : std::exchange(on_closed_, {})) {
    turns_->CallLater([done = std::move(done)] {
      done(absl::CancelledError("the socket was destroyed while it closed"));
    });
  }
  CloseHandles();
}

void SocketState::CloseHandles() {
  timer_.Close();
  hold_.Close();
  for (const auto& waker : std::exchange(wakers_, {})) waker->Close();
  if (turns_ != nullptr) turns_->Forget(&node_);
  turns_.reset();
}

absl::Status SocketState::Send(Message* message) {
  absl::Status sent = driver_->Send(message);
  if (absl::IsUnavailable(sent)) {
    // Where the destination decides, the socket as a whole can always send.
    refused_ = driver_->machine().CanSend() ? Refused::kByOnePeer : Refused::kByAll;
  }
  return sent;
}

void SocketState::SetPaused(bool paused) {
  paused_ = paused;
  if (!paused) driver_->Touch();
}

void SocketState::StartClose(absl::Duration linger, std::function<void(absl::Status)> done) {
  if (!status_.ok()) {
    if (done) {
      Turns::On(loop_)->CallLater([why = status_, done = std::move(done)] { done(why); });
    }
    return;
  }
  if (turns_ == nullptr) {
    // It is closed, and its loop perhaps too, if nobody wants to be told by it.
    if (!done) return;
    turns_ = Turns::On(loop_);
  }
  if (done) on_closed_.push_back(std::move(done));
  closing_ = true;
  driver_->StartClose(linger);
  // Its turn may have been forgotten with the last close.
  Wake();
}

void SocketState::Turn() {
  if (driver_) driver_->Turn();
}

// After each call of the user's, anything may be different.
void SocketState::Serve() {
  ServeAuthenticator();
  ServeEvents();
  ServeMessages();
  ServeWritable();
  ServeClosed();
}

void SocketState::ServeAuthenticator() {
  for (int i = 0; i < kMostATurn; ++i) {
    if (!driver_ || !driver_->ServeAuthenticator()) return;
  }
  if (driver_) driver_->Touch();
}

void SocketState::ServeEvents() {
  for (int i = 0; i < kMostATurn; ++i) {
    if (!driver_ || !driver_->ServeEvent()) return;
  }
  if (driver_) driver_->Touch();
}

void SocketState::ServeMessages() {
  auto callback = on_message;
  for (int i = 0; i < kMostATurn; ++i) {
    Message message;
    if (!driver_ || paused_ || callback == nullptr || !driver_->Receive(&message)) return;
    (*callback)(std::move(message));
    if (callback != on_message) callback = on_message;
  }
  if (driver_) driver_->Touch();
}

void SocketState::ServeWritable() {
  if (!driver_ || refused_ == Refused::kNothing) return;
  bool room = refused_ == Refused::kByAll && driver_->machine().CanSend();
  for (PeerId peer; driver_->machine().NextWritable(&peer);) room = true;
  if (!room) return;
  refused_ = Refused::kNothing;
  if (const auto callback = on_writable; callback != nullptr) (*callback)();
}

// Behind the last event. The handles go first, so that the loop can end although the Socket is
// still there.
void SocketState::ServeClosed() {
  if (!driver_ || !closing_ || !driver_->closed() || driver_->has_event()) return;
  closing_ = false;
  CloseHandles();
  const absl::Status result = driver_->CloseResult();
  for (const auto& done : std::exchange(on_closed_, {})) done(result);
}

void SocketState::Wake() {
  if (turns_ != nullptr) turns_->Wake(&node_);
}

// The loop counts milliseconds from the time it read last.
void SocketState::SetTimer(Instant when) {
  if (!timer_) return;
  if (when.is_never()) {
    uv_timer_stop(timer_.get());
    return;
  }
  const std::int64_t left = absl::ToInt64Nanoseconds(when - net::Now());
  const std::int64_t due = static_cast<std::int64_t>(uv_hrtime()) + left;
  const std::int64_t millis =
      (due + kNanosAMilli - 1) / kNanosAMilli - static_cast<std::int64_t>(uv_now(loop_));
  uv_timer_start(
      timer_.get(),
      [](uv_timer_t* timer) { static_cast<SocketState*>(timer->data)->driver().OnTimer(); },
      static_cast<std::uint64_t>(std::max<std::int64_t>(millis, 0)), 0);
}

absl::StatusOr<std::unique_ptr<net::Watch>> SocketState::MakeWatch(int fd,
                                                                   net::WatchHandler* handler) {
  return Watch::Create(loop_, fd, handler);
}

absl::StatusOr<std::unique_ptr<net::Lookup>> SocketState::Resolve(const std::string& host,
                                                                  std::uint16_t port, Found found) {
  return Lookup::Start(loop_, host, port, std::move(found));
}

// Whoever is paused watches nothing.
void SocketState::Hold(bool on) {
  if (!timer_) return;
  hold_.Close();
  if (!on) return;
  hold_ = Handle<uv_async_t>(this);
  uv_async_init(loop_, hold_.get(), nullptr);
}

std::shared_ptr<Waker> SocketState::MakeWaker() {
  return wakers_.emplace_back(std::make_shared<AsyncWaker>(this));
}

}  // namespace monocoque::uv
