// What goes wrong in a run besides what chance does to its links.
#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/sim/run.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kLongWay = absl::Milliseconds(300);
constexpr std::int64_t kThinLine = 64 * 1024;

// Of those who unbind or disconnect, some never come back, and some do at once.
bool StaysAway(const Mishap& mishap) { return mishap.bytes % 4 == 1; }
absl::Duration TimeAway(const Mishap& mishap) {
  return mishap.bytes % 4 == 2 ? absl::ZeroDuration() : mishap.lasts / 2;
}

}  // namespace

void Run::Plot(const Mishap& mishap) {
  sim_.After(mishap.at, [this, mishap] {
    Actor* a = actors_[mishap.actor].get();
    Actor* b = actors_[mishap.other].get();
    const absl::Duration linger = mishap.bytes % 2 == 0 ? absl::ZeroDuration() : mishap.lasts;
    switch (mishap.kind) {
      case Mishap::Kind::kCut:
        sim_.Cut(a->socket, b->socket);
        return;
      case Mishap::Kind::kCutAfterBytes:
        sim_.CutAfterBytes(a->socket, b->socket, mishap.bytes);
        return;
      case Mishap::Kind::kPartition:
        sim_.Partition(a->socket, b->socket);
        sim_.After(mishap.lasts, [this, a, b] { sim_.Heal(a->socket, b->socket); });
        return;
      case Mishap::Kind::kSlow:
        Slow(*a, *b, mishap.lasts);
        return;
      case Mishap::Kind::kFreeze:
        sim_.Freeze(a->socket, mishap.lasts);
        return;
      case Mishap::Kind::kClose:
        if (a->closed) return;
        a->for_good = true;
        StartClose(a, linger);
        return;
      case Mishap::Kind::kRestart:
        Restart(a, linger, mishap.lasts / 4);
        return;
      case Mishap::Kind::kUnbind:
        Unbind(a->plan->binds ? a : b, mishap);
        return;
      case Mishap::Kind::kDisconnect:
        Disconnect(a->plan->binds ? b : a, a->plan->binds ? *a : *b, mishap);
        return;
    }
  });
}

sim::Path Run::UsualPath() const {
  const sim::SimulationOptions& world = plan_.world;
  return {world.latency, world.jitter, world.bytes_per_second, world.window_bytes,
          calm_ ? sim::Faults() : world.faults};
}

void Run::Slow(const Actor& a, const Actor& b, absl::Duration lasts) {
  sim::Path path = UsualPath();
  path.latency += kLongWay;
  path.bytes_per_second = kThinLine;
  sim_.SetPath(a.socket, b.socket, path);
  sim_.After(lasts, [this, &a, &b] { sim_.SetPath(a.socket, b.socket, UsualPath()); });
}

void Run::Restart(Actor* actor, absl::Duration linger, absl::Duration gone) {
  if (actor->closed) return;
  StartClose(actor, linger);
  sim_.After(gone, [this, actor] { ComeBack(actor); });
}

void Run::ComeBack(Actor* actor) {
  if (actor->closed && !actor->for_good) Replace(actor, absl::ZeroDuration());
}

// ---- Wishes ------------------------------------------------------------------------------------

void Run::Unbind(Actor* actor, const Mishap& mishap) {
  if (actor->closed || actor->unbound) return;
  SayMore(actor, mishap);
  const std::vector<std::uint64_t> streams = StreamsThatAre(*actor);
  TakeEvents(actor);
  const std::set<LinkId> standing = StandingLinks(*actor);
  // It may have yet to bind.
  if (!actor->socket.Unbind(EndpointOf(*actor)).ok()) return;
  HangUp(*actor, EndpointOf(*actor), standing);
  LeaveStreams(actor, streams);
  actor->unbound = true;
  if (StaysAway(mishap)) {
    actor->unbound_for_good = true;
  } else {
    sim_.After(TimeAway(mishap), [this, actor] { Rebind(actor); });
  }
}

// So that something is there to be written.
void Run::SayMore(Actor* actor, const Mishap& mishap) {
  if (actor->plan->messages == 0 || mishap.bytes % 3 == 0) return;
  for (std::size_t i = 0; i < actor->plan->burst && SendOne(actor); ++i) {
  }
}

// Those whose end the socket does not know of.
std::set<LinkId> Run::StandingLinks(const Actor& actor) const {
  std::set<LinkId> standing;
  for (const auto& [link, peer] : actor.ready) {
    const std::optional<PeerStats> stats = actor.socket.core().peer_stats(peer);
    if (stats && stats->ready) standing.insert(link);
  }
  return standing;
}

// Of its links, those that had this endpoint.
void Run::HangUp(const Actor& actor, std::string_view endpoint, const std::set<LinkId>& standing) {
  const int number = actor.socket.number();
  const Instant patience = sim_.now() + actor.plan->options.link.closing_timeout;
  for (const LinkId link : followed_.at(number).chronicle.OnHangUp(endpoint)) {
    oracle_.OnHangUp(number, WireOf(number, link), patience, standing.contains(link));
  }
}

void Run::Rebind(Actor* actor) {
  if (actor->closed || !actor->unbound || actor->unbound_for_good) return;
  actor->unbound = false;
  Wire(actor);
}

void Run::Disconnect(Actor* actor, const Actor& other, const Mishap& mishap) {
  if (actor->closed || actor->away.contains(other.index)) return;
  SayMore(actor, mishap);
  const std::vector<std::uint64_t> streams = StreamsThatAre(*actor);
  const std::string endpoint = EndpointOf(other);
  const int number = actor->socket.number();
  TakeEvents(actor);
  const std::set<LinkId> standing = StandingLinks(*actor);
  Chronicle& chronicle = followed_.at(number).chronicle;
  const std::uint64_t lost = actor->socket.stats().lost;
  const bool all_handed = HandedAll(*actor, endpoint);
  const std::uint64_t told = chronicle.lost();
  if (!actor->socket.Disconnect(endpoint).ok()) return;  // it had yet to connect
  HangUp(*actor, endpoint, standing);
  oracle_.OnDisconnect(number, other.index, sim_.links().size());
  TakeEvents(actor);
  const std::uint64_t given_up = actor->socket.stats().lost - lost - (chronicle.lost() - told);
  chronicle.OnGivenUp(given_up);
  oracle_.OnGivenUp(number, given_up);
  if (all_handed && given_up > 0) {
    oracle_.Violation(absl::StrCat("socket ", number, " disconnected from ", endpoint, " and lost ",
                                   given_up, " messages that its link had room for"));
  }
  LeaveStreams(actor, streams);
  actor->numbers.erase(other.index);
  actor->away.insert(other.index);
  ++actor->hung_up;
  if (StaysAway(mishap)) {
    actor->away_for_good.insert(other.index);
  } else {
    sim_.After(TimeAway(mishap), [this, actor, &other] { Reconnect(actor, other); });
  }
}

void Run::Reconnect(Actor* actor, const Actor& other) {
  if (actor->closed || actor->away_for_good.contains(other.index)) return;
  if (actor->away.erase(other.index) > 0) Dial(actor, other);
}

// Its link there takes all that it is given, and took all so far: nothing waits in front of it.
bool Run::HandedAll(const Actor& actor, std::string_view endpoint) const {
  if (plan_.bounded || !followed_.at(actor.socket.number()).chronicle.attached(endpoint)) {
    return false;
  }
  const Mark& mark = actor.plan->options.send_mark;
  return std::ranges::none_of(actor.ready, [&](const auto& ready) {
    const std::optional<PeerStats> stats = actor.socket.core().peer_stats(ready.second);
    return stats && mark.Reached(stats->unsent_messages, stats->unsent_bytes);
  });
}

}  // namespace monocoque::testing
