#ifndef MONOCOQUE_ADAPTERS_NET_STREAM_H_
#define MONOCOQUE_ADAPTERS_NET_STREAM_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"

namespace monocoque::net {

// What every new stream descriptor of ours gets, dialed or accepted: no delay on tcp, larger
// buffers on Unix sockets; the buffers of tcp stay with the kernel's own tuning.
void TuneStream(int fd);

// A non-blocking stream socket that does not outlive an exec; a negative errno if there is none.
int StreamSocket(int family);

// A descriptor ready to be connected to `address`, one of those of `endpoint`: tuned, and bound to
// the endpoint's source address if it has one.
absl::StatusOr<int> StreamToward(const Endpoint& endpoint, const Address& address);

// Who talks to whom on a connected descriptor.
TransportInfo DescribeStream(int fd);

// A read or a write failed.
absl::Status StreamError(int error);

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_STREAM_H_
