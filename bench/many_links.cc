// ROUTER with many DEALER links: processor seconds a message, both ends together, with one link and
// with a thousand. Requests go out on all links in turn and come back; the routers answer each.
//
//   many_links [LINKS=1000] [MESSAGES=500000]
#include <sys/resource.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "adapters/uring/loop.h"
#include "bench/contender.h"

namespace monocoque::bench {
namespace {

double ProcessorSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Microseconds of processor time a round trip of a message.
double Run(std::size_t links, std::size_t messages, std::size_t under_way) {
  uring::Loop loop;
  uring::Socket router = loop.MakeSocket(SocketType::kRouter);
  const auto bound = router.Bind("tcp://127.0.0.1:*");
  if (!bound.ok()) Die("cannot bind");
  std::vector<uring::Socket> dealers;
  for (std::size_t i = 0; i < links; ++i) {
    dealers.push_back(loop.MakeSocket(SocketType::kDealer));
    if (!dealers.back().Connect(*bound).ok()) Die("cannot connect");
  }
  if (!router.WaitReady(links, absl::Seconds(30)).ok()) Die("not all came");
  const std::string payload(64, 'x');
  Message message;
  double begin = 0;
  std::vector<std::size_t> out(links, 0);  // under way, for each
  std::size_t back = 0;
  const std::size_t warm = messages / 10;
  while (back < messages + warm) {
    if (begin == 0 && back >= warm) begin = ProcessorSeconds();
    for (std::size_t i = 0; i < links; ++i) {
      if (out[i] > 0) continue;
      for (; out[i] < under_way; ++out[i]) {
        message = Message(payload);
        if (!dealers[i].core().Send(&message, loop.now()).ok()) Die("cannot send");
      }
      dealers[i].Flush();
    }
    while (router.TryReceive(&message)) {
      if (!router.core().Send(&message, loop.now()).ok()) Die("cannot answer");
    }
    router.Flush();
    std::size_t now = 0;
    for (std::size_t i = 0; i < links; ++i) {
      while (dealers[i].TryReceive(&message)) {
        ++now;
        --out[i];
      }
    }
    back += now;
    if (now == 0) loop.RunOnce(absl::Seconds(1));
  }
  return (ProcessorSeconds() - begin) * 1e6 / static_cast<double>(messages);
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  std::size_t links = 1000;
  std::size_t messages = 2000000;
  std::size_t under_way = 500;
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &links)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &messages)) ||
      (argc > 3 && !absl::SimpleAtoi(argv[3], &under_way)) || links == 0 || under_way == 0) {
    monocoque::bench::Die("many_links [LINKS] [MESSAGES] [UNDER_WAY_A_LINK]");
  }
  const double one = monocoque::bench::Run(1, messages, under_way);
  const double many = monocoque::bench::Run(links, messages, under_way);
  std::printf("1 link %.3f us of processor time a message, %zu links %.3f, ratio %.2f\n", one,
              links, many, many / one);
  return 0;
}
