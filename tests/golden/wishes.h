#ifndef MONOCOQUE_TESTS_GOLDEN_WISHES_H_
#define MONOCOQUE_TESTS_GOLDEN_WISHES_H_

#include <string_view>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/options.h"

// What captures ask of a socket beyond sending and receiving. Socket does not know all of it yet:
// found out when this is compiled, so that a capture plays as soon as it can. Unimplemented: not
// there.
namespace monocoque::golden::wishes {

template <typename S>
absl::Status Subscribe(S& socket, std::string_view prefix, Instant now) {
  if constexpr (requires { socket.Subscribe(AsBytes(prefix), now); }) {
    return socket.Subscribe(AsBytes(prefix), now);
  } else {
    return absl::UnimplementedError("Socket::Subscribe");
  }
}

template <typename S>
absl::Status Unsubscribe(S& socket, std::string_view prefix, Instant now) {
  if constexpr (requires { socket.Unsubscribe(AsBytes(prefix), now); }) {
    return socket.Unsubscribe(AsBytes(prefix), now);
  } else {
    return absl::UnimplementedError("Socket::Unsubscribe");
  }
}

template <typename S>
absl::Status Join(S& socket, std::string_view group, Instant now) {
  if constexpr (requires { socket.Join(group, now); }) {
    return socket.Join(group, now);
  } else if constexpr (requires { socket.Join(AsBytes(group), now); }) {
    return socket.Join(AsBytes(group), now);
  } else {
    return absl::UnimplementedError("Socket::Join");
  }
}

template <typename S>
absl::Status Leave(S& socket, std::string_view group, Instant now) {
  if constexpr (requires { socket.Leave(group, now); }) {
    return socket.Leave(group, now);
  } else if constexpr (requires { socket.Leave(AsBytes(group), now); }) {
    return socket.Leave(AsBytes(group), now);
  } else {
    return absl::UnimplementedError("Socket::Leave");
  }
}

template <typename S>
absl::Status SetOptions(S& socket, const SocketOptions& options, Instant now) {
  if constexpr (requires { socket.SetOptions(options, now); }) {
    return socket.SetOptions(options, now);
  } else {
    return absl::UnimplementedError("Socket::SetOptions");
  }
}

}  // namespace monocoque::golden::wishes

#endif  // MONOCOQUE_TESTS_GOLDEN_WISHES_H_
