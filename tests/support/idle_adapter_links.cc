#include "tests/support/idle_adapter_links.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/net/address.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/event.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/allocations.h"
#include "tests/support/pair.h"
#include "tests/support/raw_peer.h"

namespace monocoque::testing {
namespace {

// One end of each link is here, and the listener, and the runtime's own.
constexpr rlim_t kFiles = LinkMemory::kManyLinks + 200;

absl::Status AllowFiles() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur >= kFiles) return absl::OkStatus();
  files.rlim_cur = std::min(kFiles, files.rlim_max);
  if (files.rlim_cur >= kFiles && setrlimit(RLIMIT_NOFILE, &files) == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("idle links: needs ", kFiles, " descriptors"));
}

// A descriptor that listens at a port of the system's choosing.
int ListenOnLoopback(std::string* endpoint) {
  const net::Address any = net::NumericAddresses(*ParseEndpoint("tcp://127.0.0.1:0"))->front();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, any.get(), any.size) != 0 || listen(fd, 128) != 0) return fd;
  *endpoint = net::LocalEndpoint(fd).ToString();
  return fd;
}

// The other ends, in a process that ends with this object. Bare descriptors: each says a greeting
// and READY, and then nothing.
class OtherEnds {
 public:
  // One more connects to `endpoint` at each Call.
  static OtherEnds Calling(const std::string& endpoint) {
    const std::string octets = PeerGreeting() + PeerReady("PUSH");
    return OtherEnds([&](int calls) {
      for (char call = 0; read(calls, &call, 1) == 1;) Speak(ConnectRaw(endpoint), octets);
    });
  }
  // Whoever comes to `listener` is taken.
  static OtherEnds Answering(int listener) {
    const std::string octets = PeerGreeting() + PeerReady("PULL");
    return OtherEnds([&](int) {
      for (;;) Speak(accept(listener, nullptr, nullptr), octets);
    });
  }
  OtherEnds(const OtherEnds&) = delete;
  OtherEnds& operator=(const OtherEnds&) = delete;
  ~OtherEnds() {
    close(calls_);
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  absl::Status Call() const {
    if (write(calls_, "c", 1) == 1) return absl::OkStatus();
    return absl::AbortedError("idle links: no other ends");
  }

 private:
  explicit OtherEnds(const std::function<void(int calls)>& run) {
    std::array<int, 2> ends{-1, -1};
    if (pipe(ends.data()) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ends[1]);
      run(ends[0]);
      _exit(0);
    }
    close(ends[0]);
    calls_ = ends[1];
  }

  // The descriptor is left open, until the process ends.
  static void Speak(int fd, const std::string& octets) {
    if (write(fd, octets.data(), octets.size()) < 0) _exit(1);
  }

  pid_t pid_ = -1;
  int calls_ = -1;
};

// What the process has of memory now. Runtimes written in C take it behind the back of operator
// new: where the C library can tell, its sum counts.
struct Held {
  Allocations by_new = CountAllocations();
  struct mallinfo2 by_malloc = mallinfo2();

  static Held Now() { return {}; }
  LinkMemory MoreThan(const Held& before) const {
    constexpr double kMore = LinkMemory::kManyLinks - LinkMemory::kFewLinks;
    const Allocations more = by_new - before.by_new;
    const auto heap = [](const Held& held) {
      return static_cast<double>(held.by_malloc.uordblks + held.by_malloc.hblkhd);
    };
    return {std::max(static_cast<double>(more.live_bytes), heap(*this) - heap(before)) / kMore,
            static_cast<double>(more.live) / kMore};
  }
};

// `add` makes one link more. One after the other: how many come at once changes what pools keep.
absl::StatusOr<LinkMemory> Measure(AdapterFace* face, FaceSocket* socket,
                                   const std::function<absl::Status()>& add) {
  Held few;
  for (std::size_t links = 1; links <= LinkMemory::kManyLinks; ++links) {
    if (absl::Status added = add(); !added.ok()) return added;
    const bool ready = face->Until([&] {
      SocketEvent event;
      while (socket->NextEvent(&event)) {
      }
      return socket->core().ready_peers() == links;
    });
    if (!ready) return absl::DeadlineExceededError("idle links: not all came");
    if (links == LinkMemory::kFewLinks) few = Held::Now();
  }
  return Held::Now().MoreThan(few);
}

}  // namespace

absl::StatusOr<LinkMemory> MeasureAcceptedLinks(std::string_view adapter) {
  if (absl::Status files = AllowFiles(); !files.ok()) return files;
  AdapterFace face(adapter);
  const auto pull = face.MakeSocket(SocketType::kPull);
  const auto bound = pull->Bind("tcp://127.0.0.1:*");
  if (!bound.ok()) return bound.status();
  const OtherEnds others = OtherEnds::Calling(*bound);
  return Measure(&face, pull.get(), [&] { return others.Call(); });
}

absl::StatusOr<LinkMemory> MeasureDialedLinks(std::string_view adapter) {
  if (absl::Status files = AllowFiles(); !files.ok()) return files;
  std::string endpoint;
  const int listener = ListenOnLoopback(&endpoint);
  const OtherEnds others = OtherEnds::Answering(listener);
  close(listener);
  AdapterFace face(adapter);
  const auto push = face.MakeSocket(SocketType::kPush);
  return Measure(&face, push.get(), [&] { return push->Connect(endpoint); });
}

}  // namespace monocoque::testing
