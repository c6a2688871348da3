#include "adapters/uring/watch.h"

#include <poll.h>

#include <cerrno>

#include "adapters/uring/loop.h"
#include "adapters/uring/ring.h"

namespace monocoque::uring {

class Watch::Poll final : public Completion {
 public:
  Poll(Loop* loop, int fd, net::WatchHandler* handler) : loop_(*loop), fd_(fd), handler_(handler) {}

  void Want(unsigned events) {
    if (events == wanted_) return;
    wanted_ = events;
    if (armed_) {
      loop_.ring().Cancel(this);
    } else {
      Arm();
    }
  }

  // The handler hears no more.
  void Forget() {
    handler_ = nullptr;
    Want(0);
    DeleteIfOver();
  }

  void OnCompletion(int result, unsigned /*flags*/) override {
    armed_ = false;
    if (wanted_ != 0 && result != -ECANCELED) Tell(result);
    Arm();
    DeleteIfOver();
  }

 private:
  ~Poll() override = default;

  void Tell(int result) {
    // A poll that cannot be had: the handler's next call says why.
    const bool failed = result < 0 || (result & (POLLERR | POLLHUP)) != 0;
    // What was asked for may have changed since.
    const unsigned ready = failed ? POLLIN | POLLOUT : static_cast<unsigned>(result) & wanted_;
    if (ready == 0) return;
    telling_ = true;
    handler_->OnReady((ready & POLLIN) != 0, (ready & POLLOUT) != 0);
    telling_ = false;
  }

  void Arm() {
    if (armed_ || telling_ || wanted_ == 0 || loop_.closing()) return;
    armed_ = true;
    io_uring_sqe* sqe = loop_.ring().Prepare();
    io_uring_prep_poll_add(sqe, fd_, wanted_);
    loop_.ring().Own(sqe, this);
  }

  void DeleteIfOver() {
    if (handler_ == nullptr && !armed_ && !telling_) delete this;
  }

  Loop& loop_;
  const int fd_;
  net::WatchHandler* handler_;  // null: nobody hears of it
  unsigned wanted_ = 0;         // of poll(2); 0 without a handler
  bool armed_ = false;          // it is with the kernel
  bool telling_ = false;
};

Watch::Watch(Loop* loop, int fd, net::WatchHandler* handler) : poll_(new Poll(loop, fd, handler)) {}

Watch::~Watch() { poll_->Forget(); }

void Watch::Want(bool read, bool write) {
  poll_->Want((read ? POLLIN : 0U) | (write ? POLLOUT : 0U));
}

}  // namespace monocoque::uring
