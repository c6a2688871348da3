#ifndef MONOCOQUE_ADAPTERS_URING_AWAITABLES_H_
#define MONOCOQUE_ADAPTERS_URING_AWAITABLES_H_

#include <coroutine>
#include <optional>

#include "absl/time/time.h"
#include "adapters/net/reactor.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/watch.h"
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
class Loop::Ready final : public net::WatchHandler {
 public:
  // To be read, or to be written.
  Ready(Loop* loop, int fd, bool read) : loop_(*loop), fd_(fd), read_(read) {}
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  ~Ready() override;
  bool await_ready() const { return !loop_.status().ok(); }
  void await_suspend(std::coroutine_handle<> awaiting);
  void await_resume() { handle_ = nullptr; }
  void OnReady(bool readable, bool writable) override;

 private:
  Loop& loop_;
  const int fd_;
  const bool read_;
  std::optional<Watch> watch_;
  std::coroutine_handle<> handle_;  // while it waits
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_AWAITABLES_H_
