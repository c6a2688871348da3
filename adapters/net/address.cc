#include "adapters/net/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace monocoque::net {
namespace {

sockaddr* Mutable(Address* address) { return reinterpret_cast<sockaddr*>(&address->storage); }

void SetPort(Address* address, std::uint16_t port) {
  if (address->family() == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&address->storage)->sin_port = htons(port);
  } else if (address->family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&address->storage)->sin6_port = htons(port);
  }
}

// An interface, by its name or its number.
absl::StatusOr<std::uint32_t> ZoneNumber(const std::string& zone) {
  std::uint32_t number = if_nametoindex(zone.c_str());
  if (number != 0 || (absl::SimpleAtoi(zone, &number) && number != 0)) return number;
  return absl::NotFoundError(absl::StrCat("there is no network interface \"",
                                          absl::CHexEscape(zone), "\"; see `ip link`"));
}

// Nothing if the host is no numeric address.
absl::StatusOr<std::optional<Address>> ParseNumeric(const std::string& host, std::uint16_t port) {
  Address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    out.size = sizeof(sockaddr_in);
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    const std::size_t zone = host.find('%');
    if (inet_pton(AF_INET6, host.substr(0, zone).c_str(), &v6->sin6_addr) != 1) {
      return std::nullopt;
    }
    v6->sin6_family = AF_INET6;
    if (zone != std::string::npos) {
      const absl::StatusOr<std::uint32_t> number = ZoneNumber(host.substr(zone + 1));
      if (!number.ok()) return number.status();
      v6->sin6_scope_id = *number;
    }
    out.size = sizeof(sockaddr_in6);
  }
  SetPort(&out, port);
  return out;
}

Address UnixAddress(const Endpoint& endpoint) {
  Address address;
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  un->sun_family = AF_UNIX;
  const std::size_t at = endpoint.abstract ? 1 : 0;
  const std::size_t size = std::min(endpoint.path.size(), sizeof(un->sun_path) - at);
  std::memcpy(un->sun_path + at, endpoint.path.data(), size);
  // An abstract name counts exactly; a path may carry its closing zero.
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + at + size +
                                        (endpoint.abstract ? 0 : 1));
  return address;
}

// Its first address of this family.
bool FindInterface(const std::string& name, int family, Address* out) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  bool found = false;
  for (const ifaddrs* it = list; it != nullptr && !found; it = it->ifa_next) {
    if (it->ifa_addr == nullptr || name != it->ifa_name || it->ifa_addr->sa_family != family)
      continue;
    out->size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&out->storage, it->ifa_addr, out->size);
    found = true;
  }
  freeifaddrs(list);
  return found;
}

// What the file system says about a Unix socket's path.
std::string_view PathAdvice(bool to_bind, int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return to_bind ? "permission denied; check who may write in that directory"
                     : "permission denied; check who may write to that socket";
    case ENOENT:
      return to_bind ? "the directory does not exist; make it first"
                     : "there is no such socket; nobody listens there";
    case EROFS:
      return "the file system is read-only; use another path";
    default:
      return "";
  }
}

std::string_view Advice(const Endpoint& endpoint, bool to_bind, int error) {
  if (endpoint.transport == Transport::kIpc && !endpoint.abstract) {
    if (const std::string_view advice = PathAdvice(to_bind, error); !advice.empty()) return advice;
  }
  switch (error) {
    case EADDRINUSE:
      return to_bind ? "address in use; another socket listens there. Use another address, or end "
                       "the other"
                     : "address in use; the source address and port are taken";
    case EACCES:
    case EPERM:
      return to_bind && endpoint.port > 0 && endpoint.port < 1024
                 ? "permission denied; ports below 1024 need a privilege. Use another port, or "
                   "grant CAP_NET_BIND_SERVICE"
                 : "permission denied; a rule of the system forbids it";
    case EADDRNOTAVAIL:
      if (to_bind) return "this machine has no such address; see `ip address`";
      return endpoint.source_host.empty()
                 ? "no local port is free; close some connections, or widen "
                   "net.ipv4.ip_local_port_range"
                 : "this machine has no such source address, or no port of it is free; see "
                   "`ip address`";
    case ECONNREFUSED:
      return "connection refused; nobody listens there";
    case EMFILE:
    case ENFILE:
      return "descriptors are out; raise the limit (ulimit -n) or close some";
    default:
      return "";
  }
}

}  // namespace

const sockaddr* Address::get() const { return reinterpret_cast<const sockaddr*>(&storage); }

absl::Status SystemError(std::string_view what, const Endpoint& endpoint, int error) {
  const std::string_view advice = Advice(endpoint, what == "bind", error);
  return InSentence(what, endpoint,
                    absl::Status(absl::ErrnoToStatusCode(error),
                                 advice.empty() ? ErrorText(error) : std::string(advice)));
}

absl::Status InSentence(std::string_view what, const Endpoint& endpoint, const absl::Status& why) {
  if (why.ok()) return why;
  return absl::Status(why.code(), absl::StrCat(what, " ", absl::CHexEscape(endpoint.ToString()),
                                               ": ", why.message(), "."));
}

std::string ErrorText(int error) {
  std::array<char, 128> buffer{};
  return strerror_r(error, buffer.data(), buffer.size());
}

absl::StatusOr<Address> AddressForBind(const Endpoint& endpoint, std::optional<bool> ipv6) {
  if (endpoint.transport == Transport::kIpc) return UnixAddress(endpoint);
  if (endpoint.transport != Transport::kTcp) {
    return absl::UnimplementedError(
        absl::StrCat("bind ", absl::CHexEscape(endpoint.ToString()), ": no such transport here."));
  }
  const bool prefers_ipv6 = ipv6.value_or(false);
  const std::string any = prefers_ipv6 ? "::" : "0.0.0.0";
  const auto numeric = ParseNumeric(endpoint.host == "*" ? any : endpoint.host, endpoint.port);
  if (!numeric.ok()) return InSentence("bind", endpoint, numeric.status());
  if (*numeric) {
    if ((*numeric)->family() == AF_INET || ipv6.value_or(true)) return **numeric;
    return InSentence("bind", endpoint, NoIpv6Error());
  }
  Address address;
  if ((prefers_ipv6 && FindInterface(endpoint.host, AF_INET6, &address)) ||
      FindInterface(endpoint.host, AF_INET, &address)) {
    SetPort(&address, endpoint.port);
    return address;
  }
  return absl::NotFoundError(
      absl::StrCat("bind ", absl::CHexEscape(endpoint.ToString()),
                   ": there is no such interface, and names are not looked up to listen; write "
                   "127.0.0.1, [::1], an interface's name, or *."));
}

absl::StatusOr<std::vector<Address>> NumericAddresses(const Endpoint& endpoint) {
  std::vector<Address> found;
  if (endpoint.transport == Transport::kIpc) {
    found.push_back(UnixAddress(endpoint));
  } else if (endpoint.transport == Transport::kTcp) {
    const auto numeric = ParseNumeric(endpoint.host, endpoint.port);
    if (!numeric.ok()) return InSentence("connect", endpoint, numeric.status());
    if (*numeric) found.push_back(**numeric);
  } else {
    return absl::UnimplementedError(absl::StrCat("connect ", absl::CHexEscape(endpoint.ToString()),
                                                 ": no such transport here."));
  }
  return found;
}

absl::Status NoIpv6Error() {
  return absl::InvalidArgumentError("that is IPv6, and the option ipv6 is false");
}

addrinfo NameHints() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  return hints;
}

std::vector<Address> AddressesOf(const addrinfo* list, std::uint16_t port) {
  std::vector<Address> found;
  for (const addrinfo* it = list; it != nullptr; it = it->ai_next) {
    if (it->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    std::memcpy(&address.storage, it->ai_addr, it->ai_addrlen);
    address.size = it->ai_addrlen;
    SetPort(&address, port);
    found.push_back(address);
  }
  return found;
}

absl::Status NoAddressError(std::string_view host, std::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("the name ", absl::CHexEscape(host), " has no address: ", why, "."));
}

absl::StatusOr<std::vector<Address>> ResolveName(const std::string& host, std::uint16_t port) {
  const addrinfo hints = NameHints();
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) return NoAddressError(host, gai_strerror(error));
  std::vector<Address> found = AddressesOf(list, port);
  freeaddrinfo(list);
  return found;
}

Endpoint EndpointOf(const Address& address) {
  Endpoint endpoint;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    endpoint.host = inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    endpoint.port = ntohs(v4->sin_port);
  } else if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    endpoint.host = inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    std::array<char, IF_NAMESIZE> zone{};
    if (v6->sin6_scope_id != 0 && if_indextoname(v6->sin6_scope_id, zone.data()) != nullptr) {
      absl::StrAppend(&endpoint.host, "%", zone.data());
    }
    endpoint.port = ntohs(v6->sin6_port);
  } else if (address.family() == AF_UNIX) {
    const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
    endpoint.transport = Transport::kIpc;
    const std::size_t size =
        address.size - std::min<std::size_t>(address.size, offsetof(sockaddr_un, sun_path));
    endpoint.abstract = size > 0 && un->sun_path[0] == '\0';
    endpoint.path = endpoint.abstract ? std::string(un->sun_path + 1, size - 1)
                                      : std::string(un->sun_path, strnlen(un->sun_path, size));
  }
  return endpoint;
}

Endpoint LocalEndpoint(int fd) {
  Address address;
  address.size = sizeof(address.storage);
  if (getsockname(fd, Mutable(&address), &address.size) != 0) return Endpoint();
  return EndpointOf(address);
}

std::string RemoteText(int fd) {
  Address address;
  address.size = sizeof(address.storage);
  if (getpeername(fd, Mutable(&address), &address.size) != 0) return "";
  Endpoint endpoint = EndpointOf(address);
  // A Unix peer that is not bound has no name of its own: the listener's is what both know.
  if (endpoint.transport == Transport::kIpc && endpoint.path.empty()) endpoint = LocalEndpoint(fd);
  return endpoint.ToString();
}

bool ConnectedToItself(int fd) {
  const Endpoint local = LocalEndpoint(fd);
  return local.transport == Transport::kTcp && local.port != 0 &&
         RemoteText(fd) == local.ToString();
}

std::optional<PeerProcess> ProcessOf(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return PeerProcess{.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
}

}  // namespace monocoque::net
