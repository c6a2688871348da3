#include "adapters/asio/socket.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "adapters/asio/sockets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::asio {
namespace {

namespace io = boost::asio;

TEST(SocketTest, Hello) {
  io::io_context context;
  Rep rep(context);
  Req req(context);
  std::string got;
  io::co_spawn(
      context,
      [&]() -> io::awaitable<void> {
        const std::string at = co_await rep.async_bind("tcp://127.0.0.1:*");
        co_await req.async_connect(at);
        co_await req.async_send(Message("hello"));
        Message question = co_await rep.async_receive();
        co_await rep.async_send(Message("got " + std::string(question.text())));
        got = (co_await req.async_receive()).text();
        rep.close();
        req.close();
      },
      io::detached);
  context.run();
  EXPECT_EQ(got, "got hello");
}

}  // namespace
}  // namespace monocoque::asio
