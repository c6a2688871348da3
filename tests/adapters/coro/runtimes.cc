#include "tests/adapters/coro/runtimes.h"

#include "absl/strings/str_cat.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/options.h"
#include "tests/adapters/uring/kernel_version.h"
#include "tests/support/coro_poll_loop.h"

namespace monocoque::coro {
namespace {

using uring::ReadMethod;

Runtime OnUring(ReadMethod method) {
  return {absl::StrCat("Uring", uring::NameOf(method)), [method](const LoopOptions& options) {
            return std::make_unique<uring::Loop>(
                uring::LoopOptions{.best_read_method = method,
                                   .pool = options.pool,
                                   .resolve = options.resolve,
                                   .budget_bytes = options.budget_bytes,
                                   .inproc_hub = options.inproc_hub});
          }};
}

}  // namespace

std::vector<Runtime> Runtimes() {
  std::vector<Runtime> runtimes;
  for (const ReadMethod method :
       uring::OfThisKernel({ReadMethod::kIncremental, ReadMethod::kBundle, ReadMethod::kOneShot})) {
    runtimes.push_back(OnUring(method));
  }
  runtimes.push_back({"Poll", [](const LoopOptions& options) {
                        return std::make_unique<testing::CoroPollLoop>(options);
                      }});
  return runtimes;
}

std::string NameOfRuntime(const ::testing::TestParamInfo<Runtime>& info) { return info.param.name; }

}  // namespace monocoque::coro
