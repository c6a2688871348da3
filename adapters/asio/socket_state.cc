#include "adapters/asio/socket_state.h"

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/system/system_error.hpp>
#include <mutex>
#include <utility>

#include "adapters/net/host.h"
#include "protocol/drive/host.h"

namespace monocoque::asio::detail {
namespace {

namespace execution = boost::asio::execution;

// Of one turn: beyond, other handlers of the executor have theirs.
constexpr int kServedATurn = 1024;
constexpr int kDriverTurnsATurn = 16;

monocoque::Socket MakeMachine(SocketType type, const SocketOptions& options,
                              std::shared_ptr<SlabPool> pool) {
  Host host;
  host.pool = pool == nullptr ? SlabPool::Create() : std::move(pool);
  host.entropy = std::make_shared<net::OsEntropy>();
  host.now = net::Now();
  absl::StatusOr<monocoque::Socket> machine = monocoque::Socket::Create(type, options, host);
  if (!machine.ok()) throw boost::system::system_error(ToErrorCode(machine.status()));
  return *std::move(machine);
}

}  // namespace

// The sockets of one execution context. When that goes away, what waits in them is destroyed, as
// Asio does with operations of its own: a coroutine that owns a socket and waits on it would
// otherwise keep itself alive.
//
// Thread rule: Add and Remove from any thread.
class SocketState::Service final : public boost::asio::execution_context::service {
 public:
  using key_type = Service;
  inline static boost::asio::execution_context::id id;

  explicit Service(boost::asio::execution_context& context) : service(context) {}
  void Add(RotationNode<SocketState>* node) {
    const std::scoped_lock lock(mutex_);
    sockets_.Add(node);
  }
  void Remove(RotationNode<SocketState>* node) {
    const std::scoped_lock lock(mutex_);
    sockets_.Remove(node);
  }

 private:
  void shutdown() override {
    while (const std::shared_ptr<SocketState> socket = Front()) socket->Abandon();
  }
  std::shared_ptr<SocketState> Front() {
    const std::scoped_lock lock(mutex_);
    return sockets_.empty() ? nullptr : sockets_.front()->shared_from_this();
  }

  std::mutex mutex_;
  Rotation<SocketState> sockets_;
};

SocketState::SocketState(const boost::asio::any_io_executor& executor, SocketType type,
                         const SocketOptions& options, std::shared_ptr<SlabPool> pool)
    : executor_(executor),
      post_executor_(boost::asio::prefer(boost::asio::require(executor, execution::blocking.never),
                                         execution::relationship.continuation)),
      timer_(executor),
      service_(
          &boost::asio::use_service<Service>(boost::asio::query(executor, execution::context))),
      service_node_(this),
      driver_(std::in_place, this, MakeMachine(type, options, std::move(pool))) {
  waiting_.set_driver(&*driver_);
  service_->Add(&service_node_);
}

SocketState::~SocketState() { Abandon(); }

void SocketState::Wake() {
  due_ = true;
  if (turning_ == 0) Post();
}

void SocketState::Post() {
  if (posted_) return;
  posted_ = true;
  post_executor_.execute([self = shared_from_this()] {
    self->posted_ = false;
    self->Enter([] {});
  });
}

void SocketState::Run() {
  left_ = true;
  int served = 0;
  for (int turns = 0; turns < kDriverTurnsATurn; ++turns) {
    while (served < kServedATurn && Serve()) ++served;
    // The driver's comes in any case: whoever always has something to send would starve it.
    left_ = served == kServedATurn;
    if (!std::exchange(due_, false)) return;
    if (driver_) {
      driver_->Turn();
      CheckClosed();
    }
    if (left_) return;
    left_ = true;
  }
}

void SocketState::AfterTurn() {
  if (due_ || left_) Post();
  if (waiting_.empty()) work_ = nullptr;
}

// After each call of user code, everything may have changed.
bool SocketState::Serve() {
  const bool asked = driver_ && driver_->ServeAuthenticator();
  return waiting_.Serve() || asked;
}

void SocketState::Submit(Operation* operation, net::Place place) {
  if (service_ == nullptr) return operation->Destroy();
  if (!work_) work_ = Tracked();
  if (!driver_) operation->Finish(ClosedError());
  // What is received stays in the socket until the handler runs.
  const bool at_once = place == net::Place::kReady || place == net::Place::kSenders;
  const bool done = !driver_ || (at_once && waiting_.TryNow(operation, place));
  waiting_.Add(operation, done ? net::Place::kReady : place);
  PostForWaiting();
}

void SocketState::PostForWaiting() {
  if (turning_ == 0 && !waiting_.empty()) Post();
}

void SocketState::Cancel(Operation* operation) {
  waiting_.Finish(operation, absl::CancelledError());
  PostForWaiting();
}

void SocketState::CancelAll() {
  waiting_.FinishAll(absl::CancelledError());
  waiting_.FinishClosers(absl::CancelledError());
  PostForWaiting();
}

void SocketState::StartClose(absl::Duration linger) {
  if (!driver_) return;
  if (!std::exchange(closing_, true)) waiting_.FinishAll(absl::CancelledError());
  driver_->StartClose(linger);
}

void SocketState::CheckClosed() {
  if (!closing_ || !driver_->closed()) return;
  waiting_.FinishClosers(driver_->CloseResult());
  for (SocketEvent event; driver_->machine().NextEvent(&event);) {
    last_events_.push_back(std::move(event));
  }
  Shutdown();
}

void SocketState::Shutdown() {
  if (!driver_) return;
  driver_->Flush();
  CloseDriver();
  CancelAll();
}

void SocketState::Abandon() {
  CloseDriver();
  work_ = nullptr;
  if (service_ != nullptr) std::exchange(service_, nullptr)->Remove(&service_node_);
  while (net::Waiter* waiter = waiting_.Take()) static_cast<Operation*>(waiter)->Destroy();
}

bool SocketState::NextEvent(SocketEvent* out) {
  if (driver_) return driver_->machine().NextEvent(out);
  if (last_events_.empty()) return false;
  *out = std::move(last_events_.front());
  last_events_.pop_front();
  return true;
}

}  // namespace monocoque::asio::detail
