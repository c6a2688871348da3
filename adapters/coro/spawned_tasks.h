#ifndef MONOCOQUE_ADAPTERS_CORO_SPAWNED_TASKS_H_
#define MONOCOQUE_ADAPTERS_CORO_SPAWNED_TASKS_H_

#include <vector>

#include "adapters/coro/task.h"
#include "alloc/ring_queue.h"

namespace monocoque::coro {

// Coroutines that run beside everything else, each until it is done.
//
// Thread-compatible.
class SpawnedTasks {
 public:
  // Begins it. It is destroyed when it was done and collected, or by Clear.
  void Spawn(Task<void> task);
  // One is done that was not collected.
  bool over() const { return any_over_ || !over_.empty(); }
  bool empty() const { return running_.empty() && over_.empty(); }
  // Lets go of those that are done. What one of them threw comes out; the others come next time.
  void Collect();
  // Destroys all of them. What is spawned from then on is destroyed unrun.
  void Clear();

 private:
  bool cleared_ = false;
  std::vector<Task<void>> running_;
  bool any_over_ = false;       // of those
  RingQueue<Task<void>> over_;  // their results are not told yet
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_SPAWNED_TASKS_H_
