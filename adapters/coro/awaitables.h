#ifndef MONOCOQUE_ADAPTERS_CORO_AWAITABLES_H_
#define MONOCOQUE_ADAPTERS_CORO_AWAITABLES_H_

#include <coroutine>
#include <memory>

#include "absl/time/time.h"
#include "adapters/coro/loop.h"
#include "adapters/net/reactor.h"
#include "adapters/net/timed.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"

namespace monocoque::coro {

// A coroutine that waits for something of the loop itself, until it goes on or is destroyed, or the
// loop is: it stays as it is then.
class Loop::Suspension {
 public:
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;
  // Waits no more for what it waits for.
  virtual void Stop() = 0;

 protected:
  explicit Suspension(Loop* loop) : loop_(*loop), node_(this) {}
  virtual ~Suspension();
  // And the loop is there.
  bool suspended() const { return node_.linked(); }
  void Suspend(std::coroutine_handle<> awaiting);
  void ResumeLater() { loop_.ResumeLater(handle_); }
  void Resumed() { loop_.suspended_.Remove(&node_); }

  Loop& loop_;

 private:
  RotationNode<Suspension> node_;
  std::coroutine_handle<> handle_;
};

// co_await loop.AsyncSleep(d).
class Loop::Sleep final : public Suspension, public net::Timed {
 public:
  Sleep(Loop* loop, absl::Duration duration) : Suspension(loop), duration_(duration) {}
  ~Sleep() override;
  // A loop that cannot turn is not waited for.
  bool await_ready() const { return duration_ <= absl::ZeroDuration() || !loop_.status().ok(); }
  void await_suspend(std::coroutine_handle<> awaiting);
  void await_resume() { Resumed(); }
  void OnTime(Instant now) override;
  void Stop() override;

 private:
  const absl::Duration duration_;
};

// co_await loop.AsyncReadable(fd), loop.AsyncWritable(fd).
class Loop::Ready final : public Suspension, public net::WatchHandler {
 public:
  // To be read, or to be written.
  Ready(Loop* loop, int fd, bool read) : Suspension(loop), fd_(fd), read_(read) {}
  bool await_ready() const { return !loop_.status().ok(); }
  bool await_suspend(std::coroutine_handle<> awaiting);
  void await_resume() { Resumed(); }
  void OnReady(bool readable, bool writable) override;
  void Stop() override;

 private:
  const int fd_;
  const bool read_;
  std::unique_ptr<net::Watch> watch_;
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_AWAITABLES_H_
