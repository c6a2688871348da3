// Asio's other manners: a deadline that loses no message, callbacks, futures, error codes.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <future>
#include <optional>
#include <string>

#include "adapters/asio/error.h"
#include "adapters/asio/sockets.h"

namespace asio = boost::asio;
using monocoque::Message;
using namespace asio::experimental::awaitable_operators;

namespace {

// Nothing within `time`: nothing is taken, and a message that comes later waits for the next call.
asio::awaitable<std::optional<Message>> ReceiveWithin(monocoque::asio::Req& req,
                                                      std::chrono::milliseconds time) {
  asio::steady_timer timer(req.get_executor(), time);
  std::optional<Message> reply;
  auto winner = co_await (req.async_wait_receive() || timer.async_wait(asio::use_awaitable));
  if (winner.index() == 0) reply = req.try_receive();
  co_return reply;
}

// Did each reply come when it should?
asio::awaitable<bool> AskASlowServer(asio::io_context& io) {
  monocoque::asio::Rep rep(io);
  monocoque::asio::Req req(io);
  req.connect(rep.bind("ipc://*"));
  co_await req.async_send(Message("how long?"));
  const std::optional<Message> early = co_await ReceiveWithin(req, std::chrono::milliseconds(20));
  std::puts(early ? "a reply already" : "no reply yet");
  (void)co_await rep.async_receive();
  co_await rep.async_send(Message("that long"));
  std::optional<Message> reply = co_await ReceiveWithin(req, std::chrono::seconds(10));
  std::printf("%s\n", reply ? std::string(reply->text()).c_str() : "no reply");
  co_return !early && reply && reply->text() == "that long";
}

}  // namespace

int main() {
  asio::io_context io;
  bool waited = false, heard = false, worked = false, refused = false;  // the four outcomes
  asio::co_spawn(io, AskASlowServer(io), [&](const std::exception_ptr& failure, bool in_time) {
    if (failure) std::rethrow_exception(failure);
    waited = in_time;
  });

  // Callbacks.
  monocoque::asio::XPub pub(io);  // a publisher that hears of its subscribers
  monocoque::asio::Sub sub(io);
  sub.subscribe("weather.");
  sub.connect(pub.bind("ipc://*"));
  sub.async_receive([&](boost::system::error_code ec, Message m) {
    std::printf("%s\n", ec ? ec.message().c_str() : std::string(m.text()).c_str());
    heard = !ec && m.text() == "weather.sunny";
    sub.close();
    pub.close();
  });
  pub.async_receive([&](boost::system::error_code, Message /*subscription*/) {
    pub.async_send(Message("weather.sunny"), [](boost::system::error_code) {});
  });

  // Futures.
  monocoque::asio::Pull pull(io);
  monocoque::asio::Push push(io);
  push.connect(pull.bind("tcp://127.0.0.1:*"));
  push.async_send(Message("a job"), [](boost::system::error_code) {});
  std::future<Message> f = pull.async_receive(asio::use_future);
  while (f.wait_for(std::chrono::seconds(0)) != std::future_status::ready) io.run_one();
  const Message job = f.get();
  std::printf("%s\n", std::string(job.text()).c_str());
  worked = job.text() == "a job";
  push.close();
  pull.close();

  // Errors say what to do, whatever the token.
  boost::system::error_code ec;
  monocoque::asio::Pull second(io);
  second.bind("tcp://127.0.0.1:70000", ec);
  std::printf("%s\n", ec.message().c_str());
  refused = ec == monocoque::asio::errc::invalid_argument;
  second.close();

  io.run();  // ends by itself, once all sockets are closed
  return waited && heard && worked && refused ? 0 : 1;
}
