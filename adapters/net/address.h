#ifndef MONOCOQUE_ADAPTERS_NET_ADDRESS_H_
#define MONOCOQUE_ADAPTERS_NET_ADDRESS_H_

#include <netdb.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/peer_process.h"

namespace monocoque::net {

// A socket address of any family.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const;
};

// Where to listen: a numeric address, an interface's name, "*", or a Unix path. Asks no name server
// (E-3). `ipv6`: see TransportOptions.
absl::StatusOr<Address> AddressForBind(const Endpoint& endpoint, std::optional<bool> ipv6 = {});

// Where to dial, if that takes no name server; nothing (an empty list) if the host is a name.
absl::StatusOr<std::vector<Address>> NumericAddresses(const Endpoint& endpoint);
// Asks the system's resolver, which may block for seconds: not on a loop's thread.
absl::StatusOr<std::vector<Address>> ResolveName(const std::string& host, std::uint16_t port);
// The same for a runtime that has a resolver of its own: what to ask getaddrinfo for, what came of
// it, and the error.
addrinfo NameHints();
std::vector<Address> AddressesOf(const addrinfo* list, std::uint16_t port);
absl::Status NoAddressError(std::string_view host, std::string_view why);
// An address of IPv6 where that is not wanted.
absl::Status NoIpv6Error();

// The address as an endpoint: what a listener is bound to, whom a link talks to.
Endpoint EndpointOf(const Address& address);
Endpoint LocalEndpoint(int fd);
std::string RemoteText(int fd);
// The kernel joined both ends of one tcp descriptor, as it may where nobody listens (RFC 9293,
// simultaneous open).
bool ConnectedToItself(int fd);
// Whose process a local stream's peer is; nothing: the system does not tell.
std::optional<PeerProcess> ProcessOf(int fd);

// One sentence for a failed system call: what ("bind", "connect", "accept"), where, why, and what
// to do.
absl::Status SystemError(std::string_view what, const Endpoint& endpoint, int error);
// The same around a reason of ours; OK stays OK.
absl::Status InSentence(std::string_view what, const Endpoint& endpoint, const absl::Status& why);
// The system's own words.
std::string ErrorText(int error);

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_ADDRESS_H_
