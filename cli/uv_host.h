#ifndef MONOCOQUE_CLI_UV_HOST_H_
#define MONOCOQUE_CLI_UV_HOST_H_

#include <uv.h>

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "cli/host.h"

namespace monocoque::cli {

class UvHost final : public Host {
 public:
  UvHost();
  ~UvHost() override;
  UvHost(const UvHost&) = delete;
  UvHost& operator=(const UvHost&) = delete;

  absl::Status status() const override { return status_; }
  absl::StatusOr<std::unique_ptr<HostSocket>> MakeSocket(SocketType type,
                                                         const SocketOptions& options) override;
  void RunOnce(absl::Duration max_wait) override;
  void Await(int fd, bool write, std::function<void()> ready) override;

 private:
  // A descriptor that is waited for. Freed when libuv has let go of its handle.
  struct Wait;

  void Free(Wait* wait);

  absl::Status status_;
  uv_loop_t loop_;
  uv_timer_t alarm_;  // ends a wait
  std::list<Wait> waits_;
  std::vector<std::function<void()>> ready_;  // at once, in the next turn
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_UV_HOST_H_
