#include "cli/tasks.h"

#include <algorithm>
#include <utility>

#include "adapters/net/host.h"

namespace monocoque::cli {
namespace {

// Coroutines that go on after one turn; then the host has its turn again.
constexpr int kMostATurn = 1024;

}  // namespace

Tasks::~Tasks() { tasks_.clear(); }

void Tasks::Spawn(Task<void> task) {
  tasks_.push_back(std::move(task));
  tasks_.back().Resume();
}

void Tasks::RunOnce(absl::Duration max_wait) {
  Instant next = Instant::Never();
  for (const Until* until : waiting_) next = std::min(next, until->when_);
  if (more_) max_wait = absl::ZeroDuration();
  host_->RunOnce(std::max(std::min(next - net::Now(), max_wait), absl::ZeroDuration()));
  ++turns_;
  int resumed = 0;
  while (resumed < kMostATurn && ResumeOne()) ++resumed;
  more_ = resumed == kMostATurn;
}

// The first that can go on. Those behind it have their turn before it has its next.
bool Tasks::ResumeOne() {
  const auto it = std::ranges::find_if(waiting_, [](Until* until) { return until->holds_(); });
  if (it == waiting_.end()) return false;
  const std::coroutine_handle<> handle = (*it)->handle_;
  waiting_.erase(it);
  handle.resume();
  return true;
}

Tasks::Until Tasks::AsyncUntil(std::function<bool()> holds, Instant when) {
  return {this, std::move(holds), when};
}

Tasks::Until Tasks::Sleep(absl::Duration duration) {
  const Instant when = net::Now() + duration;
  const bool at_once = duration <= absl::ZeroDuration();
  return {this,
          [this, when, at_once, turn = turns_] {
            return at_once || (turns_ != turn && net::Now() >= when);
          },
          when};
}

Tasks::Until Tasks::Readable(int fd) { return Awaited(fd, false); }
Tasks::Until Tasks::Writable(int fd) { return Awaited(fd, true); }

Tasks::Until Tasks::Awaited(int fd, bool write) {
  auto ready = std::make_shared<bool>(false);
  host_->Await(fd, write, [ready] { *ready = true; });
  return {this, [ready] { return *ready; }};
}

}  // namespace monocoque::cli
