#include "adapters/uv/watch.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace monocoque::uv {

absl::StatusOr<std::unique_ptr<net::Watch>> Watch::Create(uv_loop_t* loop, int fd,
                                                          net::WatchHandler* handler) {
  std::unique_ptr<Watch> watch(new Watch(handler));
  if (const int error = uv_poll_init(loop, watch->poll_.get(), fd); error != 0) {
    watch->poll_.Discard();
    return absl::ResourceExhaustedError(
        absl::StrCat("libuv cannot watch the descriptor: ", uv_strerror(error)));
  }
  return watch;
}

void Watch::Want(bool read, bool write) {
  const int wanted = (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);
  if (wanted == wanted_) return;
  wanted_ = wanted;
  uv_poll_start(poll_.get(), wanted_, OnPoll);
}

void Watch::OnPoll(uv_poll_t* poll, int status, int events) {
  Watch& watch = *static_cast<Watch*>(poll->data);
  if (status == 0) {
    watch.handler_.OnReady((events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0);
    return;
  }
  // An error of the descriptor, for which libuv has stopped the handle.
  uv_poll_start(poll, watch.wanted_, OnPoll);
  watch.handler_.OnReady(true, true);
}

}  // namespace monocoque::uv
