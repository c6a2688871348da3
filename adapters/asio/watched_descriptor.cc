#include "adapters/asio/watched_descriptor.h"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/asio/socket_state.h"

namespace monocoque::asio::detail {

using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::any_io_executor>;

class WatchedDescriptor::Inner final : public std::enable_shared_from_this<Inner> {
 public:
  Inner(SocketState* socket, net::WatchHandler* handler)
      : socket_(*socket), handler_(handler), descriptor_(socket->executor()) {}

  boost::system::error_code Assign(int fd) {
    boost::system::error_code ec;
    descriptor_.assign(fd, ec);
    return ec;
  }

  void Want(bool read, bool write) {
    read_.wanted = read;
    write_.wanted = write;
    Arm(&read_);
    Arm(&write_);
  }

  // The descriptor is its owner's again; the handlers that still come find nobody.
  void Stop() {
    handler_ = nullptr;
    descriptor_.release();
  }

 private:
  struct Side {
    const Descriptor::wait_type type;
    bool wanted = false;
    bool armed = false;  // Asio waits; it goes on doing so when that is not wanted any more
  };

  void Arm(Side* side) {
    if (handler_ == nullptr || !side->wanted || side->armed) return;
    side->armed = true;
    descriptor_.async_wait(
        side->type, [self = this->shared_from_this(), side](const boost::system::error_code&) {
          self->OnReady(side);
        });
  }

  // Armed anew after the turn: what is written in answer goes out first.
  void OnReady(Side* side) {
    side->armed = false;
    if (handler_ == nullptr) return;
    const absl::Cleanup arm = [this, side] { Arm(side); };
    socket_.EnterReady([this, side] {
      if (side->wanted) handler_->OnReady(side == &read_, side == &write_);
    });
  }

  SocketState& socket_;
  net::WatchHandler* handler_;  // null: stopped
  Descriptor descriptor_;
  Side read_{Descriptor::wait_read};
  Side write_{Descriptor::wait_write};
};

absl::StatusOr<std::unique_ptr<net::Watch>> WatchedDescriptor::Make(SocketState* socket, int fd,
                                                                    net::WatchHandler* handler) {
  auto inner = std::make_shared<Inner>(socket, handler);
  if (const boost::system::error_code ec = inner->Assign(fd)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the event loop cannot watch a descriptor: ", ec.message(), "."));
  }
  return std::unique_ptr<net::Watch>(new WatchedDescriptor(std::move(inner)));
}

WatchedDescriptor::WatchedDescriptor(std::shared_ptr<Inner> inner) : inner_(std::move(inner)) {}

WatchedDescriptor::~WatchedDescriptor() { inner_->Stop(); }

void WatchedDescriptor::Want(bool read, bool write) { inner_->Want(read, write); }

}  // namespace monocoque::asio::detail
