#include "tests/conformance/sim_host.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/sim/socket.h"
#include "adapters/zap.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::conformance {
namespace {

class SimSocket final : public cli::HostSocket {
 public:
  explicit SimSocket(sim::Socket socket) : socket_(std::move(socket)) {}

  absl::StatusOr<std::string> Bind(std::string_view at) override { return socket_.Bind(at); }
  absl::Status Connect(std::string_view to) override { return socket_.Connect(to); }
  absl::Status TrySend(Message* message) override { return socket_.TrySend(message); }
  bool TryReceive(Message* out) override { return socket_.TryReceive(out); }
  bool NextEvent(SocketEvent* out) override { return socket_.NextEvent(out); }
  void Ask(const Wish& wish) override { socket_.Ask(wish); }
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) override {
    socket_.SetAuthenticator(std::move(authenticator));
  }
  void StartClose(absl::Duration linger) override { socket_.StartClose(linger); }
  bool closed() const override { return socket_.closed(); }
  const monocoque::Socket& core() const override { return socket_.core(); }
  const SocketStats& stats() const override { return socket_.stats(); }

 private:
  mutable sim::Socket socket_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<cli::HostSocket>> SimHost::MakeSocket(SocketType type,
                                                                     const SocketOptions& options) {
  sim::Socket socket = simulation_.MakeSocket(type, options);
  if (!socket.status().ok()) return socket.status();
  return std::make_unique<SimSocket>(std::move(socket));
}

void SimHost::Await(int, bool, std::function<void()>) {
  ADD_FAILURE() << "there are no descriptors in a simulation";
}

}  // namespace monocoque::conformance
