#include "adapters/uring/loop.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "adapters/uring/link_io.h"
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

Loop::Loop(const LoopOptions& options)
    : coro::Loop({.pool = options.pool,
                  .budget_bytes = options.budget_bytes,
                  .resolve = options.resolve,
                  .inproc_hub = options.inproc_hub}),
      options_(options) {
  if (!status().ok()) return;
  absl::StatusOr<std::unique_ptr<Ring>> ring = MakeRing(options);
  if (!ring.ok()) {
    Refuse(ring.status());
    return;
  }
  ring_ = *std::move(ring);
  send_ops_.emplace(ring_.get(), options.zero_copy_send, &stats_);
  for (ReadMethod method : {ReadMethod::kIncremental, ReadMethod::kBundle}) {
    if (buffers_ != nullptr || method < options.best_read_method) continue;
    absl::StatusOr<std::unique_ptr<Buffers>> buffers = Buffers::Create(
        ring_.get(), method, options.ring == nullptr ? std::uint16_t{0} : options.buffer_group);
    if (buffers.ok()) buffers_ = *std::move(buffers);
    if (!absl::IsUnavailable(buffers.status())) continue;
    Refuse(buffers.status());
    return;
  }
}

Loop::~Loop() {
  Clear();
  if (ring_ == nullptr) return;
  // What the kernel still holds of ours comes back before the memory goes.
  const auto kernel_has_some = [&] { return ring_->outstanding() > 0 || send_ops_->pinned() > 0; };
  for (int i = 0; i < kGoodbyeTurns && kernel_has_some(); ++i) {
    if (ring_->outstanding() > 0) ring_->CancelAll();
    ring_->SubmitAndWait(absl::Milliseconds(5));
    ring_->Reap(kWorkATurn);
  }
  buffers_.reset();
  EndTurn(ring_->others().size());
}

ReadMethod Loop::read_method() const {
  return buffers_ == nullptr ? ReadMethod::kOneShot : buffers_->method();
}

absl::StatusOr<std::unique_ptr<net::Watch>> Loop::MakeWatch(int fd, net::WatchHandler* handler) {
  return std::make_unique<Watch>(this, fd, handler);
}

net::LinkPtr Loop::MakeLink(net::SocketDriver* driver, LinkId link, int fd) {
  return net::LinkPtr(new LinkIo(this, driver, link, fd));
}

void Loop::BeginTurn() {
  ++stats_.turns;
  ring_->Heard();
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
  const Instant begin = net::Now();
  const Instant end = begin + wait;
  ring_->Submit();
  if (!ring_->Ready() && !Spin(begin, end)) {
    ++stats_.waits;
    ring_->SubmitAndWait(end.is_never() ? wait : end - net::Now());
  }
  last_wait_ = net::Now() - begin;
}

// What is the host's comes to it.
void Loop::EndTurn(std::size_t max_completions) {
  for (; max_completions > 0 && !ring_->others().empty(); --max_completions) {
    const io_uring_cqe completion = ring_->others().take_front();
    options_.on_host_completion(completion);
  }
}

Instant Loop::NextDeadline() const {
  const Instant next = coro::Loop::NextDeadline();
  return ring_ != nullptr && ring_->queued() ? std::min(now(), next) : next;
}

}  // namespace monocoque::uring
