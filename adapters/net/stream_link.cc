#include "adapters/net/stream_link.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "adapters/net/socket_driver.h"
#include "adapters/net/stream.h"
#include "alloc/read_window.h"

namespace monocoque::net {
namespace {

// Slices of one write.
constexpr std::size_t kMaxSpans = 256;
// Octets read at one go: beyond, other descriptors have their turn.
constexpr std::size_t kReadBytes = 512 * 1024;

ssize_t SendNow(const TransmitBatch& batch, int fd) {
  std::array<iovec, kMaxSpans> pieces;
  auto next = pieces.begin();
  const std::size_t count =
      batch.VisitSpans(kMaxSpans, [&next](Bytes octets) { *next++ = PieceOf(octets); });
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  // Of one piece the system has less to find out.
  if (count == 1) return send(fd, pieces[0].iov_base, pieces[0].iov_len, kFlags);
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  return sendmsg(fd, &message, kFlags);
}

}  // namespace

StreamLink::StreamLink(SocketDriver* driver, LinkId link, int fd)
    : driver_(*driver), link_(link), fd_(fd) {
  absl::StatusOr<std::unique_ptr<Watch>> watch = driver_.reactor().MakeWatch(fd, this);
  if (watch.ok()) {
    watch_ = *std::move(watch);
    Want();
  } else {
    // Told at the next turn: the core has only just learned of the link.
    driver_.SetTimer(this, driver_.now());
  }
}

StreamLink::~StreamLink() {
  driver_.SetTimer(this, Instant::Never());
  watch_.reset();
  if (fd_ >= 0) close(fd_);
}

void StreamLink::Want() {
  if (watch_ == nullptr) return;
  const bool read = closing_ || mode_ != ReadMode::kPaused;
  if (read == wants_read_ && sending_ == wants_write_) return;
  wants_read_ = read;
  wants_write_ = sending_;
  watch_->Want(read, sending_);
}

void StreamLink::SetReading(ReadMode mode) {
  if (mode_ == mode) return;
  mode_ = mode;
  Want();
}

void StreamLink::OnReady(bool readable, bool writable) {
  driver_.Tick();
  if (writable && sending_) {
    Write();
    Want();
  }
  if (!readable || fd_ < 0) return;
  if (closing_) {
    if (DrainStream(fd_)) CloseNow();
  } else if (mode_ != ReadMode::kPaused) {
    Read();
  }
}

void StreamLink::ReadNow() {
  if (!closing_ && watch_ != nullptr && mode_ != ReadMode::kPaused) Read();
}

void StreamLink::Read() {
  for (std::size_t total = 0; total < kReadBytes;) {
    absl::StatusOr<ReadWindow> window = driver_.machine().PrepareRead(link_);
    if (!window.ok()) {
      // Paused, or memory is out: Read actions say so, and when it goes on.
      driver_.Touch();
      return;
    }
    const std::size_t room = window->span().size();
    const ssize_t got = recv(fd_, window->span().data(), room, MSG_DONTWAIT);
    const int error = errno;
    const std::size_t bytes = got > 0 ? static_cast<std::size_t>(got) : 0;
    driver_.machine().CommitRead(link_, *std::move(window), bytes, driver_.now());
    if (got <= 0) {
      if (got == 0 || !TryAgain(error)) Over(got == 0 ? absl::OkStatus() : StreamError(error));
      return;
    }
    driver_.Touch();
    total += bytes;
    if (bytes < room) return;
  }
}

void StreamLink::Send(TransmitBatch batch) {
  batch_ = std::move(batch);
  written_ = 0;
  sending_ = true;
  Write();
  Want();
}

void StreamLink::Write() {
  while (!batch_.empty()) {
    const ssize_t sent = SendNow(batch_, fd_);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (TryAgain(errno)) {
        driver_.machine().OnWritten(link_, written_, driver_.now());
        return;
      }
      const absl::Status why = StreamError(errno);
      GiveBack(why);
      if (!closing_ && !HasSomethingToRead(fd_)) Over(why);
      return;
    }
    batch_.Advance(static_cast<std::size_t>(sent));
    written_ += static_cast<std::size_t>(sent);
  }
  GiveBack(absl::OkStatus());
}

void StreamLink::GiveBack(const absl::Status& status) {
  sending_ = false;
  driver_.machine().ReturnBatch(link_, std::move(batch_), written_, status, driver_.now());
  driver_.Touch();
  if (closing_ && fd_ >= 0) shutdown(fd_, SHUT_WR);
}

void StreamLink::Over(const absl::Status& why) {
  driver_.OnLinkOver(link_, why);
  CloseNow();
}

void StreamLink::Close(CloseMode mode) {
  closing_ = true;
  if (mode == CloseMode::kAbort || watch_ == nullptr) {
    CloseNow();
    return;
  }
  if (!sending_) shutdown(fd_, SHUT_WR);
  driver_.SetTimer(this, driver_.now() + kDrainTime);
  Want();
}

void StreamLink::OnTime(Instant /*now*/) {
  if (closing_) {
    CloseNow();
  } else if (watch_ == nullptr) {
    Over(absl::ResourceExhaustedError("the event loop cannot watch this connection"));
  }
}

void StreamLink::CloseNow() {
  if (fd_ < 0) return;
  closing_ = true;
  watch_.reset();
  close(std::exchange(fd_, -1));
  driver_.SetTimer(this, Instant::Never());
  if (sending_) GiveBack(absl::UnavailableError("closed"));
  driver_.Retire(link_);
}

}  // namespace monocoque::net
