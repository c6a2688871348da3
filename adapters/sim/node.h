#ifndef MONOCOQUE_ADAPTERS_SIM_NODE_H_
#define MONOCOQUE_ADAPTERS_SIM_NODE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/net/endpoint_names.h"
#include "adapters/pump.h"
#include "adapters/sim/agenda.h"
#include "adapters/zap.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/timer_heap.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::sim {

class Dial;
class Wire;
class World;
struct ListeningPlace;

// What a Socket handle points to: the core socket, its pump, its dials and its ends of wires. Runs
// the socket's actions in the simulated world, and tells it what comes of them.
class Node final : public PumpDriver, public std::enable_shared_from_this<Node> {
 public:
  // `machine`: if it could not be made, every operation says why.
  Node(World* world, int number, std::string name, absl::StatusOr<monocoque::Socket> machine);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  World& world() { return *world_; }
  int number() const { return number_; }
  const std::string& name() const { return name_; }
  const absl::Status& status() const { return status_; }
  monocoque::Socket& machine() { return *machine_; }
  std::deque<SocketEvent>& events() { return events_; }

  // ---- For the handle --------------------------------------------------------------------------

  absl::StatusOr<std::string> Bind(std::string_view text, const LinkOptions* options);
  absl::StatusOr<DialerId> Connect(std::string_view text, const LinkOptions* options);
  absl::StatusOr<std::uint32_t> ConnectPeer(std::string_view text);
  absl::Status Unbind(std::string_view bound);
  absl::Status Disconnect(std::string_view text);
  absl::Status TrySend(Message* message);
  bool TryReceive(Message* out);
  void StartClose(absl::Duration linger);
  // After StartClose: nothing is left to send, and no transport is open.
  bool closed() const { return machine_->drained() && open_ends_ == 0; }
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) {
    desk_.set_authenticator(std::move(authenticator));
  }
  void SetHandler(std::function<void(Message)> handler);
  // What the machine tells goes to events().
  void TakeEvents();
  // A turn follows.
  void Touch();

  // ---- For the world ---------------------------------------------------------------------------

  void Turn();
  // Asks the authenticator, gives messages to the handler. Runs user code: the last thing in a
  // turn.
  void Serve();
  // Something is sure to happen, or at least possible, besides what comes again for ever.
  bool Hopes() const;
  void Freeze(Instant until);
  bool frozen() const;
  // The world ends.
  void Orphan();
  // A task of this process: not while it stands still.
  void Later(absl::Duration delay, Agenda::Task task);
  const std::map<LinkId, std::shared_ptr<Dial>>& dials() const { return dials_; }

  // A handshake is under way.
  bool shakes_hands() const { return handshakes_ > 0; }

  bool touched = false;   // waits for its turn
  bool has_work = false;  // and something that was begun waits for that
  TimerNode<Node> timer;

  // ---- For dials, wires and the directory ------------------------------------------------------

  void OnDialed(LinkId link, std::shared_ptr<Wire> wire, const Endpoint& endpoint);
  void OnDialFailed(LinkId link, const absl::Status& why);
  // Something waits in the backlog.
  void AcceptSoon(ListeningPlace* place);
  void OnTransportClosed(LinkId link, const absl::Status& why);
  // Our end of a wire that was told to the machine is closed.
  void OnEndClosed() { --open_ends_; }
  void OnWritten(LinkId link, std::size_t written);
  void ReturnBatch(LinkId link, TransmitBatch batch, std::size_t written,
                   const absl::Status& status);

  // ---- For the pump ----------------------------------------------------------------------------

  void Do(const action::Dial& dial) override;
  void Do(const action::Listen& listen) override;
  void Do(const action::Unlisten& unlisten) override;
  void Do(const action::Accepting& accepting) override;
  void Do(const action::Read& read) override;
  void Do(const action::CloseLink& close) override;
  bool Authenticate(const action::Authenticate& ask) override { return desk_.Take(ask); }
  void Write(LinkId link, TransmitBatch batch) override;

 private:
  // Our end of a wire.
  struct LinkEnd {
    std::shared_ptr<Wire> wire;
    int side = 0;
    bool ready = false;
    bool batch_out = false;
    bool more_work = false;  // came up while a batch was out, and may be written with the next
  };
  // What came of a Listen action, to be told after the actions.
  struct Listened {
    ListenerId listener;
    absl::StatusOr<Endpoint> bound;
  };

  void Hurry();
  void Accept(ListenerId listener);
  bool WillAccept() const;
  void Forget(std::map<LinkId, LinkEnd>::iterator link);
  void AddLink(LinkId link, std::shared_ptr<Wire> wire, int side);
  void TellListened();
  void ServeDesk();
  void Authorize(LinkId link, const AuthVerdict& verdict);

  World* world_;
  const int number_;
  const std::string name_;
  absl::Status status_;
  std::optional<monocoque::Socket> machine_;
  std::optional<Pump<monocoque::Socket>> pump_;
  std::function<void(Message)> handler_;
  AuthDesk desk_;
  std::deque<SocketEvent> events_;
  std::map<LinkId, std::shared_ptr<Dial>> dials_;
  std::map<LinkId, LinkEnd> links_;
  std::size_t handshakes_ = 0;            // links that are not ready
  std::set<LinkId> unhurried_;            // links with a batch out that lack more_work
  std::set<LinkId> owed_;                 // links that are gone, whose batch is still out
  std::map<DialerId, Endpoint> pausing_;  // dialers between two attempts
  std::vector<Listened> listened_;
  net::EndpointNames<ListenerId> bound_;
  net::EndpointNames<DialerId> connected_;
  std::size_t open_ends_ = 0;  // of wires, those that the machine gave up included
  Instant frozen_until_;
  Instant linger_until_ = Instant::Never();
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_NODE_H_
