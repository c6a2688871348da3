#include "adapters/net/dial.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "adapters/net/socket_driver.h"

namespace monocoque::net {

using Next = DialSteps::Next;

Dial::Dial(SocketDriver* driver, const action::Dial& dial)
    : driver_(*driver), link_(dial.link), steps_(dial) {}

Dial::~Dial() {
  driver_.SetTimer(this, Instant::Never());
  watch_.reset();
}

void Dial::Start() { Go(steps_.Start()); }

void Dial::Go(Next next) {
  while (next == Next::kConnect) {
    const int error = Connect();
    if (error == EINPROGRESS) break;
    next = steps_.OnConnected(error);
  }
  next_ = next;
  switch (next) {
    case Next::kResolve:
      Resolve();
      return;
    case Next::kConnect:
    case Next::kWrite:
      Await(false, true);
      return;
    case Next::kRead:
      Await(true, false);
      return;
    case Next::kDone:
    case Next::kFailed:
      driver_.SetTimer(this, driver_.now());
      driver_.Touch();
      return;
  }
}

void Dial::Resolve() {
  absl::StatusOr<std::unique_ptr<Lookup>> lookup = driver_.reactor().Resolve(
      steps_.host(), steps_.port(), [this](absl::StatusOr<std::vector<Address>> found) {
        driver_.Tick();
        Go(steps_.OnResolved(std::move(found)));
      });
  if (!lookup.ok()) {
    Go(steps_.OnResolved(lookup.status()));
    return;
  }
  lookup_ = *std::move(lookup);
}

// What came of it: EINPROGRESS, that is not known yet.
int Dial::Connect() {
  driver_.SetTimer(this, driver_.now() + steps_.patience());
  driver_.Touch();
  const Address& address = steps_.address();
  if (connect(steps_.fd(), address.get(), address.size) == 0) return 0;
  return errno == EINTR ? EINPROGRESS : errno;
}

void Dial::Await(bool readable, bool writable) {
  absl::StatusOr<std::unique_ptr<Watch>> watch = driver_.reactor().MakeWatch(steps_.fd(), this);
  if (!watch.ok()) {
    Go(steps_.GiveUp(watch.status()));
    return;
  }
  watch_ = *std::move(watch);
  watch_->Want(readable, writable);
}

void Dial::OnReady(bool /*readable*/, bool /*writable*/) {
  driver_.Tick();
  watch_.reset();
  if (next_ != Next::kConnect) {
    Go(steps_.OnReady());
    return;
  }
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(steps_.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  Go(steps_.OnConnected(error));
}

bool Dial::Stands() const {
  pollfd connected{.fd = steps_.fd(), .events = POLLOUT, .revents = 0};
  return poll(&connected, 1, 0) > 0;
}

void Dial::OnTime(Instant /*now*/) {
  // The host may have been busy: what stands already, or the proxy said, came in time.
  const auto talks = [this] { return next_ == Next::kRead || next_ == Next::kWrite; };
  if (talks() || (next_ == Next::kConnect && Stands())) {
    OnReady(true, true);
    if (!talks()) return;
  }
  if (next_ != Next::kDone && next_ != Next::kFailed) {
    watch_.reset();
    Go(steps_.OnTimeout());
    return;
  }
  if (next_ == Next::kFailed) {
    driver_.OnDialFailed(link_, steps_.status());
    return;
  }
  int fd = -1;
  const TransportInfo info = steps_.Take(&fd);
  driver_.OnDialed(link_, fd, info);
}

}  // namespace monocoque::net
