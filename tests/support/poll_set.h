#ifndef MONOCOQUE_TESTS_SUPPORT_POLL_SET_H_
#define MONOCOQUE_TESTS_SUPPORT_POLL_SET_H_

#include <poll.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "adapters/net/reactor.h"

namespace monocoque::testing {

// Descriptors that are watched by poll(2). Outlives its watches.
class PollSet {
 public:
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);

  std::unique_ptr<net::Watch> Watch(int fd, net::WatchHandler* handler);
  // Waits so long for one that has what is asked for.
  void Wait(absl::Duration wait);
  // One has what is asked for now.
  bool Ready() const;
  // Tells the handlers of up to `most` that had it when the last wait ended; the others come first
  // the next time. True: there was one.
  bool Tell(std::size_t most = kAll);

 private:
  class Entry;

  std::vector<pollfd> Asked() const;

  std::vector<Entry*> entries_;  // null: the watch is gone
  std::size_t first_ = 0;        // of them, to be told
  std::vector<pollfd> polled_;   // beside them
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_POLL_SET_H_
