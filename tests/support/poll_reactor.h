#ifndef MONOCOQUE_TESTS_SUPPORT_POLL_REACTOR_H_
#define MONOCOQUE_TESTS_SUPPORT_POLL_REACTOR_H_

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/waker.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/poll_set.h"

namespace monocoque::testing {

class PollLoop;

// The plainest runtime: poll(2) over all descriptors. One for each socket, all on one PollLoop.
class PollReactor final : public net::Reactor {
 public:
  PollReactor(PollLoop* loop, SocketType type, const SocketOptions& options);
  ~PollReactor() override;

  net::SocketDriver& driver() { return *driver_; }

  void Wake() override { woken_ = true; }
  void SetTimer(Instant when) override { timer_ = when; }
  absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                        net::WatchHandler* handler) override;
  absl::StatusOr<std::unique_ptr<net::Lookup>> Resolve(const std::string& host, std::uint16_t port,
                                                       Found found) override;

  std::shared_ptr<Waker> MakeWaker() override;

  // From now on watching and looking up fail, as on a runtime that is out of something.
  void Refuse() { refuses_ = true; }
  // Turns made so far.
  int turns() const { return turns_; }

 private:
  friend class PollLoop;
  class PollLookup;
  class PollWaker;
  class Alarm;

  PollLoop& loop_;
  bool woken_ = false;
  bool refuses_ = false;
  int turns_ = 0;
  Instant timer_ = Instant::Never();
  std::vector<std::pair<PollLookup*, std::function<void()>>> answers_;
  std::unique_ptr<Alarm> alarm_;
  std::optional<net::SocketDriver> driver_;
};

class PollLoop {
 public:
  // Turns until the condition holds; false: it did not within a few seconds.
  bool RunUntil(const std::function<bool()>& holds);
  // Turns for so long, whatever happens, and once at least.
  void RunFor(absl::Duration time);

 private:
  friend class PollReactor;

  void RunOnce(absl::Duration max_wait);

  std::list<PollReactor*> reactors_;
  PollSet watched_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_POLL_REACTOR_H_
