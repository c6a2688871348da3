// The blocking face: a loop, two sockets, a few jobs.
#include <cstdio>
#include <string>
#include <vector>

#include "adapters/uring/loop.h"

using namespace monocoque;

int main() {
  uring::Loop loop;
  uring::Socket pull = loop.MakeSocket(SocketType::kPull);
  auto at = pull.Bind("tcp://127.0.0.1:*");
  if (!at.ok()) {
    std::fprintf(stderr, "%s\n", std::string(at.status().message()).c_str());
    return 1;
  }

  const std::vector<std::string> jobs = {"sweep", "paint", "lock up"};
  auto push = loop.Push(*at);  // connects in the background
  for (const auto& job : jobs) {
    if (!push->Send(job).ok()) return 1;
  }
  if (!push->Close(/*linger=*/absl::Seconds(5)).ok()) return 1;

  for (const auto& job : jobs) {
    auto message = pull.Receive(absl::Seconds(5));
    if (!message.ok() || message->text() != job) return 1;
    std::printf("did: %s\n", job.c_str());
  }
  return 0;
}
