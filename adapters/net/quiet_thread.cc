#include "adapters/net/quiet_thread.h"

#include <signal.h>

#include <system_error>
#include <utility>

namespace monocoque::net {

std::thread StartQuietThread(std::function<void()> work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread;
  try {
    thread = std::thread(std::move(work));
  } catch (const std::system_error&) {
    // It stays empty.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace monocoque::net
