#ifndef MONOCOQUE_TESTS_SUPPORT_ADAPTER_FACE_H_
#define MONOCOQUE_TESTS_SUPPORT_ADAPTER_FACE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cli/host.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::testing {

using FaceSocket = cli::HostSocket;

// One adapter, for tests that run alike on each: its loop and the sockets on it, with calls that
// wait, each within a deadline. What is needed of an adapter is a cli::Host and its line in
// cli/host.cc; nothing here.
class AdapterFace {
 public:
  // By the name that --adapter takes.
  explicit AdapterFace(std::string_view adapter);
  // With a host of the test's own.
  explicit AdapterFace(std::unique_ptr<cli::Host> host);

  std::unique_ptr<FaceSocket> MakeSocket(SocketType type, const SocketOptions& options = {});
  // One turn, which waits a moment for something to happen.
  void Turn();
  // Turns the loop until it holds; false: not for very long.
  [[nodiscard]] bool Until(const std::function<bool()>& holds);
  // Sends once it can be; received once one is there. Deadline exceeded: never.
  absl::Status Send(FaceSocket* socket, Message* message);
  absl::Status Receive(FaceSocket* socket, Message* out);

 private:
  const std::unique_ptr<cli::Host> host_;
};

// The values of a parameter, and its name: "uring" makes Uring.
std::vector<std::string_view> AllAdapters();
std::string AdapterTestName(std::string_view adapter);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_ADAPTER_FACE_H_
