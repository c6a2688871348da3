#ifndef MONOCOQUE_TESTS_SUPPORT_NO_THREADS_H_
#define MONOCOQUE_TESTS_SUPPORT_NO_THREADS_H_

#include <pthread.h>

namespace monocoque::testing {

// While it lives no thread can be had: each would get a stack for which there are no addresses.
class NoThreads {
 public:
  NoThreads();
  ~NoThreads();
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_NO_THREADS_H_
