#include "tests/support/no_threads.h"

#include <cstddef>

#include "gtest/gtest.h"

namespace monocoque::testing {

NoThreads::NoThreads() {
  EXPECT_EQ(pthread_getattr_default_np(&before_), 0);
  pthread_attr_t huge;
  EXPECT_EQ(pthread_getattr_default_np(&huge), 0);
  EXPECT_EQ(pthread_attr_setstacksize(&huge, std::size_t{1} << 50), 0);
  EXPECT_EQ(pthread_setattr_default_np(&huge), 0);
  pthread_attr_destroy(&huge);
}

NoThreads::~NoThreads() {
  EXPECT_EQ(pthread_setattr_default_np(&before_), 0);
  pthread_attr_destroy(&before_);
}

}  // namespace monocoque::testing
