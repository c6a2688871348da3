#ifndef MONOCOQUE_TESTS_SUPPORT_ZAP_HANDLER_H_
#define MONOCOQUE_TESTS_SUPPORT_ZAP_HANDLER_H_

#include <string>

#include "tests/support/zmq_peer.h"

namespace monocoque::testing {

// Who may talk to a libzmq: the handler at its ZAP endpoint.
class ZapHandler {
 public:
  // Lets in whose last credential is `expected`.
  ZapHandler(ZmqPeer* peer, std::string expected);
  ~ZapHandler();
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;

  // Answers what was asked, if something was; does not block.
  void Serve();
  int served() const { return served_; }

 private:
  void* socket_;
  const std::string expected_;
  int served_ = 0;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_ZAP_HANDLER_H_
