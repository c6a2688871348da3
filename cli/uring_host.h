#ifndef MONOCOQUE_CLI_URING_HOST_H_
#define MONOCOQUE_CLI_URING_HOST_H_

#include <functional>
#include <memory>

#include "adapters/uring/loop.h"
#include "cli/host.h"

namespace monocoque::cli {

class UringHost final : public Host {
 public:
  absl::Status status() const override;
  absl::StatusOr<std::unique_ptr<HostSocket>> MakeSocket(SocketType type,
                                                         const SocketOptions& options) override;
  void RunOnce(absl::Duration max_wait) override { loop_.RunOnce(max_wait); }
  void Await(int fd, bool write, std::function<void()> ready) override;

 private:
  uring::Loop loop_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_URING_HOST_H_
