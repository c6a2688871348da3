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
#include "adapters/uring/task.h"
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

struct Count {
  std::size_t warm;
  std::size_t all;
  std::size_t back = 0;
  double begin = 0;
};

uring::Task<> Answer(uring::Socket* router) {
  for (;;) {
    absl::StatusOr<Message> message = co_await router->AsyncReceive();
    if (!message.ok()) co_return;
    if (!(co_await router->AsyncSend(*std::move(message))).ok()) co_return;
  }
}

uring::Task<> Ask(uring::Socket* dealer, std::size_t under_way, Count* count) {
  const std::string payload(64, 'x');
  for (;;) {
    for (std::size_t i = 0; i < under_way; ++i) if (!(co_await dealer->AsyncSend(Message(payload))).ok()) co_return;
    for (std::size_t i = 0; i < under_way; ++i) if (!(co_await dealer->AsyncReceive()).ok()) co_return;
    count->back += under_way;
    if (count->begin == 0 && count->back >= count->warm) count->begin = ProcessorSeconds();
  }
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
  Count count{.warm = messages / 10, .all = messages + messages / 10};
  loop.Spawn(Answer(&router));
  for (uring::Socket& dealer : dealers) loop.Spawn(Ask(&dealer, under_way, &count));
  while (count.back < count.all) loop.RunOnce(absl::Seconds(1));
  return (ProcessorSeconds() - count.begin) * 1e6 / static_cast<double>(messages);
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
