#include "tests/support/uv_loop.h"

#include "gtest/gtest.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

// Every handle begins with the fields of the base.
template <typename T>
void CloseHandle(T* handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
}

}  // namespace

UvLoop::UvLoop() {
  uv_loop_init(&loop_);
  uv_timer_init(&loop_, &guard_);
  guard_.data = this;
  uv_check_init(&loop_, &counter_);
  counter_.data = this;
  uv_check_start(&counter_,
                 [](uv_check_t* counter) { ++static_cast<UvLoop*>(counter->data)->iterations_; });
  uv_unref(reinterpret_cast<uv_handle_t*>(&counter_));
}

UvLoop::~UvLoop() {
  uv_timer_stop(&guard_);
  CloseHandle(&guard_);
  CloseHandle(&counter_);
  uv_run(&loop_, UV_RUN_NOWAIT);
  EXPECT_EQ(uv_loop_close(&loop_), 0) << "handles are left open";
}

void UvLoop::StartGuard(absl::Duration time, bool holds_up) {
  guard_rang_ = false;
  uv_update_time(&loop_);
  uv_timer_start(
      &guard_,
      [](uv_timer_t* guard) {
        static_cast<UvLoop*>(guard->data)->guard_rang_ = true;
        uv_stop(guard->loop);
      },
      static_cast<std::uint64_t>(
          absl::ToInt64Milliseconds(absl::Ceil(time, absl::Milliseconds(1)))),
      0);
  auto* base = reinterpret_cast<uv_handle_t*>(&guard_);
  holds_up ? uv_ref(base) : uv_unref(base);
}

// Sockets take their turns at the begin of an iteration: after one that brought something another
// follows that does not wait.
bool UvLoop::RunUntil(const std::function<bool()>& holds) {
  StartGuard(kPatience, true);
  while (!holds() && !guard_rang_) {
    if (uv_backend_timeout(&loop_) != 0) uv_run(&loop_, UV_RUN_ONCE);
    uv_run(&loop_, UV_RUN_NOWAIT);
  }
  uv_timer_stop(&guard_);
  return !guard_rang_;
}

void UvLoop::RunFor(absl::Duration time) {
  StartGuard(time, true);
  while (!guard_rang_) uv_run(&loop_, UV_RUN_DEFAULT);
}

void UvLoop::RunOnce(absl::Duration max_wait) {
  StartGuard(max_wait, true);
  if (uv_backend_timeout(&loop_) != 0) uv_run(&loop_, UV_RUN_ONCE);
  uv_run(&loop_, UV_RUN_NOWAIT);
  uv_timer_stop(&guard_);
}

bool UvLoop::RunOut() {
  StartGuard(kPatience, false);
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_timer_stop(&guard_);
  return !guard_rang_;
}

}  // namespace monocoque::testing
