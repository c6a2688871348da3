#ifndef MONOCOQUE_PROTOCOL_CONNECTION_PEER_INFO_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_PEER_INFO_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/drive/peer_process.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {

// What a peer told of itself in greeting and handshake. Untrusted octets: escape before showing.
struct PeerInfo {
  // What it announced: 3.0, 3.1 or later; 1.0 and 2.0 for those without a greeting of 64 octets.
  std::uint8_t version_major = 0;
  std::uint8_t version_minor = 0;
  // Empty in 1.0 and 2.0, which have none.
  std::string mechanism;
  // Absent if the peer did not say (M-9), as in 1.0.
  std::optional<SocketType> socket_type;
  std::string identity;
  // All other properties, in order, the first of each name (M-3, M-8).
  std::vector<std::pair<std::string, std::string>> properties;

  // Of a local peer (ipc), by the system's word.
  std::optional<PeerProcess> process;

  // What the authenticator said of it, no word of which is told to the peer (Z-10). Trusted as far
  // as the authenticator is.
  std::string user_id;
  std::vector<std::pair<std::string, std::string>> auth_metadata;

  // Octets of what was told, for whoever bounds what it keeps.
  std::size_t bytes() const {
    std::size_t all = sizeof(PeerInfo) + mechanism.size() + identity.size() + user_id.size();
    for (const auto* told : {&properties, &auth_metadata}) {
      for (const auto& [name, value] : *told) {
        all += sizeof(std::pair<std::string, std::string>) + name.size() + value.size();
      }
    }
    return all;
  }
  // It takes subscriptions as commands, not as messages (S-1).
  bool knows_subscribe() const {
    return version_major > 3 || (version_major == 3 && version_minor > 0);
  }
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_PEER_INFO_H_
