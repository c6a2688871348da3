#ifndef MONOCOQUE_PROTOCOL_WIRE_ROUTING_NUMBER_H_
#define MONOCOQUE_PROTOCOL_WIRE_ROUTING_NUMBER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "alloc/bytes.h"

namespace monocoque {

// Routing ids of SERVER and PEER: numbers of 32 bits, never 0, kept as four octets and never sent
// (RFC 41).

inline std::array<std::uint8_t, 4> RoutingIdOf(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

// 0 for what is no such id.
inline std::uint32_t RoutingNumberOf(Bytes id) {
  if (id.size() != 4) return 0;
  return std::uint32_t{id[0]} << 24 | std::uint32_t{id[1]} << 16 | std::uint32_t{id[2]} << 8 |
         std::uint32_t{id[3]};
}

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_ROUTING_NUMBER_H_
