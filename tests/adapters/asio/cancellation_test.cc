// Operations that end before their time lose no message.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
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
using ::testing::Each;
using ::testing::ElementsAre;

class CancellationTest : public AsioTest {
 protected:
  void Join() { push_.connect(pull_.bind("tcp://127.0.0.1:*")); }
  void Send(const std::string& text) { push_.async_send(Message(text), io::detached); }
  std::string Receive() {
    std::string got = "(nothing came)";
    bool done = false;
    pull_.async_receive([&](error_code, Message message) {
      got = message.text();
      done = true;
    });
    RunUntil([&] { return done; });
    return got;
  }

  Pull pull_{context_};
  Push push_{context_};
};

// An operation whose context goes away leaves nothing in its slot.
TEST_F(CancellationTest, ASlotOutlivesTheContext) {
  io::cancellation_signal signal;
  {
    io::io_context context;
    Pull pull(context);
    pull.async_receive(
        io::bind_cancellation_slot(signal.slot(), [](error_code, const Message&) {}));
    ASSERT_TRUE(signal.slot().has_handler());
  }
  EXPECT_FALSE(signal.slot().has_handler());
  signal.emit(io::cancellation_type::terminal);
}

// One of three is cancelled; the others get the messages, in order.
TEST_F(CancellationTest, ASlotCancelsItsOperationAlone) {
  for (const auto type : {io::cancellation_type::terminal, io::cancellation_type::partial,
                          io::cancellation_type::total}) {
    Pull pull(context_);
    Push push(context_);
    push.connect(pull.bind("ipc://*"));
    std::vector<std::string> got;
    io::cancellation_signal signal;
    const auto keep = [&](error_code ec, const Message& message) {
      got.emplace_back(ec ? "aborted" : message.text());
      EXPECT_TRUE(!ec || ec == io::error::operation_aborted) << ec;
    };
    pull.async_receive(keep);
    pull.async_receive(io::bind_cancellation_slot(signal.slot(), keep));
    pull.async_receive(keep);
    Settle();
    signal.emit(type);
    EXPECT_TRUE(got.empty()) << "a handler ran within emit";
    ASSERT_TRUE(RunUntil([&] { return got.size() == 1; }));
    for (const char* text : {"one", "two"}) push.async_send(Message(text), io::detached);
    EXPECT_TRUE(RunUntil([&] { return got.size() == 3; }));
    EXPECT_THAT(got, ElementsAre("aborted", "one", "two"));
    // Too late: nothing more happens.
    signal.emit(type);
  }
}

// The message came, but the operation is cancelled before its handler ran: it stays.
TEST_F(CancellationTest, AMessageThatIsThereStays) {
  Join();
  Send("kept");
  ASSERT_TRUE(RunUntil([&] { return pull_.core()->ready_peers() == 1; }));
  bool aborted = false;
  bool arrived = false;
  pull_.async_wait_receive([&](error_code) { arrived = true; });
  ASSERT_TRUE(RunUntil([&] { return arrived; }));
  io::cancellation_signal signal;
  pull_.async_receive(io::bind_cancellation_slot(signal.slot(), [&](error_code ec, Message) {
    aborted = ec == io::error::operation_aborted;
  }));
  signal.emit(io::cancellation_type::total);
  EXPECT_TRUE(RunUntil([&] { return aborted; }));
  EXPECT_EQ(Receive(), "kept");
}

// A deadline with Boost's operators, as users write it.
TEST_F(CancellationTest, ADeadlineInACoroutine) {
  using namespace io::experimental::awaitable_operators;
  Join();
  std::vector<std::string> got;
  Spawn([](CancellationTest&, io::io_context& context, Pull& pull, Push& push,
           std::vector<std::string>& list) -> io::awaitable<void> {
    io::steady_timer timer(context, std::chrono::milliseconds(10));
    auto winner = co_await (pull.async_wait_receive() || timer.async_wait(io::use_awaitable));
    list.emplace_back(winner.index() == 0 ? "message" : "time");
    co_await push.async_send(Message("late"));
    timer.expires_after(kPatience);
    winner = co_await (pull.async_wait_receive() || timer.async_wait(io::use_awaitable));
    list.emplace_back(winner.index() == 0 ? "message" : "time");
    if (auto message = pull.try_receive()) list.emplace_back(message->text());
  }(*this, context_, pull_, push_, got));
  EXPECT_TRUE(RunUntil([&] { return got.size() == 3; }));
  EXPECT_THAT(got, ElementsAre("time", "message", "late"));
}

// A race of a message with a timer over and over: whoever loses, every message comes, once.
TEST_F(CancellationTest, NoMessageIsLostInARaceWithATimer) {
  using namespace io::experimental::awaitable_operators;
  Join();
  constexpr int kCount = 300;
  int received = 0;
  Spawn([](Push& push) -> io::awaitable<void> {
    for (int i = 0; i < kCount; ++i) co_await push.async_send(Message(std::to_string(i)));
  }(push_));
  Spawn([](io::io_context& context, Pull& pull, int& count) -> io::awaitable<void> {
    io::steady_timer timer(context);
    while (count < kCount) {
      timer.expires_after(std::chrono::microseconds(count % 7));
      (void)co_await (pull.async_wait_receive() || timer.async_wait(io::use_awaitable));
      while (auto message = pull.try_receive()) {
        EXPECT_EQ(message->text(), std::to_string(count));
        ++count;
      }
    }
  }(context_, pull_, received));
  EXPECT_TRUE(RunUntil([&] { return received == kCount; })) << received;
}

// What a cancelled send_many had sent is said, and the rest is still the caller's.
TEST_F(CancellationTest, SendManyKeepsTheRest) {
  SocketOptions small;
  small.send_mark.messages = 2;
  Push push(context_, small);
  push.connect("ipc://@monocoque-asio-nobody-here");
  std::vector<Message> messages;
  for (int i = 0; i < 6; ++i) messages.emplace_back(std::to_string(i));
  io::cancellation_signal signal;
  std::size_t sent = 0;
  bool done = false;
  push.async_send_many(
      messages, io::bind_cancellation_slot(signal.slot(), [&](error_code ec, std::size_t count) {
        EXPECT_EQ(ec, io::error::operation_aborted);
        sent = count;
        done = true;
      }));
  Settle();
  signal.emit(io::cancellation_type::partial);
  ASSERT_TRUE(RunUntil([&] { return done; }));
  EXPECT_EQ(sent, 2u);
  EXPECT_EQ(messages[1].text(), "");
  EXPECT_EQ(messages[2].text(), "2");
}

// Total cancellation promises that nothing has happened: an operation with effects goes on instead.
TEST_F(CancellationTest, WhatHasEffectsIsNotCancelledInTotal) {
  SocketOptions small;
  small.send_mark.messages = 2;
  Push push(context_, small);
  push.connect("ipc://@monocoque-asio-nobody-here");
  std::vector<Message> messages(6);
  io::cancellation_signal many;
  io::cancellation_signal receive;
  io::cancellation_signal close;
  int ended = 0;
  const auto end = [&](error_code ec, auto...) {
    EXPECT_EQ(ec, io::error::operation_aborted);
    ++ended;
  };
  push.async_send_many(messages, io::bind_cancellation_slot(many.slot(), end));
  pull_.async_receive(io::bind_cancellation_slot(receive.slot(), end));
  Settle();
  for (auto* signal : {&many, &receive}) signal->emit(io::cancellation_type::total);
  Settle();
  EXPECT_EQ(ended, 1) << "nothing was received, but two messages are sent";
  many.emit(io::cancellation_type::partial);
  Settle();
  EXPECT_EQ(ended, 2);
  push.async_close(absl::InfiniteDuration(), io::bind_cancellation_slot(close.slot(), end));
  close.emit(io::cancellation_type::total);
  Settle();
  EXPECT_EQ(ended, 2) << "closing has begun";
  close.emit(io::cancellation_type::terminal);
  Settle();
  EXPECT_EQ(ended, 3);
}

TEST_F(CancellationTest, CancelEndsAllThatIsOutstanding) {
  Join();
  std::vector<error_code> ends;
  const auto end = [&](error_code ec, auto...) { ends.push_back(ec); };
  pull_.async_receive(end);
  pull_.async_receive_many(3, end);
  pull_.async_wait_receive(end);
  pull_.async_wait_ready(5, end);
  pull_.cancel();
  EXPECT_TRUE(ends.empty());
  EXPECT_TRUE(RunUntil([&] { return ends.size() == 4; }));
  EXPECT_THAT(ends, Each(error_code(io::error::operation_aborted)));
  Send("still open");
  EXPECT_EQ(Receive(), "still open");
}

TEST_F(CancellationTest, DestroyingCompletesWhatIsOutstanding) {
  std::vector<error_code> ends;
  const auto end = [&](error_code ec, auto...) { ends.push_back(ec); };
  {
    Dealer dealer(context_);
    dealer.bind("tcp://127.0.0.1:*");
    dealer.async_receive(end);
    dealer.async_send(Message("nobody"), end);
    dealer.async_wait_ready(1, end);
    dealer.async_wait_event([](error_code) {});
    dealer.async_close(absl::Seconds(10), end);
    dealer.async_receive(end);
  }
  EXPECT_TRUE(ends.empty());
  RunToEnd();
  EXPECT_EQ(ends.size(), 5u);
  EXPECT_THAT(ends, Each(error_code(io::error::operation_aborted)));
}

TEST_F(CancellationTest, DestroyingInAHandler) {
  auto pull = std::make_unique<Pull>(context_);
  push_.connect(pull->bind("tcp://127.0.0.1:*"));
  std::vector<std::string> ends;
  pull->async_receive([&](error_code, Message message) {
    ends.emplace_back(message.text());
    pull.reset();
  });
  pull->async_receive([&](error_code ec, Message) { ends.emplace_back(ec ? "aborted" : "?"); });
  Send("first");
  Send("second");
  EXPECT_TRUE(RunUntil([&] { return ends.size() == 2; }));
  EXPECT_THAT(ends, ElementsAre("first", "aborted"));
}

// At any moment, whatever is under way.
TEST_F(CancellationTest, DestroyingAtAnyStep) {
  for (std::size_t steps = 0; steps < 25; ++steps) {
    Pull pull(context_);
    auto push = std::make_unique<Push>(context_);
    push->connect("tcp://localhost" + pull.bind("tcp://127.0.0.1:*").substr(15));
    int ends = 0;
    push->async_send(Message(std::string(4 << 20, 'x')), [&](error_code) { ++ends; });
    pull.async_receive([&](error_code, Message) { ++ends; });
    context_.restart();
    for (std::size_t i = 0; i < steps; ++i) context_.run_one_for(std::chrono::milliseconds(5));
    push.reset();
    pull.cancel();
    EXPECT_TRUE(RunUntil([&] { return ends == 2; })) << steps;
  }
}

// As with Asio's own objects: a coroutine that waits on a socket it owns is destroyed with the
// context, and nothing leaks.
TEST(ContextTest, ItsEndDestroysWhatWaits) {
  auto alive = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = alive;
  {
    io::io_context context;
    io::co_spawn(
        context,
        [](io::io_context& where, std::shared_ptr<int>) -> io::awaitable<void> {
          Rep rep(where);
          co_await rep.async_bind("tcp://127.0.0.1:*");
          (void)co_await rep.async_receive();
        }(context, std::move(alive)),
        io::detached);
    context.poll();
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

// A handler that throws breaks nothing: run() throws, and may be called again.
TEST_F(CancellationTest, AHandlerMayThrow) {
  Join();
  int received = 0;
  for (int i = 0; i < 3; ++i) {
    pull_.async_receive([&](error_code, Message) {
      ++received;
      throw std::runtime_error("no");
    });
    Send(std::to_string(i));
  }
  int thrown = 0;
  while (received < 3) {
    try {
      ASSERT_TRUE(RunUntil([&] { return received == 3; }));
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_EQ(thrown, 3);
  Send("after");
  EXPECT_EQ(Receive(), "after");
}

// Several kinds of operations at once, on REQ: requests and replies in pairs, issued without
// waiting.
TEST_F(CancellationTest, AReceiveBehindASendThatWaitsIsInTurn) {
  Req req(context_);
  std::string got;
  req.async_send(Message("question"), io::detached);
  req.async_receive([&](error_code ec, Message message) {
    EXPECT_FALSE(ec) << ec.message();
    got = message.text();
  });
  Settle();
  Rep rep(context_);
  req.connect(rep.bind("ipc://*"));
  rep.async_receive([&](error_code, Message) { rep.async_send(Message("answer"), io::detached); });
  EXPECT_TRUE(RunUntil([&] { return got == "answer"; }));
}

}  // namespace
}  // namespace monocoque::asio
