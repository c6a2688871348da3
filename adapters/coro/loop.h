#ifndef MONOCOQUE_ADAPTERS_CORO_LOOP_H_
#define MONOCOQUE_ADAPTERS_CORO_LOOP_H_

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/coro/options.h"
#include "adapters/coro/socket.h"
#include "adapters/coro/spawned_tasks.h"
#include "adapters/coro/task.h"
#include "adapters/inproc.h"
#include "adapters/net/link.h"
#include "adapters/net/mailbox.h"
#include "adapters/net/name_resolver.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/net/timed.h"
#include "adapters/net/turn_clock.h"
#include "alloc/ring_queue.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/drive/timer_heap.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::coro {

class SocketState;

// An event loop and the sockets on it, whatever it waits with: that is the runtime's, which derives
// from this. Blocking calls and coroutines may be mixed: each blocking call turns the loop until it
// has what it waits for.
//
// A turn: what is due and the sockets that something happened to; Wait, TakeIn; the sockets again;
// Submit; then user code, EndTurn last.
//
// Thread rule: everything on the thread that made the loop. It starts no thread of its own, save
// one for the system's resolver when the first name (not a numeric address) is dialed. Sockets must
// not outlive their loop.
class Loop {
 public:
  // Awaitables, in adapters/coro/awaitables.h.
  class Suspension;
  class Sleep;
  class Ready;

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop();

  // OK, or why there is no such loop, which comes from every socket then.
  const absl::Status& status() const { return status_; }

  // A socket on this loop; if it cannot be made, all its operations say why.
  Socket MakeSocket(SocketType type, const SocketOptions& options = {});
  // A socket that connects in the background.
  absl::StatusOr<Socket> Push(std::string_view to) { return Connected(SocketType::kPush, to); }
  absl::StatusOr<Socket> Pull(std::string_view to) { return Connected(SocketType::kPull, to); }
  absl::StatusOr<Socket> Req(std::string_view to) { return Connected(SocketType::kReq, to); }
  absl::StatusOr<Socket> Rep(std::string_view to) { return Connected(SocketType::kRep, to); }
  absl::StatusOr<Socket> Dealer(std::string_view to) { return Connected(SocketType::kDealer, to); }
  absl::StatusOr<Socket> Router(std::string_view to) { return Connected(SocketType::kRouter, to); }
  absl::StatusOr<Socket> Pair(std::string_view to) { return Connected(SocketType::kPair, to); }

  // A slice of work for a host that has a loop of its own: does what is ready now, of facts, frames
  // and resumed coroutines about `max_work` each at most, twice as many where one leads to the
  // next, and waits for nothing; 0 counts as 1. True: more is left, come again without waiting.
  bool Poll(std::size_t max_work = kWorkATurn) {
    return Turn(absl::ZeroDuration(), std::max<std::size_t>(max_work, 1));
  }
  // The same until nothing is ready any more or this time has come: small slices, the first in any
  // case, with a look at the clock after each. Never: as long as something is ready.
  bool Poll(Instant until);
  // When such a host comes again at the latest: not later than now() if something is left to do, as
  // there is after calls outside a slice, too; ask anew before each wait. Never if there is no such
  // loop.
  virtual Instant NextDeadline() const;
  // One turn: waits up to `max_wait` for something to happen.
  void RunOnce(absl::Duration max_wait) { Turn(max_wait, kWorkATurn); }
  // Turns until one of the sockets has a message (its index), or the time is over (deadline
  // exceeded), or one of them is closed or destroyed meanwhile (cancelled). Where none of them can
  // receive as things stand, what Receive says of the first: PUSH, REQ that has asked nothing, one
  // whose dialers all gave up. Handles may be moved meanwhile.
  absl::StatusOr<std::size_t> WaitAny(const std::vector<Socket*>& sockets,
                                      absl::Duration timeout = absl::InfiniteDuration());

  // Runs a coroutine beside everything else; it is destroyed when it is done, or with the loop.
  // What it throws comes out of the turn. While the loop is being destroyed none is begun: it is
  // destroyed at once.
  void Spawn(Task<void> task) { tasks_.Spawn(std::move(task)); }
  // Turns until the task is done, and gives its result.
  template <typename T>
  T RunUntil(Task<T> task) {
    task.Resume();
    while (!task.done()) RunOnce(absl::InfiniteDuration());
    return task.Take();
  }
  // Turns until every spawned coroutine is done.
  void Run();

  // Awaitable: suspends for so long. On a loop whose status() is not OK none of these suspends. A
  // coroutine that waits as the loop goes stays as it is, and may be destroyed later.
  Sleep AsyncSleep(absl::Duration duration);
  // Awaitable: suspends until the descriptor can be read, or written, or is at its end. It stays
  // the caller's.
  Ready AsyncReadable(int fd);
  Ready AsyncWritable(int fd);

  // The turn's time; a wish sets it anew.
  Instant now() const { return clock_.now(); }

  // ---- For what runs on it ---------------------------------------------------------------------

  // An error: the runtime cannot watch this descriptor.
  virtual absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                                net::WatchHandler* handler) = 0;
  // A link of the runtime's own; null: it has none.
  virtual net::LinkPtr MakeLink(net::SocketDriver* /*driver*/, LinkId /*link*/, int /*fd*/) {
    return nullptr;
  }
  net::NameResolver& resolver();
  net::Mailbox& mailbox();
  const std::shared_ptr<InprocHub>& inproc_hub() const { return options_.inproc_hub; }
  net::TurnClock& clock() { return clock_; }
  // The loop is being destroyed: nothing new is begun.
  bool closing() const { return closing_; }
  void SetTimer(net::Timed* timed, Instant at) { timers_.Set(&timed->timer, at); }
  // The socket has something to do at the next turn.
  void Touch(RotationNode<SocketState>* node) { touched_.Add(node); }
  void Forget(RotationNode<SocketState>* node) { touched_.Remove(node); }
  // Resumed at the end of the turn, after everything else.
  void ResumeLater(std::coroutine_handle<> handle) { ready_.push_back(handle); }
  void Unresume(std::coroutine_handle<> handle);
  // Hands over what was sent and takes in what is there; runs no user code.
  void Exchange();
  // Keeps a socket whose handle is gone until its descriptors are closed.
  void Adopt(std::shared_ptr<SocketState> state) { orphans_.push_back(std::move(state)); }

 protected:
  // Facts, frames a socket, and coroutines of one turn: no busy peer starves the others, and timers
  // have their turn.
  static constexpr std::size_t kWorkATurn = 16384;

  explicit Loop(const LoopOptions& options);
  // There is no such loop, and this is why; for the runtime's constructor.
  void Refuse(absl::Status why) { status_ = std::move(why); }
  // Lets go of all sockets, tasks and helpers. First in the runtime's destructor: they need it yet.
  void Clear();

  // ---- The runtime's part of a turn ------------------------------------------------------------

  virtual void BeginTurn() {}
  // Begins whatever was asked for since, and waits for nothing.
  virtual void Submit() {}
  // The same, and waits so long, which is not nothing, for something to take in.
  virtual void Wait(absl::Duration wait) = 0;
  // There is something to take in, or to give at the end of the turn.
  virtual bool Pending() const = 0;
  // Tells the watches and links what happened, of about `max_facts` facts. True: there was one.
  virtual bool TakeIn(std::size_t max_facts) = 0;
  // User code of the runtime's own, last in the turn.
  virtual void EndTurn(std::size_t /*max_work*/) {}
  // Other threads wake the loop by this descriptor, which it watches.
  virtual void WokenBy(int /*fd*/) {}

 private:
  // Of those after which Poll looks at the clock: a few tens of microseconds of the loop's own
  // work.
  static constexpr std::size_t kWorkASlice = 256;

  class Turning;

  absl::StatusOr<Socket> Connected(SocketType type, std::string_view endpoint);
  static std::size_t Share(std::size_t max_work, std::size_t count);
  bool Turn(absl::Duration max_wait, std::size_t max_work);
  void WaitUpTo(absl::Duration wait);
  bool TakeInAll(std::size_t max_facts);
  bool TurnSockets(std::size_t max_frames);
  void ResumeReady(std::size_t max_resumed);
  // Something is left to do, or to tell.
  bool busy() const;

  const LoopOptions options_;
  absl::Status status_;
  bool closing_ = false;
  std::optional<net::NameResolver> resolver_;
  std::optional<net::Mailbox> mailbox_;  // once somebody may write
  int turning_depth_ = 0;
  Host host_;
  net::TurnClock clock_;
  TimerHeap<net::Timed> timers_;
  Rotation<SocketState> touched_;
  RingQueue<std::coroutine_handle<>> ready_;
  Rotation<Suspension> suspended_;                     // until they go on: those of ready_ too
  std::vector<std::shared_ptr<SocketState>> turning_;  // empty, but for its memory
  RingQueue<std::shared_ptr<SocketState>> serving_;
  SpawnedTasks tasks_;
  std::vector<std::shared_ptr<SocketState>> orphans_;
};

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_LOOP_H_
