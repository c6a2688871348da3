#ifndef MONOCOQUE_ADAPTERS_ASIO_WATCHED_DESCRIPTOR_H_
#define MONOCOQUE_ADAPTERS_ASIO_WATCHED_DESCRIPTOR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "adapters/net/reactor.h"

namespace monocoque::asio::detail {

class SocketState;

// Watches a descriptor, which is registered with Asio, but not owned by it.
absl::StatusOr<std::unique_ptr<net::Watch>> WatchDescriptor(SocketState* socket, int fd,
                                                            net::WatchHandler* handler);

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_WATCHED_DESCRIPTOR_H_
