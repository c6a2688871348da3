#ifndef MONOCOQUE_ADAPTERS_UV_WATCH_H_
#define MONOCOQUE_ADAPTERS_UV_WATCH_H_

#include <uv.h>

#include <memory>

#include "absl/status/statusor.h"
#include "adapters/net/reactor.h"
#include "adapters/uv/handle.h"

namespace monocoque::uv {

// A descriptor in a loop's uv_poll_t. The loop is kept alive while something is asked for.
class Watch final : public net::Watch {
 public:
  static absl::StatusOr<std::unique_ptr<net::Watch>> Create(uv_loop_t* loop, int fd,
                                                            net::WatchHandler* handler);
  void Want(bool read, bool write) override;

 private:
  explicit Watch(net::WatchHandler* handler) : handler_(*handler), poll_(this) {}

  static void OnPoll(uv_poll_t* poll, int status, int events);

  net::WatchHandler& handler_;
  Handle<uv_poll_t> poll_;
  int wanted_ = 0;
};

}  // namespace monocoque::uv

#endif  // MONOCOQUE_ADAPTERS_UV_WATCH_H_
