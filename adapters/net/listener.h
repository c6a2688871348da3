#ifndef MONOCOQUE_ADAPTERS_NET_LISTENER_H_
#define MONOCOQUE_ADAPTERS_NET_LISTENER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/net/address.h"
#include "adapters/net/peer_filter.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/transport_options.h"

namespace monocoque::net {

// A listening descriptor and what has to be tidied up after it. Movable; unlinks and closes when it
// dies, and then nobody is let in any more, even if the kernel still watches the descriptor. A file
// that somebody else has put in the place of ours stays.
class Listener {
 public:
  // Binds and listens. A dead Unix socket's file in the way is replaced, a live one's or any other
  // file never (E-14); of two processes that replace the same dead one at the same moment, the
  // earlier may be left without its file. `*` makes a directory of its own for the path, removed at
  // the end (E-12). With a descriptor in the options that one is what listens, and nothing is
  // tidied up but ours.
  static absl::StatusOr<Listener> Open(const action::Listen& listen);
  static absl::StatusOr<Listener> Open(const Endpoint& endpoint,
                                       const TransportOptions& options = {});

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();

  int fd() const { return fd_; }
  // With the port that the system chose.
  const Endpoint& bound() const { return bound_; }
  // Lets in what was accepted, tuned, or says why not: then it is closed.
  absl::StatusOr<TransportInfo> Admit(int accepted) const;

 private:
  // A socket's file, and which one it is, whatever its path leads to later.
  struct SocketFile {
    std::string path;  // empty: none
    dev_t device = 0;
    ino_t inode = 0;
  };

  Listener() = default;

  absl::Status Adopt(const Endpoint& wanted);
  absl::Status Bind(Endpoint endpoint);
  void RemoveFile();

  int fd_ = -1;
  Endpoint bound_;
  TransportOptions options_;
  PeerFilter filter_;
  SocketFile file_;
  std::string directory_;  // made for it
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_LISTENER_H_
