#ifndef MONOCOQUE_ADAPTERS_NET_HOST_H_
#define MONOCOQUE_ADAPTERS_NET_HOST_H_

#include "protocol/drive/entropy.h"
#include "protocol/drive/instant.h"

namespace monocoque::net {

// The system's random generator (SEC-8).
class OsEntropy final : public Entropy {
 public:
  void Fill(MutableBytes out) override;
};

// The system's monotonic clock.
Instant Now();

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_HOST_H_
