#ifndef MONOCOQUE_CLI_TASKS_H_
#define MONOCOQUE_CLI_TASKS_H_

#include <coroutine>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/coro/task.h"
#include "cli/host.h"
#include "protocol/drive/instant.h"

namespace monocoque::cli {

using coro::Task;

// The few coroutines of a command on one Host. Each waits for a condition, which is asked again
// after every turn.
class Tasks {
 public:
  // Awaitable: until the condition holds.
  class Until;

  explicit Tasks(std::unique_ptr<Host> host) : host_(std::move(host)) {}
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;
  ~Tasks();

  Host& host() { return *host_; }

  // Runs a coroutine beside the others; it is destroyed with this.
  void Spawn(Task<void> task);
  // One turn of the host, up to `max_wait`; then all that can go on does.
  void RunOnce(absl::Duration max_wait);

  // Asked at `when`, too: it holds then at the latest.
  Until AsyncUntil(std::function<bool()> holds, Instant when = Instant::Never());
  // For at least one turn, unless it is for no time at all.
  Until Sleep(absl::Duration duration);
  Until Readable(int fd);
  Until Writable(int fd);

 private:
  Until Awaited(int fd, bool write);
  bool ResumeOne();

  std::unique_ptr<Host> host_;
  std::list<Until*> waiting_;
  std::vector<Task<void>> tasks_;
  bool more_ = false;  // of them could go on
  std::uint64_t turns_ = 0;
};

// Lives in the coroutine's frame: when that is destroyed, the wait ends.
class Tasks::Until {
 public:
  Until(Tasks* tasks, std::function<bool()> holds, Instant when = Instant::Never())
      : tasks_(*tasks), holds_(std::move(holds)), when_(when) {}
  Until(const Until&) = delete;
  Until& operator=(const Until&) = delete;
  ~Until() { tasks_.waiting_.remove(this); }

  bool await_ready() const { return holds_(); }
  void await_suspend(std::coroutine_handle<> awaiting) {
    handle_ = awaiting;
    tasks_.waiting_.push_back(this);
  }
  void await_resume() const {}

 private:
  friend class Tasks;

  Tasks& tasks_;
  const std::function<bool()> holds_;
  const Instant when_;  // it holds then at the latest
  std::coroutine_handle<> handle_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_TASKS_H_
