#include "cli/asio_host.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/asio/error.h"
#include "adapters/asio/socket.h"
#include "adapters/net/host.h"

namespace monocoque::cli {
namespace {

using boost::system::error_code;

// The longest wait in one piece: whoever waits longer comes again.
constexpr absl::Duration kLongest = absl::Hours(1);
// Handlers of one turn: beyond, others than the sockets have theirs.
constexpr int kHandlersATurn = 4096;
// And what they may take: a handler may have thousands of dials to make.
constexpr absl::Duration kTurnTime = absl::Milliseconds(5);

// What a code of the adapter was made from.
absl::Status ToStatus(const error_code& ec) {
  if (!ec) return absl::OkStatus();
  if (ec == boost::asio::error::would_block) return absl::UnavailableError("");
  if (ec.category() != asio::category()) return absl::FailedPreconditionError(ec.message());
  const auto code = static_cast<absl::StatusCode>(ec.default_error_condition().value());
  return absl::Status(code, ec.message());
}

class AsioSocket final : public HostSocket {
 public:
  explicit AsioSocket(asio::Socket socket) : socket_(std::move(socket)) {}

  absl::StatusOr<std::string> Bind(std::string_view at) override {
    error_code ec;
    std::string bound = socket_.bind(at, ec);
    if (ec) return ToStatus(ec);
    return bound;
  }
  absl::Status Connect(std::string_view to) override {
    error_code ec;
    socket_.connect(to, ec);
    return ToStatus(ec);
  }
  absl::Status TrySend(Message* message) override { return ToStatus(socket_.try_send(message)); }
  bool TryReceive(Message* out) override {
    std::optional<Message> got = socket_.try_receive();
    if (got) *out = *std::move(got);
    return got.has_value();
  }
  bool CanReceive() override { return socket_.can_receive(); }
  bool NextEvent(SocketEvent* out) override { return socket_.next_event(out); }
  void Ask(const Wish& wish) override {
    socket_.ask([&wish](monocoque::Socket* core, Instant now) {
      wish(core, now);
      return true;
    });
  }
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) override {
    socket_.set_authenticator(std::move(authenticator));
  }
  void StartClose(absl::Duration linger) override {
    socket_.async_close(linger, [closed = closed_](const error_code&) { *closed = true; });
  }
  bool closed() const override { return *closed_; }
  const monocoque::Socket& core() const override { return *socket_.core(); }
  const SocketStats& stats() const override { return socket_.stats(); }

 private:
  asio::Socket socket_;
  // The handler may outlive the socket.
  const std::shared_ptr<bool> closed_ = std::make_shared<bool>(false);
};

}  // namespace

struct AsioHost::Wait {
  explicit Wait(boost::asio::io_context* context) : descriptor(*context) {}
  // The descriptor is its owner's.
  ~Wait() { descriptor.release(); }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  boost::asio::posix::stream_descriptor descriptor;
  std::function<void()> ready;
};

AsioHost::AsioHost() {
  try {
    // For one thread.
    context_ = std::make_unique<boost::asio::io_context>(1);
    work_.emplace(context_->get_executor());
  } catch (const boost::system::system_error& error) {
    status_ = absl::UnavailableError(absl::StrCat("Boost.Asio: ", error.what()));
  }
}

AsioHost::~AsioHost() = default;

absl::StatusOr<std::unique_ptr<HostSocket>> AsioHost::MakeSocket(SocketType type,
                                                                 const SocketOptions& options) {
  try {
    return std::make_unique<AsioSocket>(asio::Socket(*context_, type, options));
  } catch (const boost::system::system_error& error) {
    return ToStatus(error.code());
  }
}

void AsioHost::RunOnce(absl::Duration max_wait) {
  if (max_wait > absl::ZeroDuration()) {
    context_->run_one_for(absl::ToChronoNanoseconds(std::min(max_wait, kLongest)));
  }
  const Instant end = net::Now() + kTurnTime;
  for (int i = 0; i < kHandlersATurn && context_->poll_one() != 0 && net::Now() < end; ++i) {
  }
}

void AsioHost::Await(int fd, bool write, std::function<void()> ready) {
  const auto wait = waits_.emplace(waits_.end(), context_.get());
  wait->ready = std::move(ready);
  // Asio sets the descriptor not to block, for everybody who shares it: the terminal, say.
  const int flags = fcntl(fd, F_GETFL);
  error_code ec;
  wait->descriptor.assign(fd, ec);
  const auto side = write ? boost::asio::posix::descriptor_base::wait_write
                          : boost::asio::posix::descriptor_base::wait_read;
  // An error is a file, say, which never waits; or nothing at all, which the next call says.
  wait->descriptor.async_wait(side, [this, wait](const error_code&) {
    const std::function<void()> tell = std::move(wait->ready);
    waits_.erase(wait);
    tell();
  });
  if (flags >= 0) fcntl(fd, F_SETFL, flags);
}

}  // namespace monocoque::cli
