#ifndef MONOCOQUE_ADAPTERS_SIM_SOCKET_H_
#define MONOCOQUE_ADAPTERS_SIM_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/zap.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::sim {

class Node;

// A socket in a Simulation, with the face that sockets have on other adapters. What it asks for
// happens while the simulation runs: in Run and its kin, and in calls that wait, which take virtual
// time only.
//
// A call that waits ends when it succeeded, when its time is over, or, however long it may wait,
// when the simulation is idle and nothing can come any more. Inside a handler nothing waits: there
// the Try calls serve.
//
// Thread rule: the simulation's thread. A handle: movable; destroying it closes without lingering.
// The simulation outlives it; what is left of a socket after that says so.
class Socket {
 public:
  Socket() = default;
  explicit Socket(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Socket();

  // OK if the socket could be made.
  const absl::Status& status() const;
  // As given to MakeSocket, "rep#0" if nothing was.
  const std::string& name() const;
  // In the order of making, from 0.
  int number() const;

  // Any endpoint that other adapters know, and sim://name. Listens before it returns: the bound
  // endpoint.
  absl::StatusOr<std::string> Bind(std::string_view endpoint);
  absl::StatusOr<std::string> Bind(std::string_view endpoint, const LinkOptions& options);
  // Connects in the background, again and again, until LinkOptions::retry has it give up: kGaveUp.
  absl::Status Connect(std::string_view endpoint);
  absl::Status Connect(std::string_view endpoint, const LinkOptions& options);
  // The way back: with the text that Bind gave, and that Connect got.
  absl::Status Unbind(std::string_view bound);
  absl::Status Disconnect(std::string_view endpoint);
  // PEER: as Connect, for the number that messages go by.
  absl::StatusOr<std::uint32_t> ConnectPeer(std::string_view endpoint);

  // Decides about peers where `mechanism` asks who they are; without one, or null, none of those is
  // let in.
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator);

  // Sends, waiting until some peer can take it. On an error the message is untouched.
  absl::Status Send(Message* message, absl::Duration timeout = absl::InfiniteDuration());
  absl::Status Send(Message message, absl::Duration timeout = absl::InfiniteDuration()) {
    return Send(&message, timeout);
  }
  absl::Status Send(std::string_view text) { return Send(Message::Borrow(text)); }
  // Sends now or not at all.
  absl::Status TrySend(Message* message);
  // The next message, waiting for it.
  absl::StatusOr<Message> Receive(absl::Duration timeout = absl::InfiniteDuration());
  absl::Status Receive(Message* out, absl::Duration timeout = absl::InfiniteDuration());
  // True and a message, if one is there already.
  bool TryReceive(Message* out);
  // SUB, XSUB: see monocoque::Socket::Subscribe.
  absl::Status Subscribe(std::string_view prefix);
  absl::Status Unsubscribe(std::string_view prefix);
  // DISH: see monocoque::Socket::Join.
  absl::Status Join(std::string_view group);
  absl::Status Leave(std::string_view group);
  // Waits until so many peers have finished their handshake.
  absl::Status WaitReady(std::size_t peers = 1, absl::Duration timeout = absl::InfiniteDuration());

  // From now on each message goes to `handler` at the time it comes, in place of Receive. The
  // handler may do anything but wait; null: no more.
  void OnMessage(std::function<void(Message)> handler);

  // What happened, oldest first; kept until it is taken.
  bool NextEvent(SocketEvent* out);
  const SocketStats& stats() const;

  // Ends the socket: what was sent is written for at most `linger`; deadline exceeded if some was
  // not.
  absl::Status Close(absl::Duration linger = absl::InfiniteDuration());
  // The same without waiting for it: over when closed() says so.
  void StartClose(absl::Duration linger = absl::InfiniteDuration());
  bool closed() const;

  // Any other wish of the core socket, with the time it is made at. Only if status() is OK.
  void Ask(const std::function<void(monocoque::Socket* core, Instant now)>& wish);
  // The whole core socket beneath: getters, SendTo, peers. Only if status() is OK.
  monocoque::Socket& core() const;

  // For the simulation.
  Node* node() const { return node_.get(); }

 private:
  std::shared_ptr<Node> node_;
};

// Takes all messages that are there: their texts, parts joined by "|". For expectations.
std::vector<std::string> Received(Socket& socket);

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_SOCKET_H_
