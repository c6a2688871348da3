#include "tests/support/zap_handler.h"

#include <zmq.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "protocol/mechanism/zap.h"

namespace monocoque::testing {

ZapHandler::ZapHandler(ZmqPeer* peer, std::string expected)
    : socket_(zmq_socket(peer->context(), ZMQ_REP)), expected_(std::move(expected)) {
  EXPECT_EQ(zmq_bind(socket_, std::string(kZapEndpoint).c_str()), 0);
}

ZapHandler::~ZapHandler() { zmq_close(socket_); }

void ZapHandler::Serve() {
  std::vector<std::string> request;
  for (int more = 1; more != 0;) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, socket_, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&part);
      return;
    }
    request.emplace_back(static_cast<const char*>(zmq_msg_data(&part)), zmq_msg_size(&part));
    more = zmq_msg_more(&part);
    zmq_msg_close(&part);
  }
  const bool yes = request.back() == expected_;
  const std::vector<std::string> reply = {"1.0", request.at(1), yes ? "200" : "400", "", "", ""};
  for (std::size_t i = 0; i < reply.size(); ++i) {
    zmq_send(socket_, reply[i].data(), reply[i].size(), i + 1 < reply.size() ? ZMQ_SNDMORE : 0);
  }
  ++served_;
}

}  // namespace monocoque::testing
