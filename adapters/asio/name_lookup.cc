#include "adapters/asio/name_lookup.h"

#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/asio/socket_state.h"
#include "adapters/net/address.h"

namespace monocoque::asio::detail {
namespace {

using Resolver = boost::asio::ip::tcp::resolver;

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

class NameLookup final : public net::Lookup {
 public:
  NameLookup(SocketState* socket, const std::string& host, std::uint16_t port,
             net::Reactor::Found found)
      : socket_(*socket), found_(std::move(found)), resolver_(socket->executor()) {
    resolver_.async_resolve(
        host, absl::StrCat(port), Resolver::numeric_service | Resolver::address_configured,
        [this, alive = std::weak_ptr(alive_), host](const boost::system::error_code& ec,
                                                    const Resolver::results_type& results) {
          if (alive.expired()) return;
          // It may destroy this.
          socket_.Enter([&, tell = std::move(found_)] {
            if (ec) {
              tell(net::NoAddressError(host, ec.message()));
            } else {
              tell(AddressesOf(results));
            }
          });
        });
  }

 private:
  SocketState& socket_;
  net::Reactor::Found found_;
  Resolver resolver_;  // cancels with its end
  const std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace

std::unique_ptr<net::Lookup> LookUpName(SocketState* socket, const std::string& host,
                                        std::uint16_t port, net::Reactor::Found found) {
  return std::make_unique<NameLookup>(socket, host, port, std::move(found));
}

}  // namespace monocoque::asio::detail
