#ifndef MONOCOQUE_CLI_ASIO_HOST_H_
#define MONOCOQUE_CLI_ASIO_HOST_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "cli/host.h"

namespace monocoque::cli {

class AsioHost final : public Host {
 public:
  AsioHost();
  ~AsioHost() override;
  AsioHost(const AsioHost&) = delete;
  AsioHost& operator=(const AsioHost&) = delete;

  absl::Status status() const override { return status_; }
  absl::StatusOr<std::unique_ptr<HostSocket>> MakeSocket(SocketType type,
                                                         const SocketOptions& options) override;
  void RunOnce(absl::Duration max_wait) override;
  void Await(int fd, bool write, std::function<void()> ready) override;

 private:
  // A descriptor that is waited for.
  struct Wait;

  absl::Status status_;
  // Null: it could not be made.
  std::unique_ptr<boost::asio::io_context> context_;
  // With nothing else to do it waits for the time that it was given.
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::list<Wait> waits_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_ASIO_HOST_H_
