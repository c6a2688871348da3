#ifndef MONOCOQUE_ADAPTERS_CORO_AWAITABLES_H_
#define MONOCOQUE_ADAPTERS_CORO_AWAITABLES_H_

#include <coroutine>
#include <memory>

#include "absl/time/time.h"
#include "adapters/coro/loop.h"
#include "adapters/net/reactor.h"
#include "adapters/net/timed.h"
#include "protocol/drive/instant.h"

namespace monocoque::coro {

// co_await loop.AsyncSleep(d).
class Loop::Sleep final : public net::Timed {
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
  bool await_suspend(std::coroutine_handle<> awaiting);
  void await_resume() { handle_ = nullptr; }
  void OnReady(bool readable, bool writable) override;

 private:
  Loop& loop_;
  const int fd_;
  const bool read_;
  std::unique_ptr<net::Watch> watch_;
  std::coroutine_handle<> handle_;  // while it waits
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_AWAITABLES_H_
