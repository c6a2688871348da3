#include "adapters/uring/ring.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace monocoque::uring {
namespace {

// From the leanest setup to the one every kernel has.
constexpr unsigned kSetups[] = {
    IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
        IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_CQSIZE | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_CQSIZE,
};

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
  std::array<char, 128> buffer{};
  return absl::UnavailableError(
      absl::StrCat("io_uring: ", strerror_r(error, buffer.data(), buffer.size()), "."));
}

absl::StatusOr<std::unique_ptr<Ring>> Ring::Create(unsigned entries) {
  std::unique_ptr<Ring> ring(new Ring);
  int result = -EINVAL;
  for (unsigned flags : kSetups) {
    io_uring_params params{};
    params.flags = flags;
    params.cq_entries = entries * 4;
    result = io_uring_queue_init_params(entries, &ring->ring_, &params);
    if (result != -EINVAL) break;
  }
  if (result < 0) {
    ring->ring_.ring_fd = -1;
    return SetupRefused(-result, DisabledSetting());
  }
  // One request through all of it: a filter may let the setup pass and not what follows.
  io_uring_prep_nop(ring->Prepare(nullptr));
  result = io_uring_submit_and_wait(&ring->ring_, 1);
  if (result < 0) return SetupRefused(-result, DisabledSetting());
  ring->Reap(1);
  return ring;
}

Ring::~Ring() {
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
}

io_uring_sqe* Ring::Prepare(Completion* completion) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  std::memset(sqe, 0, sizeof(*sqe));
  io_uring_sqe_set_data(sqe, completion);
  ++outstanding_;
  return sqe;
}

void Ring::Submit() { io_uring_submit(&ring_); }

void Ring::SubmitAndWait(absl::Duration wait) {
  if (wait <= absl::ZeroDuration()) {
    io_uring_submit(&ring_);
    return;
  }
  io_uring_cqe* cqe = nullptr;
  if (wait == absl::InfiniteDuration()) {
    io_uring_submit_and_wait(&ring_, 1);
    return;
  }
  const std::int64_t ns = absl::ToInt64Nanoseconds(wait);
  __kernel_timespec ts{ns / 1'000'000'000, ns % 1'000'000'000};
  io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &ts, nullptr);
}

bool Ring::Ready() {
  io_uring_cqe* cqe = nullptr;
  return io_uring_peek_cqe(&ring_, &cqe) == 0 && cqe != nullptr;
}

std::size_t Ring::Reap(std::size_t max_completions) {
  std::size_t total = 0;
  for (; total < max_completions; ++total) {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0 || cqe == nullptr) break;
    auto* completion = static_cast<Completion*>(io_uring_cqe_get_data(cqe));
    const int result = cqe->res;
    const unsigned flags = cqe->flags;
    io_uring_cqe_seen(&ring_, cqe);
    if ((flags & IORING_CQE_F_MORE) == 0) --outstanding_;
    if (completion != nullptr) completion->OnCompletion(result, flags);
  }
  return total;
}

}  // namespace monocoque::uring
