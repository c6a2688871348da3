#ifndef MONOCOQUE_ADAPTERS_ASIO_SOCKET_STATE_H_
#define MONOCOQUE_ADAPTERS_ASIO_SOCKET_STATE_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/asio/error.h"
#include "adapters/asio/operation.h"
#include "adapters/asio/steps.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::asio::detail {

class PostWaker;
class SocketService;

// What a socket handle points to: a driver on an Asio executor, and the operations that wait. A
// turn (Run) gives results to operations, runs their handlers, and turns the driver, until nothing
// is left to do or enough was done; then it posts itself. User code runs in handlers alone, never
// within a call of the driver, and may do anything there.
//
// Asio's handlers share it, so that those that come late find it; the handle ends it with Shutdown.
//
// Thread rule: the executor's, one call at a time. Invariant: when no turn is under way and
// something can be done, a turn is posted.
class SocketState final : public net::Reactor, public std::enable_shared_from_this<SocketState> {
 public:
  // Throws system_error if there can be no such socket.
  static std::shared_ptr<SocketState> Make(const boost::asio::any_io_executor& executor,
                                           SocketType type, const SocketOptions& options,
                                           std::shared_ptr<SlabPool> pool);
  explicit SocketState(const boost::asio::any_io_executor& executor);
  ~SocketState() override;

  const boost::asio::any_io_executor& executor() const { return executor_; }
  // Null once the socket is closed.
  net::SocketDriver* driver() { return driver_ ? &*driver_ : nullptr; }
  const SocketStats& stats() const { return driver_ ? driver_->machine().stats() : last_stats_; }
  bool sends_wait() const { return !senders_.empty(); }

  // Takes the operation over. Its handler does not run before this returns.
  void Submit(Operation* operation, Place place);
  void CancelAll();
  void StartClose(absl::Duration linger);
  // Closes at once. What waits gets operation_aborted.
  void Shutdown();
  // As Shutdown, but handlers are destroyed unrun: the execution context goes away.
  void Abandon();

  // bad_descriptor if the socket is closed.
  std::string Bind(std::string_view endpoint, const LinkOptions* options,
                   boost::system::error_code* ec);
  // Any other wish of the driver that gives a status.
  template <typename... Args>
  boost::system::error_code Ask(absl::Status (net::SocketDriver::*wish)(Args...),
                                std::type_identity_t<Args>... args) {
    return driver_ ? ToErrorCode(((*driver_).*wish)(args...)) : Closed();
  }
  std::optional<Message> TryReceive();
  bool HasEvent() const;
  bool NextEvent(SocketEvent* out);

  // Lets something happen to the driver, and a turn follow.
  template <typename Fact>
  void Enter(Fact fact) {
    const Turning turning(this);
    fact();
    Run();
  }

  // The same for a descriptor that is ready. With many links a turn for each would be too much:
  // what those bring that are ready together is one turn's, which is posted.
  template <typename Fact>
  void EnterReady(Fact fact) {
    const Turning turning(this);
    const bool crowded = driver_ && driver_->links() > kFewLinks;
    fact();
    if (!crowded) Run();
  }

  // net::Reactor.
  void Wake() override;
  void SetTimer(Instant when) override;
  absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                        net::WatchHandler* handler) override;
  absl::StatusOr<std::unique_ptr<net::Lookup>> Resolve(const std::string& host, std::uint16_t port,
                                                       Found found) override;
  std::shared_ptr<Waker> MakeWaker() override;

 private:
  friend class Operation;
  friend class SocketService;
  struct Timer;

  static constexpr std::size_t kFewLinks = 8;

  // While one lives, a turn is under way. At the end of the outermost, also if a handler threw,
  // what is left is posted.
  class Turning {
   public:
    explicit Turning(SocketState* socket) : socket_(socket->shared_from_this()) {
      ++socket_->turning_;
    }
    ~Turning() {
      if (--socket_->turning_ == 0) socket_->AfterTurn();
    }
    Turning(const Turning&) = delete;
    Turning& operator=(const Turning&) = delete;

   private:
    const std::shared_ptr<SocketState> socket_;
  };

  static boost::system::error_code Closed();
  void CloseDriver();
  void Run();
  void AfterTurn();
  void Post();
  // Operations have something coming: the execution context does not run out of work.
  void HoldWork();
  bool operations_wait() const;
  bool Serve();
  static bool Complete(Operation* operation);
  void CheckClosed();
  void Add(Operation* operation, Rotation<Operation>* queue);
  void SetReady(Operation* operation);
  void Abort(Operation* operation);
  void AbortAll(Rotation<Operation>* queue);

  const boost::asio::any_io_executor executor_;
  const boost::asio::any_io_executor post_executor_;  // the same, set to post
  std::optional<boost::asio::any_io_executor> work_;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<PostWaker> waker_;
  SocketService* service_ = nullptr;
  RotationNode<SocketState> service_node_;
  std::optional<net::SocketDriver> driver_;
  SocketStats last_stats_;
  std::deque<SocketEvent> last_events_;  // of a socket that closed in its own time

  int turning_ = 0;
  bool due_ = false;     // the driver's turn
  bool left_ = false;    // a turn ended before everything was done
  bool posted_ = false;  // a turn
  bool closing_ = false;

  Rotation<Operation> senders_;
  Rotation<Operation> receivers_;
  Rotation<Operation> watchers_;
  Rotation<Operation> closers_;
  Rotation<Operation> ready_;  // they have their results
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_SOCKET_STATE_H_
