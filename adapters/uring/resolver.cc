#include "adapters/uring/resolver.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "adapters/net/quiet_thread.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/mailbox.h"
#include "adapters/waker.h"

namespace monocoque::uring {

struct Resolver::Question {
  Question(std::string its_host, std::uint16_t its_port, net::Reactor::Found its_found)
      : host(std::move(its_host)), port(its_port), found(std::move(its_found)) {}

  const std::string host;
  const std::uint16_t port;
  const net::Reactor::Found found;
  std::atomic<bool> wanted{true};  // somebody asks still
  absl::StatusOr<std::vector<net::Address>> answer;
};

class Resolver::Lookup final : public net::Lookup {
 public:
  explicit Lookup(std::shared_ptr<Question> question) : question_(std::move(question)) {}
  ~Lookup() override { question_->wanted = false; }

 private:
  const std::shared_ptr<Question> question_;
};

struct Resolver::Shared {
  const ResolveFunction resolve;
  const std::shared_ptr<Waker> waker;  // null: the system gave no descriptor to be woken by
  std::mutex mutex;
  std::condition_variable asked;
  std::deque<std::shared_ptr<Question>> questions;
  std::vector<std::shared_ptr<Question>> answered;
  bool looking = false;  // the thread is in `resolve`
  bool stopping = false;
};

Resolver::Resolver(Loop* loop, ResolveFunction resolve)
    : shared_(new Shared{.resolve = resolve ? std::move(resolve) : net::ResolveName,
                         .waker = loop->mailbox().MakeWaker({})}) {}

Resolver::~Resolver() {
  bool looking = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    looking = shared_->looking;
  }
  shared_->asked.notify_all();
  if (!thread_.joinable()) return;
  if (looking) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

bool Resolver::Start() {
  if (thread_.joinable()) return true;
  if (shared_->waker == nullptr) return false;
  thread_ = net::StartQuietThread([shared = shared_] { Work(shared); });
  return thread_.joinable();
}

absl::StatusOr<std::unique_ptr<net::Lookup>> Resolver::Resolve(const std::string& host,
                                                               std::uint16_t port,
                                                               net::Reactor::Found found) {
  if (!Start()) {
    return absl::ResourceExhaustedError(
        "no thread to look names up: descriptors or threads are out; raise the limit (ulimit -n, "
        "ulimit -u) or give a numeric address.");
  }
  const auto question = std::make_shared<Question>(host, port, std::move(found));
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->questions.push_back(question);
  }
  shared_->asked.notify_one();
  return std::make_unique<Lookup>(question);
}

void Resolver::Deliver() {
  std::vector<std::shared_ptr<Question>> answered;
  {
    const std::lock_guard lock(shared_->mutex);
    answered.swap(shared_->answered);
  }
  for (const auto& question : answered) {
    if (question->wanted) question->found(std::move(question->answer));
  }
}

void Resolver::Work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->asked.wait(lock, [&] { return shared->stopping || !shared->questions.empty(); });
    if (shared->stopping) return;
    const std::shared_ptr<Question> question = std::move(shared->questions.front());
    shared->questions.pop_front();
    // Nobody asks any more: names that are slow would pile up with each attempt.
    if (!question->wanted) continue;
    shared->looking = true;
    lock.unlock();
    question->answer = shared->resolve(question->host, question->port);
    lock.lock();
    shared->looking = false;
    shared->answered.push_back(question);
    shared->waker->Wake();
  }
}

}  // namespace monocoque::uring
