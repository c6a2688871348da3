#include "tests/conformance/sim_host.h"

#include <functional>
#include <memory>
#include <utility>

#include "cli/host_socket_on.h"
#include "gtest/gtest.h"

namespace monocoque::conformance {
namespace {

class SimSocket final : public cli::HostSocketOn<sim::Socket> {
 public:
  using HostSocketOn::HostSocketOn;

  const sim::Socket& socket() const { return socket_; }
  void StartClose(absl::Duration linger) override { socket_.StartClose(linger); }
  bool closed() const override { return socket_.closed(); }
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

const sim::Socket& SimHost::SocketOf(const cli::HostSocket& socket) {
  return dynamic_cast<const SimSocket&>(socket).socket();
}

}  // namespace monocoque::conformance
