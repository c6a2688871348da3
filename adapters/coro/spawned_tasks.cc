#include "adapters/coro/spawned_tasks.h"

#include <utility>

namespace monocoque::coro {
namespace {

// Tells when it is over, however it ends.
Task<void> Watched(Task<void> task, bool* over) {
  struct Tell {
    bool* over;
    ~Tell() { *over = true; }
  } const tell{over};
  co_await task;
}

}  // namespace

void SpawnedTasks::Spawn(Task<void> task) {
  if (cleared_) return;
  running_.push_back(Watched(std::move(task), &any_over_));
  // The list may change while it runs: its handle is what is resumed.
  running_.back().Resume();
}

void SpawnedTasks::Collect() {
  if (std::exchange(any_over_, false)) {
    for (Task<void>& task : running_) {
      if (task.done()) over_.push_back(std::move(task));
    }
    // Those that were moved away.
    std::erase_if(running_, [](const Task<void>& task) { return task.done(); });
  }
  while (!over_.empty()) {
    Task<void> task = over_.take_front();
    task.Take();
  }
}

// User code: their locals' destructors may do anything, so the lists are empty before.
void SpawnedTasks::Clear() {
  cleared_ = true;
  const std::vector<Task<void>> running = std::exchange(running_, {});
  const RingQueue<Task<void>> over = std::exchange(over_, {});
}

}  // namespace monocoque::coro
