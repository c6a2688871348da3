// Two runtimes in one process: a worker on Asio, and who asks it on an io_uring, each on a thread
// of its own. What they send each other goes through memory, by the name of an inproc:// endpoint.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "adapters/asio/sockets.h"
#include "adapters/uring/loop.h"

using monocoque::Message;

namespace {

constexpr const char* kAt = "inproc://desk";
constexpr int kQuestions = 3;

boost::asio::awaitable<void> Answer(boost::asio::io_context& io) {
  monocoque::asio::Rep rep(io);
  co_await rep.async_bind(kAt);
  for (int i = 0; i < kQuestions; ++i) {
    const Message question = co_await rep.async_receive();
    co_await rep.async_send(Message(std::string(question.text()) + " Asio says yes"));
  }
  co_await rep.async_close(absl::Seconds(5));
}

// Nobody need be there yet: it connects as soon as somebody is.
int Ask() {
  monocoque::uring::Loop loop;
  auto req = loop.Req(kAt);
  if (!req.ok()) return 0;
  for (int i = 0; i < kQuestions; ++i) {
    const std::string question = "does it work " + std::to_string(i + 1) + " times?";
    if (!req->Send(question, absl::Seconds(5)).ok()) return i;
    const auto reply = req->Receive(absl::Seconds(5));
    if (!reply.ok()) return i;
    std::printf("%s\n", std::string(reply->text()).c_str());
  }
  return kQuestions;
}

}  // namespace

int main() {
  int answered = 0;
  std::thread asker([&] { answered = Ask(); });
  boost::asio::io_context io;
  boost::asio::co_spawn(io, Answer(io), boost::asio::detached);
  io.run();
  asker.join();
  return answered == kQuestions ? 0 : 1;
}
