// Boost.Asio: the adapter with coroutines, and an echo written by hand on the same runtime.
#include <sys/socket.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "adapters/asio/socket.h"
#include "bench/contender.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::bench {
namespace {

namespace io = boost::asio;
using asio::Socket;
using Task = io::awaitable<void>;
using Stream = io::generic::stream_protocol::socket;

// Messages sent or received in one operation.
constexpr std::size_t kBurst = 256;

// Runs it beside the caller; what it throws comes out of the context's run.
void Start(io::io_context* context, Task task) {
  io::co_spawn(*context, std::move(task), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

Task Receive(Socket* pull, std::size_t* count) {
  for (;;) *count += (co_await pull->async_receive_many(kBurst)).size();
}

double Consume(const Setting& setting, const Announce& announce) {
  io::io_context context(1);
  Socket pull(context, SocketType::kPull);
  announce(pull.bind(BindEndpoint(setting)));
  std::size_t count = 0;
  Start(&context, Receive(&pull, &count));
  return CountFor(setting, [&] {
    const std::size_t before = count;
    context.run_one();
    return count - before;
  });
}

Task Send(Socket* push, std::string payload) {
  std::vector<Message> burst(kBurst);
  for (;;) {
    for (Message& message : burst) message = Message::Borrow(payload);
    std::span<Message> rest(burst);
    while (!rest.empty()) rest = rest.subspan(co_await push->async_send_many(rest));
  }
}

void Produce(const Setting& setting, const std::string& endpoint) {
  io::io_context context(1);
  Socket push(context, SocketType::kPush);
  push.connect(endpoint);
  Start(&context, Send(&push, std::string(setting.payload_bytes, 'x')));
  context.run();
}

Task Answer(Socket* rep) {
  for (;;) co_await rep->async_send(co_await rep->async_receive());
}

void Echo(const Setting& setting, const Announce& announce) {
  io::io_context context(1);
  Socket rep(context, SocketType::kRep);
  announce(rep.bind(BindEndpoint(setting)));
  Start(&context, Answer(&rep));
  context.run();
}

Task Trip(Socket* req, const std::string* payload, bool* back) {
  co_await req->async_send(Message::Borrow(*payload));
  co_await req->async_receive();
  *back = true;
}

std::vector<std::int64_t> Trips(const Setting& setting, const std::string& endpoint) {
  io::io_context context(1);
  Socket req(context, SocketType::kReq);
  req.connect(endpoint);
  const std::string payload(setting.payload_bytes, 'x');
  const auto open = io::make_work_guard(context);  // it does not stop between two trips
  return TimeTrips(setting, [&] {
    bool back = false;
    Start(&context, Trip(&req, &payload, &back));
    while (!back) context.run_one();
  });
}

Stream Wrap(io::io_context* context, int fd, const Setting& setting) {
  const int family = setting.transport == "tcp" ? AF_INET : AF_UNIX;
  return Stream(*context, io::generic::stream_protocol(family, 0), fd);
}

Task EchoOctets(Stream* stream) {
  std::array<char, 65536> room{};
  for (;;) {
    const std::size_t got = co_await stream->async_read_some(io::buffer(room), io::use_awaitable);
    co_await io::async_write(*stream, io::buffer(room.data(), got), io::use_awaitable);
  }
}

void RawEcho(const Setting& setting, const Announce& announce) {
  io::io_context context(1);
  Stream stream = Wrap(&context, AcceptStream(setting, announce), setting);
  Start(&context, EchoOctets(&stream));
  context.run();
}

Task RawTrip(Stream* stream, std::string* payload, bool* back) {
  co_await io::async_write(*stream, io::buffer(*payload), io::use_awaitable);
  for (std::size_t got = 0; got < payload->size();) {
    got += co_await stream->async_read_some(io::buffer(*payload), io::use_awaitable);
  }
  *back = true;
}

std::vector<std::int64_t> RawTrips(const Setting& setting, const std::string& endpoint) {
  io::io_context context(1);
  Stream stream = Wrap(&context, ConnectStream(setting, endpoint), setting);
  std::string payload(setting.payload_bytes, 'x');
  const auto open = io::make_work_guard(context);  // it does not stop between two trips
  return TimeTrips(setting, [&] {
    bool back = false;
    Start(&context, RawTrip(&stream, &payload, &back));
    while (!back) context.run_one();
  });
}

}  // namespace

Contender Asio() { return {"asio", Consume, Produce, Echo, Trips}; }
Contender RawAsio() { return {"raw asio", nullptr, nullptr, RawEcho, RawTrips}; }

}  // namespace monocoque::bench
