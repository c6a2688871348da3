#include "adapters/uring/resolver.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "adapters/uring/link_io.h"
#include "adapters/uring/loop.h"

namespace monocoque::uring {

Resolver::Resolver(Loop* loop)
    : loop_(*loop), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { Work(); }) {}

Resolver::~Resolver() {
  Stop();
  if (wake_ >= 0) close(wake_);
}

void Resolver::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (std::deque<Question>* open : {&answers_, &questions_}) {
    for (Question& question : *open)
      question.dial->OnResolved(absl::CancelledError("the loop ends"));
    open->clear();
  }
}

void Resolver::Arm() {
  if (armed_) return;
  armed_ = true;
  io_uring_sqe* sqe = loop_.ring().Prepare(this);
  io_uring_prep_read(sqe, wake_, &count_, sizeof(count_), 0);
  io_uring_sqe_set_data(sqe, static_cast<Completion*>(this));
}

void Resolver::Resolve(const std::string& host, std::uint16_t port, Dial* dial) {
  Arm();
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back({host, port, dial, absl::UnknownError("")});
  }
  asked_.notify_one();
}

void Resolver::OnCompletion(int result, unsigned /*flags*/) {
  armed_ = false;
  std::deque<Question> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (Question& question : answers) question.dial->OnResolved(std::move(question.answer));
  if (result > 0) Arm();
}

void Resolver::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    if (stopping_) return;
    Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    question.answer = net::ResolveName(question.host, question.port);
    lock.lock();
    answers_.push_back(std::move(question));
    const std::uint64_t one = 1;
    (void)!write(wake_, &one, sizeof(one));
  }
}

}  // namespace monocoque::uring
