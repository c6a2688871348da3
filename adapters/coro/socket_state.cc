#include "adapters/coro/socket_state.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "adapters/coro/loop.h"

namespace monocoque::coro {

SocketState::SocketState(Loop* loop, absl::StatusOr<monocoque::Socket> machine)
    : touched(this), loop_(*loop), status_(machine.status()) {
  if (machine.ok()) driver_.emplace(this, *std::move(machine), loop_.inproc_hub());
}

SocketState::~SocketState() {
  driver_.reset();
  FailWaiters();
  loop_.SetTimer(this, Instant::Never());
  loop_.Forget(&touched);
}

void SocketState::FailWaiters() {
  for (Rotation<Waiter>* queue : {&receivers, &senders, &watchers}) {
    while (Waiter* waiter = queue->Pop()) {
      waiter->Fail(absl::CancelledError("the socket was closed"));
      loop_.ResumeLater(waiter->handle_);
    }
  }
}

std::optional<absl::Status> SocketState::AttemptSend(Message* message) {
  absl::Status sent = driver_->machine().Send(message, driver_->now());
  if (absl::IsUnavailable(sent)) return std::nullopt;
  if (sent.ok()) Wake();
  return sent;
}

std::optional<absl::Status> SocketState::AttemptReceive(Message* out) {
  if (driver_->Receive(out)) return absl::OkStatus();
  absl::Status why = driver_->machine().ReceiveStatus();
  if (absl::IsUnavailable(why)) return std::nullopt;
  return why;
}

std::optional<absl::StatusOr<Message>> SocketState::AttemptReceive() {
  Message message;
  std::optional<absl::Status> received = AttemptReceive(&message);
  if (!received) return std::nullopt;
  if (!received->ok()) return *std::move(received);
  return message;
}

std::optional<absl::Status> SocketState::AttemptUntil(bool holds) const {
  if (holds) return absl::OkStatus();
  if (driver_->closed()) return absl::CancelledError("the socket was closed");
  return std::nullopt;
}

std::optional<absl::Status> SocketState::AttemptClose() const {
  if (!driver_->closed()) return std::nullopt;
  return driver_->CloseResult();
}

void SocketState::Exchange() {
  loop_.Exchange();
  flush_policy_.Wrote();
}

// One write a link has its limit: again, as long as the kernel takes.
void SocketState::WriteNow() {
  flush_policy_.Reset();
  Wake();
  std::size_t before = 0;
  do {
    before = driver_->machine().pending_bytes();
    loop_.Exchange();
  } while (driver_->machine().pending_bytes() < before);
}

// Taken and resumed one by one: whoever is resumed may do anything, destroy this socket's handle
// too.
bool SocketState::Resume(Waiter* waiter) {
  if (waiter == nullptr) return false;
  waiter->handle_.resume();
  return true;
}

// User code that waits for something has the loop turn, but is not called within itself: peers
// would decide how deep.
bool SocketState::ServeAuthenticator() {
  if (std::exchange(asking_, true)) return false;
  const absl::Cleanup asked = [this] { asking_ = false; };
  return driver_->ServeAuthenticator();
}

bool SocketState::ServeEvent() {
  if (std::exchange(telling_, true)) return false;
  const absl::Cleanup told = [this] { telling_ = false; };
  return driver_->ServeEvent();
}

void SocketState::ServeWaiters(std::size_t max_rounds) {
  to_serve = false;
  // More may be left, also where one throws.
  absl::Cleanup again = [this] { Wake(); };
  const auto can = [](Waiter* waiter) { return waiter->Try(); };
  // One of each kind a round: none starves the others. After each, everything may have changed.
  for (std::size_t rounds = 0; rounds < max_rounds; ++rounds) {
    bool any = driver_ && ServeAuthenticator();
    if (driver_ && ServeEvent()) any = true;
    if (Resume(senders.PopIf(can))) any = true;
    if (Resume(receivers.PopIf(can))) any = true;
    if (Resume(watchers.PopFirst(can))) any = true;
    if (!any) return std::move(again).Cancel();
  }
}

net::TurnClock& SocketState::clock() { return loop_.clock(); }

void SocketState::Wake() { loop_.Touch(&touched); }

void SocketState::SetTimer(Instant when) { loop_.SetTimer(this, when); }

absl::StatusOr<std::unique_ptr<net::Watch>> SocketState::MakeWatch(int fd,
                                                                   net::WatchHandler* handler) {
  return loop_.MakeWatch(fd, handler);
}

absl::StatusOr<std::unique_ptr<net::Lookup>> SocketState::Resolve(const std::string& host,
                                                                  std::uint16_t port, Found found) {
  return loop_.resolver().Resolve(host, port, std::move(found));
}

std::shared_ptr<Waker> SocketState::MakeWaker() {
  return loop_.mailbox().MakeWaker(weak_from_this());
}

net::LinkPtr SocketState::MakeLink(LinkId link, int fd) {
  return loop_.MakeLink(&*driver_, link, fd);
}

Waiter::~Waiter() {
  if (loop_ == nullptr) return;
  if (node_.linked()) {
    queue_.Remove(&node_);
  } else {
    loop_->Unresume(handle_);
  }
}

void Waiter::await_suspend(std::coroutine_handle<> awaiting) {
  loop_ = &state_->loop();
  handle_ = awaiting;
  queue_.Add(&node_);
  state_->Wake();
}

}  // namespace monocoque::coro
