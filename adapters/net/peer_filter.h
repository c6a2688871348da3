#ifndef MONOCOQUE_ADAPTERS_NET_PEER_FILTER_H_
#define MONOCOQUE_ADAPTERS_NET_PEER_FILTER_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "protocol/drive/transport_options.h"

namespace monocoque::net {

// Who may connect to a listener, by what the system knows of a peer that has not said a word: its
// address, or its process.
class PeerFilter {
 public:
  // An error names the filter that is none.
  static absl::StatusOr<PeerFilter> Create(const TransportOptions& options);

  // Permission denied if the peer of a connected descriptor is nobody of those; says who it is.
  absl::Status Check(int fd) const;

 private:
  // The addresses that begin as this one does. Those of IPv4 are in the form that IPv6 has for
  // them.
  struct Network {
    std::array<std::uint8_t, 16> address{};
    int bits = 0;
  };

  static absl::StatusOr<Network> ParseNetwork(const std::string& text);
  absl::Status CheckAddress(int fd) const;
  absl::Status CheckProcess(int fd) const;

  std::vector<Network> networks_;
  std::vector<std::uint32_t> uids_;
  std::vector<std::uint32_t> gids_;
  std::vector<std::int32_t> pids_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_PEER_FILTER_H_
