#ifndef MONOCOQUE_ADAPTERS_URING_SEND_OP_H_
#define MONOCOQUE_ADAPTERS_URING_SEND_OP_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "adapters/uring/options.h"
#include "adapters/uring/ring.h"
#include "alloc/transmit_batch.h"

namespace monocoque::uring {

class LinkIo;
class SendOps;

// A write under way: the batch and the list of its pieces. After a write without a copy it stays,
// with the batch, until the kernel has said that it reads that memory no more.
class SendOp final : public Completion {
 public:
  explicit SendOp(SendOps* ops) : ops_(ops) {}

  void Begin(LinkIo* link, TransmitBatch octets);
  // Hands over what is left of the batch. `copies`: whether the kernel is known to copy what the
  // link sends so; made here once that is to be found out, and told when it is.
  void Submit(int fd, std::shared_ptr<bool>* copies);
  // So much of it is written.
  void Took(std::size_t bytes);
  // The kernel does not send this without a copy; the next Submit asks for a plain write.
  bool Refused(int result);
  void OnCompletion(int result, unsigned flags) override;

  TransmitBatch batch;
  std::size_t written = 0;

 private:
  friend class SendOps;

  void OnNotified(bool copied);

  SendOps* ops_;            // null: its loop is gone
  LinkIo* link_ = nullptr;  // null: the write is over
  TransmitBatch spare_;     // memory for the core's next batch, should this one be kept
  std::vector<iovec> pieces_;
  msghdr message_{};
  bool zero_copy_ = false;
  std::shared_ptr<bool> copies_;
  int notifications_ = 0;  // that are still to come
  std::size_t place_ = 0;  // among those that are kept
};

// The writes of a loop. A link has one only while it writes. Those that are not in use wait here
// for the next, so that writing allocates nothing.
//
// Those whose memory the kernel may still read when the loop ends are left alone for good.
class SendOps {
 public:
  // Writes of `zero_copy_send` octets or more ask for no copy; 0: none does.
  SendOps(Ring* ring, std::size_t zero_copy_send, LoopStats* stats)
      : ring_(*ring), zero_copy_send_(zero_copy_send), stats_(*stats) {}
  ~SendOps();
  SendOps(const SendOps&) = delete;
  SendOps& operator=(const SendOps&) = delete;

  std::unique_ptr<SendOp> Take();
  // The write is over. Its batch, or an empty one in place of that which the kernel may still read.
  TransmitBatch GiveBack(std::unique_ptr<SendOp> op);
  // Writes that are over and whose memory the kernel may still read.
  std::size_t pinned() const { return pinned_.size(); }

 private:
  friend class SendOp;

  static constexpr std::size_t kKept = 1024;

  bool WorthZeroCopy(std::size_t bytes);
  void Unpin(SendOp* op);
  void Rest(std::unique_ptr<SendOp> op);

  Ring& ring_;
  const std::size_t zero_copy_send_;
  LoopStats& stats_;
  std::optional<bool> has_zero_copy_;  // the kernel, once it was asked
  std::vector<std::unique_ptr<SendOp>> idle_;
  std::vector<std::unique_ptr<SendOp>> pinned_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_SEND_OP_H_
