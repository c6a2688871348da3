#include "adapters/uring/ring.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/net/address.h"
#include "adapters/net/host.h"

namespace monocoque::uring {
namespace {

// From the leanest setup to the one every kernel has.
constexpr unsigned kSetups[] = {
    IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
        IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_CQSIZE | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_CQSIZE,
};

// The kernel's limit.
constexpr unsigned kMostCompletions = 65536;

constexpr absl::Duration kMemoryPatience = absl::Seconds(1);
constexpr absl::Duration kMemoryPause = absl::Milliseconds(1);

// What there is no other way for.
constexpr std::pair<int, std::string_view> kNeeded[] = {
    {IORING_OP_POLL_ADD, "POLL_ADD"}, {IORING_OP_ASYNC_CANCEL, "ASYNC_CANCEL"},
    {IORING_OP_SENDMSG, "SENDMSG"},   {IORING_OP_SEND, "SEND"},
    {IORING_OP_RECV, "RECV"},         {IORING_OP_CLOSE, "CLOSE"}};

absl::Status CheckRing(io_uring* ring) {
  io_uring_probe* probe = io_uring_get_probe_ring(ring);
  absl::Status has = CheckRequests(probe);
  io_uring_free_probe(probe);
  return has;
}

int DisabledSetting() {
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
  return disabled;
}

}  // namespace

absl::Status SetupRefused(int error, int disabled) {
  if (error == ENOSYS) {
    return absl::UnimplementedError(
        "io_uring: this kernel has none, or a seccomp filter hides it; allow io_uring_setup, "
        "io_uring_enter and io_uring_register there, or use another adapter.");
  }
  if (error == EPERM && disabled > 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("io_uring: forbidden by kernel.io_uring_disabled = ", disabled,
                     "; set it to 0 (sysctl) or use another adapter."));
  }
  if (error == EPERM || error == EACCES) {
    return absl::PermissionDeniedError(
        "io_uring: forbidden by a seccomp filter, as containers often have; allow io_uring_setup, "
        "io_uring_enter and io_uring_register there, or use another adapter.");
  }
  if (error == ENOMEM) {
    return absl::ResourceExhaustedError(
        "io_uring: the limit of locked memory is reached; raise it (ulimit -l).");
  }
  if (error == EMFILE || error == ENFILE) {
    return absl::ResourceExhaustedError(
        "io_uring: descriptors are out; raise the limit (ulimit -n) or close some.");
  }
  return absl::UnavailableError(absl::StrCat("io_uring: ", net::ErrorText(error), "."));
}

absl::Status CheckRequests(const io_uring_probe* probe) {
  for (const auto& [request, name] : kNeeded) {
    if (probe == nullptr || io_uring_opcode_supported(probe, request) != 0) continue;
    return absl::UnimplementedError(
        absl::StrCat("io_uring: this kernel's has no ", name,
                     "; take Linux 5.6 or a later one, or another adapter."));
  }
  return absl::OkStatus();
}

int SetUpPatiently(absl::FunctionRef<int()> setup, Instant end) {
  for (;;) {
    const int result = setup();
    if (result != -ENOMEM || net::Now() >= end) return result;
    absl::SleepFor(kMemoryPause);
  }
}

absl::StatusOr<std::unique_ptr<Ring>> Ring::Create(unsigned entries) {
  std::unique_ptr<Ring> ring(new Ring);
  int result = -EINVAL;
  for (unsigned flags : kSetups) {
    const auto set_up = [&] {
      io_uring_params params{};
      params.flags = flags;
      params.cq_entries = std::min(entries * 4, kMostCompletions);
      return io_uring_queue_init_params(entries, &ring->own_, &params);
    };
    result = SetUpPatiently(set_up, ring->patient_until());
    if (result != -EINVAL) break;
  }
  if (result < 0) {
    ring->own_.ring_fd = -1;
    return SetupRefused(-result, DisabledSetting());
  }
  if (absl::Status has = CheckRing(&ring->own_); !has.ok()) return has;
  // One request through all of it: a filter may let the setup pass and not what follows.
  io_uring_sqe* sqe = ring->Prepare();
  io_uring_prep_nop(sqe);
  ring->Own(sqe, nullptr);
  result = io_uring_submit_and_wait(ring->ring_, 1);
  if (result < 0) return SetupRefused(-result, DisabledSetting());
  ring->Reap(1);
  return ring;
}

absl::StatusOr<std::unique_ptr<Ring>> Ring::Share(io_uring* host, std::uint16_t tag) {
  if (tag == 0) {
    return absl::InvalidArgumentError(
        "io_uring: the tag of a shared ring's user_data must not be 0");
  }
  if ((host->flags & (IORING_SETUP_IOPOLL | IORING_SETUP_CQE32)) != 0) {
    return absl::InvalidArgumentError(
        "io_uring: a ring with IORING_SETUP_IOPOLL or IORING_SETUP_CQE32 cannot be shared; sockets "
        "cannot be polled so, and large completions are not understood");
  }
  // Asks with nothing new in the queue, so that nothing is left there after a refusal.
  const int result = io_uring_enter(static_cast<unsigned>(host->ring_fd), 1, 0, 0, nullptr);
  if (result == -EBADFD) {
    return absl::FailedPreconditionError(
        "io_uring: the host's ring is disabled (IORING_SETUP_R_DISABLED); enable it first");
  }
  if (result == -EEXIST) {
    return absl::FailedPreconditionError(
        "io_uring: the host's ring belongs to another thread (IORING_SETUP_SINGLE_ISSUER); make "
        "the loop on that one");
  }
  if (result < 0) return SetupRefused(-result, DisabledSetting());
  if (absl::Status has = CheckRing(host); !has.ok()) return has;
  return std::unique_ptr<Ring>(new Ring(host, tag));
}

Ring::Ring() : ring_(&own_), tag_(0), patient_until_(net::Now() + kMemoryPatience) {}

Ring::Ring(io_uring* host, std::uint16_t tag)
    : ring_(host), tag_(std::uint64_t{tag} << 48), patient_until_(net::Now() + kMemoryPatience) {}

Ring::~Ring() {
  if (event_ >= 0) {
    io_uring_unregister_eventfd(ring_);
    close(event_);
    close(waited_);
  }
  if (ring_ == &own_ && own_.ring_fd >= 0) io_uring_queue_exit(&own_);
}

std::uint64_t Ring::UserData(const Completion* completion) const {
  return reinterpret_cast<std::uintptr_t>(completion) | tag_;
}

io_uring_sqe* Ring::Place() { return late_.empty() ? io_uring_get_sqe(ring_) : nullptr; }

io_uring_sqe* Ring::Prepare() {
  io_uring_sqe* sqe = Place();
  if (sqe == nullptr) {
    Submit();
    sqe = Place();
  }
  if (sqe == nullptr) sqe = &late_.emplace_back();
  std::memset(sqe, 0, sizeof(*sqe));
  ++outstanding_;
  return sqe;
}

void Ring::Own(io_uring_sqe* sqe, Completion* completion) {
  io_uring_sqe_set_data64(sqe, UserData(completion));
}

void Ring::Cancel(Completion* completion) {
  io_uring_sqe* sqe = Prepare();
  io_uring_prep_cancel64(sqe, UserData(completion), 0);
  Own(sqe, nullptr);
}

void Ring::CancelAll() {
  if (ring_ != &own_) return;
  io_uring_sqe* sqe = Prepare();
  io_uring_prep_cancel(sqe, nullptr, IORING_ASYNC_CANCEL_ANY);
  Own(sqe, nullptr);
}

void Ring::Submit() {
  while (io_uring_submit(ring_) >= 0 && !late_.empty()) {
    io_uring_sqe* sqe = io_uring_get_sqe(ring_);
    if (sqe == nullptr) return;
    for (; sqe != nullptr && !late_.empty(); sqe = io_uring_get_sqe(ring_)) {
      *sqe = late_.take_front();
    }
  }
}

void Ring::CloseStream(int fd) {
  if (queued()) Submit();
  shutdown(fd, SHUT_RDWR);
  if (!queued()) {
    close(fd);
    return;
  }
  // The kernel takes nothing now, or in its own time: in order.
  io_uring_sqe* sqe = Prepare();
  io_uring_prep_close(sqe, fd);
  Own(sqe, nullptr);
}

void Ring::SubmitAndWait(absl::Duration wait) {
  if (wait <= absl::ZeroDuration() || !late_.empty()) {
    Submit();
    return;
  }
  io_uring_cqe* cqe = nullptr;
  if (wait == absl::InfiniteDuration()) {
    io_uring_submit_and_wait(ring_, 1);
    return;
  }
  const std::int64_t ns = absl::ToInt64Nanoseconds(wait);
  __kernel_timespec ts{ns / 1'000'000'000, ns % 1'000'000'000};
  io_uring_submit_and_wait_timeout(ring_, &cqe, 1, &ts, nullptr);
}

io_uring_cqe* Ring::Peek() {
  io_uring_cqe* cqe = nullptr;
  if (io_uring_peek_cqe(ring_, &cqe) == 0 && cqe != nullptr) return cqe;
  // A ring that defers completions says by a flag that it has some, if it was asked to; else the
  // kernel must be asked.
  constexpr unsigned kDefers = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
  if ((ring_->flags & kDefers) != IORING_SETUP_DEFER_TASKRUN) return nullptr;
  if (io_uring_get_events(ring_) < 0 || io_uring_peek_cqe(ring_, &cqe) != 0) return nullptr;
  return cqe;
}

int Ring::Descriptor() {
  if (waited_ >= 0) return waited_;
  if ((ring_->flags & IORING_SETUP_DEFER_TASKRUN) == 0) return ring_->ring_fd;
  // It tells of what is there already, too.
  event_ = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  waited_ = epoll_create1(EPOLL_CLOEXEC);
  if (event_ < 0 || waited_ < 0 || io_uring_register_eventfd(ring_, event_) < 0) {
    for (int* fd : {&event_, &waited_}) {
      if (*fd >= 0) close(std::exchange(*fd, -1));
    }
    return -1;
  }
  WakeBy(event_);
  if (also_ >= 0) WakeBy(also_);
  return waited_;
}

void Ring::WakeBy(int fd) {
  if (fd != event_) also_ = fd;
  epoll_event readable{};
  readable.events = EPOLLIN;
  if (waited_ >= 0) epoll_ctl(waited_, EPOLL_CTL_ADD, fd, &readable);
}

// An eventfd that is written within another's wakeup, as for a request that polls one, is so once
// only (Linux 6.18): registered anew it is told again.
void Ring::Heard() {
  eventfd_t told = 0;
  if (event_ < 0 || eventfd_read(event_, &told) != 0) return;
  io_uring_unregister_eventfd(ring_);
  io_uring_register_eventfd(ring_, event_);
}

bool Ring::Ready() { return Peek() != nullptr; }

bool Ring::Give(const io_uring_cqe& cqe) {
  constexpr std::uint64_t kTagBits = std::uint64_t{0xffff} << 48;
  if ((cqe.user_data & kTagBits) != tag_) return false;
  auto* completion = reinterpret_cast<Completion*>(cqe.user_data & ~kTagBits);
  if ((cqe.flags & (IORING_CQE_F_MORE | IORING_CQE_F_NOTIF)) == 0) --outstanding_;
  if (completion != nullptr) completion->OnCompletion(cqe.res, cqe.flags);
  return true;
}

std::size_t Ring::Reap(std::size_t max_completions) {
  std::size_t total = 0;
  for (; total < max_completions; ++total) {
    io_uring_cqe* cqe = Peek();
    if (cqe == nullptr) break;
    const io_uring_cqe copy = *cqe;
    io_uring_cqe_seen(ring_, cqe);
    if (!Give(copy)) others_.push_back(copy);
  }
  return total;
}

}  // namespace monocoque::uring
