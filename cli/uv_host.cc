#include "cli/uv_host.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/uv/socket.h"
#include "cli/host_socket_on.h"

namespace monocoque::cli {
namespace {

// The longest wait in one piece: whoever waits longer comes again.
constexpr absl::Duration kLongest = absl::Hours(1);
// Iterations that the end gives handles to be closed in.
constexpr int kGoodbyeIterations = 8;

// With fewer libuv ends the process.
constexpr std::size_t kItsDescriptors = 3;

bool DescriptorsAreOut() {
  std::array<int, kItsDescriptors> free;
  for (int& fd : free) fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  const bool out = std::ranges::count(free, -1) > 0;
  for (const int fd : free) {
    if (fd >= 0) close(fd);
  }
  return out;
}

class UvSocket final : public HostSocketOn<uv::Socket> {
 public:
  using HostSocketOn::HostSocketOn;

  void StartClose(absl::Duration linger) override {
    socket_.Close(linger, [closed = closed_](const absl::Status&) { *closed = true; });
  }
  bool closed() const override { return *closed_; }

 private:
  // The callback may outlive the socket.
  const std::shared_ptr<bool> closed_ = std::make_shared<bool>(false);
};

}  // namespace

struct UvHost::Wait {
  UvHost* host;
  std::function<void()> ready;
  uv_poll_t poll;
};

UvHost::UvHost() {
  if (const int error = DescriptorsAreOut() ? UV_EMFILE : uv_loop_init(&loop_); error != 0) {
    status_ = absl::UnavailableError(absl::StrCat("libuv: ", uv_strerror(error)));
    return;
  }
  uv_timer_init(&loop_, &alarm_);
}

// A name that is still looked up keeps the loop from being closed: that is left to the end of the
// process.
UvHost::~UvHost() {
  if (!status_.ok()) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&alarm_), nullptr);
  for (Wait& wait : waits_) Free(&wait);
  for (int i = 0; i < kGoodbyeIterations && uv_loop_close(&loop_) == UV_EBUSY; ++i) {
    uv_run(&loop_, UV_RUN_NOWAIT);
  }
}

absl::StatusOr<std::unique_ptr<HostSocket>> UvHost::MakeSocket(SocketType type,
                                                               const SocketOptions& options) {
  uv::Socket socket(&loop_, type, options);
  if (!socket.status().ok()) return socket.status();
  return std::make_unique<UvSocket>(std::move(socket));
}

// Sockets take their turns at the begin of an iteration: one that waits for something, and one for
// what it brought.
void UvHost::RunOnce(absl::Duration max_wait) {
  if (!ready_.empty()) {
    for (const auto& ready : std::exchange(ready_, {})) ready();
  } else if (max_wait > absl::ZeroDuration() && uv_backend_timeout(&loop_) != 0) {
    const absl::Duration wait = absl::Ceil(std::min(max_wait, kLongest), absl::Milliseconds(1));
    const auto milliseconds = static_cast<std::uint64_t>(absl::ToInt64Milliseconds(wait));
    uv_update_time(&loop_);
    // Again and again: libuv looks at timers before it waits, and one that was due by then, because
    // we had to wait for a processor, would end no wait.
    uv_timer_start(&alarm_, [](uv_timer_t*) {}, milliseconds, milliseconds);
    uv_run(&loop_, UV_RUN_ONCE);
    uv_timer_stop(&alarm_);
  }
  uv_run(&loop_, UV_RUN_NOWAIT);
}

void UvHost::Await(int fd, bool write, std::function<void()> ready) {
  Wait& wait = waits_.emplace_back();
  wait.host = this;
  wait.ready = std::move(ready);
  wait.poll.data = &wait;
  // libuv sets the descriptor not to block, for everybody who shares it: the terminal, say.
  const int flags = fcntl(fd, F_GETFL);
  const int error = uv_poll_init(&loop_, &wait.poll, fd);
  if (flags >= 0) fcntl(fd, F_SETFL, flags);
  if (error != 0) {
    // A file: reading it never waits. Or nothing at all, which the next call says.
    ready_.push_back(std::move(wait.ready));
    waits_.pop_back();
    return;
  }
  uv_poll_start(&wait.poll, write ? UV_WRITABLE : UV_READABLE, [](uv_poll_t* poll, int, int) {
    auto* its = static_cast<Wait*>(poll->data);
    const std::function<void()> tell = std::move(its->ready);
    its->host->Free(its);
    tell();
  });
}

void UvHost::Free(Wait* wait) {
  auto* const base = reinterpret_cast<uv_handle_t*>(&wait->poll);
  if (uv_is_closing(base) != 0) return;
  uv_close(base, [](uv_handle_t* closed) {
    auto* its = static_cast<Wait*>(closed->data);
    its->host->waits_.remove_if([its](const Wait& each) { return &each == its; });
  });
}

}  // namespace monocoque::cli
