#ifndef MONOCOQUE_ADAPTERS_URING_LOOP_H_
#define MONOCOQUE_ADAPTERS_URING_LOOP_H_

#include <cstddef>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/coro/awaitables.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/proxy.h"
#include "adapters/coro/socket.h"
#include "adapters/coro/task.h"
#include "adapters/net/link.h"
#include "adapters/net/reactor.h"
#include "adapters/net/socket_driver.h"
#include "adapters/uring/buffers.h"
#include "adapters/uring/options.h"
#include "adapters/uring/ring.h"
#include "adapters/uring/send_op.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"

namespace monocoque::uring {

// The sockets, tasks and helpers of every loop.
using coro::FirstOf;
using coro::Proxy;
using coro::Socket;
using coro::Task;

// An event loop on an io_uring of its own or of the host (LoopOptions::ring), and the sockets on
// it: see coro::Loop.
class Loop final : public coro::Loop {
 public:
  // An error that names the reason, if the kernel refuses io_uring. Where the user's limit of
  // locked memory is reached, it waits up to a second for rings that were closed to give theirs
  // back; with none for provided buffers links read as on kernels without those.
  static absl::StatusOr<std::unique_ptr<Loop>> Create(const LoopOptions& options = {});
  // As Create; a refusal is in status() and comes from every socket.
  explicit Loop(const LoopOptions& options = {});
  ~Loop() override;

  // For a host that takes completions off its own ring (LoopOptions::ring): true if this one was
  // the loop's, which has it now; the next Poll goes on with it.
  bool Give(const io_uring_cqe& completion) { return status().ok() && ring_->Give(completion); }
  // What a host with a loop of its own waits for between slices: this descriptor readable, or
  // NextDeadline(). -1 if there is no ring. The descriptor of a ring that defers completions
  // (IORING_SETUP_DEFER_TASKRUN), as our own do, wakes nobody: there an eventfd is registered with
  // it at the first call; -1 as long as the system has no descriptors for it: ask again before each
  // wait. If your ring has an eventfd already, -1: wait for that.
  int descriptor() const { return ring_ == nullptr ? -1 : ring_->Descriptor(); }
  Instant NextDeadline() const override;

  const LoopStats& stats() const { return stats_; }
  // How links receive here; see LoopOptions::best_read_method.
  ReadMethod read_method() const;

  // ---- For the adapter's own parts -------------------------------------------------------------

  absl::StatusOr<std::unique_ptr<net::Watch>> MakeWatch(int fd,
                                                        net::WatchHandler* handler) override;
  net::LinkPtr MakeLink(net::SocketDriver* driver, LinkId link, int fd) override;
  Ring& ring() { return *ring_; }
  Buffers* buffers() { return buffers_.get(); }
  SendOps& send_ops() { return *send_ops_; }
  LoopStats& mutable_stats() { return stats_; }

 private:
  void BeginTurn() override;
  void Submit() override { ring_->Submit(); }
  void Wait(absl::Duration wait) override;
  bool Pending() const override { return ring_->Ready() || !ring_->others().empty(); }
  bool TakeIn(std::size_t max_completions) override { return ring_->Reap(max_completions) > 0; }
  void EndTurn(std::size_t max_completions) override;
  void WokenBy(int fd) override { ring_->WakeBy(fd); }

  bool Spin(Instant begin, Instant end);

  const LoopOptions options_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Buffers> buffers_;
  std::optional<SendOps> send_ops_;
  absl::Duration last_wait_ = absl::InfiniteDuration();
  LoopStats stats_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_LOOP_H_
