#include "tests/support/poll_reactor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "adapters/net/host.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/host.h"
#include "protocol/socket/socket.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

Host MakeHost() {
  Host host;
  host.pool = SlabPool::Create();
  host.entropy = std::make_shared<net::OsEntropy>();
  host.now = net::Now();
  return host;
}

}  // namespace

class PollReactor::PollLookup final : public net::Lookup {
 public:
  explicit PollLookup(PollReactor* reactor) : reactor_(*reactor) {}
  ~PollLookup() override {
    std::erase_if(reactor_.answers_, [this](const auto& answer) { return answer.first == this; });
  }

 private:
  PollReactor& reactor_;
};

// A descriptor that is readable once somebody called. It may outlive its reactor.
class PollReactor::PollWaker final : public Waker {
 public:
  ~PollWaker() override { close(event); }
  void Wake() override { eventfd_write(event, 1); }

  const int event = eventfd(0, EFD_NONBLOCK);
};

// Hears its waker, for as long as there is a reactor.
class PollReactor::Alarm final : public net::WatchHandler {
 public:
  explicit Alarm(PollReactor* reactor)
      : waker(std::make_shared<PollWaker>()),
        reactor_(*reactor),
        watch_(reactor->loop_.watched_.Watch(waker->event, this)) {
    watch_->Want(true, false);
  }
  void OnReady(bool, bool) override {
    eventfd_t calls;
    eventfd_read(waker->event, &calls);
    reactor_.driver_->Touch();
  }

  const std::shared_ptr<PollWaker> waker;

 private:
  PollReactor& reactor_;
  const std::unique_ptr<net::Watch> watch_;
};

std::shared_ptr<Waker> PollReactor::MakeWaker() {
  if (alarm_ == nullptr) alarm_ = std::make_unique<Alarm>(this);
  return alarm_->waker;
}

PollReactor::PollReactor(PollLoop* loop, SocketType type, const SocketOptions& options)
    : loop_(*loop) {
  loop_.reactors_.push_back(this);
  driver_.emplace(this, *monocoque::Socket::Create(type, options, MakeHost()));
}

PollReactor::~PollReactor() {
  driver_.reset();
  loop_.reactors_.remove(this);
}

absl::StatusOr<std::unique_ptr<net::Watch>> PollReactor::MakeWatch(int fd,
                                                                   net::WatchHandler* handler) {
  if (refuses_) return absl::ResourceExhaustedError("no more watches");
  return loop_.watched_.Watch(fd, handler);
}

absl::StatusOr<std::unique_ptr<net::Lookup>> PollReactor::Resolve(const std::string& host,
                                                                  std::uint16_t port, Found found) {
  if (refuses_) return absl::ResourceExhaustedError("nobody to ask");
  auto lookup = std::make_unique<PollLookup>(this);
  answers_.emplace_back(lookup.get(), [host, port, found = std::move(found)] {
    found(net::ResolveName(host, port));
  });
  return lookup;
}

void PollLoop::RunOnce(absl::Duration max_wait) {
  Instant next = Instant::Never();
  for (PollReactor* reactor : reactors_) {
    next = std::min(next, reactor->timer_);
    if (reactor->woken_ || !reactor->answers_.empty()) max_wait = absl::ZeroDuration();
  }
  const absl::Duration wait =
      std::clamp(next - net::Now(), absl::ZeroDuration(), std::max(max_wait, absl::ZeroDuration()));
  watched_.Wait(wait);
  watched_.Tell();
  for (PollReactor* reactor : reactors_) {
    if (reactor->timer_ <= net::Now()) {
      reactor->timer_ = Instant::Never();
      reactor->driver_->OnTimer();
    }
    for (const auto& [lookup, answer] : std::exchange(reactor->answers_, {})) answer();
    if (!std::exchange(reactor->woken_, false)) continue;
    ++reactor->turns_;
    reactor->driver_->Turn();
    while (reactor->driver_->ServeAuthenticator()) {
    }
  }
}

bool PollLoop::RunUntil(const std::function<bool()>& holds) {
  const Instant end = net::Now() + kPatience;
  while (!holds()) {
    if (net::Now() >= end) return false;
    RunOnce(absl::Milliseconds(100));
  }
  return true;
}

void PollLoop::RunFor(absl::Duration time) {
  const Instant end = net::Now() + time;
  do {
    RunOnce(end - net::Now());
  } while (net::Now() < end);
}

}  // namespace monocoque::testing
