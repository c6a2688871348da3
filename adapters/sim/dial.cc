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

void Dial::Start() {
  world_.trace().Step(world_.now(), dialer_.name(), "dials", 0, endpoint_->ToString());
  const ListeningPlace* place = world_.directory().Find(*endpoint_);
  // Who listens may change on the way there; how long that is cannot.
  const Node& target = place == nullptr ? dialer_ : *place->node;
  const Path& way = world_.paths().between(dialer_.number(), target.number());
  world_.agenda().Add(world_.now() + way.latency + world_.random().UpTo(way.jitter),
                      [self = shared_from_this()] { self->Arrive(); });
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
  dialer_.Later(way.latency + world_.random().UpTo(way.jitter),
                [self = shared_from_this()] { self->Return(); });
}

void Dial::Refuse() {
  const Path& way = world_.paths().between(dialer_.number(), dialer_.number());
  dialer_.Later(way.latency, [self = shared_from_this()] {
    self->Fail(absl::UnavailableError(absl::StrCat("connect ",
                                                   absl::CHexEscape(self->endpoint_->ToString()),
                                                   ": connection refused; nobody listens there.")));
  });
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
    Fail(absl::UnavailableError("the connection was reset while connecting"));
    return;
  }
  over_ = true;
  dialer_.OnDialed(link_, wire_, *endpoint_);
}

void Dial::Fail(const absl::Status& why) {
  if (over_) return;
  Cancel();
  dialer_.OnDialFailed(link_, why);
}

void Dial::Cancel() {
  over_ = true;
  if (wire_ != nullptr) wire_->Close(0, CloseMode::kAbort);
}

const Node* Dial::answering() const { return wire_ == nullptr ? nullptr : wire_->node(1); }

}  // namespace monocoque::sim
