#ifndef MONOCOQUE_CLI_HOST_SOCKET_ON_H_
#define MONOCOQUE_CLI_HOST_SOCKET_ON_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/zap.h"
#include "cli/host.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::cli {

// A HostSocket on an adapter's socket `S` whose calls have the names that most adapters give them.
// How it closes is left to whoever derives from it.
template <typename S>
class HostSocketOn : public HostSocket {
 public:
  explicit HostSocketOn(S socket) : socket_(std::move(socket)) {}

  absl::StatusOr<std::string> Bind(std::string_view at) override { return socket_.Bind(at); }
  absl::Status Connect(std::string_view to) override { return socket_.Connect(to); }
  absl::Status TrySend(Message* message) override {
    if constexpr (requires { socket_.TrySend(message); }) {
      return socket_.TrySend(message);
    } else {
      return socket_.Send(message);
    }
  }
  bool TryReceive(Message* out) override { return socket_.TryReceive(out); }
  bool CanReceive() override {
    if constexpr (requires { socket_.CanReceive(); }) {
      return socket_.CanReceive();
    } else {
      return HostSocket::CanReceive();
    }
  }
  bool NextEvent(SocketEvent* out) override { return socket_.NextEvent(out); }
  void Ask(const Wish& wish) override {
    socket_.Ask([&wish](monocoque::Socket* core, Instant now) {
      wish(core, now);
      return true;
    });
  }
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) override {
    socket_.SetAuthenticator(std::move(authenticator));
  }
  const monocoque::Socket& core() const override { return socket_.core(); }
  const SocketStats& stats() const override { return socket_.stats(); }

 protected:
  S socket_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_HOST_SOCKET_ON_H_
