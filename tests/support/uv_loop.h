#ifndef MONOCOQUE_TESTS_SUPPORT_UV_LOOP_H_
#define MONOCOQUE_TESTS_SUPPORT_UV_LOOP_H_

#include <uv.h>

#include <functional>

#include "absl/time/time.h"

namespace monocoque::testing {

// A loop of libuv whose runs have a deadline. When it dies, every handle on it must be gone or
// going.
class UvLoop {
 public:
  UvLoop();
  ~UvLoop();
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;

  uv_loop_t* get() { return &loop_; }
  // Runs until the condition holds, which is asked after each iteration; false: not within a few
  // seconds.
  bool RunUntil(const std::function<bool()>& holds);
  // Runs for so long, whatever happens.
  void RunFor(absl::Duration time);
  // Waits for what happens, but not longer than that; then one iteration more.
  void RunOnce(absl::Duration max_wait);
  // uv_run as a user calls it; false: it did not end by itself.
  bool RunOut();
  // Made so far.
  int iterations() const { return iterations_; }

 private:
  void StartGuard(absl::Duration time, bool holds_up);

  uv_loop_t loop_;
  uv_timer_t guard_;
  uv_check_t counter_;
  bool guard_rang_ = false;
  int iterations_ = 0;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_UV_LOOP_H_
