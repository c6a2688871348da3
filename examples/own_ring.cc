// A host whose program runs on an io_uring of its own: our sockets share it. Each side hears of its
// own requests, one system call hands over both sides' work.
#include <liburing.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "adapters/uring/loop.h"

using namespace monocoque;

int main() {
  io_uring ring;
  if (io_uring_queue_init(256, &ring, 0) != 0) return 1;
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::array<char, 64> text{};
  int seen = 0;
  {
    uring::LoopOptions options;
    options.ring = &ring;
    options.on_host_completion = [&](const io_uring_cqe& completion) {
      if (completion.res <= 0) return;  // the pipe is the one thing that the host waits for here
      std::printf("%.*s\n", completion.res, text.data());
      ++seen;
    };
    uring::Loop loop(options);
    uring::Socket pull = loop.MakeSocket(SocketType::kPull);
    auto at = pull.Bind("ipc://*");
    if (!at.ok()) return 1;
    auto push = loop.Push(*at);
    if (!push.ok() || !push->Send("from a socket").ok()) return 1;

    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    if (sqe == nullptr) return 1;
    io_uring_prep_read(sqe, ends[0], text.data(), text.size(), 0);
    io_uring_sqe_set_data64(sqe, 1);
    if (write(ends[1], "from a pipe", 11) != 11) return 1;

    while (seen < 2) {
      loop.RunOnce(absl::Seconds(10));
      for (Message message; pull.TryReceive(&message); ++seen) {
        std::printf("%s\n", std::string(message.text()).c_str());
      }
    }
  }
  io_uring_queue_exit(&ring);
  close(ends[0]);
  close(ends[1]);
  return 0;
}
