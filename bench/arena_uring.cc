// As a user of the blocking face writes it.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "adapters/uring/loop.h"
#include "bench/arena.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::arena {
namespace {

using uring::Loop;
using uring::LoopOptions;
using uring::Socket;

constexpr int kAtOnce = 1024;

LoopOptions OptionsOf(const Flags& flags) {
  LoopOptions options;
  if (const auto spin = flags.knobs.find("spin"); spin != flags.knobs.end()) {
    options.spin =
        spin->second == "off"
            ? absl::ZeroDuration()
            : absl::Microseconds(static_cast<std::int64_t>(Number("spin", spin->second)));
  }
  return options;
}

void Join(Socket* socket, const Flags& flags, bool bind) {
  Check(bind ? socket->Bind(flags.endpoint).status() : socket->Connect(flags.endpoint));
}

Message Take(Socket* socket) {
  Message message;
  Check(socket->Receive(&message));
  return message;
}

void Throughput(Loop* loop, const Flags& flags) {
  if (flags.role == "pub") {
    Socket push = loop->MakeSocket(SocketType::kPush);
    Join(&push, flags, false);
    const std::string payload(flags.payload_bytes, 'x');
    for (std::uint64_t i = 0; i < flags.warmup + flags.messages; ++i) Check(push.Send(payload));
    Check(push.Close(absl::Seconds(60)));
    return;
  }
  Socket pull = loop->MakeSocket(SocketType::kPull);
  Join(&pull, flags, true);
  Message message;
  for (std::uint64_t i = 0; i < flags.warmup; ++i) Check(pull.Receive(&message));
  std::uint64_t count = flags.messages;
  if (flags.warmup == 0) {
    Check(pull.Receive(&message));
    --count;
  }
  const Instant begin = net::Now();
  for (; count > 0; --count) Check(pull.Receive(&message));
  PrintThroughput(flags.messages, net::Now() - begin);
}

void Latency(Loop* loop, const Flags& flags) {
  if (flags.role == "sub") {
    Socket rep = loop->MakeSocket(SocketType::kRep);
    Join(&rep, flags, true);
    for (;;) {
      Message request = Take(&rep);
      Check(rep.Send(&request));
    }
  }
  Socket req = loop->MakeSocket(SocketType::kReq);
  Join(&req, flags, false);
  const std::string payload(flags.payload_bytes, 'x');
  std::vector<std::int64_t> trips;
  trips.reserve(flags.messages);
  for (std::uint64_t i = 0; i < flags.warmup + flags.messages; ++i) {
    const Instant begin = net::Now();
    Check(req.Send(payload));
    Take(&req);
    if (i >= flags.warmup) trips.push_back(absl::ToInt64Nanoseconds(net::Now() - begin));
  }
  PrintLatency(std::move(trips));
}

void ManyPeers(Loop* loop, const Flags& flags) {
  const bool pubsub = Publishes(flags);
  if (flags.role == "pub") {
    Socket push = loop->MakeSocket(pubsub ? SocketType::kPub : SocketType::kPush);
    Join(&push, flags, flags.bind);
    if (flags.bind) Check(push.WaitReady(flags.peers));
    const std::string payload(flags.payload_bytes, 'x');
    for (;;) Check(push.Send(payload));
  }
  Socket pull = loop->MakeSocket(pubsub ? SocketType::kSub : SocketType::kPull);
  if (pubsub) Check(pull.Subscribe(""));
  Join(&pull, flags, flags.bind);
  Message message = Take(&pull);
  const Instant begin = net::Now();
  const Instant end = begin + absl::Seconds(flags.duration_secs);
  std::uint64_t count = 0;
  Instant now = begin;
  while (now < end) {
    // The clock is read once for many messages, and again before it is waited for one.
    int taken = 0;
    while (taken < kAtOnce && pull.TryReceive(&message)) ++taken;
    count += static_cast<std::uint64_t>(taken);
    now = net::Now();
    if (taken == kAtOnce || now >= end) continue;
    if (pull.Receive(&message, end - now).ok()) ++count;
    now = net::Now();
  }
  PrintThroughput(count, now - begin);
}

}  // namespace

void RunUring(const Flags& flags) {
  Loop loop(OptionsOf(flags));
  Check(loop.status());
  if (flags.kind == "throughput") {
    Throughput(&loop, flags);
  } else if (flags.kind == "latency") {
    Latency(&loop, flags);
  } else {
    ManyPeers(&loop, flags);
  }
}

}  // namespace monocoque::arena
