#ifndef MONOCOQUE_ADAPTERS_CORO_AWAITER_H_
#define MONOCOQUE_ADAPTERS_CORO_AWAITER_H_

#include <coroutine>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/coro/socket_state.h"
#include "adapters/net/socket_face.h"
#include "adapters/net/waiting.h"

namespace monocoque::coro {

// A coroutine that waits on a socket, by a step (adapters/net/steps.h). Lives in the coroutine's
// frame: when that is destroyed, the wait ends and no message is lost. Of a socket that could not
// be made, or of none, the result is why not.
template <typename Step>
class Awaiter final : public net::Waiter {
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

 private:
  SocketState* const state_;  // not to be used once it goes on
  Step step_;
  std::coroutine_handle<> handle_;
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_AWAITER_H_
