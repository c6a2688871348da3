#include "adapters/net/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace monocoque::net {

struct Mailbox::Shared {
  ~Shared() {
    if (event >= 0) close(event);
  }

  int event = -1;  // set before there is a waker, and then no more
  const std::thread::id thread = std::this_thread::get_id();
  bool turning = false;  // that thread's alone
  std::atomic<bool> waiting{false};
  std::mutex mutex;
  std::vector<std::weak_ptr<Reactor>> sockets;
};

class Mailbox::SocketWaker final : public Waker {
 public:
  SocketWaker(std::shared_ptr<Shared> shared, std::weak_ptr<Reactor> socket)
      : shared_(std::move(shared)), socket_(std::move(socket)) {}

  void Wake() override {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->sockets.push_back(socket_);
    }
    const bool first = !shared_->waiting.exchange(true);
    const bool in_turn = std::this_thread::get_id() == shared_->thread && shared_->turning;
    if (first && !in_turn) eventfd_write(shared_->event, 1);
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::weak_ptr<Reactor> socket_;
};

Mailbox::Mailbox(WatchFunction watch, bool turning)
    : make_watch_(std::move(watch)), shared_(std::make_shared<Shared>()) {
  shared_->turning = turning;
}

// False: descriptors are out, or cannot be watched. There may be some the next time.
bool Mailbox::Open() {
  if (shared_->event >= 0) return true;
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) return false;
  watch_ = make_watch_(event, this);
  if (watch_ == nullptr) {
    close(event);
    return false;
  }
  shared_->event = event;
  watch_->Want(true, false);
  return true;
}

void Mailbox::OnReady(bool /*readable*/, bool /*writable*/) {
  eventfd_t calls;
  eventfd_read(shared_->event, &calls);
}

std::shared_ptr<Waker> Mailbox::MakeWaker(std::weak_ptr<Reactor> socket) {
  if (!Open()) return nullptr;
  return std::make_shared<SocketWaker>(shared_, std::move(socket));
}

void Mailbox::BeginTurn() { shared_->turning = true; }

void Mailbox::EndTurn(bool looked) {
  shared_->turning = false;
  if (!looked && waiting()) eventfd_write(shared_->event, 1);
}

bool Mailbox::waiting() const { return shared_->waiting.load(); }

bool Mailbox::Deliver() {
  if (!waiting()) return false;
  // First this: whoever comes after it wakes us again.
  shared_->waiting.store(false);
  std::vector<std::weak_ptr<Reactor>> sockets;
  {
    const std::lock_guard lock(shared_->mutex);
    sockets.swap(shared_->sockets);
  }
  for (const auto& socket : sockets) {
    if (const auto reactor = socket.lock()) reactor->Wake();
  }
  return true;
}

}  // namespace monocoque::net
