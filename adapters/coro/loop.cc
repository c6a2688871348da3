#include "adapters/coro/loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/coro/awaitables.h"
#include "adapters/coro/socket_state.h"
#include "adapters/net/host.h"
#include "adapters/net/steps.h"
#include "alloc/budget.h"
#include "alloc/slab_pool.h"

namespace monocoque::coro {

Loop::Loop(const LoopOptions& options) : options_(options) {
  if (options.inproc_hub == nullptr) {
    status_ = absl::InvalidArgumentError(
        "LoopOptions::inproc_hub is null; leave it as it is for the process's names, or give a hub "
        "of your own");
    return;
  }
  if (options.budget_bytes <= 0) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("LoopOptions::budget_bytes is at least 1, not ", options.budget_bytes,
                     "; leave it at Budget::kUnlimited for no limit"));
    return;
  }
  host_.pool = SlabPool::Create(options.pool);
  host_.entropy = std::make_shared<net::OsEntropy>();
  if (options.budget_bytes != Budget::kUnlimited)
    host_.budget = Budget::Create(options.budget_bytes);
}

Loop::~Loop() = default;

void Loop::Clear() {
  closing_ = true;
  tasks_.Clear();
  turning_.clear();
  serving_.clear();
  std::exchange(orphans_, {}).clear();  // whose user code may close others
  resolver_.reset();
  mailbox_.reset();
  // Last: until here user code may wait for something.
  while (Suspension* left = suspended_.Pop()) left->Stop();
  ready_.clear();
}

net::NameResolver& Loop::resolver() {
  if (!resolver_) resolver_.emplace(options_.resolve, [this] { return mailbox().MakeWaker({}); });
  return *resolver_;
}

net::Mailbox& Loop::mailbox() {
  if (!mailbox_) {
    mailbox_.emplace(
        [this](int fd, net::WatchHandler* handler) {
          auto watch = MakeWatch(fd, handler).value_or(nullptr);
          if (watch != nullptr) WokenBy(fd);
          return watch;
        },
        turning_depth_ > 0);
  }
  return *mailbox_;
}

Socket Loop::MakeSocket(SocketType type, const SocketOptions& options) {
  if (!status_.ok()) return Socket(std::make_shared<SocketState>(this, status_));
  Host host = host_;
  clock_.Tick();
  host.now = now();
  return Socket(
      std::make_shared<SocketState>(this, monocoque::Socket::Create(type, options, host)));
}

absl::StatusOr<Socket> Loop::Connected(SocketType type, std::string_view endpoint) {
  Socket socket = MakeSocket(type);
  if (absl::Status connected = socket.Connect(endpoint); !connected.ok()) return connected;
  return socket;
}

// What each of `count` sockets may do: in a whole turn all that one turn may, of a slice a share.
std::size_t Loop::Share(std::size_t max_work, std::size_t count) {
  if (max_work >= kWorkATurn || count == 0) return max_work;
  return std::max<std::size_t>(max_work / count, 1);
}

// True if something may have happened that somebody waits for.
bool Loop::TurnSockets(std::size_t max_frames) {
  // The host may have been busy: what is here already came in time.
  const bool late = timers_.next() <= now();
  if (late) TakeInAll(max_frames);
  while (net::Timed* due = timers_.PopDue(now())) due->OnTime(now());
  // Each touched socket once; what is touched meanwhile comes next turn.
  std::vector<std::shared_ptr<SocketState>> turn = std::exchange(turning_, {});
  while (turn.size() < max_frames && !touched_.empty()) {
    turn.push_back(touched_.Pop()->shared_from_this());
  }
  const std::size_t share = Share(max_frames, turn.size());
  for (const auto& state : turn) {
    state->Turn(share);
    if (state->awaited() && !std::exchange(state->to_serve, true)) serving_.push_back(state);
  }
  const bool any = late || !turn.empty();
  turn.clear();
  turning_ = std::move(turn);
  return any;
}

// While one lives a turn is under way; at the end of the outermost whoever still waits is told,
// unless the turn's caller is.
class Loop::Turning {
 public:
  explicit Turning(Loop* loop) : loop_(*loop) {
    if (loop_.turning_depth_++ == 0 && loop_.mailbox_) loop_.mailbox_->BeginTurn();
  }
  ~Turning() {
    if (--loop_.turning_depth_ == 0 && loop_.mailbox_) loop_.mailbox_->EndTurn(told);
  }
  Turning(const Turning&) = delete;
  Turning& operator=(const Turning&) = delete;

  bool told = false;

 private:
  Loop& loop_;
};

void Loop::Exchange() {
  const Turning turning(this);
  TurnSockets(kWorkATurn);
  Submit();
  if (!TakeInAll(kWorkATurn)) return;
  TurnSockets(kWorkATurn);
  Submit();
}

// What the runtime has, and word from other sockets and the resolver. True if there was something.
bool Loop::TakeInAll(std::size_t max_facts) {
  const bool any = TakeIn(max_facts);
  if (!mailbox_ || !mailbox_->Deliver()) return any;
  if (resolver_) resolver_->Deliver();
  return true;
}

void Loop::WaitUpTo(absl::Duration wait) {
  if (wait > absl::ZeroDuration()) wait = std::min(wait, timers_.next() - now());
  if (wait <= absl::ZeroDuration() || busy()) {
    Submit();
  } else {
    Wait(wait);
  }
}

bool Loop::Turn(absl::Duration max_wait, std::size_t max_work) {
  if (!status_.ok()) return false;
  Turning turning(this);
  BeginTurn();
  clock_.Tick();
  if (TurnSockets(max_work)) max_wait = absl::ZeroDuration();
  WaitUpTo(max_wait);
  clock_.Tick();
  TakeInAll(max_work);
  TurnSockets(max_work);
  Submit();
  ResumeReady(max_work);
  EndTurn(max_work);
  // Lets go of what is over: sockets without a handle, spawned tasks.
  std::erase_if(orphans_, [](const auto& state) { return state->over(); });
  tasks_.Collect();
  turning.told = true;
  return busy();
}

bool Loop::Poll(Instant until) {
  for (;;) {
    if (!Poll(kWorkASlice)) return false;
    if (net::Now() >= until) return true;
  }
}

Instant Loop::NextDeadline() const {
  if (!status_.ok()) return Instant::Never();
  return busy() ? std::min(now(), timers_.next()) : timers_.next();
}

bool Loop::busy() const {
  return !touched_.empty() || tasks_.over() || !serving_.empty() || !ready_.empty() || Pending() ||
         (mailbox_ && mailbox_->waiting());
}

// User code, last in the turn.
void Loop::ResumeReady(std::size_t max_resumed) {
  // Those that come meanwhile wait for the next turn; those that are left when one throws, too.
  const std::size_t share = Share(max_resumed, serving_.size());
  for (std::size_t count = serving_.size(); count > 0 && !serving_.empty(); --count) {
    serving_.take_front()->ServeWaiters(share);
  }
  std::size_t count = std::min(max_resumed, ready_.size());
  for (; count > 0 && !ready_.empty(); --count) {
    ready_.take_front().resume();
  }
}

void Loop::Unresume(std::coroutine_handle<> handle) {
  for (std::size_t i = ready_.size(); i > 0; --i) {
    const std::coroutine_handle<> other = ready_.take_front();
    if (other != handle) ready_.push_back(other);
  }
}

namespace {

// The first of the sockets that has a message; none: an error, or unavailable for now.
absl::StatusOr<std::size_t> FindMessage(const std::vector<std::shared_ptr<SocketState>>& states) {
  absl::Status why = absl::FailedPreconditionError("wait: no socket was given");
  for (std::size_t i = 0; i < states.size(); ++i) {
    net::WaitReceiveStep step;
    const bool settled = step.Try(states[i]->waiting);
    if (settled && step.status.ok()) return i;
    if (states[i]->driver().closed()) return absl::CancelledError("one of the sockets was closed");
    if (!settled) {
      why = absl::UnavailableError("");
    } else if (i == 0) {
      why = std::move(step.status);
    }
  }
  return why;
}

}  // namespace

absl::StatusOr<std::size_t> Loop::WaitAny(const std::vector<Socket*>& sockets,
                                          absl::Duration timeout) {
  if (!status_.ok()) return status_;
  // Whoever is served meanwhile may do anything with the handles.
  std::vector<std::shared_ptr<SocketState>> states;
  for (const Socket* socket : sockets) {
    if (!socket->status().ok()) return socket->status();
    states.push_back(socket->state_);
  }
  const Instant deadline = net::Now() + std::max(timeout, absl::ZeroDuration());
  for (bool turned = false;; turned = true) {
    absl::StatusOr<std::size_t> found = FindMessage(states);
    if (!absl::IsUnavailable(found.status())) return found;
    if (turned && net::Now() >= deadline)
      return absl::DeadlineExceededError("no message within the time given");
    RunOnce(deadline - net::Now());
  }
}

void Loop::Run() {
  while (!tasks_.empty() && status_.ok()) RunOnce(absl::InfiniteDuration());
}

Loop::Sleep Loop::AsyncSleep(absl::Duration duration) { return Sleep(this, duration); }
Loop::Ready Loop::AsyncReadable(int fd) { return Ready(this, fd, true); }
Loop::Ready Loop::AsyncWritable(int fd) { return Ready(this, fd, false); }

}  // namespace monocoque::coro
