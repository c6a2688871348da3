// All that the core may not do, for the test of the guard that forbids it.
#include <pthread.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <chrono>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <locale>
#include <random>

#include "absl/time/clock.h"

namespace monocoque::testing {

long AskTheWorld() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  char octets[8] = {};
  const auto drawn = getrandom(octets, sizeof(octets), 0) + recv(-1, octets, sizeof(octets), 0);
  std::printf("%ld\n", static_cast<long>(drawn));
  const std::locale locale;
  std::random_device device;
  return now.tv_nsec + (std::getenv("HOME") != nullptr) + (setlocale(LC_ALL, nullptr) != nullptr) +
         std::chrono::steady_clock::now().time_since_epoch().count() + static_cast<long>(device()) +
         absl::ToUnixNanos(absl::Now());
}

}  // namespace monocoque::testing
