#ifndef MONOCOQUE_PROTOCOL_DRIVE_ENTROPY_H_
#define MONOCOQUE_PROTOCOL_DRIVE_ENTROPY_H_

#include "alloc/bytes.h"

namespace monocoque {

// Where random octets come from: the operating system in adapters, a seed in simulation, a fixed
// queue for the golden vectors. The core has no other source of randomness.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void Fill(MutableBytes out) = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_ENTROPY_H_
