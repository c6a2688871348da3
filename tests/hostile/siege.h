#ifndef MONOCOQUE_TESTS_HOSTILE_SIEGE_H_
#define MONOCOQUE_TESTS_HOSTILE_SIEGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "adapters/zap.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/raw_peer.h"

namespace monocoque::hostile {

using testing::FaceSocket;
using testing::RawPeer;

// One socket on a live adapter, under attack by raw octets over loopback. Each case shows that an
// honest peer of the same socket is served while the attack stands, what the socket holds meanwhile
// at most, and the event that names the attack. The attacks in a table: docs/security.md.
class SiegeTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  SiegeTest() : face_(GetParam()) {}

  // The socket, bound; and an honest peer of it, whose first message is through. What is held is
  // counted from then on.
  void Open(SocketType type, const SocketOptions& options, SocketType honest,
            const SocketOptions& honest_options = {});
  // PULL and PUSH; `authenticator` is asked who may come in, by whichever of them is the server.
  void OpenGuarded(const SocketOptions& options, std::shared_ptr<Authenticator> authenticator,
                   const SocketOptions& honest_options) {
    authenticator_ = std::move(authenticator);
    Open(SocketType::kPull, options, SocketType::kPush, honest_options);
  }
  // PULL and PUSH.
  void Open(const SocketOptions& options = {}) {
    Open(SocketType::kPull, options, SocketType::kPush);
  }
  // A socket that gives a handshake so much time. The honest peer needs less, also on a machine
  // that is busy; or comes again.
  static SocketOptions Impatient(MechanismOptions mechanism = NullMechanism{},
                                 absl::Duration patience = absl::Milliseconds(250));
  // A command's frame.
  static std::string Command(std::string_view name, std::string_view data);
  FaceSocket& socket() { return *socket_; }
  const std::string& at() const { return at_; }

  // One who connects and has said this.
  std::unique_ptr<RawPeer> Attacker(std::string_view says = "");
  // What gives turns to the loop.
  RawPeer::Turn turn() {
    return [this] { Turn(); };
  }
  void Turn();
  [[nodiscard]] bool Until(const std::function<bool()>& holds);
  std::unique_ptr<FaceSocket> MakeSocket(SocketType type, const SocketOptions& options) {
    return face_.MakeSocket(type, options);
  }

  // A further message goes between the socket and the honest peer.
  void ExpectServed();
  // At no time since Open the process held so much more.
  void ExpectHeldAtMost(std::int64_t bytes);
  // The first event of the kind that was not awaited yet.
  SocketEvent Await(SocketEvent::Kind kind);
  // So many links end by this cause, in words with this text, and nobody else was let in.
  void ExpectClosed(int links, Cause cause, std::string_view text);
  // Peers beside the honest one.
  std::size_t intruders() const { return socket_->core().ready_peers() - 1; }

 private:
  testing::AdapterFace face_;
  std::shared_ptr<Authenticator> authenticator_;
  std::unique_ptr<FaceSocket> socket_;
  std::unique_ptr<FaceSocket> honest_;
  std::string at_;
  bool publishes_ = false;
  int served_ = 0;
  std::int64_t before_ = 0;
  std::int64_t most_ = 0;
};

}  // namespace monocoque::hostile

#endif  // MONOCOQUE_TESTS_HOSTILE_SIEGE_H_
