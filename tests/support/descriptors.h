#ifndef MONOCOQUE_TESTS_SUPPORT_DESCRIPTORS_H_
#define MONOCOQUE_TESTS_SUPPORT_DESCRIPTORS_H_

#include <string>
#include <string_view>

namespace monocoque::testing {

// Descriptors of this process as the kernel knows them, so that tests see what an adapter made of
// an option. -1: there is none.

// The one that listens there; the one that is connected to there. Endpoint texts.
int ListeningAt(std::string_view endpoint);
int ConnectedTo(std::string_view endpoint);
// The other end, in this process, of a connected one over tcp.
int OtherEndOf(int fd);

// -1: the descriptor has no such option.
int IntOption(int fd, int level, int name);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_DESCRIPTORS_H_
