#ifndef MONOCOQUE_ADAPTERS_URING_RING_H_
#define MONOCOQUE_ADAPTERS_URING_RING_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace monocoque::uring {

// Somebody who waits for completions. Stays alive until its last completion has come.
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void OnCompletion(int result, unsigned flags) = 0;
};

// Why the kernel said no to a ring, in words that help. `disabled` is what
// /proc/sys/kernel/io_uring_disabled says.
absl::Status SetupRefused(int error, int disabled);

// An io_uring of its own. For the thread that made it.
class Ring {
 public:
  // A clear sentence if the kernel refuses: which call, why, what to change.
  static absl::StatusOr<std::unique_ptr<Ring>> Create(unsigned entries);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // A place for a request; what is queued is submitted first if there is none. `completion` may be
  // null: nobody wants to know.
  io_uring_sqe* Prepare(Completion* completion);
  // Hands what is queued to the kernel, waits for nothing.
  void Submit();
  // The same, and waits up to `wait` for a completion.
  void SubmitAndWait(absl::Duration wait);
  // True if completions are there, or can be had without waiting.
  bool Ready();
  // Gives each completion to its owner, up to `max_completions`; returns how many there were.
  std::size_t Reap(std::size_t max_completions);
  // Requests whose last completion has not come.
  std::int64_t outstanding() const { return outstanding_; }

  io_uring* get() { return &ring_; }

 private:
  Ring() = default;

  io_uring ring_{};
  std::int64_t outstanding_ = 0;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_RING_H_
