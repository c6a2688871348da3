// As a user of Boost.Asio writes it: with coroutines.
#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "adapters/asio/socket.h"
#include "adapters/net/host.h"
#include "bench/arena.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::arena {
namespace {

namespace io = boost::asio;
using asio::Socket;
template <typename T = void>
using Task = io::awaitable<T>;

// Messages sent or received in one operation.
constexpr std::uint64_t kBurst = 256;

void Join(Socket* socket, const Flags& flags, bool bind) {
  if (bind) {
    socket->bind(flags.endpoint);
  } else {
    socket->connect(flags.endpoint);
  }
}

Task<> Send(Socket* socket, const Flags& flags, std::uint64_t count) {
  const std::string payload(flags.payload_bytes, 'x');
  std::vector<Message> burst(kBurst);
  while (count > 0) {
    const std::uint64_t size = std::min(count, kBurst);
    for (std::uint64_t i = 0; i < size; ++i) burst[i] = Message::Borrow(payload);
    count -= co_await socket->async_send_many(std::span(burst).first(size));
  }
}

Task<> Receive(Socket* socket, std::uint64_t count) {
  while (count > 0) {
    count -= (co_await socket->async_receive_many(std::min(count, kBurst))).size();
  }
}

Task<> Throughput(io::io_context* context, const Flags& flags) {
  if (flags.role == "pub") {
    Socket push(*context, SocketType::kPush);
    Join(&push, flags, false);
    co_await Send(&push, flags, flags.warmup + flags.messages);
    co_await push.async_close(absl::Seconds(60));
    co_return;
  }
  Socket pull(*context, SocketType::kPull);
  Join(&pull, flags, true);
  // The time begins with the last message that does not count, or else with the first that does.
  const std::uint64_t first = flags.warmup == 0 ? 1 : flags.warmup;
  co_await Receive(&pull, first);
  const Instant begin = net::Now();
  co_await Receive(&pull, flags.warmup + flags.messages - first);
  PrintThroughput(flags.messages, net::Now() - begin);
}

Task<> Latency(io::io_context* context, const Flags& flags) {
  if (flags.role == "sub") {
    Socket rep(*context, SocketType::kRep);
    Join(&rep, flags, true);
    for (;;) co_await rep.async_send(co_await rep.async_receive());
  }
  Socket req(*context, SocketType::kReq);
  Join(&req, flags, false);
  const std::string payload(flags.payload_bytes, 'x');
  std::vector<std::int64_t> trips;
  trips.reserve(flags.messages);
  for (std::uint64_t i = 0; i < flags.warmup + flags.messages; ++i) {
    const Instant begin = net::Now();
    co_await req.async_send(Message::Borrow(payload));
    co_await req.async_receive();
    if (i >= flags.warmup) trips.push_back(absl::ToInt64Nanoseconds(net::Now() - begin));
  }
  PrintLatency(std::move(trips));
}

Task<> Produce(io::io_context* context, const Flags& flags) {
  Socket push(*context, Publishes(flags) ? SocketType::kPub : SocketType::kPush);
  Join(&push, flags, flags.bind);
  if (flags.bind) co_await push.async_wait_ready(flags.peers);
  co_await Send(&push, flags, ~std::uint64_t{0});
}

Task<> Consume(io::io_context* context, const Flags& flags) {
  Socket pull(*context, Publishes(flags) ? SocketType::kSub : SocketType::kPull);
  if (Publishes(flags)) pull.subscribe("");
  Join(&pull, flags, flags.bind);
  co_await Receive(&pull, 1);
  const Instant begin = net::Now();
  bool over = false;
  io::steady_timer end(*context, absl::ToChronoNanoseconds(absl::Seconds(flags.duration_secs)));
  end.async_wait([&](const boost::system::error_code&) {
    over = true;
    pull.cancel();
  });
  std::uint64_t count = 0;
  while (!over) {
    boost::system::error_code cancelled;
    count +=
        (co_await pull.async_receive_many(kBurst, io::redirect_error(io::use_awaitable, cancelled)))
            .size();
  }
  PrintThroughput(count, net::Now() - begin);
}

Task<> Kind(io::io_context* context, const Flags& flags) {
  if (flags.kind == "throughput") return Throughput(context, flags);
  if (flags.kind == "latency") return Latency(context, flags);
  return flags.role == "pub" ? Produce(context, flags) : Consume(context, flags);
}

}  // namespace

void RunAsio(const Flags& flags) {
  io::io_context context(1);
  try {
    io::co_spawn(context, Kind(&context, flags), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
    context.run();
  } catch (const boost::system::system_error& error) {
    Die(error.code().message());
  }
}

}  // namespace monocoque::arena
