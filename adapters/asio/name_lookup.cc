#include "adapters/asio/name_lookup.h"

#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/asio/socket_state.h"
#include "adapters/net/address.h"

namespace monocoque::asio::detail {

using Resolver =
    boost::asio::ip::basic_resolver<boost::asio::ip::tcp, boost::asio::any_io_executor>;

struct NameLookup::Inner {
  SocketState* socket;
  net::Reactor::Found found;  // null: nobody asks any more
  Resolver resolver;
};

namespace {

std::vector<net::Address> AddressesOf(const Resolver::results_type& results) {
  std::vector<net::Address> addresses;
  for (const auto& entry : results) {
    const boost::asio::ip::tcp::endpoint endpoint = entry.endpoint();
    net::Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, endpoint.data(), endpoint.size());
    address.size = static_cast<socklen_t>(endpoint.size());
  }
  return addresses;
}

}  // namespace

NameLookup::NameLookup(SocketState* socket, const std::string& host, std::uint16_t port,
                       net::Reactor::Found found)
    : inner_(new Inner{socket, std::move(found), Resolver(socket->executor())}) {
  inner_->resolver.async_resolve(
      host, absl::StrCat(port), Resolver::numeric_service | Resolver::address_configured,
      [inner = inner_, host](const boost::system::error_code& ec,
                             const Resolver::results_type& results) {
        if (inner->found == nullptr) return;
        inner->socket->Enter([&] {
          const net::Reactor::Found tell = std::exchange(inner->found, nullptr);
          if (ec) {
            tell(net::NoAddressError(host, ec.message()));
          } else {
            tell(AddressesOf(results));
          }
        });
      });
}

NameLookup::~NameLookup() {
  inner_->found = nullptr;
  inner_->resolver.cancel();
}

}  // namespace monocoque::asio::detail
