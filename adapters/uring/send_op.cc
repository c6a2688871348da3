#include "adapters/uring/send_op.h"

#include <array>
#include <utility>

#include "adapters/uring/link_io.h"

namespace monocoque::uring {
namespace {

// Pieces of one write.
constexpr std::size_t kMaxPieces = 512;

}  // namespace

void SendOp::Begin(LinkIo* link, TransmitBatch octets) {
  link_ = link;
  batch = std::move(octets);
  written = 0;
}

void SendOp::Submit(Ring* ring, int fd) {
  std::array<Bytes, kMaxPieces> spans;
  const std::size_t count = batch.Spans(spans);
  pieces_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    pieces_[i] = {const_cast<std::uint8_t*>(spans[i].data()), spans[i].size()};
  }
  message_ = {};
  message_.msg_iov = pieces_.data();
  message_.msg_iovlen = count;
  io_uring_sqe* sqe = ring->Prepare();
  io_uring_prep_sendmsg(sqe, fd, &message_, MSG_NOSIGNAL);
  ring->Own(sqe, this);
}

void SendOp::Took(std::size_t bytes) {
  batch.Advance(bytes);
  written += bytes;
}

void SendOp::OnCompletion(int result, unsigned /*flags*/) { link_->OnSent(result); }

std::unique_ptr<SendOp> SendOps::Take() {
  if (idle_.empty()) return std::make_unique<SendOp>();
  std::unique_ptr<SendOp> op = std::move(idle_.back());
  idle_.pop_back();
  return op;
}

void SendOps::GiveBack(std::unique_ptr<SendOp> op) {
  if (idle_.size() < kKept) idle_.push_back(std::move(op));
}

}  // namespace monocoque::uring
