#include "adapters/uring/loop.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "adapters/uring/awaitables.h"
#include "adapters/uring/socket_state.h"
#include "adapters/uring/watch.h"

namespace monocoque::uring {
namespace {

// Spinning pays only where completions come in quick succession.
constexpr absl::Duration kSpinIfWaitBelow = absl::Microseconds(150);
// Turns that the destructor gives requests to come back after they were cancelled, and peers to
// take what was sent without a copy.
constexpr int kGoodbyeTurns = 200;

// The kernel's limit.
constexpr unsigned kMostEntries = 32768;

absl::StatusOr<std::unique_ptr<Ring>> MakeRing(const LoopOptions& options) {
  if (options.inproc_hub == nullptr) {
    return absl::InvalidArgumentError(
        "io_uring: LoopOptions::inproc_hub is null; leave it as it is for the process's names, or "
        "give a hub of your own");
  }
  if (options.ring == nullptr && (options.entries == 0 || options.entries > kMostEntries)) {
    return absl::InvalidArgumentError(absl::StrCat("io_uring: LoopOptions::entries is ",
                                                   options.entries, "; it must be between 1 and ",
                                                   kMostEntries));
  }
  if (options.ring == nullptr) return Ring::Create(options.entries);
  if (!options.on_host_completion) {
    return absl::InvalidArgumentError(
        "io_uring: a shared ring needs on_host_completion, for what is not the loop's");
  }
  return Ring::Share(options.ring, options.user_data_tag);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loop>> Loop::Create(const LoopOptions& options) {
  auto loop = std::make_unique<Loop>(options);
  if (!loop->status().ok()) return loop->status();
  return loop;
}

Loop::Loop(const LoopOptions& options) : options_(options) {
  absl::StatusOr<std::unique_ptr<Ring>> ring = MakeRing(options);
  status_ = ring.status();
  if (!status_.ok()) return;
  ring_ = *std::move(ring);
  send_ops_.emplace(ring_.get(), options.zero_copy_send, &stats_);
  host_.pool = SlabPool::Create(options.pool);
  host_.entropy = std::make_shared<net::OsEntropy>();
  if (options.budget_bytes != Budget::kUnlimited)
    host_.budget = Budget::Create(options.budget_bytes);
  for (ReadMethod method : {ReadMethod::kIncremental, ReadMethod::kBundle}) {
    if (buffers_ != nullptr || method < options.best_read_method) continue;
    absl::StatusOr<std::unique_ptr<Buffers>> buffers = Buffers::Create(
        ring_.get(), method, options.ring == nullptr ? std::uint16_t{0} : options.buffer_group);
    if (buffers.ok()) buffers_ = *std::move(buffers);
  }
}

Loop::~Loop() {
  closing_ = true;
  tasks_.Clear();
  if (ring_ == nullptr) return;
  turning_.clear();
  serving_.clear();
  orphans_.clear();
  resolver_.reset();
  mailbox_.reset();
  // What the kernel still holds of ours comes back before the memory goes.
  const auto kernel_has_some = [&] { return ring_->outstanding() > 0 || send_ops_->pinned() > 0; };
  for (int i = 0; i < kGoodbyeTurns && kernel_has_some(); ++i) {
    if (ring_->outstanding() > 0) ring_->CancelAll();
    ring_->SubmitAndWait(absl::Milliseconds(5));
    ring_->Reap(kWorkATurn);
  }
  buffers_.reset();
  GiveToHost(ring_->others().size());
}

ReadMethod Loop::read_method() const {
  return buffers_ == nullptr ? ReadMethod::kOneShot : buffers_->method();
}

int Loop::descriptor() const { return ring_ == nullptr ? -1 : ring_->Descriptor(); }

net::NameResolver& Loop::resolver() {
  if (!resolver_) resolver_.emplace(options_.resolve, [this] { return mailbox().MakeWaker({}); });
  return *resolver_;
}

net::Mailbox& Loop::mailbox() {
  if (!mailbox_) {
    mailbox_.emplace(
        [this](int fd, net::WatchHandler* handler) {
          ring_->WakeBy(fd);
          return std::make_unique<Watch>(this, fd, handler);
        },
        turning_depth_ > 0);
  }
  return *mailbox_;
}

Socket Loop::MakeSocket(SocketType type, const SocketOptions& options) {
  if (!status_.ok()) return Socket(std::make_shared<SocketState>(this, status_));
  Host host = host_;
  Tick();
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
  if (late) TakeIn(max_frames);
  while (Timed* due = timers_.PopDue(now())) due->OnTime(now());
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
  ring_->Submit();
  if (!TakeIn(kWorkATurn)) return;
  TurnSockets(kWorkATurn);
  ring_->Submit();
}

// Completions, and word from other sockets and the resolver. True if there was something.
bool Loop::TakeIn(std::size_t max_completions) {
  const bool completed = ring_->Reap(max_completions) > 0;
  if (!mailbox_ || !mailbox_->Deliver()) return completed;
  if (resolver_) resolver_->Deliver();
  return true;
}

// Looks for completions, no longer than until `end`; true: some are there.
bool Loop::Spin(Instant begin, Instant end) {
  if (options_.spin <= absl::ZeroDuration() || last_wait_ > kSpinIfWaitBelow) return false;
  end = std::min(end, begin + options_.spin);
  do {
    if (ring_->Ready()) {
      ++stats_.spins;
      return true;
    }
    sched_yield();
  } while (net::Now() < end);
  return false;
}

void Loop::Wait(absl::Duration wait) {
  if (wait > absl::ZeroDuration()) wait = std::min(wait, timers_.next() - now());
  if (wait <= absl::ZeroDuration() || busy()) {
    ring_->Submit();
    return;
  }
  const Instant begin = net::Now();
  const Instant end = begin + wait;
  ring_->Submit();
  if (!ring_->Ready() && !Spin(begin, end)) {
    ++stats_.waits;
    ring_->SubmitAndWait(end.is_never() ? wait : end - net::Now());
  }
  last_wait_ = net::Now() - begin;
}

bool Loop::Turn(absl::Duration max_wait, std::size_t max_work) {
  if (!status_.ok()) return false;
  ++stats_.turns;
  Turning turning(this);
  ring_->Heard();
  Tick();
  if (TurnSockets(max_work)) max_wait = absl::ZeroDuration();
  Wait(max_wait);
  Tick();
  TakeIn(max_work);
  TurnSockets(max_work);
  ring_->Submit();
  ResumeReady(max_work);
  GiveToHost(max_work);
  // Lets go of what is over: sockets without a handle, spawned tasks.
  std::erase_if(orphans_, [](const auto& state) { return state->driver().closed(); });
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
  if (ring_ == nullptr) return Instant::Never();
  return busy() || ring_->queued() ? std::min(now(), timers_.next()) : timers_.next();
}

bool Loop::busy() const {
  return !touched_.empty() || tasks_.over() || !serving_.empty() || !ready_.empty() ||
         ring_->Ready() || !ring_->others().empty() || (mailbox_ && mailbox_->waiting());
}

void Loop::GiveToHost(std::size_t max_completions) {
  for (; max_completions > 0 && !ring_->others().empty(); --max_completions) {
    const io_uring_cqe completion = ring_->others().take_front();
    options_.on_host_completion(completion);
  }
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

absl::StatusOr<std::size_t> Loop::WaitAny(const std::vector<Socket*>& sockets,
                                          absl::Duration timeout) {
  if (!status_.ok()) return status_;
  // Whoever is served meanwhile may do anything with the handles.
  std::vector<std::shared_ptr<SocketState>> states;
  for (const Socket* socket : sockets) {
    if (!socket->status().ok()) return socket->status();
    states.push_back(socket->state_);
  }
  const Instant deadline = net::Now() + timeout;
  for (;;) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i]->driver().CanReceive()) return i;
      if (states[i]->driver().closed()) {
        return absl::CancelledError("one of the sockets was closed");
      }
    }
    if (net::Now() >= deadline)
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

Loop::Sleep::~Sleep() {
  loop_.SetTimer(this, Instant::Never());
  if (handle_) loop_.Unresume(handle_);
}

void Loop::Sleep::await_suspend(std::coroutine_handle<> awaiting) {
  handle_ = awaiting;
  loop_.SetTimer(this, net::Now() + duration_);
}

void Loop::Sleep::OnTime(Instant /*now*/) { loop_.ResumeLater(handle_); }

Loop::Ready::~Ready() {
  if (handle_) loop_.Unresume(handle_);
}

void Loop::Ready::await_suspend(std::coroutine_handle<> awaiting) {
  handle_ = awaiting;
  watch_.emplace(&loop_, fd_, this);
  watch_->Want(read_, !read_);
}

void Loop::Ready::OnReady(bool /*readable*/, bool /*writable*/) {
  watch_.reset();
  loop_.ResumeLater(handle_);
}

}  // namespace monocoque::uring
