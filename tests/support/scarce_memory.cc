#include "tests/support/scarce_memory.h"

#include <unistd.h>

#include <fstream>

#include "gtest/gtest.h"

namespace monocoque::testing {

ScarceMemory::ScarceMemory(std::size_t left_bytes) {
  EXPECT_EQ(getrlimit(RLIMIT_AS, &before_), 0);
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  EXPECT_GT(pages, 0u);
  rlimit scarce = before_;
  scarce.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + left_bytes;
  EXPECT_EQ(setrlimit(RLIMIT_AS, &scarce), 0);
}

ScarceMemory::~ScarceMemory() { EXPECT_EQ(setrlimit(RLIMIT_AS, &before_), 0); }

}  // namespace monocoque::testing
