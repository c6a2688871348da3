#ifndef MONOCOQUE_ADAPTERS_NET_TIMED_H_
#define MONOCOQUE_ADAPTERS_NET_TIMED_H_

#include "protocol/drive/instant.h"
#include "protocol/drive/timer_heap.h"

namespace monocoque::net {

// Something that wants to be called at a time. Take its node out of the heap before it dies.
class Timed {
 public:
  Timed() { timer.owner = this; }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;
  virtual ~Timed() = default;
  virtual void OnTime(Instant now) = 0;

  TimerNode<Timed> timer;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_TIMED_H_
