#ifndef MONOCOQUE_ADAPTERS_ASIO_WATCHED_DESCRIPTOR_H_
#define MONOCOQUE_ADAPTERS_ASIO_WATCHED_DESCRIPTOR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "adapters/net/reactor.h"

namespace monocoque::asio::detail {

class SocketState;

// A descriptor registered with Asio, but not owned by it.
class WatchedDescriptor final : public net::Watch {
 public:
  static absl::StatusOr<std::unique_ptr<net::Watch>> Make(SocketState* socket, int fd,
                                                          net::WatchHandler* handler);
  ~WatchedDescriptor() override;
  void Want(bool read, bool write) override;

 private:
  // What Asio's handlers share: they may come after the watch is gone.
  class Inner;

  explicit WatchedDescriptor(std::shared_ptr<Inner> inner);

  const std::shared_ptr<Inner> inner_;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_WATCHED_DESCRIPTOR_H_
