#include "adapters/coro/socket_state.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "adapters/coro/loop.h"

namespace monocoque::coro {

SocketState::SocketState(Loop* loop, absl::StatusOr<monocoque::Socket> machine)
    : touched(this), loop_(*loop), status_(machine.status()) {
  if (!machine.ok()) return;
  driver_.emplace(this, *std::move(machine), loop_.inproc_hub());
  waiting.set_driver(&*driver_);
}

// Coroutines that still wait, as the loop goes, stay as they are.
SocketState::~SocketState() {
  while (net::Waiter* left = waiting.Take()) left->Abandon();
  driver_.reset();
  loop_.SetTimer(this, Instant::Never());
  loop_.Forget(&touched);
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
  if (driver_->closed()) waiting.FinishClosers(driver_->CloseResult());
  // After each call of user code, everything may have changed.
  for (std::size_t rounds = 0; rounds < max_rounds; ++rounds) {
    bool any = ServeAuthenticator();
    if (ServeEvent()) any = true;
    if (waiting.Serve()) any = true;
    if (!any) return std::move(again).Cancel();
  }
}

net::TurnClock& SocketState::clock() { return loop_.clock(); }

void SocketState::Wake() { loop_.Touch(&touched); }

void SocketState::SetTimer(Instant when) { loop_.SetTimer(this, when); }

void SocketState::SetTimer(net::Timed* timed, Instant when) { loop_.SetTimer(timed, when); }

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

}  // namespace monocoque::coro
