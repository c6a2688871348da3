#include "adapters/uring/link_io.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "adapters/net/stream.h"
#include "adapters/uring/resolver.h"
#include "adapters/uring/socket_state.h"

namespace monocoque::uring {

using Next = net::DialSteps::Next;

namespace {

// How long a peer may take to close after we said we are done.
constexpr absl::Duration kDrainTime = absl::Seconds(1);
// The pause when there is no memory for buffers.
constexpr absl::Duration kMemoryPause = absl::Milliseconds(10);
// The pause after an accept that failed for want of descriptors.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);

}  // namespace

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
  if (armed_ || starved_ || fd_ < 0 || loop_.closing()) return;
  if (mode_ == ReadMode::kDirect && ArmWindow()) return;
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare();
  if (loop_.buffers() != nullptr) {
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
  if (owner_ == nullptr || draining_ || loop_.buffers() == nullptr) return false;
  if (owner_->machine().read_hint(link_).mode != ReadMode::kDirect) return false;
  absl::StatusOr<ReadWindow> window = owner_->machine().PrepareRead(link_);
  if (!window.ok()) return false;
  window_ = *std::move(window);
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare();
  io_uring_prep_recv(sqe, fd_, window_.span().data(), window_.span().size(), 0);
  loop_.ring().Own(sqe, this);
  return true;
}

void LinkIo::Cancel() {
  if (armed_) loop_.ring().Cancel(this);
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
  sending_ = loop_.send_ops().Take();
  sending_->Begin(this, std::move(batch));
  sending_->Submit(fd_, &copies_);
}

void LinkIo::OnSent(int result) {
  handling_ = true;
  if (result > 0) sending_->Took(static_cast<std::size_t>(result));
  const bool failed =
      result < 0 && result != -EINTR && result != -EAGAIN && !sending_->Refused(result);
  if (!failed && !sending_->batch.empty() && fd_ >= 0) {
    sending_->Submit(fd_, &copies_);
    handling_ = false;
    return;
  }
  const std::size_t written = sending_->written;
  TransmitBatch batch = loop_.send_ops().GiveBack(std::move(sending_));
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
  if (result == -ENOBUFS) {
    Starve();
    return;
  }
  // Cancelled: armed anew where octets are wanted.
  if (result == -ECANCELED || result == -EINTR || result == -EAGAIN) return;
  Over(result == 0 ? absl::OkStatus() : net::StreamError(-result));
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
    // Paused, or memory is out: a Read action says when it goes on.
    mode_ = ReadMode::kPaused;
    owner_->Touch();
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
    starved_ = false;
    if (sending_ == nullptr) shutdown(fd_, SHUT_WR);
    loop_.SetTimer(this, loop_.now() + kDrainTime);
    Arm();
  }
  DeleteIfOver();
}

void LinkIo::OnTime(Instant /*now*/) {
  if (std::exchange(starved_, false)) {
    if (mode_ != ReadMode::kPaused) Arm();
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
  if (armed_ || !accepting_ || loop_.closing()) return;
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare();
  io_uring_prep_multishot_accept(sqe, socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  loop_.ring().Own(sqe, this);
}

void Acceptor::SetAccepting(bool on) {
  if (accepting_ == on) return;
  accepting_ = on;
  if (on) {
    Arm();
  } else if (armed_) {
    loop_.ring().Cancel(this);
  }
}

void Acceptor::Close() {
  owner_ = nullptr;
  loop_.SetTimer(this, Instant::Never());
  SetAccepting(false);
  {
    const net::Listener closed = std::move(socket_);
    // The kernel keeps it until the accept is cancelled: it listens no more at once.
    if (closed.ours()) shutdown(closed.fd(), SHUT_RDWR);
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
    owner_->OnAccepted(listener_, result, socket_.Admit(result));
  } else if (result != -ECANCELED && result != -EINTR && result != -ECONNABORTED) {
    // Descriptors are out, say: a pause, so that the loop does not spin on it.
    owner_->OnAcceptFailed(listener_, net::SystemError("accept", socket_.bound(), -result));
    loop_.SetTimer(this, loop_.now() + kAcceptPause);
    return;
  }
  Arm();
}

void Acceptor::OnTime(Instant /*now*/) { Arm(); }

Dial::Dial(Loop* loop, SocketState* owner, const action::Dial& dial)
    : loop_(*loop), owner_(owner), link_(dial.link), steps_(dial) {}

void Dial::Start() { Go(steps_.Start()); }

void Dial::Go(Next next) {
  next_ = next;
  switch (next) {
    case Next::kResolve:
      loop_.resolver().Resolve(steps_.host(), steps_.port(), this);
      return;
    case Next::kConnect:
      late_ = false;
      loop_.SetTimer(this, loop_.now() + steps_.patience());
      break;
    case Next::kRead:
    case Next::kWrite:
      break;
    case Next::kDone: {
      int fd = -1;
      const TransportInfo info = steps_.Take(&fd);
      owner_->OnDialed(link_, fd, info);
      delete this;
      return;
    }
    case Next::kFailed:
      owner_->OnDialFailed(link_, steps_.status());
      delete this;
      return;
  }
  io_uring_sqe* sqe = loop_.ring().Prepare();
  if (next == Next::kConnect) {
    io_uring_prep_connect(sqe, steps_.fd(), steps_.address().get(), steps_.address().size);
  } else {
    io_uring_prep_poll_add(sqe, steps_.fd(), next == Next::kRead ? POLLIN : POLLOUT);
  }
  loop_.ring().Own(sqe, this);
}

void Dial::OnResolved(absl::StatusOr<std::vector<net::Address>> found) {
  if (owner_ == nullptr) {
    delete this;
  } else {
    Go(steps_.OnResolved(std::move(found)));
  }
}

void Dial::OnCompletion(int result, unsigned /*flags*/) {
  if (owner_ == nullptr) {
    delete this;
  } else if (late_) {
    Go(steps_.OnTimeout());
  } else {
    Go(next_ == Next::kConnect ? steps_.OnConnected(-result) : steps_.OnReady());
  }
}

// The completion of what is cancelled goes on.
void Dial::OnTime(Instant /*now*/) {
  late_ = true;
  loop_.ring().Cancel(this);
}

void Dial::Close() {
  owner_ = nullptr;
  // While a name is looked up the resolver has it, and deletes it through OnResolved.
  if (next_ != Next::kResolve) loop_.ring().Cancel(this);
}

}  // namespace monocoque::uring
