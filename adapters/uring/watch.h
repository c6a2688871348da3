#ifndef MONOCOQUE_ADAPTERS_URING_WATCH_H_
#define MONOCOQUE_ADAPTERS_URING_WATCH_H_

#include "adapters/net/reactor.h"

namespace monocoque::uring {

class Loop;

// A descriptor that the ring polls, once and then anew as long as something is asked for. What the
// kernel holds of that may outlive this, unheard.
class Watch final : public net::Watch {
 public:
  Watch(Loop* loop, int fd, net::WatchHandler* handler);
  ~Watch() override;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void Want(bool read, bool write) override;

 private:
  class Poll;

  Poll* const poll_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_WATCH_H_
