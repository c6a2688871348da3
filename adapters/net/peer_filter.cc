#include "adapters/net/peer_filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/net/address.h"

namespace monocoque::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedIpv4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

using Octets = std::array<std::uint8_t, 16>;

void SetMapped(const in_addr& address, Octets* out) {
  std::ranges::copy(kMappedIpv4, out->begin());
  std::memcpy(out->data() + kMappedIpv4.size(), &address, sizeof(address));
}

bool SameBits(const Octets& a, const Octets& b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

template <typename T>
bool Has(const std::vector<T>& list, T value) {
  return std::ranges::find(list, value) != list.end();
}

// The other groups of the process at the other end; none where the system does not tell.
std::vector<gid_t> PeerGroups(int fd) {
  socklen_t size = 0;
  std::vector<gid_t> groups;
  // Fails for want of room, and says how much it needs.
  getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size);
  groups.resize(size / sizeof(gid_t));
  if (groups.empty()) return groups;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) groups.clear();
  return groups;
}

}  // namespace

absl::StatusOr<PeerFilter::Network> PeerFilter::ParseNetwork(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string host = text.substr(0, slash);
  Network network;
  int least = 0;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    SetMapped(v4, &network.address);
    least = kMappedBits;
  } else if (inet_pton(AF_INET6, host.c_str(), network.address.data()) != 1) {
    least = -1;
  }
  int bits = 128 - least;
  const bool whole = slash == std::string::npos;
  if (least < 0 || (!whole && !absl::SimpleAtoi(text.substr(slash + 1), &bits)) || bits < 0 ||
      bits > 128 - least) {
    return absl::InvalidArgumentError(
        absl::StrCat("tcp_accept_filters has \"", absl::CHexEscape(text),
                     "\"; write an address, or one and how many bits of it count: 10.0.0.0/8"));
  }
  network.bits = least + bits;
  return network;
}

absl::StatusOr<PeerFilter> PeerFilter::Create(const TransportOptions& options) {
  PeerFilter made;
  for (const std::string& text : options.tcp_accept_filters) {
    const absl::StatusOr<Network> network = ParseNetwork(text);
    if (!network.ok()) return network.status();
    made.networks_.push_back(*network);
  }
  made.uids_ = options.ipc_filter_uids;
  made.gids_ = options.ipc_filter_gids;
  made.pids_ = options.ipc_filter_pids;
  return made;
}

absl::Status PeerFilter::Check(int fd) const {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family == AF_UNIX ? CheckProcess(fd) : CheckAddress(fd);
}

absl::Status PeerFilter::CheckAddress(int fd) const {
  if (networks_.empty()) return absl::OkStatus();
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  Octets address{};
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return absl::UnavailableError("the peer is gone already");
  }
  if (peer.ss_family == AF_INET) {
    SetMapped(reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr, &address);
  } else {
    std::memcpy(address.data(), &reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr,
                address.size());
  }
  for (const Network& network : networks_) {
    if (SameBits(address, network.address, network.bits)) return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat(RemoteText(fd), " is not let in by tcp_accept_filters"));
}

absl::Status PeerFilter::CheckProcess(int fd) const {
  if (uids_.empty() && gids_.empty() && pids_.empty()) return absl::OkStatus();
  const std::optional<PeerProcess> peer = ProcessOf(fd);
  if (!peer) return absl::PermissionDeniedError("the system does not tell who the peer is");
  if (Has(uids_, peer->uid) || Has(gids_, peer->gid) || Has(pids_, peer->pid))
    return absl::OkStatus();
  if (!gids_.empty()) {
    for (const gid_t group : PeerGroups(fd)) {
      if (Has(gids_, group)) return absl::OkStatus();
    }
  }
  return absl::PermissionDeniedError(absl::StrCat("process ", peer->pid, " of user ", peer->uid,
                                                  " and group ", peer->gid,
                                                  " is not let in by the filters of ipc"));
}

}  // namespace monocoque::net
