#ifndef MONOCOQUE_TESTS_SUPPORT_IDLE_LINKS_H_
#define MONOCOQUE_TESTS_SUPPORT_IDLE_LINKS_H_

#include "protocol/wire/socket_type.h"

namespace monocoque::testing {

// What one more idle link takes, by the slope between kFewLinks and kManyLinks of them.
struct LinkMemory {
  static constexpr int kFewLinks = 1000;
  static constexpr int kManyLinks = 2000;

  double bytes = 0;
  double allocations = 0;
};

// A socket of `type` accepts peers of type `peer`; or dials them, one Connect each. Their octets
// are made by hand, so that one end alone is counted. The handshake is done, and nothing was sent.
LinkMemory MeasureAcceptedLinks(SocketType type, SocketType peer);
LinkMemory MeasureDialedLinks(SocketType type, SocketType peer);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_IDLE_LINKS_H_
