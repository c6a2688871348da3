#include "tests/support/threads.h"

#include <filesystem>
#include <iterator>

namespace monocoque::testing {

std::size_t Threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace monocoque::testing
