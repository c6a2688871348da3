// Completion tokens of every kind, and what is associated with a handler.
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "adapters/asio/error.h"
#include "adapters/asio/socket.h"
#include "adapters/asio/sockets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/adapters/asio/fixture.h"

namespace monocoque::asio {
namespace {

namespace io = boost::asio;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TokenTest : public AsioTest {
 protected:
  void Join() { push_.connect(pull_.bind("tcp://127.0.0.1:*")); }

  Pull pull_{context_};
  Push push_{context_};
};

// A callback chain: the handler begins the next operation.
TEST_F(TokenTest, Callbacks) {
  Join();
  std::vector<std::string> got;
  std::function<void(error_code, Message)> next = [&](error_code ec, Message message) {
    ASSERT_FALSE(ec) << ec.message();
    got.emplace_back(message.text());
    if (got.size() < 3) pull_.async_receive(next);
  };
  pull_.async_receive(next);
  for (const char* text : {"a", "b", "c"}) {
    push_.async_send(Message(text), [](error_code ec) { EXPECT_FALSE(ec) << ec.message(); });
  }
  EXPECT_TRUE(RunUntil([&] { return got.size() == 3; }));
  EXPECT_THAT(got, ElementsAre("a", "b", "c"));
}

// Never from within the function that begins the operation, even if its result is there.
TEST_F(TokenTest, HandlersComeLater) {
  Join();
  bool sent = false;
  push_.async_send(Message("x"), [&](error_code) { sent = true; });
  EXPECT_FALSE(sent);
  EXPECT_TRUE(RunUntil([&] { return pull_.core()->ready_peers() == 1 && sent; }));
  // And so inside a handler, where a message is there already.
  ASSERT_EQ(push_.try_send(std::make_unique<Message>("y").get()), error_code());
  bool done = false;
  bool inside = false;
  pull_.async_receive([&](error_code, Message) {
    inside = true;
    pull_.async_receive([&](error_code, Message message) {
      EXPECT_FALSE(inside);
      EXPECT_EQ(message.text(), "y");
      done = true;
    });
    inside = false;
  });
  EXPECT_TRUE(RunUntil([&] { return done; }));
}

TEST_F(TokenTest, Futures) {
  Join();
  std::future<Message> message = pull_.async_receive(io::use_future);
  std::future<void> sent = push_.async_send(Message("for later"), io::use_future);
  const auto ready = [](auto& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  ASSERT_TRUE(RunUntil([&] { return ready(message) && ready(sent); }));
  EXPECT_EQ(message.get().text(), "for later");
  sent.get();
}

// The exception of a future, and of an awaitable, says the sentence.
TEST_F(TokenTest, ExceptionsSayTheSentence) {
  Socket push(context_, SocketType::kPush);
  std::future<Message> never = push.async_receive(io::use_future);
  Settle();
  try {
    never.get();
    ADD_FAILURE() << "PUSH received";
  } catch (const boost::system::system_error& error) {
    EXPECT_TRUE(error.code() == errc::failed_precondition) << error.code();
    EXPECT_THAT(error.what(), HasSubstr("PUSH"));
  }
  std::string what;
  Spawn([](Socket& socket, std::string& said) -> io::awaitable<void> {
    try {
      (void)co_await socket.async_receive();
    } catch (const boost::system::system_error& error) {
      said = error.what();
    }
  }(push, what));
  Settle();
  EXPECT_THAT(what, HasSubstr("PUSH"));
}

TEST_F(TokenTest, DeferredBeginsWhenItIsCalled) {
  Join();
  auto operation = pull_.async_receive(io::deferred);
  push_.async_send(Message("one"), io::detached);
  ASSERT_TRUE(RunUntil([&] { return push_.core()->ready_peers() == 1; }));
  std::string got;
  std::move(operation)([&](error_code, Message message) { got = message.text(); });
  EXPECT_TRUE(RunUntil([&] { return got == "one"; }));
  // A send that was never called sends nothing.
  {
    auto unsent = push_.async_send(Message("never"), io::deferred);
  }
  push_.async_send(Message("two"), io::detached);
  Spawn([](Pull& pull, std::string& said) -> io::awaitable<void> {
    said = (co_await pull.async_receive(io::deferred)).text();
  }(pull_, got));
  EXPECT_TRUE(RunUntil([&] { return got == "two"; })) << got;
}

TEST_F(TokenTest, AwaitablesAndTheirErrorsByCode) {
  Socket socket(context_, SocketType::kPull);
  error_code ec;
  Spawn([](Socket& pull, error_code& said) -> io::awaitable<void> {
    co_await pull.async_send(Message("x"), io::redirect_error(io::use_awaitable, said));
  }(socket, ec));
  Settle();
  EXPECT_TRUE(ec == errc::failed_precondition) << ec.message();
}

// A socket on an executor that has a default token needs none.
TEST_F(TokenTest, TheExecutorsDefaultTokenIsUsed) {
  using Executor = io::deferred_t::executor_with_default<io::any_io_executor>;
  Pull::rebind_executor<Executor>::other pull{Executor(context_.get_executor())};
  static_assert(std::is_same_v<decltype(pull)::default_token, io::deferred_t>);
  static_assert(std::is_same_v<Pull::default_token, io::use_awaitable_t<>>);
  static_assert(std::is_same_v<decltype(pull)::executor_type, Executor>);
  EXPECT_TRUE(pull.get_executor() == context_.get_executor());
  push_.connect(pull.bind("ipc://*"));
  push_.async_send(Message("by default"), io::detached);
  std::string got;
  pull.async_receive()([&](error_code, Message message) { got = message.text(); });
  EXPECT_TRUE(RunUntil([&] { return got == "by default"; }));
}

// On the type of the context's own executor.
TEST_F(TokenTest, AConcreteExecutorType) {
  basic_socket<io::io_context::executor_type> pull(context_, SocketType::kPull);
  static_assert(
      std::is_same_v<decltype(pull)::rebind_executor<io::any_io_executor>::other, Socket>);
  push_.connect(pull.bind("ipc://*"));
  push_.async_send(Message("typed"), io::detached);
  std::string got;
  pull.async_receive([&](error_code, Message message) { got = message.text(); });
  EXPECT_TRUE(RunUntil([&] { return got == "typed"; }));
}

// The handler runs where it is bound to, not where the socket is.
// As Asio's own objects: from one executor to another, and to one with a default token.
TEST_F(TokenTest, ASocketMovesToAnotherExecutorType) {
  using Concrete = Pull::rebind_executor<io::io_context::executor_type>::other;
  auto pull = io::use_awaitable.as_default_on(Pull(Concrete(context_)));
  push_.connect(pull.bind("tcp://127.0.0.1:*"));
  push_.async_send(Message("moved"), io::detached);
  std::string got;
  io::co_spawn(
      context_,
      [&]() -> io::awaitable<void> {
        const Message message = co_await pull.async_receive();
        got = message.text();
      },
      io::detached);
  EXPECT_TRUE(RunUntil([&] { return got == "moved"; }));
  Pull back(context_);
  back = std::move(pull);
  EXPECT_TRUE(back.is_open());
}

TEST_F(TokenTest, TheAssociatedExecutorRunsTheHandler) {
  Join();
  io::thread_pool elsewhere(1);
  std::optional<std::thread::id> where;
  pull_.async_receive(io::bind_executor(elsewhere, [&](error_code, Message message) {
    EXPECT_EQ(message.text(), "far");
    // What ends the wait comes to the waiting context: it sees nothing of another thread.
    io::post(context_, [&, here = std::this_thread::get_id()] { where = here; });
  }));
  push_.async_send(Message("far"), io::detached);
  ASSERT_TRUE(RunUntil([&] { return where.has_value(); }));
  EXPECT_NE(where, std::this_thread::get_id());
  elsewhere.join();
}

// Counts what is taken from it and given back.
template <typename T>
struct Counting {
  using value_type = T;
  explicit Counting(int* counter) : count(counter) {}
  template <typename U>
  Counting(const Counting<U>& other) : count(other.count) {}
  T* allocate(std::size_t n) {
    ++*count;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) {
    --*count;
    std::allocator<T>().deallocate(p, n);
  }
  friend bool operator==(const Counting&, const Counting&) = default;
  int* count;
};

TEST_F(TokenTest, TheAssociatedAllocatorIsUsedAndGivenBackBeforeTheHandler) {
  Join();
  int in_use = 0;
  bool done = false;
  pull_.async_receive(io::bind_allocator(Counting<void>(&in_use), [&](error_code, Message) {
    EXPECT_EQ(in_use, 0);
    done = true;
  }));
  EXPECT_EQ(in_use, 1);
  push_.async_send(Message("x"), io::detached);
  EXPECT_TRUE(RunUntil([&] { return done; }));
}

// Outstanding operations are work: run() does not return before they have their results.
TEST_F(TokenTest, AnOperationKeepsTheContextRunning) {
  Pull lonely(context_);
  bool aborted = false;
  lonely.async_receive(
      [&](error_code ec, Message) { aborted = ec == io::error::operation_aborted; });
  context_.restart();
  context_.run_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(context_.stopped());
  lonely.cancel();
  RunToEnd();
  EXPECT_TRUE(aborted);
}

}  // namespace
}  // namespace monocoque::asio
