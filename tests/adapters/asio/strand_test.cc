// Several threads run one io_context; each socket is on a strand.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "adapters/asio/sockets.h"
#include "gtest/gtest.h"

namespace monocoque::asio {
namespace {

namespace io = boost::asio;

constexpr int kThreads = 4;
constexpr int kClients = 8;
constexpr int kRequests = 200;

io::awaitable<void> Serve(std::shared_ptr<Router> router, int requests) {
  for (int i = 0; i < requests; ++i) {
    co_await router->async_send(co_await router->async_receive());
  }
  co_await router->async_close(absl::Seconds(10));
}

io::awaitable<void> Ask(std::string at, std::atomic<int>* replies) {
  using namespace io::experimental::awaitable_operators;
  const io::any_io_executor strand = co_await io::this_coro::executor;
  Dealer dealer(strand);
  dealer.connect(at);
  io::steady_timer timer(strand);
  for (int i = 0; i < kRequests; ++i) {
    co_await dealer.async_send(Message(std::to_string(i)));
    // Some waits are cut short by a timer.
    for (std::optional<Message> reply; !reply;) {
      timer.expires_after(std::chrono::microseconds(i % 3 == 0 ? 20 : 1'000'000));
      co_await (dealer.async_wait_receive() || timer.async_wait(io::use_awaitable));
      reply = dealer.try_receive();
      if (reply && reply->text() == std::to_string(i)) ++*replies;
    }
  }
  co_await dealer.async_close(absl::Seconds(10));
}

template <typename Context>
void SpawnAll(Context& context, const char* endpoint, std::atomic<int>* replies) {
  const auto strand = io::make_strand(context);
  auto router = std::make_shared<Router>(strand);
  const std::string at = router->bind(endpoint);
  io::co_spawn(strand, Serve(router, kClients * kRequests), io::detached);
  router.reset();
  for (int i = 0; i < kClients; ++i) {
    io::co_spawn(io::make_strand(context), Ask(at, replies), io::detached);
  }
}

class StrandTest : public ::testing::TestWithParam<const char*> {};

TEST_P(StrandTest, ManyThreadsRunOneContext) {
  io::io_context context;
  std::atomic<int> replies = 0;
  SpawnAll(context, GetParam(), &replies);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] { context.run_for(std::chrono::seconds(60)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(replies, kClients * kRequests);
  EXPECT_TRUE(context.stopped()) << "something goes on for ever";
}

// No io_context at all: a pool of threads, whose join waits for the work.
TEST_P(StrandTest, AThreadPool) {
  io::thread_pool pool(kThreads);
  std::atomic<int> replies = 0;
  SpawnAll(pool, GetParam(), &replies);
  pool.join();
  EXPECT_EQ(replies, kClients * kRequests);
}

INSTANTIATE_TEST_SUITE_P(Transports, StrandTest,
                         ::testing::Values("tcp://127.0.0.1:*", "ipc://*", "inproc://strands"),
                         [](const auto& param) {
                           const std::string endpoint = param.param;
                           return endpoint.substr(0, endpoint.find(':'));
                         });

// One thread and one context for each side, and nothing but memory between.
constexpr int kCount = 2000;

TEST(ThreadsTest, InprocAcrossContexts) {
  std::thread receiver([] {
    io::io_context context;
    Pull pull(context);
    pull.bind("inproc://across");
    int received = 0;
    io::co_spawn(
        context,
        [](Pull& from, int& count) -> io::awaitable<void> {
          while (count < kCount)
            count += static_cast<int>((co_await from.async_receive_many(100)).size());
          from.close();
        }(pull, received),
        io::detached);
    context.run_for(std::chrono::seconds(60));
    EXPECT_EQ(received, kCount);
  });
  io::io_context context;
  Push push(context);
  push.connect("inproc://across");
  io::co_spawn(
      context,
      [](Push& to) -> io::awaitable<void> {
        for (int i = 0; i < kCount; ++i) co_await to.async_send(Message(std::string(3000, 'i')));
        co_await to.async_close(absl::Seconds(60));
      }(push),
      io::detached);
  context.run_for(std::chrono::seconds(60));
  EXPECT_FALSE(push.is_open());
  receiver.join();
}

// Sockets that end while other threads run.
TEST(ThreadsTest, DestroyedOnTheirStrands) {
  io::io_context context;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 50; ++i) {
    auto strand = io::make_strand(context);
    io::co_spawn(
        strand,
        [](std::atomic<int>* count) -> io::awaitable<void> {
          const io::any_io_executor where = co_await io::this_coro::executor;
          auto pull = std::make_unique<Pull>(where);
          Push push(where);
          push.connect("tcp://localhost" + pull->bind("tcp://127.0.0.1:*").substr(15));
          pull->async_receive([count](boost::system::error_code, Message) { ++*count; });
          co_await push.async_send(Message("x"));
          co_await push.async_wait_ready();
          pull.reset();
        }(&ended),
        io::detached);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] { context.run_for(std::chrono::seconds(60)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ended, 50);
  EXPECT_TRUE(context.stopped());
}

}  // namespace
}  // namespace monocoque::asio
