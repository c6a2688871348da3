#ifndef MONOCOQUE_PROTOCOL_DRIVE_PEER_PROCESS_H_
#define MONOCOQUE_PROTOCOL_DRIVE_PEER_PROCESS_H_

#include <cstdint>

namespace monocoque {

// Whose process is at the other end of a local stream, by the system's word: as it was when it
// connected, or began to listen.
struct PeerProcess {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;

  friend bool operator==(const PeerProcess&, const PeerProcess&) = default;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_PEER_PROCESS_H_
