#include "adapters/coro/awaitables.h"

#include <utility>

#include "adapters/net/host.h"

namespace monocoque::coro {

Loop::Sleep::~Sleep() {
  loop_.SetTimer(this, Instant::Never());
  if (handle_) loop_.Unresume(handle_);
}

void Loop::Sleep::await_suspend(std::coroutine_handle<> awaiting) {
  handle_ = awaiting;
  loop_.SetTimer(this, net::Now() + duration_);
}

void Loop::Sleep::OnTime(Instant /*now*/) { loop_.ResumeLater(handle_); }

Loop::Ready::~Ready() {
  if (handle_) loop_.Unresume(handle_);
}

// A descriptor that cannot be watched: the next call on it says why.
bool Loop::Ready::await_suspend(std::coroutine_handle<> awaiting) {
  absl::StatusOr<std::unique_ptr<net::Watch>> watch = loop_.MakeWatch(fd_, this);
  if (!watch.ok()) return false;
  handle_ = awaiting;
  watch_ = *std::move(watch);
  watch_->Want(read_, !read_);
  return true;
}

void Loop::Ready::OnReady(bool /*readable*/, bool /*writable*/) {
  watch_.reset();
  loop_.ResumeLater(handle_);
}

}  // namespace monocoque::coro
