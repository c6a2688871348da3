#ifndef MONOCOQUE_ADAPTERS_SIM_AGENDA_H_
#define MONOCOQUE_ADAPTERS_SIM_AGENDA_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "adapters/sim/random.h"
#include "protocol/drive/instant.h"

namespace monocoque::sim {

// What is still to happen, in the order of time. What is due at one instant happens in the order it
// was added, or, shuffled, in any order that the seed chooses.
//
// Thread-compatible. A task may add and cancel others.
class Agenda {
 public:
  using Task = std::function<void()>;
  // What a task comes from.
  enum class Kind {
    kWork,      // something that was begun, and comes to an end
    kPeriodic,  // a clock: it would come again for ever, and nobody waits for it
  };
  // Names a task that was added; none for a task that ran or was cancelled.
  class Ticket {
   public:
    Ticket() = default;
    friend auto operator<=>(const Ticket&, const Ticket&) = default;

   private:
    friend class Agenda;
    Ticket(Instant due, std::uint64_t tie, std::uint64_t serial)
        : at(due), order(tie), number(serial) {}

    Instant at;
    std::uint64_t order = 0;
    std::uint64_t number = 0;
  };

  // `random` breaks ties; null: the order of adding does.
  explicit Agenda(Random* random) : random_(random) {}

  Ticket Add(Instant at, Task task, Kind kind = Kind::kWork);
  // Nothing happens if it ran already.
  void Cancel(const Ticket& ticket);

  // When the next task is due.
  Instant next() const { return tasks_.empty() ? Instant::Never() : tasks_.begin()->first.at; }
  // Tasks of kWork.
  std::size_t work() const { return work_; }
  struct Entry {
    Task task;
    Kind kind = Kind::kWork;
  };
  // Takes the next task off, to be run by the caller. Only if there is one.
  Entry Pop();

 private:
  Random* random_;
  std::map<Ticket, Entry> tasks_;
  std::uint64_t serial_ = 0;
  std::size_t work_ = 0;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_AGENDA_H_
