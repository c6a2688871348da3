#ifndef MONOCOQUE_TESTS_ADAPTERS_CORO_RUNTIMES_H_
#define MONOCOQUE_TESTS_ADAPTERS_CORO_RUNTIMES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/coro/loop.h"
#include "adapters/coro/options.h"
#include "gtest/gtest.h"

namespace monocoque::coro {

// One that loops are made of.
struct Runtime {
  std::string name;
  std::function<std::unique_ptr<Loop>(const LoopOptions& options)> make;
};

// io_uring by each of its ways to read that this kernel has, and poll(2).
std::vector<Runtime> Runtimes();
std::string NameOfRuntime(const ::testing::TestParamInfo<Runtime>& info);

// A test that runs on each of them.
class OnEachRuntime : public ::testing::TestWithParam<Runtime> {
 protected:
  static std::unique_ptr<Loop> MakeLoop(const LoopOptions& options = {}) {
    std::unique_ptr<Loop> loop = GetParam().make(options);
    EXPECT_TRUE(loop->status().ok()) << loop->status();
    return loop;
  }
  // One that lives until the test is over.
  Loop& NewLoop(const LoopOptions& options = {}) { return *loops_.emplace_back(MakeLoop(options)); }

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace monocoque::coro

// Behind the tests of `suite`, which derives from OnEachRuntime.
#define ON_EACH_RUNTIME(suite)                                                               \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, ::testing::ValuesIn(::monocoque::coro::Runtimes()), \
                           ::monocoque::coro::NameOfRuntime)

#endif  // MONOCOQUE_TESTS_ADAPTERS_CORO_RUNTIMES_H_
