#include "adapters/sim/dial.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adapters/sim/node.h"
#include "adapters/sim/wire.h"
#include "adapters/sim/world.h"

namespace monocoque::sim {

Dial::Dial(World* world, Node* dialer, LinkId link, std::shared_ptr<const Endpoint> endpoint)
    : world_(*world), dialer_(*dialer), link_(link), endpoint_(std::move(endpoint)) {}

void Dial::Plan(absl::Duration delay, void (Dial::*task)()) {
  const World::Cause cause(&world_, Agenda::Kind::kPeriodic);
  dialer_.Later(delay, [self = shared_from_this(), task] { (*self.*task)(); });
}

void Dial::Start() {
  world_.trace().Step(world_.now(), dialer_.name(), "dials", 0, endpoint_->ToString());
  const ListeningPlace* place = world_.directory().Find(*endpoint_);
  // Who listens may change on the way there; how long that is cannot.
  const Node& target = place == nullptr ? dialer_ : *place->node;
  const Path& way = world_.paths().between(dialer_.number(), target.number());
  Plan(way.latency + world_.random().UpTo(way.jitter), &Dial::Arrive);
}

void Dial::Arrive() {
  if (over_) return;
  ListeningPlace* place = world_.directory().Find(*endpoint_);
  if (place == nullptr) {
    Refuse();
    return;
  }
  Node* target = place->node;
  if (world_.paths().partitioned(dialer_.number(), target->number())) {
    world_.paths().WhenHealed(dialer_.number(), target->number(),
                              [self = shared_from_this()] { self->Arrive(); });
    return;
  }
  const Path& way = world_.paths().between(dialer_.number(), target->number());
  if (world_.random().Chance(way.faults.ignore_dial)) {
    world_.trace().Step(world_.now(), target->name(), "ignores a dial of", 0, dialer_.name());
    return;
  }
  if (world_.random().Chance(way.faults.refuse_dial)) {
    Refuse();
    return;
  }
  wire_ = world_.MakeWire(&dialer_, target);
  place->backlog.push_back(wire_);
  target->AcceptSoon(place);
  Plan(way.latency + world_.random().UpTo(way.jitter), &Dial::Return);
}

void Dial::Refuse() {
  Plan(world_.paths().between(dialer_.number(), dialer_.number()).latency, &Dial::Fail);
}

void Dial::Return() {
  if (over_) return;
  const int target = wire_->node(1)->number();
  if (world_.paths().partitioned(dialer_.number(), target)) {
    world_.paths().WhenHealed(dialer_.number(), target,
                              [self = shared_from_this()] { self->Return(); });
    return;
  }
  if (wire_->broken()) {
    Fail();
    return;
  }
  over_ = true;
  dialer_.OnDialed(link_, wire_, *endpoint_);
}

void Dial::Fail() {
  if (over_) return;
  const bool reset = wire_ != nullptr;
  Cancel();
  dialer_.OnDialFailed(link_, absl::UnavailableError(absl::StrCat(
                                  "connect ", absl::CHexEscape(endpoint_->ToString()),
                                  reset ? ": the connection was reset."
                                        : ": connection refused; nobody listens there.")));
}

void Dial::Cancel() {
  over_ = true;
  if (wire_ != nullptr) wire_->Close(0, CloseMode::kAbort);
}

}  // namespace monocoque::sim
