#include "adapters/net/name_resolver.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

#include "adapters/net/quiet_thread.h"

namespace monocoque::net {

struct NameResolver::Question {
  Question(std::string its_host, std::uint16_t its_port, Reactor::Found its_found)
      : host(std::move(its_host)), port(its_port), found(std::move(its_found)) {}

  const std::string host;
  const std::uint16_t port;
  const Reactor::Found found;
  std::atomic<bool> wanted{true};  // somebody asks still
  absl::StatusOr<std::vector<Address>> answer;
};

class NameResolver::Asker final : public Lookup {
 public:
  explicit Asker(std::shared_ptr<Question> question) : question_(std::move(question)) {}
  ~Asker() override { question_->wanted = false; }

 private:
  const std::shared_ptr<Question> question_;
};

struct NameResolver::Shared {
  const ResolveFunction resolve;
  std::shared_ptr<Waker> waker;  // set before there is a thread, and then no more
  std::mutex mutex;
  std::condition_variable asked;
  std::deque<std::shared_ptr<Question>> questions;
  std::vector<std::shared_ptr<Question>> answered;
  bool looking = false;  // the thread is in `resolve`
  bool stopping = false;
};

NameResolver::NameResolver(ResolveFunction resolve, MakeWaker make_waker)
    : shared_(new Shared{.resolve = resolve ? std::move(resolve) : ResolveName}),
      make_waker_(std::move(make_waker)) {}

NameResolver::~NameResolver() {
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

bool NameResolver::Start() {
  if (thread_.joinable()) return true;
  if (shared_->waker == nullptr) shared_->waker = make_waker_();
  if (shared_->waker == nullptr) return false;
  thread_ = StartQuietThread([shared = shared_] { Work(shared); });
  return thread_.joinable();
}

absl::StatusOr<std::unique_ptr<Lookup>> NameResolver::Resolve(const std::string& host,
                                                              std::uint16_t port,
                                                              Reactor::Found found) {
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
  return std::make_unique<Asker>(question);
}

void NameResolver::Deliver() {
  std::vector<std::shared_ptr<Question>> answered;
  {
    const std::lock_guard lock(shared_->mutex);
    answered.swap(shared_->answered);
  }
  for (const auto& question : answered) {
    if (question->wanted) question->found(std::move(question->answer));
  }
}

// What it throws ends nothing but this question.
absl::StatusOr<std::vector<Address>> NameResolver::Ask(const ResolveFunction& resolve,
                                                       const Question& question) {
  try {
    return resolve(question.host, question.port);
  } catch (const std::exception& thrown) {
    return NoAddressError(question.host, thrown.what());
  } catch (...) {
    return NoAddressError(question.host, "the resolver has thrown something");
  }
}

void NameResolver::Work(const std::shared_ptr<Shared>& shared) {
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
    question->answer = Ask(shared->resolve, *question);
    lock.lock();
    shared->looking = false;
    shared->answered.push_back(question);
    shared->waker->Wake();
  }
}

}  // namespace monocoque::net
