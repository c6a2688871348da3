#ifndef MONOCOQUE_TESTS_SUPPORT_DRAFT_FRAME_H_
#define MONOCOQUE_TESTS_SUPPORT_DRAFT_FRAME_H_

#include <zmq.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/zmq_peer.h"

namespace monocoque::testing {

// One frame of libzmq with what its draft sockets attach to it: a routing id, a group. Calls do not
// block.
class DraftFrame {
 public:
  DraftFrame();
  explicit DraftFrame(std::string_view text);
  ~DraftFrame();
  DraftFrame(const DraftFrame&) = delete;
  DraftFrame& operator=(const DraftFrame&) = delete;

  std::string text();
  std::uint32_t routing_id() { return zmq_msg_routing_id(&message_); }
  void set_routing_id(std::uint32_t id);
  std::string group() { return zmq_msg_group(&message_); }
  void set_group(const std::string& group);

  // False: it would block now. A frame that was sent is empty.
  bool Send(ZmqPeer* peer);
  bool Receive(ZmqPeer* peer);

 private:
  zmq_msg_t message_;
};

// The same, once it can be; false: not soon.
[[nodiscard]] bool Sent(DraftFrame* frame, ZmqPeer* peer);
[[nodiscard]] bool Sent(std::string_view text, ZmqPeer* peer);
[[nodiscard]] bool Received(DraftFrame* frame, ZmqPeer* peer);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_DRAFT_FRAME_H_
