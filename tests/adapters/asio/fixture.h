#ifndef MONOCOQUE_TESTS_ADAPTERS_ASIO_FIXTURE_H_
#define MONOCOQUE_TESTS_ADAPTERS_ASIO_FIXTURE_H_

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <utility>

#include "gtest/gtest.h"

namespace monocoque::asio {

// An io_context of one thread, turned by the test.
class AsioTest : public ::testing::Test {
 protected:
  using error_code = boost::system::error_code;
  static constexpr std::chrono::seconds kPatience{20};

  // What it throws fails the test.
  void Spawn(boost::asio::awaitable<void> coroutine) {
    boost::asio::co_spawn(context_, std::move(coroutine), [](const std::exception_ptr& failure) {
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  // Until the context has nothing left to do.
  void RunToEnd() {
    context_.restart();
    context_.run_for(kPatience);
    EXPECT_TRUE(context_.stopped()) << "something goes on for ever";
  }
  // Until the condition holds; false: it did not.
  bool RunUntil(const std::function<bool()>& holds) {
    context_.restart();
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      if (context_.run_one_until(end) == 0) return false;
    }
    return true;
  }
  // What is ready to run, and no waiting.
  void Settle() {
    context_.restart();
    context_.poll();
  }

  boost::asio::io_context context_;
};

}  // namespace monocoque::asio

#endif  // MONOCOQUE_TESTS_ADAPTERS_ASIO_FIXTURE_H_
