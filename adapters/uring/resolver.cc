#include "adapters/uring/resolver.h"

#include <signal.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

#include "adapters/uring/link_io.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/mailbox.h"
#include "adapters/waker.h"

namespace monocoque::uring {

struct Resolver::Question {
  std::uint64_t id;
  std::string host;
  std::uint16_t port;
};

struct Resolver::Answer {
  std::uint64_t id;
  absl::StatusOr<std::vector<net::Address>> addresses;
};

struct Resolver::Shared {
  const ResolveFunction resolve;
  const std::shared_ptr<Waker> waker;  // null: the system gave no descriptor to be woken by
  std::mutex mutex;
  std::condition_variable asked;
  std::deque<Question> questions;
  std::deque<Answer> answers;
  bool looking = false;  // the thread is in `resolve`
  bool stopping = false;
};

Resolver::Resolver(Loop* loop, ResolveFunction resolve)
    : shared_(new Shared{.resolve = resolve ? std::move(resolve) : net::ResolveName,
                         .waker = loop->mailbox().MakeWaker({})}) {}

Resolver::~Resolver() { Stop(); }

void Resolver::Stop() {
  bool looking = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    looking = shared_->looking;
  }
  shared_->asked.notify_all();
  if (thread_.joinable()) {
    if (looking) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }
  for (const auto& [id, dial] : std::exchange(open_, {})) {
    dial->OnResolved(absl::CancelledError("the loop ends"));
  }
}

bool Resolver::Start() {
  if (thread_.joinable()) return true;
  if (shared_->waker == nullptr) return false;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([shared = shared_] { Work(shared); });
  } catch (const std::system_error&) {
    // No thread can be had: thread_ stays empty.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread_.joinable();
}

void Resolver::Resolve(const std::string& host, std::uint16_t port, Dial* dial) {
  if (!Start()) {
    dial->OnResolved(absl::ResourceExhaustedError(
        "no thread to look names up: descriptors or threads are out; raise the limit (ulimit -n, "
        "ulimit -u) or give a numeric address."));
    return;
  }
  const std::uint64_t id = next_++;
  open_[id] = dial;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->questions.push_back({id, host, port});
  }
  shared_->asked.notify_one();
}

void Resolver::Deliver() {
  std::deque<Answer> answers;
  {
    const std::lock_guard lock(shared_->mutex);
    answers.swap(shared_->answers);
  }
  for (Answer& answer : answers) {
    const auto it = open_.find(answer.id);
    if (it == open_.end()) continue;
    Dial* dial = it->second;
    open_.erase(it);
    dial->OnResolved(std::move(answer.addresses));
  }
}

void Resolver::Work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->asked.wait(lock, [&] { return shared->stopping || !shared->questions.empty(); });
    if (shared->stopping) return;
    const Question question = std::move(shared->questions.front());
    shared->questions.pop_front();
    shared->looking = true;
    lock.unlock();
    absl::StatusOr<std::vector<net::Address>> found = shared->resolve(question.host, question.port);
    lock.lock();
    shared->looking = false;
    shared->answers.push_back({question.id, std::move(found)});
    shared->waker->Wake();
  }
}

}  // namespace monocoque::uring
