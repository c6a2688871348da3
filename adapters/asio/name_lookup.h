#ifndef MONOCOQUE_ADAPTERS_ASIO_NAME_LOOKUP_H_
#define MONOCOQUE_ADAPTERS_ASIO_NAME_LOOKUP_H_

#include <cstdint>
#include <memory>
#include <string>

#include "adapters/net/reactor.h"

namespace monocoque::asio::detail {

class SocketState;

// Looks a name up by Asio's resolver, on the thread that Asio has for that. Throws system_error if
// there can be none.
std::unique_ptr<net::Lookup> LookUpName(SocketState* socket, const std::string& host,
                                        std::uint16_t port, net::Reactor::Found found);

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_NAME_LOOKUP_H_
