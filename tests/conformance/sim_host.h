#ifndef MONOCOQUE_TESTS_CONFORMANCE_SIM_HOST_H_
#define MONOCOQUE_TESTS_CONFORMANCE_SIM_HOST_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/sim/simulation.h"
#include "adapters/sim/socket.h"
#include "cli/host.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::conformance {

// Sockets of a simulation, whose clock moves as far as a turn may wait: a second takes no time. The
// links take a while, so that a turn can fall between any two things.
class SimHost final : public cli::Host {
 public:
  absl::Status status() const override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<cli::HostSocket>> MakeSocket(
      SocketType type, const SocketOptions& options) override;
  void RunOnce(absl::Duration max_wait) override { simulation_.Run(max_wait); }
  // Fails the test: there are no descriptors in a simulation.
  void Await(int fd, bool write, std::function<void()> ready) override;

  // What goes wrong is its to do, between sockets that SocketOf shows it.
  sim::Simulation& simulation() { return simulation_; }
  // Of a socket that one of these hosts made.
  static const sim::Socket& SocketOf(const cli::HostSocket& socket);

 private:
  sim::Simulation simulation_{{.latency = absl::Microseconds(200)}};
};

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_SIM_HOST_H_
