#include "adapters/asio/watched_descriptor.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/asio/socket_state.h"

namespace monocoque::asio::detail {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

class WatchedDescriptor final : public net::Watch {
 public:
  WatchedDescriptor(SocketState* socket, net::WatchHandler* handler)
      : socket_(*socket), handler_(*handler), descriptor_(socket->executor()) {}
  // The descriptor is its owner's again.
  ~WatchedDescriptor() override { descriptor_.release(); }

  boost::system::error_code Assign(int fd) {
    boost::system::error_code ec;
    descriptor_.assign(fd, ec);
    return ec;
  }

  void Want(bool read, bool write) override {
    read_.wanted = read;
    write_.wanted = write;
    Arm(&read_);
    Arm(&write_);
  }

 private:
  struct Side {
    const Descriptor::wait_type type;
    bool wanted = false;
    bool armed = false;  // Asio waits; it goes on doing so when that is not wanted any more
  };

  // Asio's handler may come after this is gone.
  void Arm(Side* side) {
    if (!side->wanted || side->armed) return;
    side->armed = true;
    descriptor_.async_wait(
        side->type, [this, side, alive = std::weak_ptr(alive_)](const boost::system::error_code&) {
          if (!alive.expired()) OnReady(side);
        });
  }

  // Armed anew after the turn, in which this may go: what is written in answer goes out first.
  void OnReady(Side* side) {
    side->armed = false;
    const absl::Cleanup arm = [this, side, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) Arm(side);
    };
    socket_.EnterReady([this, side] {
      if (side->wanted) handler_.OnReady(side == &read_, side == &write_);
    });
  }

  SocketState& socket_;
  net::WatchHandler& handler_;
  Descriptor descriptor_;
  Side read_{Descriptor::wait_read};
  Side write_{Descriptor::wait_write};
  const std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace

absl::StatusOr<std::unique_ptr<net::Watch>> WatchDescriptor(SocketState* socket, int fd,
                                                            net::WatchHandler* handler) {
  auto watch = std::make_unique<WatchedDescriptor>(socket, handler);
  if (const boost::system::error_code ec = watch->Assign(fd)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the event loop cannot watch a descriptor: ", ec.message(), "."));
  }
  return watch;
}

}  // namespace monocoque::asio::detail
