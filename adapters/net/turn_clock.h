#ifndef MONOCOQUE_ADAPTERS_NET_TURN_CLOCK_H_
#define MONOCOQUE_ADAPTERS_NET_TURN_CLOCK_H_

#include <algorithm>

#include "adapters/net/host.h"
#include "protocol/drive/instant.h"

namespace monocoque::net {

// The time of a runtime's turn: read once for all that happens in it. Never goes back.
class TurnClock {
 public:
  Instant now() const { return now_; }
  void Tick() { now_ = std::max(now_, Now()); }

 private:
  Instant now_ = Now();
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_TURN_CLOCK_H_
