#ifndef MONOCOQUE_ADAPTERS_URING_RING_H_
#define MONOCOQUE_ADAPTERS_URING_RING_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/ring_queue.h"
#include "protocol/drive/instant.h"

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
// Has the kernel what there is no other way for? null: it may not be asked; then it is assumed.
absl::Status CheckRequests(const io_uring_probe* probe);
// What `setup` says in the end, which is called until that is not -ENOMEM, until `end` at most: a
// ring that is closed gives back the memory it had locked a while later.
int SetUpPatiently(absl::FunctionRef<int()> setup, Instant end);

// An io_uring, of its own or the host's. For the thread that made it.
//
// user_data of our requests is the address of the Completion, or 0, with a tag in the upper 16
// bits, which no address of a process uses: so are they told from the host's on a shared ring.
class Ring {
 public:
  // A clear sentence if the kernel refuses: which call, why, what to change. With the limit of
  // locked memory reached it waits for some, up to a second.
  static absl::StatusOr<std::unique_ptr<Ring>> Create(unsigned entries);
  // On the host's ring, which must outlive this one. `tag`, which is not 0: see above.
  static absl::StatusOr<std::unique_ptr<Ring>> Share(io_uring* host, std::uint16_t tag);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // A place for a request, to be filled and owned before the next is asked for; what is queued is
  // submitted first if there is none. While the kernel takes nothing, what finds no place waits
  // with us for a later Submit.
  io_uring_sqe* Prepare();
  // Who hears of the request's completions; null: nobody wants to know. Comes after the request was
  // filled.
  void Own(io_uring_sqe* sqe, Completion* completion);
  // The requests that `completion` owns come to their end.
  void Cancel(Completion* completion);
  // The same for all requests on a ring that is ours alone.
  void CancelAll();
  // Hands what is queued to the kernel, waits for nothing.
  void Submit();
  // Ends and closes a stream that requests were made for: behind those, so that none of them meets
  // whoever gets its number next. Requests that wait for it come to their end.
  void CloseStream(int fd);
  // The same as Submit, and waits up to `wait` for a completion.
  void SubmitAndWait(absl::Duration wait);
  // True if completions are there, or can be had without waiting.
  bool Ready();
  // Gives each completion to its owner, up to `max_completions`; returns how many there were. The
  // host's are put aside.
  std::size_t Reap(std::size_t max_completions);
  // False: it is the host's, and untouched. Else it was given to its owner.
  bool Give(const io_uring_cqe& completion);
  // What was put aside, oldest first.
  RingQueue<io_uring_cqe>& others() { return others_; }
  // Readable when there is something to reap: the ring's own descriptor, or where the kernel wakes
  // nobody who waits for that, on a ring that defers completions, one that an eventfd tells. -1:
  // the system has none now, or the host has registered an eventfd of its own.
  int Descriptor();
  // That is readable when this one is, too: an eventfd, of which another is told late.
  void WakeBy(int fd);
  // Whoever waited for the descriptor knows.
  void Heard();
  // Requests wait to be submitted, the host's included.
  bool queued() const { return io_uring_sq_ready(ring_) > 0 || !late_.empty(); }
  // Requests whose last completion has not come, save those that were done but for a notification.
  std::int64_t outstanding() const { return outstanding_; }
  // Of a request a notification (IORING_CQE_F_NOTIF) is all that is still to come.
  void AwaitsNotification() { --outstanding_; }

  // All that is set up with the ring waits for locked memory no longer than until then.
  Instant patient_until() const { return patient_until_; }

  io_uring* get() { return ring_; }

 private:
  Ring();
  Ring(io_uring* host, std::uint16_t tag);

  // The oldest completion that is there or can be had without waiting; null: none.
  io_uring_cqe* Peek();
  // In the kernel's queue; null: what came before waits, or it is full.
  io_uring_sqe* Place();
  std::uint64_t UserData(const Completion* completion) const;

  io_uring own_{};
  io_uring* const ring_;
  const std::uint64_t tag_;
  const Instant patient_until_;
  std::int64_t outstanding_ = 0;
  // Where the ring's own descriptor wakes nobody, once somebody wants to wait: the eventfd that is
  // registered, and what is readable with it and with `also_`.
  int event_ = -1;
  int waited_ = -1;
  int also_ = -1;
  RingQueue<io_uring_sqe> late_;  // found no place yet
  RingQueue<io_uring_cqe> others_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_RING_H_
