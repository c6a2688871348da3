// A host with an event loop of its own: it waits for its descriptors and ours in one poll(2), and
// gives us a slice of work when something is there.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "adapters/net/host.h"
#include "adapters/uring/loop.h"

using namespace monocoque;

namespace {

// Milliseconds until the loop must be called again; -1: whenever something comes. Asked right
// before the wait: what was taken or sent since the last slice may want another one at once.
int Wait(const uring::Loop& loop) {
  const auto due = loop.NextDeadline();
  if (due.is_never()) return -1;
  const absl::Duration left = due - net::Now();
  if (left <= absl::ZeroDuration()) return 0;
  return static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
}

}  // namespace

int main() {
  uring::Loop loop;
  uring::Socket pull = loop.MakeSocket(SocketType::kPull);
  auto at = pull.Bind("ipc://*");
  int ends[2];
  if (!at.ok() || pipe(ends) != 0) return 1;
  auto push = loop.Push(*at);
  if (!push->Send("from a socket").ok() || write(ends[1], "from a pipe", 11) != 11) return 1;

  int seen = 0;
  while (seen < 2) {
    pollfd ready[] = {{ends[0], POLLIN, 0}, {loop.descriptor(), POLLIN, 0}};
    if (poll(ready, 2, Wait(loop)) < 0) return 1;
    if ((ready[0].revents & POLLIN) != 0) {  // the host's own business
      char text[64];
      const ssize_t size = read(ends[0], text, sizeof(text));
      std::printf("%.*s\n", static_cast<int>(size), text);
      ++seen;
    }
    while (loop.Poll(/*max_work=*/1000)) {
    }
    for (Message message; pull.TryReceive(&message); ++seen) {
      std::printf("%s\n", std::string(message.text()).c_str());
    }
  }
  close(ends[0]);
  close(ends[1]);
  return 0;
}
