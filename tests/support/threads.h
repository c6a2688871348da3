#ifndef MONOCOQUE_TESTS_SUPPORT_THREADS_H_
#define MONOCOQUE_TESTS_SUPPORT_THREADS_H_

#include <cstddef>

namespace monocoque::testing {

// How many threads this process has now. One that was joined counts a moment longer.
std::size_t Threads();

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_THREADS_H_
