#include "tests/support/zmq_peer.h"

#include <poll.h>

#include <array>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace monocoque::testing {

bool Until(const std::function<bool()>& holds) {
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (!holds()) {
    if (absl::Now() > end) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

ZmqPeer::ZmqPeer(int type) : context_(zmq_ctx_new()), socket_(zmq_socket(context_, type)) {
  Set(ZMQ_LINGER, 0);
}

ZmqPeer::~ZmqPeer() {
  Close();
  zmq_ctx_term(context_);
}

void ZmqPeer::Close() {
  if (socket_ != nullptr) zmq_close(std::exchange(socket_, nullptr));
}

void ZmqPeer::Set(int option, const std::string& value) {
  EXPECT_EQ(zmq_setsockopt(socket_, option, value.data(), value.size()), 0);
}
void ZmqPeer::Set(int option, int value) {
  EXPECT_EQ(zmq_setsockopt(socket_, option, &value, sizeof(value)), 0);
}

std::string ZmqPeer::Bind(const std::string& endpoint) {
  EXPECT_EQ(zmq_bind(socket_, endpoint.c_str()), 0) << zmq_strerror(zmq_errno());
  std::array<char, 256> bound{};
  std::size_t size = bound.size();
  zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound.data(), &size);
  return bound.data();
}

int ZmqPeer::events() {
  int events = 0;
  std::size_t size = sizeof(events);
  EXPECT_EQ(zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size), 0);
  return events;
}

void ZmqPeer::Connect(const std::string& endpoint) {
  EXPECT_EQ(zmq_connect(socket_, endpoint.c_str()), 0) << zmq_strerror(zmq_errno());
}

bool ZmqPeer::Send(const std::vector<std::string>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int more = i + 1 < parts.size() ? ZMQ_SNDMORE : 0;
    if (zmq_send(socket_, parts[i].data(), parts[i].size(), ZMQ_DONTWAIT | more) < 0) return false;
  }
  return true;
}

bool ZmqPeer::Receive(std::vector<std::string>* parts) {
  parts->clear();
  for (;;) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, socket_, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&part);
      return false;
    }
    parts->emplace_back(static_cast<const char*>(zmq_msg_data(&part)), zmq_msg_size(&part));
    const bool more = zmq_msg_more(&part) != 0;
    zmq_msg_close(&part);
    if (!more) return true;
  }
}

}  // namespace monocoque::testing
