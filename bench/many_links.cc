// ROUTER with many DEALER links: processor time a message, both ends together, with one link and
// with a thousand. Each dealer sends so many messages at once, the router answers each, and when
// all are back the dealer begins anew. Beside it plain sockets that move as many octets by send and
// recv alone: what the kernel and the processor's caches make of a thousand links by themselves.
//
//   many_links [LINKS=1000] [ROUNDS=5]
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "adapters/uring/loop.h"
#include "bench/contender.h"
#include "bench/process.h"
#include "bench/tcp_pair.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::bench {
namespace {

constexpr std::size_t kPayloadBytes = 64;
constexpr std::size_t kFrameBytes = 66;

double ProcessorSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Load {
  std::size_t links;
  std::size_t under_way;  // messages, on each link at once
  std::size_t messages;   // in all, after a fifth of that to warm up
};

// Counts the messages that came back, and the processor's time of those behind the warm-up.
class Count {
 public:
  explicit Count(const Load& load) : load_(load) {}
  void Back(std::size_t messages) {
    back_ += messages;
    if (begin_ == 0 && back_ >= load_.messages / 5) {
      begin_ = ProcessorSeconds();
      counted_from_ = back_;
    }
  }
  bool done() const { return begin_ != 0 && back_ >= counted_from_ + load_.messages; }
  // Microseconds a message.
  double Microseconds() const {
    return (ProcessorSeconds() - begin_) * 1e6 / static_cast<double>(back_ - counted_from_);
  }

 private:
  const Load load_;
  std::size_t back_ = 0;
  std::size_t counted_from_ = 0;
  double begin_ = 0;
};

uring::Task<absl::Status> Answer(uring::Socket* router) {
  for (;;) {
    absl::StatusOr<Message> message = co_await router->AsyncReceive();
    CO_RETURN_IF_ERROR(message);
    CO_RETURN_IF_ERROR(co_await router->AsyncSend(*std::move(message)));
  }
}

uring::Task<absl::Status> Ask(uring::Socket* dealer, std::size_t under_way, Count* count) {
  const std::string payload(kPayloadBytes, 'x');
  for (;;) {
    for (std::size_t i = 0; i < under_way; ++i) {
      CO_RETURN_IF_ERROR(co_await dealer->AsyncSend(Message(payload)));
    }
    for (std::size_t i = 0; i < under_way; ++i) {
      CO_RETURN_IF_ERROR(co_await dealer->AsyncReceive());
    }
    count->Back(under_way);
  }
}

// Ends the program if the task ends.
uring::Task<> Endless(uring::Task<absl::Status> task) {
  const absl::Status status = co_await std::move(task);
  if (!absl::IsCancelled(status)) Die(std::string(status.message()));
}

double Ours(const Load& load) {
  uring::Loop loop;
  uring::Socket router = loop.MakeSocket(SocketType::kRouter);
  const auto bound = router.Bind("tcp://127.0.0.1:*");
  if (!bound.ok()) Die("cannot bind");
  std::vector<uring::Socket> dealers;
  for (std::size_t i = 0; i < load.links; ++i) {
    dealers.push_back(loop.MakeSocket(SocketType::kDealer));
    if (!dealers.back().Connect(*bound).ok()) Die("cannot connect");
  }
  if (!router.WaitReady(load.links, absl::Seconds(30)).ok()) Die("not all came");
  Count count(load);
  loop.Spawn(Endless(Answer(&router)));
  for (uring::Socket& dealer : dealers) loop.Spawn(Endless(Ask(&dealer, load.under_way, &count)));
  while (!count.done()) loop.RunOnce(absl::Seconds(1));
  return count.Microseconds();
}

// Both ends of a stream, and how far the octets of a round are.
struct Stream {
  int asker;
  int answerer;
  std::size_t asked = 0;
  std::size_t waiting = 0;  // received by the answerer and not sent back
  std::size_t back = 0;
};

std::vector<Stream> MakeStreams(std::size_t count) {
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < count; ++i) {
    const TcpPair pair = MakeTcpPair();
    for (const int fd : {pair.one, pair.other}) fcntl(fd, F_SETFL, O_NONBLOCK);
    streams.push_back({.asker = pair.one, .answerer = pair.other});
  }
  return streams;
}

std::size_t Moved(ssize_t result) { return result > 0 ? static_cast<std::size_t>(result) : 0; }

// One way through all streams; true once every octet of the round is back.
bool Sweep(std::vector<Stream>* streams, std::size_t octets, std::string* room) {
  for (Stream& s : *streams) {
    if (s.asked < octets) s.asked += Moved(send(s.asker, room->data(), octets - s.asked, 0));
  }
  for (Stream& s : *streams) {
    s.waiting += Moved(recv(s.answerer, room->data(), room->size(), 0));
    if (s.waiting > 0) s.waiting -= Moved(send(s.answerer, room->data(), s.waiting, 0));
  }
  bool all = true;
  for (Stream& s : *streams) {
    s.back += Moved(recv(s.asker, room->data(), room->size(), 0));
    all = all && s.back == octets;
  }
  return all;
}

double PlainOctets(const Load& load) {
  std::vector<Stream> streams = MakeStreams(load.links);
  std::string room(256 * 1024, 'x');
  Count count(load);
  while (!count.done()) {
    for (Stream& s : streams) s.asked = s.back = 0;
    while (!Sweep(&streams, load.under_way * kFrameBytes, &room)) {
    }
    count.Back(load.links * load.under_way);
  }
  const double microseconds = count.Microseconds();
  for (const Stream& s : streams) {
    close(s.asker);
    close(s.answerer);
  }
  return microseconds;
}

void Compare(std::size_t links, std::size_t under_way, std::size_t rounds) {
  const std::size_t messages = std::max<std::size_t>(100'000, 4 * links * under_way);
  const Load one{1, under_way, messages};
  const Load many{links, under_way, messages};
  const std::vector<double> medians = MediansInTurn(4, rounds, [&](std::size_t which) {
    const Load& load = which % 2 == 0 ? one : many;
    return which < 2 ? Ours(load) : PlainOctets(load);
  });
  std::printf("%3zu under way a link: ", under_way);
  for (std::size_t i : {std::size_t{0}, std::size_t{2}}) {
    std::printf("%s 1 link %.3f us, %zu links %.3f us, ratio %.2f%s", i == 0 ? "ROUTER" : "octets",
                medians[i], links, medians[i + 1], medians[i + 1] / medians[i],
                i == 0 ? "; " : "\n");
  }
  std::fflush(stdout);
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  std::size_t links = 1000;
  std::size_t rounds = 5;
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &links)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &rounds)) || links == 0 || rounds == 0) {
    monocoque::bench::Die("many_links [LINKS] [ROUNDS]");
  }
  std::printf("processor time a message, both ends; medians of %zu rounds in turn\n", rounds);
  for (std::size_t under_way : {1UL, 10UL, 100UL, 500UL}) {
    monocoque::bench::Compare(links, under_way, rounds);
  }
  return 0;
}
