#include "adapters/sim/world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/sim/dial.h"
#include "adapters/sim/node.h"
#include "protocol/drive/host.h"
#include "protocol/socket/socket.h"

namespace monocoque::sim {
namespace {

// Steps at one instant beyond which something turns in circles.
constexpr std::uint64_t kMaxStepsAtOnce = 10'000'000;

bool Joins(const Wire& wire, int a, int b) {
  const int dialer = wire.node(0)->number();
  const int acceptor = wire.node(1)->number();
  return (dialer == a && acceptor == b) || (dialer == b && acceptor == a);
}

Path StandardPath(const SimulationOptions& options) {
  return {options.latency, options.jitter, options.bytes_per_second, options.window_bytes,
          options.faults};
}

}  // namespace

World::World(const SimulationOptions& options)
    : options_(options),
      random_(options.seed),
      entropy_(random_.Fork()),
      agenda_(options.shuffle ? &random_ : nullptr),
      trace_(options.trace),
      paths_(StandardPath(options)),
      pool_(SlabPool::Create(options.pool)),
      budget_(Budget::Create(options.budget_bytes)) {}

World::~World() {
  for (const auto& node : nodes_) {
    timers_.Remove(&node->timer);
    node->Orphan();
  }
}

std::shared_ptr<Node> World::MakeNode(SocketType type, const SocketOptions& options,
                                      std::string name) {
  Host host;
  host.pool = pool_;
  host.budget = budget_;
  host.entropy = std::make_shared<SeededEntropy>(entropy_.Fork());
  host.now = now_;
  const int number = static_cast<int>(nodes_.size());
  if (name.empty()) name = absl::StrCat(absl::AsciiStrToLower(SocketTypeName(type)), "#", number);
  nodes_.push_back(std::make_shared<Node>(this, number, std::move(name),
                                          monocoque::Socket::Create(type, options, host)));
  return nodes_.back();
}

bool World::CanReach(int from, const Endpoint& endpoint) {
  const ListeningPlace* place = directory_.Find(endpoint);
  if (place == nullptr || paths_.partitioned(from, place->node->number())) return false;
  const Faults& faults = paths_.between(from, place->node->number()).faults;
  return faults.refuse_dial < 1 && faults.ignore_dial < 1;
}

void World::Touch(Node* node) {
  node->has_work = node->has_work || at_work();
  if (std::exchange(node->touched, true)) return;
  touched_.push_back(node);
}

void World::SetTimer(Node* node, Instant deadline) {
  if (deadline.is_never() || options_.timer_delay <= absl::ZeroDuration()) {
    timers_.Set(&node->timer, deadline);
  } else {
    timers_.Set(&node->timer, deadline + random_.UpTo(options_.timer_delay));
  }
}

// ---- Wires -------------------------------------------------------------------------------------

std::shared_ptr<Wire> World::MakeWire(Node* dialer, Node* acceptor) {
  auto wire = std::make_shared<Wire>(this, ++wires_made_, dialer, acceptor);
  wires_[wire->number()] = wire;
  std::erase_if(byte_cuts_, [&](const PendingByteCut& cut) {
    if (!Joins(*wire, cut.from, cut.to)) return false;
    wire->CutAfterBytes(dialer->number() == cut.from ? 0 : 1, cut.bytes);
    return true;
  });
  ChooseFate(wire.get());
  return wire;
}

void World::ChooseFate(Wire* wire) {
  const Faults& faults = paths_.between(wire->node(0)->number(), wire->node(1)->number()).faults;
  if (!random_.Chance(faults.cut)) return;
  if (random_.Chance(0.5)) {
    // Chance is no work of anybody's.
    const Cause cause(this, Agenda::Kind::kPeriodic);
    PlanCut(wire, random_.UpTo(faults.cut_within));
  } else {
    const int side = random_.Chance(0.5) ? 0 : 1;
    wire->CutAfterBytes(side,
                        random_.Between(1, std::max<std::uint64_t>(1, faults.cut_within_bytes)));
  }
}

void World::RemoveWire(const Wire* wire) {
  ended_.push_back(wire->report());
  wires_.erase(wire->number());
}

void World::OnWireReady(Wire* wire) {
  std::erase_if(cuts_, [&](const PendingCut& cut) {
    if (!Joins(*wire, cut.a, cut.b)) return false;
    PlanCut(wire, cut.after);
    return true;
  });
}

void World::Tap(const Wire& wire, int side, Bytes octets) {
  const Node& from = *wire.node(side);
  trace_.Step(now_, from.name(), "writes", octets.size());
  trace_.Octets(octets);
  if (options_.tap) {
    options_.tap({wire.number(), from.number(), wire.node(1 - side)->number(), octets});
  }
}

std::vector<LinkReport> World::Reports() const {
  std::vector<LinkReport> all = ended_;
  for (const auto& [number, wire] : wires_) all.push_back(wire->report());
  std::ranges::sort(all, {}, &LinkReport::link);
  return all;
}

// ---- Faults ------------------------------------------------------------------------------------

void World::PlanCut(const Wire* wire, absl::Duration after) {
  Plan(now_ + after, [this, number = wire->number(), calms = calms_] {
    const auto it = wires_.find(number);
    if (it == wires_.end() || calms != calms_) return;
    const std::shared_ptr<Wire> found = it->second;
    found->Cut();
  });
}

void World::Calm() {
  trace_.Step(now_, "simulation", "is calm");
  ++calms_;
  cuts_.clear();
  byte_cuts_.clear();
  for (const auto& [number, wire] : wires_) wire->Spare();
  paths_.Calm();
}

void World::Cut(int a, int b) {
  const auto wires = wires_;
  for (const auto& [number, wire] : wires) {
    if (Joins(*wire, a, b)) wire->Cut();
  }
}

void World::CutLater(int a, int b, absl::Duration after) {
  bool found = false;
  for (const auto& [number, wire] : wires_) {
    if (!Joins(*wire, a, b) || !wire->ready() || wire->broken()) continue;
    found = true;
    PlanCut(wire.get(), after);
  }
  if (!found) cuts_.push_back({a, b, after});
}

void World::CutAfterBytes(int from, int to, std::uint64_t bytes) {
  bool found = false;
  const auto wires = wires_;
  for (const auto& [number, wire] : wires) {
    if (!Joins(*wire, from, to) || wire->broken()) continue;
    found = true;
    wire->CutAfterBytes(wire->node(0)->number() == from ? 0 : 1, bytes);
  }
  if (!found) byte_cuts_.push_back({from, to, bytes});
}

// ---- Running -----------------------------------------------------------------------------------

bool World::Step(Instant limit) {
  if (++steps_here_ > kMaxStepsAtOnce) {
    trace_.Step(now_, "simulation", "turns in circles");
    return false;
  }
  const bool due_now = agenda_.next() <= now_;
  // Facts may gather before the socket has its turn.
  const bool gather = options_.shuffle && due_now && random_.Chance(0.5);
  if (!touched_.empty() && !gather) {
    const std::size_t at = options_.shuffle ? random_.Below(touched_.size()) : 0;
    Node* node = touched_[at];
    touched_.erase(touched_.begin() + static_cast<std::ptrdiff_t>(at));
    node->touched = false;
    const bool works = std::exchange(node->has_work, false) || node->shakes_hands();
    const Cause cause(this, works ? Agenda::Kind::kWork : Agenda::Kind::kPeriodic);
    node->Turn();
    RunUserCode([node] { node->Serve(); });
    return true;
  }
  const Instant next = std::min(agenda_.next(), timers_.next());
  if (next.is_never() || next > limit) return false;
  if (next > now_) {
    now_ = next;
    steps_here_ = 0;
  }
  const bool timer_due = timers_.next() <= now_;
  const bool task_due = agenda_.next() <= now_;
  if (timer_due && (!task_due || (options_.shuffle && random_.Chance(0.5)))) {
    const Cause cause(this, Agenda::Kind::kPeriodic);
    Touch(timers_.PopDue(now_));
  } else {
    const Agenda::Entry entry = agenda_.Pop();
    const Cause cause(this, entry.kind);
    entry.task();
  }
  return true;
}

bool World::RunUntil(const std::function<bool()>& done, Instant limit) {
  while (!done()) {
    if (Step(limit)) continue;
    if (!limit.is_never()) now_ = std::max(now_, limit);
    return done();
  }
  return true;
}

bool World::Idle() const {
  // What a socket was just told it may not have made anything of yet.
  if (agenda_.work() > 0 || !touched_.empty()) return false;
  return std::ranges::none_of(nodes_,
                              [](const auto& node) { return node->has_work || node->Hopes(); });
}

void World::RunUserCode(const std::function<void()>& code) {
  const bool before = std::exchange(in_user_code_, true);
  code();
  in_user_code_ = before;
}

}  // namespace monocoque::sim
