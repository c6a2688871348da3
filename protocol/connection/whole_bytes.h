#ifndef MONOCOQUE_PROTOCOL_CONNECTION_WHOLE_BYTES_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_WHOLE_BYTES_H_

#include <cstdint>

#include "alloc/budget.h"

namespace monocoque {

// Up to how much a block is taken whole once a size is known; beyond, it doubles as octets arrive.
// Where memory is limited a few octets of a few peers are not to spend it: then it is as much as
// what they come in.
inline std::uint64_t WholeBytes(const Budget* budget) {
  return budget != nullptr && budget->limited() ? 64 * 1024 : 1024 * 1024;
}

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_WHOLE_BYTES_H_
