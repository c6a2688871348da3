#ifndef MONOCOQUE_ADAPTERS_NET_QUIET_THREAD_H_
#define MONOCOQUE_ADAPTERS_NET_QUIET_THREAD_H_

#include <functional>
#include <thread>

namespace monocoque::net {

// A thread of the library's, to which no signal of the process is delivered. Not joinable: none can
// be had.
std::thread StartQuietThread(std::function<void()> work);

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_QUIET_THREAD_H_
