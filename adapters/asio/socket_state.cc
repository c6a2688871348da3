#include "adapters/asio/socket_state.h"

#include <boost/asio/execution.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/asio/name_lookup.h"
#include "adapters/asio/post_waker.h"
#include "adapters/asio/socket_service.h"
#include "adapters/asio/watched_descriptor.h"
#include "adapters/net/host.h"
#include "protocol/drive/host.h"

namespace monocoque::asio::detail {
namespace {

namespace execution = boost::asio::execution;

// Of one turn: beyond, other handlers of the executor have theirs.
constexpr int kServedATurn = 1024;
constexpr int kDriverTurnsATurn = 16;

}  // namespace

std::shared_ptr<SocketState> SocketState::Make(const boost::asio::any_io_executor& executor,
                                               SocketType type, const SocketOptions& options,
                                               std::shared_ptr<SlabPool> pool) {
  Host host;
  host.pool = pool == nullptr ? SlabPool::Create() : std::move(pool);
  host.entropy = std::make_shared<net::OsEntropy>();
  host.now = net::Now();
  absl::StatusOr<monocoque::Socket> machine = monocoque::Socket::Create(type, options, host);
  if (!machine.ok()) throw boost::system::system_error(ToErrorCode(machine.status()));
  return std::make_shared<SocketState>(executor, *std::move(machine));
}

SocketState::SocketState(const boost::asio::any_io_executor& executor, monocoque::Socket machine)
    : executor_(executor),
      post_executor_(boost::asio::prefer(boost::asio::require(executor, execution::blocking.never),
                                         execution::relationship.continuation)),
      timer_(executor),
      service_(&boost::asio::use_service<SocketService>(
          boost::asio::query(executor, execution::context))),
      service_node_(this),
      driver_(std::in_place, this, std::move(machine)) {
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
  if (waiting_.empty()) work_.reset();
}

// After each call of user code, everything may have changed.
bool SocketState::Serve() {
  const bool asked = driver_ && driver_->ServeAuthenticator();
  return waiting_.Serve() || asked;
}

void SocketState::Submit(Operation* operation, net::Place place) {
  if (service_ == nullptr) {
    operation->Destroy();
    return;
  }
  if (!work_) work_.emplace(boost::asio::prefer(executor_, execution::outstanding_work.tracked));
  // What is received stays in the socket until the handler runs.
  const bool at_once = place == net::Place::kReady || place == net::Place::kSenders;
  if (!driver_) {
    operation->Finish(ClosedError());
    place = net::Place::kReady;
  } else if (at_once && waiting_.TryNow(operation, place)) {
    place = net::Place::kReady;
  }
  waiting_.Add(operation, place);
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

// Nothing of Asio's but executors is left then.
void SocketState::CloseDriver() {
  if (waker_ != nullptr) waker_->Stop();
  if (driver_) last_stats_ = driver_->machine().stats();
  waiting_.set_driver(nullptr);
  driver_.reset();
  timer_.reset();
}

void SocketState::Abandon() {
  CloseDriver();
  work_.reset();
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

void SocketState::SetTimer(Instant when) {
  if (when.is_never()) {
    timer_->cancel();
    return;
  }
  timer_->expires_at(
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(when.nanoseconds())));
  timer_->async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (ec || !self->driver_) return;
    self->Enter([&] { self->driver_->OnTimer(); });
  });
}

absl::StatusOr<std::unique_ptr<net::Watch>> SocketState::MakeWatch(int fd,
                                                                   net::WatchHandler* handler) {
  return WatchDescriptor(this, fd, handler);
}

absl::StatusOr<std::unique_ptr<net::Lookup>> SocketState::Resolve(const std::string& host,
                                                                  std::uint16_t port, Found found) {
  // Asio begins the resolver's thread with the first name, and throws if there is none.
  try {
    return LookUpName(this, host, port, std::move(found));
  } catch (const boost::system::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no thread to look names up: ", error.code().message(),
                     "; raise the limit (ulimit -u) or give a numeric address."));
  }
}

// One for all: what waits for it holds no work of the executor's.
std::shared_ptr<Waker> SocketState::MakeWaker() {
  if (waker_ == nullptr) waker_ = std::make_shared<PostWaker>(this, post_executor_);
  return waker_;
}

}  // namespace monocoque::asio::detail
