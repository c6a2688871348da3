#include "adapters/asio/sockets.h"

#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "adapters/asio/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/asio/fixture.h"

namespace monocoque::asio {
namespace {

namespace io = boost::asio;
using ::testing::ElementsAre;

template <typename S>
concept CanSend = requires(S s) { s.async_send(Message(), io::detached); };
template <typename S>
concept CanReceive = requires(S s) { s.async_receive(io::detached); };
template <typename S>
concept CanSubscribe = requires(S s) { s.subscribe(""); };
template <typename S>
concept CanJoin = requires(S s) { s.join(""); };
template <typename S>
concept CanTrySend = requires(S s, Message* m) { s.try_send(m); };
template <typename S>
concept CanTryReceive = requires(S s) { s.try_receive().has_value() == s.can_receive(); };

// Each has what its pattern can do, and nothing else.
static_assert(CanSend<Push> && !CanReceive<Push> && !CanSubscribe<Push> && !CanJoin<Push>);
static_assert(!CanSend<Pull> && CanReceive<Pull>);
static_assert(CanSend<Pub> && !CanReceive<Pub>);
static_assert(!CanSend<Sub> && CanReceive<Sub> && CanSubscribe<Sub>);
static_assert(CanSend<XSub> && CanReceive<XSub> && CanSubscribe<XSub>);
static_assert(CanSend<Router> && CanReceive<Router> && !CanSubscribe<Router>);
static_assert(CanSend<Radio> && CanReceive<Dish> && CanJoin<Dish> && !CanJoin<Radio>);
static_assert(CanTrySend<Push> && !CanTryReceive<Push> && !CanTrySend<Pull> && CanTryReceive<Pull>);

// The type is the class's; or, of a Socket, an argument, and all may be asked.
static_assert(std::is_constructible_v<Rep, io::io_context&> &&
              std::is_constructible_v<Rep, io::any_io_executor, SocketOptions> &&
              !std::is_constructible_v<Rep, io::io_context&, SocketType> &&
              !std::is_convertible_v<io::io_context&, Rep> && !std::is_convertible_v<Rep, Socket>);
static_assert(std::is_constructible_v<Socket, io::io_context&, SocketType> &&
              std::is_constructible_v<Socket, io::any_io_executor, SocketType, SocketOptions> &&
              !std::is_constructible_v<Socket, io::io_context&>);
static_assert(CanSend<Socket> && CanReceive<Socket> && CanSubscribe<Socket> && CanJoin<Socket>);

// And on any executor.
using Strand = io::strand<io::io_context::executor_type>;
using StrandSub = Sub::rebind_executor<Strand>::other;
static_assert(std::is_same_v<StrandSub::executor_type, Strand> && CanSubscribe<StrandSub>);
static_assert(std::is_same_v<StrandSub::rebind_executor<io::any_io_executor>::other, Sub>);

class SocketsTest : public AsioTest {};

TEST_F(SocketsTest, PublishSubscribe) {
  Pub pub(context_);
  Sub sub(context_);
  sub.subscribe("weather.");
  sub.subscribe("sports.");
  sub.unsubscribe("sports.");
  error_code ec;
  sub.unsubscribe("sports.", ec);
  EXPECT_TRUE(ec == errc::not_found) << ec;
  sub.connect(pub.bind("tcp://127.0.0.1:*"));
  ASSERT_TRUE(RunUntil([&] { return pub.core()->topics() == 1; }));
  for (const char* text : {"sports.x", "weather.y", "weather.z"}) {
    pub.async_send(Message(text), io::detached);
  }
  std::vector<std::string> got;
  for (int i = 0; i < 2; ++i) {
    sub.async_receive([&](error_code, const Message& m) { got.emplace_back(m.text()); });
  }
  EXPECT_TRUE(RunUntil([&] { return got.size() == 2; }));
  EXPECT_THAT(got, ElementsAre("weather.y", "weather.z"));
}

TEST_F(SocketsTest, RadioDish) {
  Radio radio(context_);
  Dish dish(context_);
  dish.join("news");
  error_code ec;
  dish.join("news", ec);
  EXPECT_TRUE(ec == errc::already_exists) << ec;
  dish.join("old");
  dish.leave("old");
  dish.connect(radio.bind("ipc://*"));
  ASSERT_TRUE(RunUntil([&] { return radio.core()->topics() == 1; }));
  Message message("late edition");
  ASSERT_TRUE(message.set_group("news"));
  radio.async_send(std::move(message), io::detached);
  std::string got;
  dish.async_receive([&](error_code, const Message& m) { got = m.text(); });
  EXPECT_TRUE(RunUntil([&] { return got == "late edition"; }));
}

TEST_F(SocketsTest, ARouterAnswersByRoutingId) {
  Router router(context_);
  Dealer dealer(context_);
  dealer.connect(router.bind("ipc://*"));
  dealer.async_send(Message("ping"), io::detached);
  router.async_receive(
      [&](error_code, Message message) { router.async_send(std::move(message), io::detached); });
  std::string got;
  dealer.async_receive([&](error_code, const Message& m) { got = m.text(); });
  EXPECT_TRUE(RunUntil([&] { return got == "ping"; }));
}

}  // namespace
}  // namespace monocoque::asio
