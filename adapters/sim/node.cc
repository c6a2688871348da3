#include "adapters/sim/node.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "adapters/sim/dial.h"
#include "adapters/sim/wire.h"
#include "adapters/sim/world.h"
#include "protocol/wire/routing_number.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::sim {
namespace {

// The pause after an accept that failed, as in the other adapters.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
// Messages given to one handler before others have their turn.
constexpr int kServedATurn = 1024;

}  // namespace

Node::Node(World* world, int number, std::string name, absl::StatusOr<monocoque::Socket> machine)
    : world_(world), number_(number), name_(std::move(name)), status_(machine.status()) {
  timer.owner = this;
  if (!status_.ok()) return;
  machine_ = *std::move(machine);
  pump_.emplace(&*machine_, this);
}

Node::~Node() = default;

void Node::Orphan() {
  status_ = absl::CancelledError("the simulation has ended");
  handler_ = nullptr;
  links_.clear();
  handshakes_ = 0;
  unhurried_.clear();
  dials_.clear();
}

// ---- For the handle ----------------------------------------------------------------------------

absl::StatusOr<std::string> Node::Bind(std::string_view text, const LinkOptions* options) {
  if (!status_.ok()) return status_;
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  const Instant now = world_->now();
  const absl::StatusOr<ListenerId> listener = options != nullptr
                                                  ? machine_->Bind(*endpoint, *options, now)
                                                  : machine_->Bind(*endpoint, now);
  if (!listener.ok()) return listener.status();
  pump_->RunActions();
  absl::StatusOr<std::string> result = absl::InternalError("bind: nothing came of it");
  for (const Listened& listened : listened_) {
    if (listened.listener != *listener) continue;
    if (listened.bound.ok()) {
      result = listened.bound->ToString();
      bound_.Add(*result, *listener);
    } else {
      result = listened.bound.status();
    }
  }
  TellListened();
  Touch();
  return result;
}

absl::StatusOr<DialerId> Node::Connect(std::string_view text, const LinkOptions* options) {
  if (!status_.ok()) return status_;
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  const Instant now = world_->now();
  const absl::StatusOr<DialerId> dialer = options != nullptr
                                              ? machine_->Connect(*endpoint, *options, now)
                                              : machine_->Connect(*endpoint, now);
  if (!dialer.ok()) return dialer.status();
  connected_.Add(std::string(text), *dialer);
  Touch();
  return dialer;
}

absl::StatusOr<std::uint32_t> Node::ConnectPeer(std::string_view text) {
  if (status_.ok() && machine_->type() != SocketType::kPeer) {
    return absl::FailedPreconditionError("connect: only PEER gives its peers numbers");
  }
  const absl::StatusOr<DialerId> dialer = Connect(text, nullptr);
  if (!dialer.ok()) return dialer.status();
  return RoutingNumberOf(machine_->routing_id(machine_->peer(*dialer)));
}

absl::Status Node::Unbind(std::string_view bound) {
  if (!status_.ok()) return status_;
  const absl::StatusOr<ListenerId> listener = bound_.Take("unbind", bound);
  if (!listener.ok()) return listener.status();
  absl::Status done = machine_->Unbind(*listener, world_->now());
  // Its address is free at once, as on other adapters.
  if (!frozen()) pump_->RunActions();
  Touch();
  return done;
}

absl::Status Node::Disconnect(std::string_view text) {
  if (!status_.ok()) return status_;
  const absl::StatusOr<DialerId> dialer = connected_.Take("disconnect", text);
  if (!dialer.ok()) return dialer.status();
  absl::Status done = machine_->Disconnect(*dialer, world_->now());
  pausing_.erase(*dialer);
  Touch();
  return done;
}

absl::Status Node::TrySend(Message* message) {
  if (!status_.ok()) return status_;
  const std::size_t bytes = message->total_bytes();
  absl::Status sent = machine_->Send(message, world_->now());
  if (!sent.ok()) return sent;
  world_->trace().Step(world_->now(), name_, "sends", bytes);
  Touch();
  return sent;
}

bool Node::TryReceive(Message* out) {
  if (!status_.ok()) return false;
  const bool got = machine_->Receive(out, nullptr, world_->now());
  if (got) world_->trace().Step(world_->now(), name_, "receives", out->total_bytes());
  // Taking may set reading going again, or end a link.
  if (machine_->has_outputs()) Touch();
  return got;
}

void Node::StartClose(absl::Duration linger) {
  if (!status_.ok()) return;
  if (linger > absl::ZeroDuration()) linger_until_ = world_->now() + linger;
  machine_->Close(linger, world_->now());
  // Its addresses are free at once, as on other adapters.
  if (!frozen()) pump_->RunActions();
  Touch();
}

void Node::SetHandler(std::function<void(Message)> handler) {
  handler_ = std::move(handler);
  if (status_.ok()) Touch();
}

// ---- For the world -----------------------------------------------------------------------------

void Node::Touch() { world_->Touch(this); }

bool Node::frozen() const { return frozen_until_ > world_->now(); }

void Node::Freeze(Instant until) {
  frozen_until_ = std::max(frozen_until_, until);
  world_->trace().Step(world_->now(), name_, "stands still");
  world_->Plan(frozen_until_, [this] {
    if (!frozen()) Touch();
  });
}

void Node::Later(absl::Duration delay, Agenda::Task task) {
  const Instant at = std::max(world_->now() + delay, frozen_until_);
  world_->Plan(at, [this, task = std::move(task)]() mutable {
    if (frozen()) {
      Later(absl::ZeroDuration(), std::move(task));
    } else {
      task();
    }
  });
}

// What came up now may have to wait for the batches that are out.
void Node::Hurry() {
  for (const LinkId id : std::exchange(unhurried_, {})) {
    LinkEnd& link = links_.at(id);
    link.more_work = true;
    link.wire->Hurry(link.side);
  }
}

void Node::Turn() {
  if (!status_.ok() || frozen()) return;
  if (world_->at_work()) Hurry();
  const bool more = pump_->Turn(world_->now());
  TellListened();
  TakeEvents();
  world_->SetTimer(this, machine_->NextDeadline());
  if (more) Touch();
}

void Node::ServeDesk() {
  while (desk_.waiting() && !frozen()) {
    desk_.ServeOne([this](LinkId link) {
      return [weak = weak_from_this(), link](const AuthVerdict& verdict) {
        if (const auto node = weak.lock()) node->Authorize(link, verdict);
      };
    });
  }
}

void Node::Authorize(LinkId link, const AuthVerdict& verdict) {
  if (!status_.ok()) return;
  machine_->Authorize(link, verdict, world_->now());
  Touch();
}

void Node::Serve() {
  ServeDesk();
  const std::function<void(Message)> handler = handler_;
  for (int served = 0; handler_ && !frozen(); ++served) {
    if (served == kServedATurn) {
      Touch();
      return;
    }
    Message message;
    if (!TryReceive(&message)) return;
    handler(std::move(message));
  }
}

bool Node::Hopes() const {
  if (!status_.ok()) return false;
  for (const auto& [dialer, endpoint] : pausing_) {
    if (machine_->peer(dialer) && world_->CanReach(number_, endpoint)) return true;
  }
  for (const auto& [link, dial] : dials_) {
    if (world_->CanReach(number_, dial->endpoint())) return true;
  }
  const bool waits = !machine_->NextDeadline().is_never();
  if (waits && !linger_until_.is_never() && !machine_->drained()) return true;
  if (!owed_.empty()) return true;
  if (WillAccept()) return true;
  // A handshake goes on, or its deadline ends it. Heartbeats will notice a silence.
  return std::ranges::any_of(links_, [&](const auto& link) {
    const Wire& wire = *link.second.wire;
    const bool silent = world_->paths().partitioned(wire.node(0)->number(), wire.node(1)->number());
    return (silent ? waits : !link.second.ready) ||
           (link.second.more_work && wire.return_planned(link.second.side));
  });
}

// Somebody waits to be accepted, and it does not fail for ever.
bool Node::WillAccept() const {
  return world_->directory().AnyPlace(this, [this](const ListeningPlace& place) {
    if (!place.accepting || place.backlog.empty()) return false;
    const int dialer = place.backlog.front()->node(0)->number();
    return world_->paths().between(number_, dialer).faults.fail_accept < 1;
  });
}

void Node::TellListened() {
  for (const Listened& listened : std::exchange(listened_, {})) {
    if (listened.bound.ok()) {
      machine_->OnListening(listened.listener, *listened.bound, world_->now());
    } else {
      machine_->OnListenFailed(listened.listener, listened.bound.status(), world_->now());
    }
  }
}

void Node::TakeEvents() {
  SocketEvent event;
  while (machine_->NextEvent(&event)) {
    world_->trace().Step(world_->now(), name_, SocketEventName(event.kind), event.lost_messages,
                         event.status.message());
    if (event.kind == SocketEvent::Kind::kRetry) {
      if (absl::StatusOr<Endpoint> endpoint = ParseEndpoint(event.endpoint); endpoint.ok()) {
        pausing_[event.dialer] = *std::move(endpoint);
      }
    } else if (event.kind == SocketEvent::Kind::kDialing) {
      pausing_.erase(event.dialer);
    } else if (event.kind == SocketEvent::Kind::kReady) {
      if (const auto it = links_.find(event.link); it != links_.end()) {
        if (!std::exchange(it->second.ready, true)) --handshakes_;
        it->second.wire->SetReady(it->second.side);
      }
    }
    events_.push_back(std::move(event));
  }
}

// ---- Facts -------------------------------------------------------------------------------------

void Node::AddLink(LinkId link, std::shared_ptr<Wire> wire, int side) {
  ++open_ends_;
  wire->Attach(side, link);
  links_[link] = {.wire = std::move(wire), .side = side};
  ++handshakes_;
  Touch();
}

void Node::OnDialed(LinkId link, std::shared_ptr<Wire> wire, const Endpoint& endpoint) {
  dials_.erase(link);
  AddLink(link, std::move(wire), 0);
  machine_->OnDialed(link, {absl::StrCat("sim://", name_), endpoint.ToString()}, world_->now());
}

void Node::OnDialFailed(LinkId link, const absl::Status& why) {
  dials_.erase(link);
  machine_->OnDialFailed(link, why, world_->now());
  Touch();
}

void Node::AcceptSoon(ListeningPlace* place) {
  if (std::exchange(place->accept_scheduled, true)) return;
  Later(absl::ZeroDuration(), [this, listener = place->listener] { Accept(listener); });
}

void Node::Accept(ListenerId listener) {
  ListeningPlace* place = world_->directory().Find(this, listener);
  if (place == nullptr) return;
  place->accept_scheduled = false;
  while (place->accepting && !place->backlog.empty()) {
    const std::shared_ptr<Wire> wire = place->backlog.front();
    const Path& way = world_->paths().between(number_, wire->node(0)->number());
    if (world_->random().Chance(way.faults.fail_accept)) {
      machine_->OnAcceptFailed(
          listener, absl::ResourceExhaustedError("accept: descriptors are out"), world_->now());
      place->accept_scheduled = true;
      Later(kAcceptPause, [this, listener] { Accept(listener); });
      Touch();
      return;
    }
    place->backlog.pop_front();
    if (wire->broken()) {
      wire->Close(1, CloseMode::kAbort);
      continue;
    }
    const TransportInfo transport{place->bound.ToString(),
                                  absl::StrCat("sim://", wire->node(0)->name())};
    const absl::StatusOr<LinkId> link = machine_->OnAccepted(listener, transport, world_->now());
    if (link.ok()) {
      AddLink(*link, wire, 1);
    } else {
      wire->Close(1, CloseMode::kAbort);
    }
  }
}

void Node::Forget(std::map<LinkId, LinkEnd>::iterator link) {
  if (link->second.batch_out) owed_.insert(link->first);
  if (!link->second.ready) --handshakes_;
  unhurried_.erase(link->first);
  links_.erase(link);
}

void Node::OnTransportClosed(LinkId link, const absl::Status& why) {
  Forget(links_.find(link));
  machine_->OnTransportClosed(link, why, world_->now());
  Touch();
}

void Node::OnWritten(LinkId link, std::size_t written) {
  if (status_.ok()) machine_->OnWritten(link, written, world_->now());
}

void Node::ReturnBatch(LinkId link, TransmitBatch batch, std::size_t written,
                       const absl::Status& status) {
  if (!status_.ok()) return;
  machine_->ReturnBatch(link, std::move(batch), written, status, world_->now());
  bool more_work = owed_.erase(link) > 0;
  if (const auto it = links_.find(link); it != links_.end()) {
    it->second.batch_out = false;
    unhurried_.erase(link);
    more_work = std::exchange(it->second.more_work, false);
  }
  const World::Cause cause(world_, world_->WorkIf(more_work));
  Touch();
}

// ---- Actions -----------------------------------------------------------------------------------

void Node::Do(const action::Dial& dial) {
  const auto attempt = std::make_shared<Dial>(world_, this, dial.link, dial.endpoint);
  dials_[dial.link] = attempt;
  attempt->Start();
}

void Node::Do(const action::Listen& listen) {
  const absl::StatusOr<ListeningPlace*> place =
      world_->directory().Listen(*listen.endpoint, this, listen.listener);
  if (place.ok()) {
    listened_.push_back({listen.listener, (*place)->bound});
  } else {
    listened_.push_back({listen.listener, place.status()});
  }
}

void Node::Do(const action::Unlisten& unlisten) {
  for (const auto& wire : world_->directory().Unlisten(this, unlisten.listener)) {
    wire->Close(1, CloseMode::kAbort);
  }
}

void Node::Do(const action::Accepting& accepting) {
  ListeningPlace* place = world_->directory().Find(this, accepting.listener);
  if (place == nullptr) return;
  place->accepting = accepting.on;
  if (accepting.on) AcceptSoon(place);
}

void Node::Do(const action::Read& read) {
  const auto it = links_.find(read.link);
  if (it == links_.end()) return;
  it->second.wire->SetReading(it->second.side, read.hint.mode != ReadMode::kPaused);
}

void Node::Do(const action::CloseLink& close) {
  if (const auto dial = dials_.find(close.link); dial != dials_.end()) {
    dial->second->Cancel();
    dials_.erase(dial);
  }
  const auto it = links_.find(close.link);
  if (it == links_.end()) return;
  const LinkEnd end = it->second;
  Forget(it);
  end.wire->Close(end.side, close.mode);
}

void Node::Write(LinkId link, TransmitBatch batch) {
  const auto it = links_.find(link);
  if (it != links_.end()) {
    it->second.batch_out = true;
    unhurried_.insert(link);
    it->second.wire->Send(it->second.side, std::move(batch));
    return;
  }
  const auto held = std::make_shared<TransmitBatch>(std::move(batch));
  Later(absl::ZeroDuration(), [this, link, held] {
    ReturnBatch(link, std::move(*held), 0, absl::UnavailableError("closed"));
  });
}

}  // namespace monocoque::sim
