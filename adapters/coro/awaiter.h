#ifndef MONOCOQUE_ADAPTERS_CORO_AWAITER_H_
#define MONOCOQUE_ADAPTERS_CORO_AWAITER_H_

#include <algorithm>
#include <coroutine>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/coro/socket_state.h"
#include "adapters/net/host.h"
#include "adapters/net/socket_face.h"
#include "adapters/net/timed.h"
#include "adapters/net/waiting.h"
#include "protocol/drive/instant.h"

namespace monocoque::coro {

// A coroutine that waits on a socket, by a step (adapters/net/steps.h). Lives in the coroutine's
// frame: when that is destroyed, the wait ends and no message is lost. Of a socket that could not
// be made, or of none, the result is why not.
template <typename Step>
class Awaiter : public net::Waiter {
 public:
  Awaiter(SocketState* state, Step step) : state_(state), step_(std::move(step)) {}

  bool await_ready() {
    if (state_ == nullptr || !state_->status().ok()) [[unlikely]] {
      Finish(state_ == nullptr ? net::NoSocket() : state_->status());
      return true;
    }
    return state_->waiting.TryNow(this, Step::kPlace);
  }
  void await_suspend(std::coroutine_handle<> awaiting) {
    handle_ = awaiting;
    state_->waiting.Add(this, Step::kPlace);
    state_->Wake();
  }
  absl::Status await_resume() { return std::move(step_.status); }
  auto await_resume()
    requires requires(Step step) { step.value; }
  {
    using Result = absl::StatusOr<decltype(step_.value)>;
    return step_.status.ok() ? Result(std::move(step_.value)) : Result(std::move(step_.status));
  }

  bool Try(const net::WaitQueues& among) override { return step_.Try(among); }
  void Finish(absl::Status result) override { step_.status = std::move(result); }
  void Complete() override { handle_.resume(); }

 protected:
  SocketState* const state_;  // not to be used once it goes on

 private:
  Step step_;
  std::coroutine_handle<> handle_;
};

// The status of who waited in vain for so long.
absl::Status NotInTime(std::string_view what);

// The same for a time, which begins with the wait. When it is over what came meanwhile is tried
// once more, so that a busy host loses no message that was there in time.
//
// Invariant: while its timer is set it is in a queue of the state.
template <typename Step>
class TimedAwaiter final : public Awaiter<Step>, private net::Timed {
 public:
  TimedAwaiter(SocketState* state, Step step, absl::Duration timeout, std::string_view what)
      : Awaiter<Step>(state, std::move(step)), timeout_(timeout), what_(what) {}
  ~TimedAwaiter() override { Stop(); }

  void await_suspend(std::coroutine_handle<> awaiting) {
    Awaiter<Step>::await_suspend(awaiting);
    state_->SetTimer(this, net::Now() + std::max(timeout_, absl::ZeroDuration()));
  }

  bool Try(const net::WaitQueues& among) override {
    if (Awaiter<Step>::Try(among)) return true;
    if (over_) this->Finish(NotInTime(what_));
    return over_;
  }
  void Complete() override {
    Stop();
    Awaiter<Step>::Complete();
  }
  void Abandon() override { Stop(); }

 private:
  using Awaiter<Step>::state_;

  void OnTime(Instant /*now*/) override {
    over_ = true;
    if (!state_->waiting.IsNext(this)) state_->waiting.Finish(this, NotInTime(what_));
    state_->Wake();
  }
  void Stop() {
    if (timer.armed()) state_->SetTimer(this, Instant::Never());
  }

  const absl::Duration timeout_;
  const std::string_view what_;
  bool over_ = false;
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_AWAITER_H_
