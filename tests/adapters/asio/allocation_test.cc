// In steady state a message costs no allocation: Asio recycles the memory of operations.
#include <boost/asio/deferred.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <string>

#include "adapters/asio/sockets.h"
#include "gtest/gtest.h"
#include "tests/adapters/asio/fixture.h"
#include "tests/support/allocations.h"

namespace monocoque::asio {
namespace {

namespace io = boost::asio;
using ::monocoque::testing::CountAllocations;

constexpr int kWarmUp = 300;
constexpr int kCounted = 1000;

// Counts what is made from the end of the warm-up to the end.
class Counter {
 public:
  void Tick() {
    if (++ticks_ == kWarmUp) before_ = CountAllocations().made;
    if (ticks_ == kWarmUp + kCounted) made_ = CountAllocations().made - before_;
  }
  bool done() const { return ticks_ >= kWarmUp + kCounted; }
  std::int64_t made() const { return made_; }

 private:
  int ticks_ = 0;
  std::int64_t before_ = 0;
  std::int64_t made_ = -1;
};

class AllocationTest : public AsioTest {
 protected:
  AllocationTest() { req_.connect(rep_.bind("tcp://127.0.0.1:*")); }

  Rep rep_{context_};
  Req req_{context_};
  Counter counter_;
};

template <typename Token>
io::awaitable<void> Echo(Rep& rep, Token token) {
  for (;;) co_await rep.async_send(co_await rep.async_receive(token), token);
}

template <typename Token>
io::awaitable<void> Ask(Req& req, Counter& counter, Token token) {
  for (; !counter.done(); counter.Tick()) {
    co_await req.async_send(Message("what?"), token);
    (void)co_await req.async_receive(token);
  }
}

TEST_F(AllocationTest, RoundTripsInCoroutines) {
  Spawn(Echo(rep_, io::deferred));
  Spawn(Ask(req_, counter_, io::deferred));
  ASSERT_TRUE(RunUntil([&] { return counter_.done(); }));
  EXPECT_EQ(counter_.made(), 0);
}

TEST_F(AllocationTest, RoundTripsWithUseAwaitable) {
  Spawn(Echo(rep_, io::use_awaitable));
  Spawn(Ask(req_, counter_, io::use_awaitable));
  ASSERT_TRUE(RunUntil([&] { return counter_.done(); }));
  EXPECT_EQ(counter_.made(), 0);
}

// A handler that goes on by itself.
struct Receiving {
  Pull& pull;
  Counter& counter;
  void operator()(boost::system::error_code, const Message&) const {
    counter.Tick();
    if (!counter.done()) pull.async_receive(*this);
  }
};
struct Sending {
  Push& push;
  Counter& counter;
  void operator()(boost::system::error_code) const {
    if (!counter.done()) push.async_send(Message("job"), *this);
  }
};

TEST_F(AllocationTest, AStreamWithCallbacks) {
  Pull pull(context_);
  Push push(context_);
  push.connect(pull.bind("ipc://*"));
  pull.async_receive(Receiving{pull, counter_});
  push.async_send(Message("job"), Sending{push, counter_});
  ASSERT_TRUE(RunUntil([&] { return counter_.done(); }));
  EXPECT_EQ(counter_.made(), 0);
}

}  // namespace
}  // namespace monocoque::asio
