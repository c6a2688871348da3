// As a user of libuv writes it: with callbacks.
#include <uv.h>

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/uv/socket.h"
#include "bench/arena.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::arena {
namespace {

using uv::Socket;

// Messages sent in one iteration, before others have their turn.
constexpr int kBurst = 256;

void Join(Socket* socket, const Flags& flags, bool bind) {
  Check(bind ? socket->Bind(flags.endpoint).status() : socket->Connect(flags.endpoint));
}

// A loop of its own for each side of a process; it stays until the process ends, as libuv's default
// loop does.
class Loop {
 public:
  Loop() {
    static std::mutex mutex;
    static auto* const all = new std::list<uv_loop_t>;
    const std::lock_guard lock(mutex);
    loop_ = &all->emplace_back();
    if (uv_loop_init(loop_) != 0) Die("libuv: there can be no loop");
  }
  uv_loop_t* get() const { return loop_; }
  void Run() const { uv_run(loop_, UV_RUN_DEFAULT); }
  void Stop() const { uv_stop(loop_); }

 private:
  uv_loop_t* loop_;
};

// Sends as fast as it is taken: a burst an iteration, pausing while it is refused.
class Producer {
 public:
  // `count` messages, then `done`.
  Producer(const Loop& loop, Socket* socket, const Flags& flags, std::uint64_t count,
           std::function<void()> done)
      : socket_(*socket), payload_(flags.payload_bytes, 'x'), left_(count), done_(std::move(done)) {
    uv_idle_init(loop.get(), &idle_);
    idle_.data = this;
    socket_.OnWritable([this] { Start(); });
  }
  void Start() {
    if (left_ == 0) return;
    uv_idle_start(&idle_, [](uv_idle_t* idle) { static_cast<Producer*>(idle->data)->Burst(); });
  }

 private:
  void Burst() {
    for (int i = 0; i < kBurst && left_ > 0; ++i, --left_) {
      const absl::Status sent = socket_.Send(payload_);
      if (absl::IsUnavailable(sent)) {
        uv_idle_stop(&idle_);
        return;
      }
      Check(sent);
    }
    if (left_ > 0) return;
    uv_idle_stop(&idle_);
    done_();
  }

  Socket& socket_;
  const std::string payload_;
  std::uint64_t left_;
  const std::function<void()> done_;
  uv_idle_t idle_{};
};

void Throughput(const Flags& flags) {
  const Loop loop;
  if (flags.role == "pub") {
    Socket push(loop.get(), SocketType::kPush);
    Join(&push, flags, false);
    Producer producer(loop, &push, flags, flags.warmup + flags.messages,
                      [&] { push.Close(absl::Seconds(60), Check); });
    producer.Start();
    loop.Run();
    return;
  }
  Socket pull(loop.get(), SocketType::kPull);
  Join(&pull, flags, true);
  // The time begins with the last message that does not count, or else with the first that does.
  const std::uint64_t first = flags.warmup == 0 ? 1 : flags.warmup;
  const std::uint64_t last = flags.warmup + flags.messages;
  std::uint64_t count = 0;
  Instant begin;
  pull.OnMessage([&](const Message&) {
    if (++count == first) begin = net::Now();
    if (count == last) loop.Stop();
  });
  loop.Run();
  PrintThroughput(flags.messages, net::Now() - begin);
}

void Latency(const Flags& flags) {
  const Loop loop;
  if (flags.role == "sub") {
    Socket rep(loop.get(), SocketType::kRep);
    Join(&rep, flags, true);
    rep.OnMessage([&](Message request) { Check(rep.Send(&request)); });
    loop.Run();
    return;
  }
  Socket req(loop.get(), SocketType::kReq);
  Join(&req, flags, false);
  const std::string payload(flags.payload_bytes, 'x');
  std::vector<std::int64_t> trips;
  trips.reserve(flags.messages);
  std::uint64_t left = flags.warmup + flags.messages;
  Instant begin = net::Now();
  req.OnMessage([&](const Message&) {
    const Instant now = net::Now();
    if (left <= flags.messages) trips.push_back(absl::ToInt64Nanoseconds(now - begin));
    if (--left == 0) return loop.Stop();
    begin = net::Now();
    Check(req.Send(payload));
  });
  Check(req.Send(payload));
  loop.Run();
  PrintLatency(std::move(trips));
}

void Produce(const Flags& flags) {
  const Loop loop;
  Socket push(loop.get(), Publishes(flags) ? SocketType::kPub : SocketType::kPush);
  Producer producer(loop, &push, flags, ~std::uint64_t{0}, [] {});
  push.OnEvent([&](const SocketEvent&) {
    if (push.core().ready_peers() < flags.peers) return;
    push.OnEvent(nullptr);
    producer.Start();
  });
  Join(&push, flags, flags.bind);
  if (!flags.bind) producer.Start();
  loop.Run();
}

void Consume(const Flags& flags) {
  const Loop loop;
  Socket pull(loop.get(), Publishes(flags) ? SocketType::kSub : SocketType::kPull);
  if (Publishes(flags)) Check(pull.Subscribe(""));
  Join(&pull, flags, flags.bind);
  uv_timer_t end;
  uv_timer_init(loop.get(), &end);
  std::uint64_t count = 0;
  Instant begin;
  pull.OnMessage([&](const Message&) {
    if (++count > 1) return;
    begin = net::Now();
    uv_update_time(loop.get());
    uv_timer_start(
        &end, [](uv_timer_t* timer) { uv_stop(timer->loop); },
        static_cast<std::uint64_t>(flags.duration_secs * 1e3) + 1, 0);
  });
  loop.Run();
  PrintThroughput(count - 1, net::Now() - begin);
}

}  // namespace

void RunUv(const Flags& flags) {
  if (flags.kind == "throughput") {
    Throughput(flags);
  } else if (flags.kind == "latency") {
    Latency(flags);
  } else if (flags.role == "pub") {
    Produce(flags);
  } else {
    Consume(flags);
  }
}

}  // namespace monocoque::arena
