#include "tests/support/poll_set.h"

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace monocoque::testing {
namespace {

void Poll(std::vector<pollfd>* fds, absl::Duration wait) {
  const std::int64_t ns = std::max<std::int64_t>(absl::ToInt64Nanoseconds(wait), 0);
  const timespec ts{ns / 1'000'000'000, ns % 1'000'000'000};
  ppoll(fds->data(), fds->size(), wait == absl::InfiniteDuration() ? nullptr : &ts, nullptr);
}

}  // namespace

class PollSet::Entry final : public net::Watch {
 public:
  Entry(PollSet* set, int fd, net::WatchHandler* handler)
      : fd_(fd), handler_(handler), set_(*set), place_(set->entries_.size()) {
    set_.entries_.push_back(this);
  }
  ~Entry() override { set_.entries_[place_] = nullptr; }
  void Want(bool read, bool write) override {
    events_ = static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
  }
  void MoveTo(std::size_t place) { place_ = place; }
  // Who wants nothing hears nothing.
  pollfd Asks() const { return {events_ == 0 ? -1 : fd_, events_, 0}; }
  void Tell(short happened) {
    const bool failed = (happened & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    // What was asked for may have changed since.
    const int ready = failed ? POLLIN | POLLOUT : happened & events_;
    if (events_ != 0 && ready != 0) {
      handler_->OnReady((ready & POLLIN) != 0, (ready & POLLOUT) != 0);
    }
  }

 private:
  const int fd_;
  short events_ = 0;
  net::WatchHandler* const handler_;
  PollSet& set_;
  std::size_t place_;
};

std::unique_ptr<net::Watch> PollSet::Watch(int fd, net::WatchHandler* handler) {
  return std::make_unique<Entry>(this, fd, handler);
}

std::vector<pollfd> PollSet::Asked() const {
  std::vector<pollfd> asked;
  for (const Entry* entry : entries_) {
    asked.push_back(entry == nullptr ? pollfd{-1, 0, 0} : entry->Asks());
  }
  return asked;
}

void PollSet::Wait(absl::Duration wait) {
  const std::size_t first = std::min(std::exchange(first_, 0), entries_.size());
  std::rotate(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first),
              entries_.end());
  std::erase(entries_, nullptr);
  for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i]->MoveTo(i);
  polled_ = Asked();
  Poll(&polled_, wait);
}

bool PollSet::Ready() const {
  std::vector<pollfd> asked = Asked();
  Poll(&asked, absl::ZeroDuration());
  return std::ranges::any_of(asked, [](const pollfd& fd) { return fd.revents != 0; });
}

bool PollSet::Tell(std::size_t most) {
  // Handlers make and end watches, and wait for nothing.
  const std::vector<pollfd> polled = std::exchange(polled_, {});
  std::size_t told = 0;
  for (std::size_t i = 0; i < polled.size() && told < most; ++i) {
    if (polled[i].revents == 0) continue;
    ++told;
    first_ = i + 1;
    if (entries_[i] != nullptr) entries_[i]->Tell(polled[i].revents);
  }
  return told > 0;
}

}  // namespace monocoque::testing
