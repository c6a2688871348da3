#include "tests/sim/plan.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace monocoque::testing {
namespace {

using sim::Faults;
using sim::Random;

bool Sends(const Pairing& pairing, bool left) {
  const Play play = pairing.play;
  if (play == Play::kBoth || play == Play::kNames || play == Play::kOctets) return true;
  return left || pairing.right == SocketType::kXSub;
}

bool IsOneOf(SocketType type, std::initializer_list<SocketType> types) {
  return std::ranges::find(types, type) != types.end();
}

absl::Duration Milliseconds(Random* random, std::uint64_t least, std::uint64_t most) {
  return absl::Milliseconds(static_cast<std::int64_t>(random->Between(least, most)));
}

// Each fault is there in some runs only: a run with all of them hides what one does.
Faults DrawFaults(Random* random) {
  Faults faults;
  if (random->Chance(0.3)) faults.refuse_dial = 0.3;
  if (random->Chance(0.15)) faults.ignore_dial = 0.2;
  if (random->Chance(0.2)) faults.fail_accept = 0.3;
  if (random->Chance(0.4)) {
    faults.cut = 0.7;
    faults.cut_within = Milliseconds(random, 1, 1500);
    faults.cut_within_bytes = std::size_t{1} << random->Between(5, 18);
  }
  if (random->Chance(0.5)) faults.read_by_window = random->Chance(0.5) ? 1 : 0.5;
  if (random->Chance(0.3)) faults.max_write_bytes = std::size_t{1} << random->Between(6, 16);
  if (random->Chance(0.3)) faults.max_read_bytes = std::size_t{1} << random->Between(6, 16);
  if (random->Chance(0.2)) faults.read_delay = Milliseconds(random, 1, 50);
  if (random->Chance(0.3)) faults.batch_delay = Milliseconds(random, 1, 300);
  return faults;
}

sim::SimulationOptions DrawWorld(Random* random) {
  sim::SimulationOptions world;
  world.seed = random->Next();
  if (random->Chance(0.8)) world.latency = Milliseconds(random, 0, 20);
  if (random->Chance(0.4)) world.jitter = Milliseconds(random, 1, 20);
  if (random->Chance(0.1)) world.bytes_per_second = 1 << 20;
  if (random->Chance(0.3)) world.window_bytes = std::size_t{1} << random->Between(10, 17);
  if (random->Chance(0.8)) world.faults = DrawFaults(random);
  world.shuffle = random->Chance(0.5);
  if (random->Chance(0.3)) world.timer_delay = Milliseconds(random, 1, 20);
  if (random->Chance(0.3)) world.pool.slab_bytes = std::size_t{1} << random->Between(13, 15);
  world.pool.pooling = random->Chance(0.5);
  return world;
}

// What a link carries in a second when nothing goes wrong: a window's content each way there, or
// what the line gives.
std::int64_t BytesPerSecond(const sim::SimulationOptions& world) {
  const absl::Duration way = world.latency + world.jitter + absl::Milliseconds(1);
  const auto by_window = static_cast<std::int64_t>(static_cast<double>(world.window_bytes) /
                                                   absl::ToDoubleSeconds(way));
  if (world.bytes_per_second == 0) return by_window;
  return std::min(by_window, world.bytes_per_second);
}

// The longest that a heartbeat may take when nothing goes wrong: a batch is in front of it on both
// ways.
absl::Duration RoundTrip(const sim::SimulationOptions& world) {
  constexpr std::int64_t kBatchBytes = 1024 * 1024;
  return 4 * (world.latency + world.jitter) + 2 * world.timer_delay + absl::Milliseconds(50) +
         2 * absl::Seconds(kBatchBytes) / BytesPerSecond(world);
}

// `beats`: the share of sockets with heartbeats.
SocketOptions DrawOptions(Random* random, const sim::SimulationOptions& world, double beats) {
  SocketOptions options;
  if (random->Chance(0.3)) options.send_mark.messages = random->Between(1, 30);
  if (random->Chance(0.2)) options.send_mark.bytes = std::size_t{1} << random->Between(6, 16);
  if (random->Chance(0.3)) options.receive_mark.messages = random->Between(1, 30);
  if (random->Chance(0.2)) options.receive_mark.bytes = std::size_t{1} << random->Between(6, 16);
  LinkOptions& link = options.link;
  link.handshake_timeout = Milliseconds(random, 300, 3000);
  if (random->Chance(beats)) {
    // No multiple of the latency: heartbeats in step with their answers would pass for work.
    link.heartbeat.interval =
        Milliseconds(random, 50, 1000) + absl::Nanoseconds(1) + random->UpTo(absl::Milliseconds(1));
    link.heartbeat.timeout = RoundTrip(world) + Milliseconds(random, 0, 1000);
    if (random->Chance(0.3)) {
      link.heartbeat.ttl =
          link.heartbeat.interval + RoundTrip(world) + Milliseconds(random, 100, 2000);
    }
  }
  if (random->Chance(0.3)) link.closing_timeout = Milliseconds(random, 100, 3000);
  link.reconnect.interval = Milliseconds(random, 1, 100);
  link.reconnect.max_interval = Milliseconds(random, 1, 1000);
  return options;
}

// Options that only some types have.
void DrawTypeOptions(Random* random, const Pairing& pairing, ActorPlan* actor) {
  using enum SocketType;
  SocketOptions& options = actor->options;
  const SocketType type = actor->type;
  if (type == kRouter) options.router_mandatory = random->Chance(0.5);
  if (type == kStream) options.link.heartbeat = {};
  if (type == kXPub) options.xpub_verbose = random->Chance(0.3);
  if (type == kReq) {
    options.req_relaxed = random->Chance(0.3);
    options.req_correlate = random->Chance(0.4);
  }
  if (IsOneOf(type, {kPub, kXPub, kRadio})) options.xpub_nodrop = random->Chance(0.15);
  if (IsOneOf(type, {kPub, kSub, kPush, kPull, kDealer}) && pairing.play != Play::kAsk) {
    options.conflate = random->Chance(0.1) && !options.xpub_nodrop;
  }
  if (!actor->binds) options.link.immediate = random->Chance(0.15);
  // One peer alone: who comes back is refused while the old link seems to stand, and tries again.
  if (IsOneOf(type, {kPair, kChannel})) options.link.retry.peer_rejected_us = Retry::kBackoff;
}

ActorPlan DrawActor(Random* random, const sim::SimulationOptions& world, const Pairing& pairing,
                    bool left, bool binds, double beats) {
  ActorPlan actor;
  actor.type = left ? pairing.left : pairing.right;
  actor.binds = binds;
  actor.options = DrawOptions(random, world, beats);
  if (Sends(pairing, left)) {
    actor.messages = random->Between(1, random->Chance(0.2) ? 150 : 40);
    actor.burst = random->Between(1, random->Chance(0.5) ? 20 : 2);
    actor.pause = Milliseconds(random, 1, 80);
  }
  if (random->Chance(0.4)) {
    actor.look = Milliseconds(random, 1, random->Chance(0.3) ? 1000 : 50);
    actor.take = random->Between(1, 20);
  }
  DrawTypeOptions(random, pairing, &actor);
  return actor;
}

Mishap DrawMishap(Random* random, const Plan& plan) {
  using enum Mishap::Kind;
  Mishap mishap;
  mishap.at = random->UpTo(plan.lasts);
  mishap.actor = random->Below(plan.left);
  mishap.other = plan.left + random->Below(plan.actors.size() - plan.left);
  if (random->Chance(0.5)) std::swap(mishap.actor, mishap.other);
  mishap.bytes = random->Below(std::uint64_t{1} << random->Between(1, 16));
  mishap.lasts = Milliseconds(random, 1, 2000);
  constexpr std::array kKinds = {
      kCut,           kCut,           kCut,           kCut,           kCut,
      kCut,           kCutAfterBytes, kCutAfterBytes, kCutAfterBytes, kCutAfterBytes,
      kCutAfterBytes, kCutAfterBytes, kPartition,     kPartition,     kPartition,
      kPartition,     kSlow,          kSlow,          kFreeze,        kFreeze,
      kFreeze,        kRestart,       kRestart,       kClose,         kUnbind,
      kUnbind,        kDisconnect,    kDisconnect,    kDisconnect};
  mishap.kind = kKinds[random->Below(kKinds.size())];
  return mishap;
}

// Sockets with names of their own. Who comes back under its name, or dials anew while the old link
// seems to stand, takes the name over; or is refused, and tries again.
void DrawNames(Random* random, Plan* plan) {
  using enum SocketType;
  const bool by_name = plan->pairing->play == Play::kNames;
  const bool to_router = plan->pairing->right == kRouter;
  if (!by_name && !(to_router && random->Chance(0.3))) return;
  const bool hand_over = random->Chance(0.5);
  for (std::size_t i = 0; i < plan->actors.size(); ++i) {
    SocketOptions& options = plan->actors[i].options;
    if (by_name || i < plan->left) options.routing_id = absl::StrCat("actor", i);
    if (plan->actors[i].type == kRouter && hand_over) {
      options.router_id_clash = RoutingIdClash::kHandOver;
    }
    options.link.retry.peer_rejected_us = Retry::kBackoff;
    options.link.retry.we_rejected_peer = Retry::kBackoff;
  }
}

// For each peer some slabs, and a message: what is refused now is there once all comes to rest. All
// together have less in some runs.
void DrawBudgets(Random* random, Plan* plan) {
  plan->bounded = random->Chance(0.25);
  if (!plan->bounded) return;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < plan->actors.size(); ++i) {
    const std::size_t peers = i < plan->left ? plan->actors.size() - plan->left : plan->left;
    // Some slabs; or what the contract asks for at least.
    const std::uint64_t slabs = random->Chance(0.5) ? (peers + random->Below(4)) * 4 : peers * 2;
    const std::uint64_t budget = slabs * plan->world.pool.slab_bytes + plan->largest;
    plan->actors[i].options.budget_bytes = static_cast<std::int64_t>(budget);
    sum += budget;
  }
  if (random->Chance(0.3)) plan->world.budget_bytes = static_cast<std::int64_t>(sum - sum / 4);
}

void DrawSecurity(Random* random, Plan* plan) {
  plan->curve = plan->pairing->play != Play::kOctets && random->Chance(0.25);
  if (!plan->curve) return;
  plan->left_serves = random->Chance(0.5);
  plan->asks = random->Chance(0.5);
  // There is more to say.
  for (ActorPlan& actor : plan->actors) actor.options.link.handshake_timeout *= 2;
}

}  // namespace

Plan Plan::FromSeed(std::uint64_t seed) {
  Random random(seed * 0x9E3779B97F4A7C15u + 1);
  Plan plan;
  plan.pairing = &kPairings[seed % kPairings.size()];
  plan.world = DrawWorld(&random);
  plan.lasts = Milliseconds(&random, 200, 4000);
  const bool pair = IsOneOf(plan.pairing->left, {SocketType::kPair, SocketType::kChannel});
  plan.left = pair ? 1 : random.Between(1, 3);
  const std::size_t right = pair ? 1 : random.Between(1, 3);
  // PEER knows the numbers of those it dialed.
  const bool left_binds = random.Chance(0.5) && plan.pairing->left != SocketType::kPeer;
  // Who has heartbeats may give a link up: in half of the runs nobody does.
  const double beats = random.Chance(0.5) ? 0.6 : 0;
  for (std::size_t i = 0; i < plan.left + right; ++i) {
    const bool left = i < plan.left;
    plan.actors.push_back(
        DrawActor(&random, plan.world, *plan.pairing, left, left == left_binds, beats));
  }
  DrawNames(&random, &plan);
  const bool large = plan.pairing->name == "StreamOfLarge";
  plan.largest = large ? 400'000 : random.Chance(0.3) ? 70'000 : 3000;
  if (large) {
    for (ActorPlan& actor : plan.actors) actor.messages = std::min<std::size_t>(actor.messages, 10);
  }
  const std::size_t mishaps = random.Chance(0.3) ? 0 : random.Between(1, 6);
  for (std::size_t i = 0; i < mishaps; ++i) plan.mishaps.push_back(DrawMishap(&random, plan));
  plan.ends_with_linger = random.Chance(0.4);
  DrawBudgets(&random, &plan);
  if (plan.ends_with_linger && random.Chance(0.5)) plan.last_cuts = random.Between(1, 6);
  DrawSecurity(&random, &plan);
  return plan;
}

bool Plan::harmless() const {
  const Faults& faults = world.faults;
  // A link ends for which there is no memory to say what it must.
  if (!mishaps.empty() || faults.cut > 0 || bounded) return false;
  // Whose deadline is over before its peer's last word came takes nothing of what came with it.
  const absl::Duration handshake =
      (curve ? 16 : 8) * (world.latency + world.jitter + faults.read_delay + faults.batch_delay) +
      (faults.fail_accept > 0 ? absl::Seconds(1) : absl::ZeroDuration());
  return std::ranges::none_of(actors, [&](const ActorPlan& actor) {
    const LinkOptions& link = actor.options.link;
    return actor.options.conflate || link.handshake_timeout < handshake ||
           link.heartbeat.interval > absl::ZeroDuration();
  });
}

bool Plan::has(Mishap::Kind kind) const {
  return std::ranges::any_of(mishaps, [&](const Mishap& mishap) { return mishap.kind == kind; });
}

std::string Plan::ToString() const {
  constexpr std::array<std::string_view, 9> kNames = {"cut",     "cut after bytes", "partition",
                                                      "slow",    "freeze",          "close",
                                                      "restart", "unbind",          "disconnect"};
  std::string text =
      absl::StrCat(pairing->name, " ", left, ":", actors.size() - left,
                   actors[0].binds ? ", left binds" : ", right binds", ", latency ",
                   absl::FormatDuration(world.latency), ", cut ", world.faults.cut, ", largest ",
                   largest, world.shuffle ? ", shuffled" : "", bounded ? ", bounded" : "",
                   curve ? ", CURVE" : "", last_cuts > 0 ? ", cut to the last" : "");
  for (const Mishap& mishap : mishaps) {
    absl::StrAppend(&text, ", ", kNames[static_cast<std::size_t>(mishap.kind)]);
  }
  return text;
}

}  // namespace monocoque::testing
