// What goes wrong in a run besides what chance does to its links.
#include "tests/sim/run.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kLongWay = absl::Milliseconds(300);
constexpr std::int64_t kThinLine = 64 * 1024;

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

}  // namespace monocoque::testing
