#ifndef MONOCOQUE_ADAPTERS_URING_AWAITABLES_H_
#define MONOCOQUE_ADAPTERS_URING_AWAITABLES_H_

#include <coroutine>

#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "protocol/drive/instant.h"

namespace monocoque::uring {

// co_await loop.AsyncSleep(d).
class Loop::Sleep final : public Timed {
 public:
  Sleep(Loop* loop, absl::Duration duration) : loop_(*loop), duration_(duration) {}
  ~Sleep() override;
  // A loop that cannot turn is not waited for.
  bool await_ready() const { return duration_ <= absl::ZeroDuration() || !loop_.status().ok(); }
  void await_suspend(std::coroutine_handle<> awaiting);
  void await_resume() { handle_ = nullptr; }
  void OnTime(Instant now) override;

 private:
  Loop& loop_;
  const absl::Duration duration_;
  std::coroutine_handle<> handle_;  // while it waits
};

// co_await loop.AsyncReadable(fd), loop.AsyncWritable(fd).
class Loop::Ready final {
 public:
  Ready(Loop* loop, int fd, unsigned events) : loop_(*loop), fd_(fd), events_(events) {}
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  ~Ready();
  bool await_ready() const { return !loop_.status().ok(); }
  void await_suspend(std::coroutine_handle<> awaiting);
  void await_resume() { handle_ = nullptr; }

 private:
  class Op;
  void OnReady();

  Loop& loop_;
  const int fd_;
  const unsigned events_;  // of poll(2)
  Op* op_ = nullptr;
  std::coroutine_handle<> handle_;  // while it waits
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_AWAITABLES_H_
