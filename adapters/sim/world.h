#ifndef MONOCOQUE_ADAPTERS_SIM_WORLD_H_
#define MONOCOQUE_ADAPTERS_SIM_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "adapters/sim/agenda.h"
#include "adapters/sim/directory.h"
#include "adapters/sim/options.h"
#include "adapters/sim/paths.h"
#include "adapters/sim/random.h"
#include "adapters/sim/trace.h"
#include "adapters/sim/wire.h"
#include "alloc/budget.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/timer_heap.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::sim {

class Node;

// Everything there is in a simulation: the clock, what is to come, who listens where, what lies
// between the sockets, and the sockets. Simulation forwards to it.
//
// Thread-compatible. Invariant: the clock moves only when no socket waits for a turn.
class World {
 public:
  explicit World(const SimulationOptions& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Instant now() const { return now_; }
  Random& random() { return random_; }
  Trace& trace() { return trace_; }
  Paths& paths() { return paths_; }
  const Paths& paths() const { return paths_; }
  Directory& directory() { return directory_; }
  Lender& lender() { return lender_; }
  const BudgetPtr& budget() const { return budget_; }

  std::shared_ptr<Node> MakeNode(SocketType type, const SocketOptions& options, std::string name);
  bool CanReach(int from, const Endpoint& endpoint);

  // ---- What follows from what ------------------------------------------------------------------

  // What happens now comes from this; all that is planned meanwhile, and each socket that is
  // touched, inherits it. So heartbeats never keep anybody waiting, and what an application began
  // always does.
  Agenda::Kind kind() const { return kind_; }
  bool at_work() const { return kind_ == Agenda::Kind::kWork; }
  // Sets it for a scope.
  class Cause {
   public:
    Cause(World* world, Agenda::Kind kind)
        : world_(*world), before_(std::exchange(world->kind_, kind)) {}
    Cause(const Cause&) = delete;
    Cause& operator=(const Cause&) = delete;
    ~Cause() { world_.kind_ = before_; }

   private:
    World& world_;
    const Agenda::Kind before_;
  };
  // The same, if `holds`.
  Agenda::Kind WorkIf(bool holds) const { return holds ? Agenda::Kind::kWork : kind_; }
  void Plan(Instant at, Agenda::Task task) { agenda_.Add(at, std::move(task), kind_); }

  // ---- For nodes and wires ---------------------------------------------------------------------

  void Touch(Node* node);
  void SetTimer(Node* node, Instant deadline);
  std::shared_ptr<Wire> MakeWire(Node* dialer, Node* acceptor);
  void RemoveWire(const Wire* wire);
  void OnWireReady(Wire* wire);
  void Tap(const Wire& wire, int side, Bytes octets);

  // ---- Faults ----------------------------------------------------------------------------------

  void Cut(int a, int b);
  void CutLater(int a, int b, absl::Duration after);
  void CutAfterBytes(int from, int to, std::uint64_t bytes);
  void Calm();
  std::vector<LinkReport> Reports() const;

  // ---- Running ---------------------------------------------------------------------------------

  // The next thing that is due until `limit`; false: there is none.
  bool Step(Instant limit);
  // Until `done`, at most until `limit`, which the clock then shows; true if done.
  bool RunUntil(const std::function<bool()>& done, Instant limit);
  // Nothing is left but what comes again for ever.
  bool Idle() const;
  // Runs user code: nothing in it can wait.
  void RunUserCode(const std::function<void()>& code);
  bool in_user_code() const { return in_user_code_; }

 private:
  struct PendingCut {
    int a;
    int b;
    absl::Duration after;
  };
  struct PendingByteCut {
    int from;
    int to;
    std::uint64_t bytes;
  };

  void ChooseFate(Wire* wire);
  void PlanCut(const Wire* wire, absl::Duration after);

  const SimulationOptions options_;
  Instant now_;
  Random random_;
  Random entropy_;
  Agenda agenda_;
  Trace trace_;
  Paths paths_;
  Directory directory_;
  Lender lender_;
  std::shared_ptr<SlabPool> pool_;
  BudgetPtr budget_;
  std::vector<std::shared_ptr<Node>> nodes_;
  std::vector<Node*> touched_;
  TimerHeap<Node> timers_;
  std::map<std::uint64_t, std::shared_ptr<Wire>> wires_;
  std::vector<LinkReport> ended_;
  std::vector<PendingCut> cuts_;
  std::vector<PendingByteCut> byte_cuts_;
  std::uint64_t wires_made_ = 0;
  int calms_ = 0;                 // cuts planned before the last one do not happen
  std::uint64_t steps_here_ = 0;  // at this instant
  Agenda::Kind kind_ = Agenda::Kind::kWork;
  bool in_user_code_ = false;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_WORLD_H_
