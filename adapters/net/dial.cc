#include "adapters/net/dial.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "adapters/net/socket_driver.h"
#include "adapters/net/stream.h"

namespace monocoque::net {

Dial::Dial(SocketDriver* driver, LinkId link, const Endpoint& endpoint)
    : driver_(*driver), link_(link), endpoint_(endpoint) {}

Dial::~Dial() {
  driver_.SetTimer(this, Instant::Never());
  Drop();
}

void Dial::Drop() {
  watch_.reset();
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void Dial::Start() {
  absl::StatusOr<std::vector<Address>> numeric = NumericAddresses(endpoint_);
  if (numeric.ok() && numeric->empty()) {
    lookup_ = driver_.reactor().Resolve(endpoint_.host, endpoint_.port,
                                        [this](absl::StatusOr<std::vector<Address>> found) {
                                          driver_.Tick();
                                          OnResolved(std::move(found));
                                        });
  } else {
    OnResolved(std::move(numeric));
  }
}

void Dial::OnResolved(absl::StatusOr<std::vector<Address>> found) {
  if (!found.ok()) {
    Later(found.status());
    return;
  }
  addresses_ = *std::move(found);
  TryNext(SystemError("connect", endpoint_, EADDRNOTAVAIL));
}

// `last`: what the last address said, told if there is no further one.
void Dial::TryNext(absl::Status last) {
  while (next_ < addresses_.size()) {
    Drop();
    last = Try(addresses_[next_++]);
    if (last.ok()) return;
  }
  Later(std::move(last));
}

// OK: under way, or done.
absl::Status Dial::Try(const Address& address) {
  const absl::StatusOr<int> fd = StreamToward(endpoint_, address);
  if (!fd.ok()) return fd.status();
  fd_ = *fd;
  if (connect(fd_, address.get(), address.size) == 0) {
    Later(absl::OkStatus());
    return absl::OkStatus();
  }
  if (errno != EINPROGRESS && errno != EINTR) return SystemError("connect", endpoint_, errno);
  absl::StatusOr<std::unique_ptr<Watch>> watch = driver_.reactor().MakeWatch(fd_, this);
  if (!watch.ok()) return watch.status();
  watch_ = *std::move(watch);
  watch_->Want(false, true);
  return absl::OkStatus();
}

void Dial::OnReady(bool /*readable*/, bool /*writable*/) {
  driver_.Tick();
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error == 0) {
    Finish(absl::OkStatus());
  } else {
    TryNext(SystemError("connect", endpoint_, error));
  }
}

void Dial::Later(absl::Status outcome) {
  outcome_ = std::move(outcome);
  driver_.SetTimer(this, driver_.now());
  driver_.Touch();
}

void Dial::OnTime(Instant /*now*/) { Finish(outcome_); }

void Dial::Finish(const absl::Status& outcome) {
  watch_.reset();
  if (outcome.ok()) {
    driver_.OnDialed(link_, std::exchange(fd_, -1));
  } else {
    driver_.OnDialFailed(link_, outcome);
  }
}

}  // namespace monocoque::net
