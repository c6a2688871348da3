#ifndef MONOCOQUE_ADAPTERS_ASIO_SOCKET_STATE_H_
#define MONOCOQUE_ADAPTERS_ASIO_SOCKET_STATE_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/asio/error.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/net/waiting.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::asio::detail {

// One that waits on a socket of Asio's: it is made for one handler, and owns itself.
class Operation : public net::Waiter {
 public:
  // Destroys the operation and its handler, unrun.
  virtual void Destroy() = 0;
};

// What a socket handle points to: a driver on an Asio executor, and the operations that wait. A
// turn (Run) serves the operations, whose handlers run, and turns the driver, until nothing is left
// to do or enough was done; then it posts itself. User code runs in handlers alone, never
// within a call of the driver, and may do anything there.
//
// Asio's handlers share it, so that those that come late find it; the handle ends it with Shutdown.
//
// Thread rule: the executor's, one call at a time. Invariant: when no turn is under way and
// something can be done, a turn is posted.
class SocketState final : public net::Reactor, public std::enable_shared_from_this<SocketState> {
 public:
  // Throws system_error if there can be no such socket. It gets a pool of its own, if that is null.
  SocketState(const boost::asio::any_io_executor& executor, SocketType type,
              const SocketOptions& options, std::shared_ptr<SlabPool> pool);
  ~SocketState() override;

  const boost::asio::any_io_executor& executor() const { return executor_; }
  // Null once the socket is closed.
  net::SocketDriver* driver() const { return waiting_.driver(); }
  const SocketStats& stats() const { return driver_ ? driver_->machine().stats() : last_stats_; }

  // Takes the operation over. Its handler does not run before this returns.
  void Submit(Operation* operation, net::Place place);
  // Ends with operation_aborted, unless it has its result.
  void Cancel(Operation* operation);
  void CancelAll();
  void StartClose(absl::Duration linger);
  // Closes at once. What waits gets operation_aborted.
  void Shutdown();
  // As Shutdown, but handlers are destroyed unrun: the execution context goes away.
  void Abandon();

  // A wish of the driver that gives a status; ClosedError if the socket is closed.
  template <typename Result, typename... Args>
  Result Ask(Result (net::SocketDriver::*wish)(Args...), std::type_identity_t<Args>... args) {
    if (!driver_) return ClosedError();
    return ((*driver_).*wish)(args...);
  }
  bool NextEvent(SocketEvent* out);

  // While what it gives lives, a turn is under way. At the end of the outermost, also if a handler
  // threw, what is left is posted.
  [[nodiscard]] auto BeginTurn() {
    ++turning_;
    return absl::MakeCleanup([self = shared_from_this()] {
      if (--self->turning_ == 0) self->AfterTurn();
    });
  }

  // Lets something happen to the driver, and a turn follow; but where that is crowded, one that is
  // posted, for all that happens until then.
  template <typename Fact>
  void Enter(Fact fact, bool crowded = false) {
    const auto turning = BeginTurn();
    fact();
    if (!crowded) Run();
  }
  // A turn for each link that is ready would be too much.
  bool crowded() const { return driver_ && driver_->links() > kFewLinks; }

  // net::Reactor.
  void Wake() override;
  void SetTimer(Instant when) override;
  absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                        net::WatchHandler* handler) override;
  absl::StatusOr<std::unique_ptr<net::Lookup>> Resolve(const std::string& host, std::uint16_t port,
                                                       Found found) override;
  void Hold(bool on) override;
  std::shared_ptr<Waker> MakeWaker() override;

 private:
  class Service;
  class PostWaker;

  static constexpr std::size_t kFewLinks = 8;

  // While it lives, the context does not end.
  boost::asio::any_io_executor Tracked() const;
  void CloseDriver();
  void Run();
  void AfterTurn();
  void Post();
  void PostForWaiting();
  bool Serve();
  void CheckClosed();

  const boost::asio::any_io_executor executor_;
  const boost::asio::any_io_executor post_executor_;  // the same, set to post
  boost::asio::any_io_executor work_;                 // tracked while operations wait
  boost::asio::any_io_executor held_;                 // and while the socket is bound or connected
  std::optional<boost::asio::steady_timer> timer_;
  std::shared_ptr<PostWaker> waker_;
  Service* service_ = nullptr;  // of the context; null: that goes away
  RotationNode<SocketState> service_node_;
  std::optional<net::SocketDriver> driver_;
  SocketStats last_stats_;
  std::deque<SocketEvent> last_events_;  // of a socket that closed in its own time

  int turning_ = 0;
  bool due_ = false;     // the driver's turn
  bool left_ = false;    // a turn ended before everything was done
  bool posted_ = false;  // a turn
  bool closing_ = false;

  net::WaitQueues waiting_;  // Operations, all of them
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_SOCKET_STATE_H_
