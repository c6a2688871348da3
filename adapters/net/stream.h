#ifndef MONOCOQUE_ADAPTERS_NET_STREAM_H_
#define MONOCOQUE_ADAPTERS_NET_STREAM_H_

#include <sys/uio.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/net/address.h"
#include "alloc/bytes.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/transport_options.h"

namespace monocoque::net {

// What every stream descriptor of ours gets, to listen with, dialed or accepted: what the options
// ask for; no delay on tcp, larger buffers on Unix sockets; the buffers of tcp stay with the
// kernel's own tuning. An error names the option that the system did not take, and its value.
absl::Status TuneStream(int fd, const TransportOptions& options = {});

// A non-blocking stream socket that does not outlive an exec; a negative errno if there is none.
int StreamSocket(int family);

// A duplicate of a stream socket of somebody else's, non-blocking, that does not outlive an exec.
// An error: it is none of this transport, or, of those, not `listening` or just that.
absl::StatusOr<int> DuplicateStream(int fd, Transport transport, bool listening);

// A descriptor ready to be connected to `address`, one of those of `endpoint`: tuned, and bound to
// the endpoint's source address if it has one.
absl::StatusOr<int> StreamToward(const Endpoint& endpoint, const Address& address,
                                 const TransportOptions& options = {});

// Who talks to whom on a connected descriptor.
TransportInfo DescribeStream(int fd);

// Octets to write, as the system's calls want them.
inline iovec PieceOf(Bytes octets) {
  return {const_cast<std::uint8_t*>(octets.data()), octets.size()};
}

// A closed stream: what has come is thrown away. True: the peer has closed it too.
bool DrainStream(int fd);
// How long a peer may take for that.
inline constexpr absl::Duration kDrainTime = absl::Seconds(1);

// A write failed: is there something to be read all the same, or the end of the stream? Else the
// end may never come.
bool HasSomethingToRead(int fd);

// Not a failure: nothing can be read or written now.
bool TryAgain(int error);
// A read or a write failed.
absl::Status StreamError(int error);

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_STREAM_H_
