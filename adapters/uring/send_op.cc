#include "adapters/uring/send_op.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "adapters/net/stream.h"
#include "adapters/uring/kernel.h"
#include "adapters/uring/link_io.h"

namespace monocoque::uring {
namespace {

// Pieces of one write.
constexpr std::size_t kMaxPieces = 512;

bool KernelHasZeroCopy(io_uring* ring) {
  io_uring_probe* probe = io_uring_get_probe_ring(ring);
  if (probe == nullptr) return false;
  const bool has = io_uring_opcode_supported(probe, IORING_OP_SENDMSG_ZC) != 0;
  io_uring_free_probe(probe);
  return has;
}

// After its loop's end. On a ring that the host goes on with it may hear of its notification yet.
void KeepForGood(std::unique_ptr<SendOp> op) {
  static std::mutex mutex;
  static auto* const kept = new std::vector<std::unique_ptr<SendOp>>;
  const std::lock_guard lock(mutex);
  kept->push_back(std::move(op));
}

}  // namespace

void SendOp::Begin(LinkIo* link, TransmitBatch octets) {
  link_ = link;
  spare_ = std::exchange(batch, std::move(octets));
  written = 0;
}

void SendOp::Submit(int fd, std::shared_ptr<bool>* copies) {
  pieces_.clear();
  batch.VisitSpans(kMaxPieces, [this](Bytes octets) { pieces_.push_back(net::PieceOf(octets)); });
  message_ = {};
  message_.msg_iov = pieces_.data();
  message_.msg_iovlen = pieces_.size();
  zero_copy_ = (*copies == nullptr || !**copies) && ops_->WorthZeroCopy(batch.remaining());
  io_uring_sqe* sqe = ops_->ring_.Prepare();
  if (zero_copy_) {
    if (*copies == nullptr) *copies = std::make_shared<bool>(false);
    copies_ = *copies;
    ++notifications_;
    ++ops_->stats_.zero_copy_writes;
    io_uring_prep_sendmsg_zc(sqe, fd, &message_, MSG_NOSIGNAL);
    sqe->ioprio = kernel::kSendZeroCopyReportUsage;
  } else if (pieces_.size() == 1) {
    // The system has less to find out than of a message.
    io_uring_prep_send(sqe, fd, pieces_[0].iov_base,
                       std::min(pieces_[0].iov_len, kernel::kMaxRequestBytes), MSG_NOSIGNAL);
  } else {
    io_uring_prep_sendmsg(sqe, fd, &message_, MSG_NOSIGNAL);
  }
  ops_->ring_.Own(sqe, this);
}

void SendOp::Took(std::size_t bytes) {
  batch.Advance(bytes);
  written += bytes;
}

// What says nothing of the stream: no such request here, not on such a descriptor, no more memory
// may be locked, a restricted ring.
bool SendOp::Refused(int result) {
  if (!zero_copy_) return false;
  if (result != -EINVAL && result != -EOPNOTSUPP && result != -ENOMEM && result != -EACCES) {
    return false;
  }
  *copies_ = true;
  return true;
}

void SendOp::OnCompletion(int result, unsigned flags) {
  if ((flags & IORING_CQE_F_NOTIF) != 0) {
    OnNotified((static_cast<unsigned>(result) & kernel::kNotificationCopied) != 0);
    return;
  }
  if ((flags & IORING_CQE_F_MORE) != 0) {
    ops_->ring_.AwaitsNotification();
  } else if (zero_copy_) {
    --notifications_;
  }
  link_->OnSent(result);
}

void SendOp::OnNotified(bool copied) {
  --notifications_;
  if (ops_ == nullptr) {
    if (notifications_ == 0) batch.Clear();
    return;
  }
  if (copied) {
    *copies_ = true;
    ++ops_->stats_.zero_copy_copied;
  }
  if (link_ == nullptr && notifications_ == 0) ops_->Unpin(this);
}

SendOps::~SendOps() {
  for (std::unique_ptr<SendOp>& op : pinned_) {
    op->ops_ = nullptr;
    KeepForGood(std::move(op));
  }
}

bool SendOps::WorthZeroCopy(std::size_t bytes) {
  if (zero_copy_send_ == 0 || bytes < zero_copy_send_) return false;
  if (!has_zero_copy_) has_zero_copy_ = KernelHasZeroCopy(ring_.get());
  return *has_zero_copy_;
}

std::unique_ptr<SendOp> SendOps::Take() {
  if (idle_.empty()) return std::make_unique<SendOp>(this);
  std::unique_ptr<SendOp> op = std::move(idle_.back());
  idle_.pop_back();
  return op;
}

TransmitBatch SendOps::GiveBack(std::unique_ptr<SendOp> op) {
  op->link_ = nullptr;
  if (op->notifications_ > 0) {
    TransmitBatch spare = std::move(op->spare_);
    op->place_ = pinned_.size();
    pinned_.push_back(std::move(op));
    return spare;
  }
  TransmitBatch batch = std::exchange(op->batch, std::move(op->spare_));
  Rest(std::move(op));
  return batch;
}

void SendOps::Unpin(SendOp* op) {
  std::unique_ptr<SendOp> over = std::move(pinned_[op->place_]);
  if (pinned_.back() != nullptr) {
    pinned_.back()->place_ = op->place_;
    pinned_[op->place_] = std::move(pinned_.back());
  }
  pinned_.pop_back();
  over->batch.Clear();
  Rest(std::move(over));
}

void SendOps::Rest(std::unique_ptr<SendOp> op) {
  op->copies_.reset();
  if (idle_.size() < kKept) idle_.push_back(std::move(op));
}

}  // namespace monocoque::uring
