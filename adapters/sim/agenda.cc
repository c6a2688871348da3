#include "adapters/sim/agenda.h"

#include <utility>

namespace monocoque::sim {

Agenda::Ticket Agenda::Add(Instant at, Task task, Kind kind) {
  const Ticket ticket(at, random_ == nullptr ? 0 : random_->Next(), ++serial_);
  tasks_.emplace(ticket, Entry{std::move(task), kind});
  if (kind == Kind::kWork) ++work_;
  return ticket;
}

void Agenda::Cancel(const Ticket& ticket) {
  const auto it = tasks_.find(ticket);
  if (it == tasks_.end()) return;
  if (it->second.kind == Kind::kWork) --work_;
  tasks_.erase(it);
}

Agenda::Entry Agenda::Pop() {
  const auto first = tasks_.begin();
  Entry entry = std::move(first->second);
  if (entry.kind == Kind::kWork) --work_;
  tasks_.erase(first);
  return entry;
}

}  // namespace monocoque::sim
