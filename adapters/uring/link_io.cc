#include "adapters/uring/link_io.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "adapters/net/stream.h"
#include "adapters/uring/kernel.h"

namespace monocoque::uring {
namespace {

// The pause when there is no memory for buffers.
constexpr absl::Duration kMemoryPause = absl::Milliseconds(10);

// What says nothing of the stream: read again where octets are wanted.
bool Again(int result) { return result == -ECANCELED || result == -EINTR || result == -EAGAIN; }

}  // namespace

LinkIo::LinkIo(Loop* loop, net::SocketDriver* driver, LinkId link, int fd)
    : loop_(*loop),
      driver_(driver),
      link_(link),
      budgeted_(driver->machine().budgeted(link)),
      fd_(fd) {
  Arm();
}

// Provided buffers are nobody's in particular: what a budget holds is read into windows.
bool LinkIo::donates() const { return !budgeted_ && loop_.buffers() != nullptr; }

void LinkIo::Arm() {
  if (armed_ || starved_ || fd_ < 0 || loop_.closing()) return;
  if (mode_ == ReadMode::kDirect && ArmWindow()) return;
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare();
  if (donates()) {
    io_uring_prep_recv_multishot(sqe, fd_, nullptr, 0, 0);
    loop_.buffers()->Fit(sqe);
  } else {
    // Nothing is held for a link that has nothing to read.
    io_uring_prep_poll_add(sqe, fd_, POLLIN | POLLRDHUP);
  }
  loop_.ring().Own(sqe, this);
}

// The rest of a large frame goes straight into the frame's own block. False if that is not wanted
// any more, or cannot be.
bool LinkIo::ArmWindow() {
  if (draining_ || !donates()) return false;
  if (driver_->machine().read_hint(link_).mode != ReadMode::kDirect) return false;
  absl::StatusOr<ReadWindow> window = driver_->machine().PrepareRead(link_);
  if (!window.ok()) return false;
  window_ = *std::move(window);
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare();
  const MutableBytes span = window_.span();
  io_uring_prep_recv(sqe, fd_, span.data(), std::min(span.size(), kernel::kMaxRequestBytes), 0);
  loop_.ring().Own(sqe, this);
  return true;
}

void LinkIo::Cancel() {
  if (armed_) loop_.ring().Cancel(this);
}

void LinkIo::SetReading(ReadMode mode) {
  if (mode_ == mode) return;
  mode_ = mode;
  // A multishot receive must be over before a window may be out.
  const bool wrong_kind = mode == ReadMode::kDirect && donates();
  if (mode == ReadMode::kPaused || wrong_kind) Cancel();
  if (mode != ReadMode::kPaused) Arm();
}

void LinkIo::Send(TransmitBatch batch) {
  ++loop_.mutable_stats().writes;
  sending_ = loop_.send_ops().Take();
  sending_->Begin(this, std::move(batch));
  sending_->Submit(fd_, &copies_);
}

void LinkIo::OnSent(int result) {
  if (result > 0) sending_->Took(static_cast<std::size_t>(result));
  // Of something it takes something, or says why not; or we would offer it for ever.
  if (result == 0) result = -EIO;
  const bool failed =
      result < 0 && result != -EINTR && result != -EAGAIN && !sending_->Refused(result);
  if (!failed && !sending_->batch.empty() && fd_ >= 0) {
    if (driver_ != nullptr) {
      driver_->machine().OnWritten(link_, sending_->written, loop_.now());
    }
    sending_->Submit(fd_, &copies_);
    return;
  }
  const std::size_t written = sending_->written;
  TransmitBatch batch = loop_.send_ops().GiveBack(std::move(sending_));
  if (driver_ != nullptr) {
    driver_->machine().ReturnBatch(link_, std::move(batch), written,
                                   failed ? net::StreamError(-result) : absl::OkStatus(),
                                   loop_.now());
    driver_->Touch();
  }
  if (fd_ < 0) {
    Retire();
  } else if (draining_) {
    shutdown(fd_, SHUT_WR);
  } else if (failed && !net::HasSomethingToRead(fd_)) {
    Over(-result);
  }
  DeleteIfOver();
}

void LinkIo::OnCompletion(int result, unsigned flags) {
  if ((flags & IORING_CQE_F_MORE) == 0) armed_ = false;
  if (window_) {
    OnWindowFilled(result);
  } else if (donates()) {
    Received(result, flags);
  } else if (fd_ >= 0) {
    OnReadable(result);
  }
  if (mode_ != ReadMode::kPaused || draining_) Arm();
  DeleteIfOver();
}

void LinkIo::Received(int result, unsigned flags) {
  if (result > 0) {
    LoopStats& stats = loop_.mutable_stats();
    ++(loop_.read_method() == ReadMethod::kIncremental ? stats.reads_incremental
                                                       : stats.reads_bundle);
    // Of a link that is closed the buffers go back.
    loop_.buffers()->Take(result, flags, [this](Slice piece) {
      if (!closing()) (void)driver_->machine().Donate(link_, std::move(piece), loop_.now());
    });
    if (!closing()) driver_->Touch();
  } else if (result == -ENOBUFS) {
    if (fd_ >= 0) Starve();
  } else if (!Again(result)) {
    Over(-result);
  }
}

// The buffers were used up. If others can be had it goes on at once.
void LinkIo::Starve() {
  if (loop_.buffers()->FillGaps()) return;
  if (draining_) {
    CloseNow();
    return;
  }
  starved_ = true;
  loop_.SetTimer(this, loop_.now() + kMemoryPause);
}

void LinkIo::OnWindowFilled(int result) {
  ReadWindow window = std::exchange(window_, ReadWindow());
  if (closing()) return;
  if (result > 0) ++loop_.mutable_stats().reads_direct;
  OnRead(std::move(window), result);
}

// `result`: how much of the window was filled, or a negative errno.
void LinkIo::OnRead(ReadWindow window, int result) {
  const std::size_t bytes = result > 0 ? static_cast<std::size_t>(result) : 0;
  driver_->machine().CommitRead(link_, std::move(window), bytes, loop_.now());
  driver_->Touch();
  if (bytes == 0 && !Again(result)) Over(-result);
}

// Without provided buffers: the descriptor can be read now.
void LinkIo::OnReadable(int result) {
  if (Again(result)) return;
  if (draining_) {
    if (net::DrainStream(fd_)) CloseNow();
    return;
  }
  absl::StatusOr<ReadWindow> window = driver_->machine().PrepareRead(link_);
  if (!window.ok()) {
    // Paused, or memory is out: a Read action says when it goes on.
    mode_ = ReadMode::kPaused;
    driver_->Touch();
    return;
  }
  const MutableBytes span = window->span();
  const ssize_t got = recv(fd_, span.data(), span.size(), MSG_DONTWAIT);
  if (got > 0) ++loop_.mutable_stats().reads_one_shot;
  OnRead(*std::move(window), got < 0 ? -errno : static_cast<int>(got));
}

// `error`: 0, the stream ended; else an errno.
void LinkIo::Over(int error) {
  if (!closing()) {
    driver_->OnLinkOver(link_, error == 0 ? absl::OkStatus() : net::StreamError(error));
  }
  CloseNow();
}

void LinkIo::Close(CloseMode mode) {
  if (mode == CloseMode::kAbort) {
    CloseNow();
    return;
  }
  draining_ = true;
  starved_ = false;
  if (sending_ == nullptr) shutdown(fd_, SHUT_WR);
  loop_.SetTimer(this, loop_.now() + net::kDrainTime);
  Arm();
}

void LinkIo::OnTime(Instant /*now*/) {
  if (std::exchange(starved_, false)) {
    if (mode_ != ReadMode::kPaused) Arm();
  } else {
    CloseNow();
  }
}

void LinkIo::CloseNow() {
  if (fd_ < 0) return;
  loop_.SetTimer(this, Instant::Never());
  Cancel();
  // A send that waits for room ends, too, and the kernel lets go of our memory.
  loop_.ring().CloseStream(std::exchange(fd_, -1));
  if (sending_ == nullptr) Retire();  // else its batch is still owed
}

void LinkIo::Retire() {
  if (driver_ != nullptr) std::exchange(driver_, nullptr)->Retire(link_);
}

void LinkIo::Release() {
  released_ = true;
  driver_ = nullptr;
  CloseNow();
  DeleteIfOver();
}

void LinkIo::DeleteIfOver() {
  if (released_ && !armed_ && sending_ == nullptr) delete this;
}

}  // namespace monocoque::uring
