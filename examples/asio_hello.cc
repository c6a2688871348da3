// Request and reply in Asio coroutines: a worker that answers, and who asks it.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "adapters/asio/sockets.h"

namespace asio = boost::asio;
using monocoque::Message;

namespace {

// A name of this process's own.
std::string At() { return "ipc://@monocoque-asio-hello-" + std::to_string(getpid()); }

asio::awaitable<void> Worker(asio::io_context& io) {
  monocoque::asio::Rep rep(io);
  co_await rep.async_bind(At());
  for (;;) {
    Message request = co_await rep.async_receive();
    co_await rep.async_send(Message("got " + std::string(request.text())));
  }
}

asio::awaitable<void> Client(asio::io_context& io, int* replies) {
  monocoque::asio::Req req(io);
  co_await req.async_connect(At());
  for (const char* text : {"hello", "again"}) {
    co_await req.async_send(Message(text));
    const Message reply = co_await req.async_receive();
    std::printf("%s\n", std::string(reply.text()).c_str());
    ++*replies;
  }
  io.stop();  // the worker would wait for ever
}

// What a coroutine throws, as when its address is in use, ends the program.
void Ended(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

int main() {
  asio::io_context io;
  int replies = 0;
  asio::co_spawn(io, Worker(io), Ended);
  asio::co_spawn(io, Client(io, &replies), Ended);
  io.run();
  return replies == 2 ? 0 : 1;
}
