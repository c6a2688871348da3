#ifndef MONOCOQUE_ADAPTERS_URING_SEND_OP_H_
#define MONOCOQUE_ADAPTERS_URING_SEND_OP_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "adapters/uring/ring.h"
#include "alloc/transmit_batch.h"

namespace monocoque::uring {

class LinkIo;

// A write under way: the batch and the list of its pieces.
class SendOp final : public Completion {
 public:
  void Begin(LinkIo* link, TransmitBatch octets);
  // Hands over what is left of the batch.
  void Submit(Ring* ring, int fd);
  // So much of it is written.
  void Took(std::size_t bytes);
  void OnCompletion(int result, unsigned flags) override;

  TransmitBatch batch;
  std::size_t written = 0;

 private:
  LinkIo* link_ = nullptr;
  std::vector<iovec> pieces_;
  msghdr message_{};
};

// A link has one only while it writes. Those that are not in use wait here for the next, a few, so
// that writing allocates nothing.
class SendOps {
 public:
  std::unique_ptr<SendOp> Take();
  void GiveBack(std::unique_ptr<SendOp> op);

 private:
  static constexpr std::size_t kKept = 16;

  std::vector<std::unique_ptr<SendOp>> idle_;
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_SEND_OP_H_
