#ifndef MONOCOQUE_TESTS_SUPPORT_SCARCE_MEMORY_H_
#define MONOCOQUE_TESTS_SUPPORT_SCARCE_MEMORY_H_

#include <sys/resource.h>

#include <cstddef>

namespace monocoque::testing {

// While it lives the system gives this process no more than so many further octets of addresses.
class ScarceMemory {
 public:
  explicit ScarceMemory(std::size_t left_bytes);
  ~ScarceMemory();
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;

 private:
  rlimit before_{};
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_SCARCE_MEMORY_H_
