#ifndef MONOCOQUE_PROTOCOL_CONNECTION_PEER_INFO_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_PEER_INFO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/wire/socket_type.h"

namespace monocoque {

// What a peer told of itself in greeting and handshake. Untrusted octets: escape before showing.
struct PeerInfo {
  std::uint8_t version_major = 0;
  std::uint8_t version_minor = 0;
  std::string mechanism;
  // Absent if the peer did not say (M-9).
  std::optional<SocketType> socket_type;
  std::string identity;
  // All other properties, in order, the first of each name (M-3, M-8).
  std::vector<std::pair<std::string, std::string>> properties;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_PEER_INFO_H_
