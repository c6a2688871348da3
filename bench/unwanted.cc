// Publishing what nobody wants: whole Send calls while one subscriber has so many prefixes, none of
// which matches. Ours and libzmq in one run, with the ratio of the time a call takes.
//
//   unwanted [PREFIXES=10000] [CALLS=2000000]
#include <zmq.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/uring/loop.h"
#include "bench/contender.h"

namespace monocoque::bench {
namespace {

// Prefixes and topics share their first octets, so that the search goes as deep as it can.
std::vector<std::string> Prefixes(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(absl::StrCat("market.", i * 7919 % 1000003, ".bid"));
  return all;
}

std::vector<std::string> Topics() {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < 1024; ++i) {
    all.push_back(absl::StrCat("market.", i * 104729 % 1000003, ".ask", std::string(40, 'x')));
  }
  return all;
}

// Nanoseconds a call.
template <typename Call>
double Time(std::size_t calls, const std::vector<std::string>& topics, Call call) {
  for (std::size_t i = 0; i < calls / 10; ++i) call(topics[i % topics.size()]);
  const std::int64_t begin = NowNanos();
  for (std::size_t i = 0; i < calls; ++i) call(topics[i % topics.size()]);
  return static_cast<double>(NowNanos() - begin) / static_cast<double>(calls);
}

double TimeOurs(std::size_t prefixes, std::size_t calls) {
  uring::Loop loop;
  uring::Socket pub = loop.MakeSocket(SocketType::kPub);
  uring::Socket sub = loop.MakeSocket(SocketType::kSub);
  for (const std::string& prefix : Prefixes(prefixes)) {
    if (!sub.Subscribe(prefix).ok()) Die("cannot subscribe");
  }
  const auto bound = pub.Bind("tcp://127.0.0.1:*");
  if (!bound.ok() || !sub.Connect(*bound).ok()) Die("cannot join");
  while (pub.core().topics() < prefixes) loop.RunOnce(absl::Milliseconds(1));
  return Time(calls, Topics(), [&](const std::string& topic) {
    if (!pub.Send(topic).ok()) Die("cannot send");
  });
}

double TimeLibzmq(std::size_t prefixes, std::size_t calls) {
  void* context = zmq_ctx_new();
  void* pub = zmq_socket(context, ZMQ_XPUB);
  void* sub = zmq_socket(context, ZMQ_SUB);
  // It drops subscriptions beyond a mark.
  const int no_mark = 0;
  zmq_setsockopt(sub, ZMQ_SNDHWM, &no_mark, sizeof(no_mark));
  zmq_setsockopt(pub, ZMQ_RCVHWM, &no_mark, sizeof(no_mark));
  zmq_bind(pub, "tcp://127.0.0.1:*");
  char endpoint[256];
  std::size_t size = sizeof(endpoint);
  zmq_getsockopt(pub, ZMQ_LAST_ENDPOINT, endpoint, &size);
  for (const std::string& prefix : Prefixes(prefixes)) {
    zmq_setsockopt(sub, ZMQ_SUBSCRIBE, prefix.data(), prefix.size());
  }
  zmq_connect(sub, endpoint);
  zmq_msg_t notice;
  zmq_msg_init(&notice);
  for (std::size_t i = 0; i < prefixes; ++i) {
    if (zmq_msg_recv(&notice, pub, 0) < 0) Die("cannot subscribe");
  }
  return Time(calls, Topics(), [&](const std::string& topic) {
    if (zmq_send(pub, topic.data(), topic.size(), 0) < 0) Die("cannot send");
  });
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  std::size_t prefixes = 10000;
  std::size_t calls = 2000000;
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &prefixes)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &calls))) {
    monocoque::bench::Die("unwanted [PREFIXES] [CALLS]");
  }
  const double libzmq = monocoque::bench::TimeLibzmq(prefixes, calls);
  const double ours = monocoque::bench::TimeOurs(prefixes, calls);
  std::printf("%zu prefixes: libzmq %.1f ns a call, ours %.1f, ratio %.2f\n", prefixes, libzmq,
              ours, libzmq / ours);
  return 0;
}
