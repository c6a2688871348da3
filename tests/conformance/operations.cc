#include "tests/conformance/operations.h"

#include <uv.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <utility>

#include "adapters/asio/socket.h"
#include "adapters/uring/loop.h"
#include "adapters/uv/socket.h"
#include "tests/support/uv_loop.h"

namespace monocoque::conformance {
namespace {

// ---- Coroutines on io_uring --------------------------------------------------------------------

uring::Task<void> ReceiveThen(uring::Socket* socket, OperationSocket::Received received) {
  received(co_await socket->AsyncReceive());
}
uring::Task<void> SendThen(uring::Socket* socket, Message message, OperationSocket::Done done) {
  done(co_await socket->AsyncSend(std::move(message)));
}
uring::Task<void> ReadyThen(uring::Socket* socket, std::size_t peers, OperationSocket::Done done) {
  done(co_await socket->AsyncReady(peers));
}
uring::Task<void> CloseThen(uring::Socket* socket, absl::Duration linger,
                            OperationSocket::Done done) {
  done(co_await socket->AsyncClose(linger));
}

class UringLoop final : public OperationLoop {
 public:
  std::unique_ptr<OperationSocket> MakeSocket(SocketType type,
                                              const SocketOptions& options) override;
  // Destroying a coroutine that waits ends its wait.
  void Cancel(OperationSocket::Id operation) override { tasks_.erase(operation); }
  void Turn() override { loop_.RunOnce(absl::Milliseconds(1)); }

  OperationSocket::Id Begin(uring::Task<void> task) {
    uring::Task<void>& kept = tasks_.emplace(++last_, std::move(task)).first->second;
    kept.Resume();
    return last_;
  }

 private:
  uring::Loop loop_;
  OperationSocket::Id last_ = 0;
  std::map<OperationSocket::Id, uring::Task<void>> tasks_;
};

class UringSocket final : public OperationSocket {
 public:
  UringSocket(UringLoop* loop, uring::Socket socket) : loop_(*loop), socket_(std::move(socket)) {}

  absl::StatusOr<std::string> Bind(std::string_view at) override { return socket_.Bind(at); }
  absl::Status Connect(std::string_view to) override { return socket_.Connect(to); }
  Id Receive(Received received) override {
    return loop_.Begin(ReceiveThen(&socket_, std::move(received)));
  }
  Id Send(Message message, Done done) override {
    return loop_.Begin(SendThen(&socket_, std::move(message), std::move(done)));
  }
  Id WaitReady(std::size_t peers, Done done) override {
    return loop_.Begin(ReadyThen(&socket_, peers, std::move(done)));
  }
  Id Close(absl::Duration linger, Done done) override {
    return loop_.Begin(CloseThen(&socket_, linger, std::move(done)));
  }

 private:
  UringLoop& loop_;
  uring::Socket socket_;
};

std::unique_ptr<OperationSocket> UringLoop::MakeSocket(SocketType type,
                                                       const SocketOptions& options) {
  return std::make_unique<UringSocket>(this, loop_.MakeSocket(type, options));
}

// ---- Operations with handlers on Asio ----------------------------------------------------------

absl::Status StatusOf(const boost::system::error_code& ec) {
  if (!ec) return absl::OkStatus();
  if (ec == boost::asio::error::operation_aborted) return absl::CancelledError(ec.message());
  return absl::UnknownError(ec.message());
}

// A handler that tells `done`, and can be cancelled from the slot.
auto Telling(boost::asio::cancellation_slot slot, OperationSocket::Done done) {
  return boost::asio::bind_cancellation_slot(
      slot, [done = std::move(done)](boost::system::error_code ec) { done(StatusOf(ec)); });
}

class AsioLoop final : public OperationLoop {
 public:
  std::unique_ptr<OperationSocket> MakeSocket(SocketType type,
                                              const SocketOptions& options) override;
  void Cancel(OperationSocket::Id operation) override {
    signals_[operation].emit(boost::asio::cancellation_type::total);
  }
  void Turn() override {
    context_.restart();
    context_.run_one_for(std::chrono::milliseconds(1));
    context_.poll();
  }

  boost::asio::io_context& context() { return context_; }
  // A new operation's name, and where it is cancelled from.
  std::pair<OperationSocket::Id, boost::asio::cancellation_slot> NewSlot() {
    ++last_;
    return {last_, signals_[last_].slot()};
  }

 private:
  std::map<OperationSocket::Id, boost::asio::cancellation_signal> signals_;
  OperationSocket::Id last_ = 0;
  boost::asio::io_context context_;
};

class AsioSocket final : public OperationSocket {
 public:
  AsioSocket(AsioLoop* loop, SocketType type, const SocketOptions& options)
      : loop_(*loop), socket_(loop->context(), type, options) {}

  absl::StatusOr<std::string> Bind(std::string_view at) override {
    boost::system::error_code ec;
    std::string bound = socket_.bind(at, ec);
    if (ec) return StatusOf(ec);
    return bound;
  }
  absl::Status Connect(std::string_view to) override {
    boost::system::error_code ec;
    socket_.connect(to, ec);
    return StatusOf(ec);
  }
  Id Receive(Received received) override {
    const auto [id, slot] = loop_.NewSlot();
    socket_.async_receive(boost::asio::bind_cancellation_slot(
        slot, [received = std::move(received)](boost::system::error_code ec, Message message) {
          ec ? received(StatusOf(ec)) : received(std::move(message));
        }));
    return id;
  }
  Id Send(Message message, Done done) override {
    const auto [id, slot] = loop_.NewSlot();
    socket_.async_send(std::move(message), Telling(slot, std::move(done)));
    return id;
  }
  Id WaitReady(std::size_t peers, Done done) override {
    const auto [id, slot] = loop_.NewSlot();
    socket_.async_wait_ready(peers, Telling(slot, std::move(done)));
    return id;
  }
  Id Close(absl::Duration linger, Done done) override {
    const auto [id, slot] = loop_.NewSlot();
    socket_.async_close(linger, Telling(slot, std::move(done)));
    return id;
  }

 private:
  AsioLoop& loop_;
  asio::Socket socket_;
};

std::unique_ptr<OperationSocket> AsioLoop::MakeSocket(SocketType type,
                                                      const SocketOptions& options) {
  return std::make_unique<AsioSocket>(this, type, options);
}

// ---- The close on libuv ------------------------------------------------------------------------

class UvSocket final : public OperationSocket {
 public:
  UvSocket(uv_loop_t* loop, SocketType type, const SocketOptions& options)
      : socket_(loop, type, options) {}

  absl::StatusOr<std::string> Bind(std::string_view at) override { return socket_.Bind(at); }
  absl::Status Connect(std::string_view to) override { return socket_.Connect(to); }
  Id Receive(Received) override { return 0; }
  Id Send(Message message, Done done) override {
    done(socket_.Send(&message));
    return 0;
  }
  Id WaitReady(std::size_t, Done) override { return 0; }
  Id Close(absl::Duration linger, Done done) override {
    socket_.Close(linger, std::move(done));
    return 0;
  }

 private:
  uv::Socket socket_;
};

class UvLoop final : public OperationLoop {
 public:
  std::unique_ptr<OperationSocket> MakeSocket(SocketType type,
                                              const SocketOptions& options) override {
    return std::make_unique<UvSocket>(loop_.get(), type, options);
  }
  void Cancel(OperationSocket::Id) override {}
  void Turn() override { loop_.RunOnce(absl::Milliseconds(1)); }

 private:
  testing::UvLoop loop_;
};

}  // namespace

std::unique_ptr<OperationLoop> MakeOperationLoop(std::string_view adapter) {
  if (adapter == "uring") return std::make_unique<UringLoop>();
  if (adapter == "asio") return std::make_unique<AsioLoop>();
  if (adapter == "uv") return std::make_unique<UvLoop>();
  return nullptr;
}

}  // namespace monocoque::conformance
