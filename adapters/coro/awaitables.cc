#include "adapters/coro/awaitables.h"

#include <utility>

#include "adapters/net/host.h"

namespace monocoque::coro {

Loop::Suspension::~Suspension() {
  if (!suspended()) return;
  loop_.Unresume(handle_);
  loop_.suspended_.Remove(&node_);
}

void Loop::Suspension::Suspend(std::coroutine_handle<> awaiting) {
  handle_ = awaiting;
  loop_.suspended_.Add(&node_);
}

Loop::Sleep::~Sleep() {
  if (suspended()) Stop();
}

void Loop::Sleep::await_suspend(std::coroutine_handle<> awaiting) {
  Suspend(awaiting);
  loop_.SetTimer(this, net::Now() + duration_);
}

void Loop::Sleep::OnTime(Instant /*now*/) { ResumeLater(); }

void Loop::Sleep::Stop() { loop_.SetTimer(this, Instant::Never()); }

// A descriptor that cannot be watched: the next call on it says why.
bool Loop::Ready::await_suspend(std::coroutine_handle<> awaiting) {
  absl::StatusOr<std::unique_ptr<net::Watch>> watch = loop_.MakeWatch(fd_, this);
  if (!watch.ok()) return false;
  Suspend(awaiting);
  watch_ = *std::move(watch);
  watch_->Want(read_, !read_);
  return true;
}

void Loop::Ready::OnReady(bool /*readable*/, bool /*writable*/) {
  Stop();
  ResumeLater();
}

void Loop::Ready::Stop() { watch_.reset(); }

}  // namespace monocoque::coro
