// Messages between two threads of a process, PUSH to PULL over inproc://: libzmq, ours on io_uring,
// and messages that are handed over as they are, with a lock for many: what no socket can beat that
// copies a payload once. In turn and several times, with medians and ratios to libzmq.
//
//   inproc [--sizes=64,1024,16384,65536] [--seconds=1] [--rounds=3]
#include <zmq.h>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/uring/loop.h"
#include "bench/contender.h"
#include "bench/flags.h"
#include "bench/process.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::bench {
namespace {

constexpr char kEndpoint[] = "inproc://bench";

// Produces on a thread of its own for as long as the process lives.
void Produce(std::function<void()> produce) { std::thread(std::move(produce)).detach(); }

double Libzmq(const Setting& setting) {
  void* context = zmq_ctx_new();
  void* pull = zmq_socket(context, ZMQ_PULL);
  if (zmq_bind(pull, kEndpoint) != 0) Die("libzmq: cannot bind");
  Produce([context, payload = std::string(setting.payload_bytes, 'x')] {
    void* push = zmq_socket(context, ZMQ_PUSH);
    if (zmq_connect(push, kEndpoint) != 0) Die("libzmq: cannot connect");
    for (;;) zmq_send(push, payload.data(), payload.size(), 0);
  });
  zmq_msg_t message;
  zmq_msg_init(&message);
  return CountFor(setting, [&] {
    if (zmq_msg_recv(&message, pull, 0) < 0) Die("libzmq: cannot receive");
    return std::size_t{1};
  });
}

// `make`: what is sent, of the payload.
template <typename Make>
double Ours(const Setting& setting, Make make) {
  uring::Loop loop;
  uring::Socket pull = loop.MakeSocket(SocketType::kPull);
  if (!pull.Bind(kEndpoint).ok()) Die("cannot bind");
  Produce([make, payload = std::string(setting.payload_bytes, 'x')] {
    uring::Loop own;
    auto push = own.Push(kEndpoint);
    if (!push.ok()) Die("cannot connect");
    while (push->Send(make(payload)).ok()) {
    }
    Die("cannot send");
  });
  Message message;
  return CountFor(setting, [&] {
    if (!pull.Receive(&message).ok()) Die("cannot receive");
    return std::size_t{1};
  });
}

double Uring(const Setting& setting) {
  return Ours(setting, [](std::string_view payload) { return payload; });
}

// The message owns its octets when it is sent, as one that was received or built.
double UringOwned(const Setting& setting) {
  return Ours(setting, [](std::string_view payload) { return Message(payload); });
}

// As many at once as a mark allows to wait.
class Handover {
 public:
  void Give(std::vector<Message>* messages) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.empty(); });
    waiting_.swap(*messages);
    changed_.notify_one();
  }
  void Take(std::vector<Message>* messages) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    waiting_.swap(*messages);
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> waiting_;
};

double Messages(const Setting& setting) {
  constexpr std::size_t kAtOnce = 1000;
  auto* const handover = new Handover;
  Produce([handover, payload = std::string(setting.payload_bytes, 'x')] {
    for (std::vector<Message> messages;;) {
      while (messages.size() < kAtOnce) messages.emplace_back(payload);
      handover->Give(&messages);
    }
  });
  std::vector<Message> messages;
  return CountFor(setting, [&] {
    messages.clear();
    handover->Take(&messages);
    return messages.size();
  });
}

struct Way {
  const char* name;
  double (*count)(const Setting&);
};

constexpr std::array<Way, 4> kWays = {{{"libzmq", Libzmq},
                                       {"uring", Uring},
                                       {"uring, owned", UringOwned},
                                       {"bare messages", Messages}}};

void Compare(const Flags& flags, std::size_t size) {
  Setting setting = flags.setting;
  setting.payload_bytes = size;
  const std::vector<double> figures = MediansInTurn(kWays.size(), flags.rounds, [&](std::size_t i) {
    Child both([&](int out) { Tell(out, absl::StrCat(kWays[i].count(setting))); });
    return both.Number();
  });
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    std::printf("%6zu B  %-14s %12.0f messages/s  %6.2f\n", size, kWays[i].name, figures[i],
                figures[i] / figures[0]);
  }
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  using namespace monocoque::bench;
  const Flags flags = ParseFlags(argc, argv, {"sizes", {64, 1024, 16384, 65536}});
  for (const std::size_t size : flags.list) Compare(flags, size);
}
