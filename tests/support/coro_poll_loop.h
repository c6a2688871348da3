#ifndef MONOCOQUE_TESTS_SUPPORT_CORO_POLL_LOOP_H_
#define MONOCOQUE_TESTS_SUPPORT_CORO_POLL_LOOP_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/options.h"
#include "adapters/net/reactor.h"
#include "tests/support/poll_set.h"

namespace monocoque::testing {

// The plainest loop for coroutines and blocking calls: poll(2) over all descriptors.
class CoroPollLoop final : public coro::Loop {
 public:
  explicit CoroPollLoop(const coro::LoopOptions& options = {}) : Loop(options) {}
  ~CoroPollLoop() override { Clear(); }

  absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                        net::WatchHandler* handler) override {
    if (refuses_) return absl::ResourceExhaustedError("no more watches");
    return watched_.Watch(fd, handler);
  }
  // From now on watching fails, as on a runtime that is out of something, or does not.
  void RefuseWatches(bool refuses) { refuses_ = refuses; }

 private:
  void Wait(absl::Duration wait) override { watched_.Wait(wait); }
  bool Pending() const override { return watched_.Ready(); }
  bool TakeIn(std::size_t max_facts) override {
    watched_.Wait(absl::ZeroDuration());
    return watched_.Tell(max_facts);
  }

  PollSet watched_;
  bool refuses_ = false;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_CORO_POLL_LOOP_H_
