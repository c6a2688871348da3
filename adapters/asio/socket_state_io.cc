// What the driver asks of its runtime (net::Reactor), from Asio: its handlers may come after those
// are gone for whom they came.
#include <atomic>
#include <boost/asio/execution.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "adapters/asio/socket_state.h"
#include "adapters/net/address.h"
#include "adapters/waker.h"

namespace monocoque::asio::detail {
namespace {

using boost::system::error_code;
using boost::system::system_error;
using Descriptor = boost::asio::posix::stream_descriptor;
using Resolver = boost::asio::ip::tcp::resolver;

// A descriptor that is registered with Asio, but not owned by it. Throws system_error.
class Watch final : public net::Watch {
 public:
  Watch(SocketState* socket, int fd, net::WatchHandler* handler)
      : socket_(*socket),
        handler_(*handler),
        descriptor_(std::make_shared<Descriptor>(socket->executor(), fd)) {}
  // The descriptor is its owner's again.
  ~Watch() override { descriptor_->release(); }

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

  void Arm(Side* side) {
    if (!side->wanted || side->armed) return;
    side->armed = true;
    descriptor_->async_wait(side->type,
                            [this, side, alive = std::weak_ptr(descriptor_)](const error_code&) {
                              if (!alive.expired()) OnReady(side);
                            });
  }

  // Armed anew after the turn, in which this may go: what is written in answer goes out first.
  void OnReady(Side* side) {
    side->armed = false;
    const absl::Cleanup arm = [this, side, alive = std::weak_ptr(descriptor_)] {
      if (!alive.expired()) Arm(side);
    };
    const auto tell = [this, side] {
      if (side->wanted) handler_.OnReady(side == &read_, side == &write_);
    };
    socket_.Enter(tell, socket_.crowded());
  }

  SocketState& socket_;
  net::WatchHandler& handler_;
  const std::shared_ptr<Descriptor> descriptor_;
  Side read_{Descriptor::wait_read};
  Side write_{Descriptor::wait_write};
};

std::vector<net::Address> AddressesOf(const Resolver::results_type& results) {
  std::vector<net::Address> addresses;
  for (const auto& entry : results) {
    const boost::asio::ip::tcp::endpoint endpoint = entry.endpoint();
    net::Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, endpoint.data(), endpoint.size());
    address.size = static_cast<socklen_t>(endpoint.size());
  }
  return addresses;
}

// A name that is looked up on the thread that Asio has for that. Throws system_error.
class Lookup final : public net::Lookup {
 public:
  Lookup(SocketState* socket, const std::string& host, std::uint16_t port,
         net::Reactor::Found found)
      : resolver_(std::make_shared<Resolver>(socket->executor())) {
    resolver_->async_resolve(
        host, absl::StrCat(port), Resolver::numeric_service | Resolver::address_configured,
        [socket, host, found = std::move(found), alive = std::weak_ptr(resolver_)](
            const error_code& ec, const Resolver::results_type& results) {
          if (alive.expired()) return;
          socket->Enter([&] {
            if (ec) return found(net::NoAddressError(host, ec.message()));
            found(AddressesOf(results));
          });
        });
  }

 private:
  const std::shared_ptr<Resolver> resolver_;  // cancels with its end
};

}  // namespace

// Posts to the socket's executor, once until that has run.
//
// Thread rule: Wake on any thread, Stop on the socket's executor. After Stop neither the socket nor
// the executor is touched.
class SocketState::PostWaker final : public Waker, public std::enable_shared_from_this<PostWaker> {
 public:
  explicit PostWaker(SocketState* socket) : socket_(*socket), executor_(socket->post_executor_) {}

  void Wake() override {
    const std::scoped_lock lock(mutex_);
    if (!executor_ || posted_.exchange(true)) return;
    executor_.execute([self = shared_from_this()] {
      self->posted_.exchange(false);
      if (self->executor_) self->socket_.Enter([&] { self->socket_.driver()->Touch(); });
    });
  }
  void Stop() {
    const std::scoped_lock lock(mutex_);
    executor_ = nullptr;
  }

 private:
  SocketState& socket_;
  std::mutex mutex_;
  boost::asio::any_io_executor executor_;  // none: it was stopped
  std::atomic<bool> posted_ = false;
};

boost::asio::any_io_executor SocketState::Tracked() const {
  return boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked);
}

void SocketState::Hold(bool on) { held_ = on ? Tracked() : nullptr; }

// One for all: what waits for it holds no work of the executor's.
std::shared_ptr<Waker> SocketState::MakeWaker() {
  if (waker_ == nullptr) waker_ = std::make_shared<PostWaker>(this);
  return waker_;
}

// Nothing of Asio's but executors is left then.
void SocketState::CloseDriver() {
  if (waker_ != nullptr) waker_->Stop();
  if (driver_) last_stats_ = driver_->machine().stats();
  waiting_.set_driver(nullptr);
  driver_.reset();
  timer_.reset();
  held_ = nullptr;
}

void SocketState::SetTimer(Instant when) {
  if (when.is_never()) {
    timer_->cancel();
    return;
  }
  timer_->expires_at(
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(when.nanoseconds())));
  timer_->async_wait([self = shared_from_this()](const error_code& ec) {
    if (ec || !self->driver_) return;
    self->Enter([&] { self->driver_->OnTimer(); });
  });
}

absl::StatusOr<std::unique_ptr<net::Watch>> SocketState::MakeWatch(int fd,
                                                                   net::WatchHandler* handler) try {
  return std::make_unique<Watch>(this, fd, handler);
} catch (const system_error& error) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the event loop cannot watch a descriptor: ", error.code().message(), "."));
}

// Asio begins the resolver's thread with the first name.
absl::StatusOr<std::unique_ptr<net::Lookup>> SocketState::Resolve(const std::string& host,
                                                                  std::uint16_t port,
                                                                  Found found) try {
  return std::make_unique<Lookup>(this, host, port, std::move(found));
} catch (const system_error& error) {
  return absl::ResourceExhaustedError(
      absl::StrCat("no thread to look names up: ", error.code().message(),
                   "; raise the limit (ulimit -u) or give a numeric address."));
}

}  // namespace monocoque::asio::detail
