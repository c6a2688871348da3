#include "adapters/uring/link_io.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "adapters/net/stream.h"
#include "adapters/uring/resolver.h"
#include "adapters/uring/socket_state.h"

namespace monocoque::uring {
namespace {

// How long a peer may take to close after we said we are done.
constexpr absl::Duration kDrainTime = absl::Seconds(1);
// The pause before reading is tried again after memory was out.
constexpr absl::Duration kStarvedPause = absl::Milliseconds(10);
// The pause after an accept that failed for want of descriptors.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
// Slices of one write.
constexpr std::size_t kMaxSpans = 512;

}  // namespace

// A write under way: the batch and the list of its pieces, kept only while it lasts.
class LinkIo::SendOp final : public Completion {
 public:
  SendOp(LinkIo* link, TransmitBatch octets) : batch(std::move(octets)), link_(link) {}

  void Submit(Ring* ring, int fd) {
    std::array<Bytes, kMaxSpans> spans;
    const std::size_t count = batch.Spans(spans);
    iov_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      iov_[i] = {const_cast<std::uint8_t*>(spans[i].data()), spans[i].size()};
    }
    message_ = {};
    message_.msg_iov = iov_.data();
    message_.msg_iovlen = count;
    io_uring_sqe* sqe = ring->Prepare(this);
    io_uring_prep_sendmsg(sqe, fd, &message_, MSG_NOSIGNAL);
    io_uring_sqe_set_data(sqe, static_cast<Completion*>(this));
  }
  void OnCompletion(int result, unsigned) override { link_->OnSent(result); }

  TransmitBatch batch;
  std::size_t written = 0;

 private:
  LinkIo* link_;
  std::vector<iovec> iov_;
  msghdr message_{};
};

LinkIo::LinkIo(Loop* loop, SocketState* owner, LinkId link, int fd)
    : loop_(*loop), owner_(owner), owned_(this), link_(link), fd_(fd) {
  owner_->links_alive.Add(&owned_);
  Arm();
}

LinkIo::~LinkIo() {
  Disown();
  loop_.SetTimer(this, Instant::Never());
}

void LinkIo::Disown() {
  if (owner_ == nullptr) return;
  owner_->links_alive.Remove(&owned_);
  owner_->Touch();
  owner_ = nullptr;
}

void LinkIo::Orphan() {
  Disown();
  CloseNow();
  DeleteIfOver();
}

void LinkIo::Arm() {
  if (armed_ || fd_ < 0 || loop_.closing()) return;
  if (mode_ == ReadMode::kDirect && ArmWindow()) return;
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare(this);
  if (loop_.buffers() != nullptr) {
    io_uring_prep_recv_multishot(sqe, fd_, nullptr, 0, 0);
    loop_.buffers()->Fit(sqe);
  } else {
    // Nothing is held for a link that has nothing to read.
    io_uring_prep_poll_add(sqe, fd_, POLLIN | POLLRDHUP);
  }
  io_uring_sqe_set_data(sqe, static_cast<Completion*>(this));
}

// The rest of a large frame goes straight into the frame's own block. False if that is not wanted
// any more, or cannot be.
bool LinkIo::ArmWindow() {
  if (owner_ == nullptr || draining_ || loop_.buffers() == nullptr) return false;
  if (owner_->machine().read_hint(link_).mode != ReadMode::kDirect) return false;
  absl::StatusOr<ReadWindow> window = owner_->machine().PrepareRead(link_);
  if (!window.ok()) return false;
  window_ = *std::move(window);
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare(this);
  io_uring_prep_recv(sqe, fd_, window_.span().data(), window_.span().size(), 0);
  io_uring_sqe_set_data(sqe, static_cast<Completion*>(this));
  return true;
}

void LinkIo::Cancel() {
  if (!armed_) return;
  io_uring_sqe* sqe = loop_.ring().Prepare(nullptr);
  io_uring_prep_cancel(sqe, static_cast<Completion*>(this), 0);
  io_uring_sqe_set_data(sqe, nullptr);
}

void LinkIo::SetReading(ReadMode mode) {
  if (mode_ == mode || draining_) return;
  mode_ = mode;
  // A multishot receive must be over before a window may be out.
  const bool wrong_kind = mode == ReadMode::kDirect && loop_.buffers() != nullptr;
  if (mode == ReadMode::kPaused || wrong_kind) Cancel();
  if (mode != ReadMode::kPaused) Arm();
}

void LinkIo::Send(TransmitBatch batch) {
  ++loop_.mutable_stats().writes;
  sending_ = new SendOp(this, std::move(batch));
  sending_->Submit(&loop_.ring(), fd_);
}

void LinkIo::OnSent(int result) {
  handling_ = true;
  SendOp* op = sending_;
  if (result > 0) {
    op->batch.Advance(static_cast<std::size_t>(result));
    op->written += static_cast<std::size_t>(result);
  }
  const bool failed = result < 0 && result != -EINTR && result != -EAGAIN;
  if (!failed && !op->batch.empty() && fd_ >= 0) {
    op->Submit(&loop_.ring(), fd_);
    handling_ = false;
    return;
  }
  sending_ = nullptr;
  const std::size_t written = op->written;
  TransmitBatch batch = std::move(op->batch);
  delete op;
  if (owner_ != nullptr) {
    owner_->machine().ReturnBatch(link_, std::move(batch), written,
                                  failed ? net::StreamError(-result) : absl::OkStatus(),
                                  loop_.now());
    owner_->Touch();
  }
  if (fd_ < 0) {
    Disown();
  } else if (draining_) {
    shutdown(fd_, SHUT_WR);
  }
  handling_ = false;
  DeleteIfOver();
}

void LinkIo::OnCompletion(int result, unsigned flags) {
  handling_ = true;
  if ((flags & IORING_CQE_F_MORE) == 0) armed_ = false;
  if (window_) {
    OnWindowFilled(result);
  } else if (fd_ < 0) {
    // Closed meanwhile; a buffer that came all the same goes back.
    if (result > 0 && loop_.buffers() != nullptr)
      loop_.buffers()->Take(result, flags, [](const Slice&) {});
  } else if (loop_.buffers() != nullptr) {
    Received(result, flags);
  } else {
    OnReadable(result);
  }
  if (loop_.closing()) CloseNow();
  if (mode_ != ReadMode::kPaused || draining_) Arm();
  handling_ = false;
  DeleteIfOver();
}

void LinkIo::Received(int result, unsigned flags) {
  if (result > 0) {
    LoopStats& stats = loop_.mutable_stats();
    ++(loop_.read_method() == ReadMethod::kIncremental ? stats.reads_incremental
                                                       : stats.reads_bundle);
    loop_.buffers()->Take(result, flags, [this](Slice piece) {
      if (owner_ != nullptr && !draining_) {
        (void)owner_->machine().Donate(link_, std::move(piece), loop_.now());
      }
    });
    if (owner_ != nullptr) owner_->Touch();
    return;
  }
  // Out of buffers or cancelled: armed anew where octets are wanted.
  if (result == -ENOBUFS || result == -ECANCELED || result == -EINTR || result == -EAGAIN) return;
  Over(result == 0 ? absl::OkStatus() : net::StreamError(-result));
}

void LinkIo::OnWindowFilled(int result) {
  ReadWindow window = std::exchange(window_, ReadWindow());
  if (fd_ < 0 || owner_ == nullptr || draining_) return;
  const std::size_t bytes = result > 0 ? static_cast<std::size_t>(result) : 0;
  owner_->machine().CommitRead(link_, std::move(window), bytes, loop_.now());
  owner_->Touch();
  if (bytes > 0) {
    ++loop_.mutable_stats().reads_direct;
  } else if (result != -ECANCELED && result != -EINTR && result != -EAGAIN) {
    Over(result == 0 ? absl::OkStatus() : net::StreamError(-result));
  }
}

// One-shot: the descriptor can be read now.
void LinkIo::OnReadable(int result) {
  if (result == -ECANCELED || result == -EINTR) return;
  if (draining_) {
    std::array<char, 4096> waste;
    const ssize_t got = recv(fd_, waste.data(), waste.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) Over(absl::OkStatus());
    return;
  }
  if (owner_ == nullptr) return;
  absl::StatusOr<ReadWindow> window = owner_->machine().PrepareRead(link_);
  if (!window.ok()) {
    // Paused: a Read action says when it goes on. Else memory is out: the next try says.
    if (owner_->machine().read_hint(link_).mode != ReadMode::kPaused) {
      loop_.SetTimer(this, loop_.now() + kStarvedPause);
    }
    mode_ = ReadMode::kPaused;
    return;
  }
  const MutableBytes span = window->span();
  const ssize_t got = recv(fd_, span.data(), span.size(), MSG_DONTWAIT);
  const int error = errno;
  owner_->machine().CommitRead(link_, *std::move(window),
                               got > 0 ? static_cast<std::size_t>(got) : 0, loop_.now());
  owner_->Touch();
  if (got > 0) {
    ++loop_.mutable_stats().reads_one_shot;
  } else if (got == 0 || (error != EAGAIN && error != EINTR)) {
    Over(got == 0 ? absl::OkStatus() : net::StreamError(error));
  }
}

void LinkIo::Over(const absl::Status& why) {
  if (owner_ != nullptr && !draining_) owner_->OnLinkOver(link_, why);
  CloseNow();
}

void LinkIo::Close(CloseMode mode) {
  if (mode == CloseMode::kAbort || fd_ < 0) {
    CloseNow();
  } else {
    draining_ = true;
    if (sending_ == nullptr) shutdown(fd_, SHUT_WR);
    loop_.SetTimer(this, loop_.now() + kDrainTime);
    Arm();
  }
  DeleteIfOver();
}

void LinkIo::OnTime(Instant /*now*/) {
  if (!draining_) {
    SetReading(ReadMode::kAny);
    return;
  }
  CloseNow();
  DeleteIfOver();
}

void LinkIo::CloseNow() {
  if (fd_ < 0) return;
  loop_.SetTimer(this, Instant::Never());
  Cancel();
  // Ends a send that waits for room, and the kernel lets go of our memory.
  shutdown(fd_, SHUT_RDWR);
  close(std::exchange(fd_, -1));
  if (sending_ == nullptr) Disown();  // else its batch is still owed
}

void LinkIo::DeleteIfOver() {
  if (fd_ < 0 && !armed_ && sending_ == nullptr && !handling_) delete this;
}

Acceptor::Acceptor(Loop* loop, SocketState* owner, ListenerId listener, net::Listener socket)
    : loop_(*loop), owner_(owner), listener_(listener), socket_(std::move(socket)) {
  Arm();
}

void Acceptor::Arm() {
  if (armed_ || !accepting_) return;
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare(this);
  io_uring_prep_multishot_accept(sqe, socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  io_uring_sqe_set_data(sqe, static_cast<Completion*>(this));
}

void Acceptor::SetAccepting(bool on) {
  if (accepting_ == on) return;
  accepting_ = on;
  if (on) {
    Arm();
  } else if (armed_) {
    io_uring_sqe* sqe = loop_.ring().Prepare(nullptr);
    io_uring_prep_cancel(sqe, static_cast<Completion*>(this), 0);
    io_uring_sqe_set_data(sqe, nullptr);
  }
}

void Acceptor::Close() {
  owner_ = nullptr;
  loop_.SetTimer(this, Instant::Never());
  SetAccepting(false);
  {
    const net::Listener closed = std::move(socket_);
    // The kernel keeps it until the accept is cancelled: it listens no more at once.
    shutdown(closed.fd(), SHUT_RDWR);
  }
  if (!armed_) delete this;
}

void Acceptor::OnCompletion(int result, unsigned flags) {
  if ((flags & IORING_CQE_F_MORE) == 0) armed_ = false;
  if (owner_ == nullptr) {
    if (result >= 0) close(result);
    if (!armed_) delete this;
    return;
  }
  if (result >= 0) {
    owner_->OnAccepted(listener_, result);
  } else if (result != -ECANCELED && result != -EINTR && result != -ECONNABORTED) {
    // Descriptors are out, say: a pause, so that the loop does not spin on it.
    owner_->machine().OnAcceptFailed(
        listener_, net::SystemError("accept", socket_.bound(), -result), loop_.now());
    owner_->Touch();
    loop_.SetTimer(this, loop_.now() + kAcceptPause);
    return;
  }
  Arm();
}

void Acceptor::OnTime(Instant /*now*/) { Arm(); }

Dial::Dial(Loop* loop, SocketState* owner, LinkId link, const Endpoint& endpoint)
    : loop_(*loop), owner_(owner), link_(link), endpoint_(endpoint) {}

Dial::~Dial() {
  if (fd_ >= 0) close(fd_);
}

void Dial::Start() {
  absl::StatusOr<std::vector<net::Address>> numeric = net::NumericAddresses(endpoint_);
  if (!numeric.ok()) {
    Fail(numeric.status());
  } else if (numeric->empty()) {
    loop_.resolver().Resolve(endpoint_.host, endpoint_.port, this);
  } else {
    OnResolved(std::move(numeric));
  }
}

void Dial::OnResolved(absl::StatusOr<std::vector<net::Address>> found) {
  if (owner_ == nullptr) {
    delete this;
  } else if (!found.ok()) {
    Fail(found.status());
  } else {
    addresses_ = *std::move(found);
    TryNext(EADDRNOTAVAIL);
  }
}

// `error`: what the last address said, told if there is no further one.
void Dial::TryNext(int error) {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  if (next_ == addresses_.size()) {
    Fail(net::SystemError("connect", endpoint_, error));
    return;
  }
  const net::Address& address = addresses_[next_++];
  const absl::StatusOr<int> fd = net::StreamToward(endpoint_, address);
  if (!fd.ok()) {
    Fail(fd.status());
    return;
  }
  fd_ = *fd;
  io_uring_sqe* sqe = loop_.ring().Prepare(this);
  io_uring_prep_connect(sqe, fd_, address.get(), address.size);
  io_uring_sqe_set_data(sqe, static_cast<Completion*>(this));
}

void Dial::OnCompletion(int result, unsigned /*flags*/) {
  if (owner_ == nullptr) {
    delete this;
  } else if (result != 0) {
    TryNext(-result);
  } else {
    owner_->OnDialed(link_, std::exchange(fd_, -1));
    delete this;
  }
}

void Dial::Fail(const absl::Status& why) {
  if (owner_ != nullptr) owner_->OnDialFailed(link_, why);
  delete this;
}

void Dial::Close() {
  owner_ = nullptr;
  if (fd_ < 0) return;  // the resolver has it, and deletes it through OnResolved
  io_uring_sqe* sqe = loop_.ring().Prepare(nullptr);
  io_uring_prep_cancel(sqe, static_cast<Completion*>(this), 0);
  io_uring_sqe_set_data(sqe, nullptr);
}

}  // namespace monocoque::uring
