// What one more idle link takes, in bytes and allocations, as the slope between 1,000 and 2,000
// links: in the core alone, and in a process with the io_uring adapter, whose peers are a process
// of their own.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/socket.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/allocations.h"
#include "tests/support/idle_links.h"

namespace monocoque::bench {
namespace {

using testing::Allocations;
using testing::LinkMemory;

constexpr int kMore = LinkMemory::kManyLinks - LinkMemory::kFewLinks;
constexpr absl::Duration kSoon = absl::Seconds(30);

void Print(std::string_view what, const LinkMemory& memory) {
  std::printf("%-28s %7.0f bytes %6.2f allocations\n", std::string(what).c_str(), memory.bytes,
              memory.allocations);
}

void Core(SocketType type, SocketType peer) {
  Print(absl::StrCat(SocketTypeName(type), ", accepted"),
        testing::MeasureAcceptedLinks(type, peer));
  Print(absl::StrCat(SocketTypeName(type), ", dialed"), testing::MeasureDialedLinks(type, peer));
}

// The other process: connects a batch for each octet it reads, until there are no more.
[[noreturn]] void Connect(const std::string& endpoint, int orders) {
  uring::Loop loop;
  uring::Socket push = loop.MakeSocket(SocketType::kPush);
  std::size_t links = 0;
  for (char order; read(orders, &order, 1) == 1;) {
    const int batch = links == 0 ? LinkMemory::kFewLinks : kMore;
    for (int i = 0; i < batch; ++i) {
      if (!push.Connect(endpoint).ok()) std::_Exit(1);
      // Before the listener's backlog is full.
      if (!push.WaitReady(++links, kSoon).ok()) std::_Exit(1);
    }
    push.Flush();
  }
  std::_Exit(0);
}

// False with a sentence if it cannot be measured here.
bool Adapter() {
  const std::string endpoint = absl::StrCat("ipc://@monocoque-idle-memory-", getpid());
  int orders[2] = {-1, -1};
  if (pipe(orders) != 0) return false;
  const pid_t child = fork();
  if (child == 0) {
    close(orders[1]);
    char begin = 0;
    if (read(orders[0], &begin, 1) != 1) std::_Exit(1);
    Connect(endpoint, orders[0]);
  }
  close(orders[0]);
  uring::Loop loop;
  uring::Socket pull = loop.MakeSocket(SocketType::kPull);
  bool ok = child > 0 && pull.Bind(endpoint).ok() && write(orders[1], "b", 1) == 1;
  const auto grow_to = [&](std::size_t links) {
    ok = ok && write(orders[1], "m", 1) == 1 && pull.WaitReady(links, kSoon).ok();
    SocketEvent event;
    while (ok && pull.NextEvent(&event)) {
    }
    return testing::CountAllocations();
  };
  const Allocations few = grow_to(LinkMemory::kFewLinks);
  const Allocations more = grow_to(LinkMemory::kManyLinks) - few;
  close(orders[1]);
  if (child > 0) waitpid(child, nullptr, 0);
  if (!ok) {
    std::fprintf(stderr, "io_uring: %s\n", std::string(loop.status().message()).c_str());
    return false;
  }
  Print("PULL, accepted, io_uring",
        {static_cast<double>(more.live_bytes) / kMore, static_cast<double>(more.live) / kMore});
  return true;
}

int Main() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const bool adapter = Adapter();
  Core(SocketType::kPull, SocketType::kPush);
  Core(SocketType::kPush, SocketType::kPull);
  Core(SocketType::kRouter, SocketType::kDealer);
  Core(SocketType::kPub, SocketType::kSub);
  Core(SocketType::kSub, SocketType::kPub);
  return adapter ? 0 : 1;
}

}  // namespace
}  // namespace monocoque::bench

int main() { return monocoque::bench::Main(); }
