#ifndef MONOCOQUE_ADAPTERS_CORO_PROXY_H_
#define MONOCOQUE_ADAPTERS_CORO_PROXY_H_

#include "absl/status/status.h"
#include "adapters/coro/socket.h"
#include "adapters/coro/task.h"

namespace monocoque::coro {

// Passes messages between two sockets, in each direction that their patterns have, until one of
// them fails or is closed; that status is the result. A ROUTER's routing id travels as the first
// part. A message that ROUTER cannot route is dropped.
Task<absl::Status> Proxy(Socket& front, Socket& back);

}  // namespace monocoque::coro

#endif  // MONOCOQUE_ADAPTERS_CORO_PROXY_H_
