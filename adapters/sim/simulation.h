#ifndef MONOCOQUE_ADAPTERS_SIM_SIMULATION_H_
#define MONOCOQUE_ADAPTERS_SIM_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "adapters/sim/options.h"
#include "adapters/sim/socket.h"
#include "alloc/budget.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::sim {

class World;

// Whole sockets under a virtual clock, joined by transports of memory that do what the seed and you
// say: come late, come in pieces, are cut, fall silent. For tests of what is built on sockets. No
// thread, no descriptor, no clock: a run takes as long as its work, and the same seed gives the
// same run, to the bit.
//
//     Simulation sim({.seed = 7, .latency = absl::Milliseconds(1)});
//     Socket server = sim.MakeSocket(SocketType::kRep);
//     Socket client = sim.MakeSocket(SocketType::kReq);
//     server.Bind("sim://a");  client.Connect("sim://a");
//     client.Send("ping");                                   // sent while the simulation runs
//     sim.Cut(client, server, /*after=*/absl::Milliseconds(3));
//     sim.RunUntilIdle();                                    // until nothing more comes of it
//     EXPECT_THAT(Received(server), ElementsAre("ping"));
//
// An application of several sockets lives in handlers: Socket::OnMessage, After, Every. They run at
// their time, may do anything but wait, and see now().
//
// Thread-compatible. Outlives its sockets' handles.
class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options = {});
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // A socket; if it cannot be made, all its operations say why. `name` is for the trace and for
  // peers.
  Socket MakeSocket(SocketType type, const SocketOptions& options = {}, std::string name = "");

  // ---- Time ------------------------------------------------------------------------------------

  // The virtual clock. Begins at zero, moves only below.
  Instant now() const;
  // Whatever happens in this time.
  void Run(absl::Duration duration);
  // Until it is idle: no octet on its way, no work left, nobody who tries again and can succeed;
  // only what comes again for ever: heartbeats, dials of a name that nobody has, Every. True if it
  // is, false if `limit` was over first.
  bool RunUntilIdle(absl::Duration limit = absl::Hours(1));
  // Until `done()`, which is asked after each step; false if that was not within `limit`.
  bool RunUntil(const std::function<bool()>& done, absl::Duration limit = absl::Hours(1));
  // Runs `code` once, so much later; or for ever, each period.
  void After(absl::Duration delay, std::function<void()> code);
  void Every(absl::Duration period, std::function<void()> code);

  // ---- What goes wrong -------------------------------------------------------------------------

  // The links between the two die now, whatever they are doing: both ends see a reset, octets on
  // the way are gone.
  void Cut(const Socket& a, const Socket& b);
  // They die so much later: from now, or, while none has done its handshake, from when one has.
  void Cut(const Socket& a, const Socket& b, absl::Duration after);
  // They die when so many octets more were taken from the one for the other, in the middle of
  // whatever it is; if no link stands, the next one does, and all its octets count.
  void CutAfterBytes(const Socket& from, const Socket& to, std::uint64_t bytes);
  // From now on nothing passes between the two, dials neither, and nobody is told. Healed,
  // the links that still stand go on where they were.
  void Partition(const Socket& a, const Socket& b);
  void Heal(const Socket& a, const Socket& b);
  // The process stands still for so long: it reads, writes, accepts and times out nothing.
  void Freeze(const Socket& socket, absl::Duration duration);
  // From now on octets between the two travel so, and dials go so wrong.
  void SetPath(const Socket& a, const Socket& b, const Path& path);
  // The same between all pairs without a path of their own.
  void SetPath(const Path& path);
  // Nothing goes wrong from now on: no faults, no cut that was planned, no partition. Latency and
  // bandwidth stay.
  void Calm();

  // ---- What happened ---------------------------------------------------------------------------

  // Every link that stood so far.
  std::vector<LinkReport> links() const;
  // A number for the whole run so far: equal for runs that did the same.
  std::uint64_t trace_hash() const;
  // What all sockets hold now, in octets of whole blocks.
  const BudgetPtr& budget() const;

 private:
  void Repeat(absl::Duration period, const std::shared_ptr<std::function<void()>>& code);

  std::unique_ptr<World> world_;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_SIMULATION_H_
