#include "adapters/sim/simulation.h"

#include <utility>

#include "adapters/sim/node.h"
#include "adapters/sim/world.h"

namespace monocoque::sim {

Simulation::Simulation(const SimulationOptions& options)
    : world_(std::make_unique<World>(options)) {}

Simulation::~Simulation() = default;

Socket Simulation::MakeSocket(SocketType type, const SocketOptions& options, std::string name) {
  return Socket(world_->MakeNode(type, options, std::move(name)));
}

Instant Simulation::now() const { return world_->now(); }

void Simulation::Run(absl::Duration duration) {
  world_->RunUntil([] { return false; }, world_->now() + duration);
}

bool Simulation::RunUntilIdle(absl::Duration limit) {
  return world_->RunUntil([this] { return world_->Idle(); }, world_->now() + limit);
}

bool Simulation::RunUntil(const std::function<bool()>& done, absl::Duration limit) {
  return world_->RunUntil(done, world_->now() + limit);
}

void Simulation::After(absl::Duration delay, std::function<void()> code) {
  world_->Plan(world_->now() + delay,
               [world = world_.get(), code = std::move(code)] { world->RunUserCode(code); });
}

void Simulation::Every(absl::Duration period, std::function<void()> code) {
  Repeat(period, std::make_shared<std::function<void()>>(std::move(code)));
}

void Simulation::Repeat(absl::Duration period, const std::shared_ptr<std::function<void()>>& code) {
  const World::Cause cause(world_.get(), Agenda::Kind::kPeriodic);
  world_->Plan(world_->now() + period, [this, period, code] {
    world_->RunUserCode(*code);
    Repeat(period, code);
  });
}

void Simulation::Cut(const Socket& a, const Socket& b) { world_->Cut(a.number(), b.number()); }
void Simulation::Cut(const Socket& a, const Socket& b, absl::Duration after) {
  world_->CutLater(a.number(), b.number(), after);
}
void Simulation::CutAfterBytes(const Socket& from, const Socket& to, std::uint64_t bytes) {
  world_->CutAfterBytes(from.number(), to.number(), bytes);
}

void Simulation::Partition(const Socket& a, const Socket& b) {
  world_->trace().Step(world_->now(), a.name(), "is partitioned from", 0, b.name());
  world_->paths().Partition(a.number(), b.number());
}

void Simulation::Heal(const Socket& a, const Socket& b) {
  world_->trace().Step(world_->now(), a.name(), "is healed with", 0, b.name());
  world_->paths().Heal(a.number(), b.number());
}

void Simulation::Freeze(const Socket& socket, absl::Duration duration) {
  socket.node()->Freeze(world_->now() + duration);
}

void Simulation::SetPath(const Socket& a, const Socket& b, const Path& path) {
  world_->paths().Set(a.number(), b.number(), path);
}
void Simulation::SetPath(const Path& path) { world_->paths().SetStandard(path); }
void Simulation::Calm() { world_->Calm(); }

std::vector<LinkReport> Simulation::links() const { return world_->Reports(); }
std::uint64_t Simulation::trace_hash() const { return world_->trace().hash(); }
const BudgetPtr& Simulation::budget() const { return world_->budget(); }

}  // namespace monocoque::sim
