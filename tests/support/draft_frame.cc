#include "tests/support/draft_frame.h"

#include "gtest/gtest.h"

namespace monocoque::testing {

DraftFrame::DraftFrame() { zmq_msg_init(&message_); }

DraftFrame::DraftFrame(std::string_view text) {
  zmq_msg_init_size(&message_, text.size());
  text.copy(static_cast<char*>(zmq_msg_data(&message_)), text.size());
}

DraftFrame::~DraftFrame() { zmq_msg_close(&message_); }

std::string DraftFrame::text() {
  return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
}

void DraftFrame::set_routing_id(std::uint32_t id) {
  EXPECT_EQ(zmq_msg_set_routing_id(&message_, id), 0);
}

void DraftFrame::set_group(const std::string& group) {
  EXPECT_EQ(zmq_msg_set_group(&message_, group.c_str()), 0);
}

bool DraftFrame::Send(ZmqPeer* peer) {
  return zmq_msg_send(&message_, peer->socket(), ZMQ_DONTWAIT) >= 0;
}

bool DraftFrame::Receive(ZmqPeer* peer) {
  return zmq_msg_recv(&message_, peer->socket(), ZMQ_DONTWAIT) >= 0;
}

bool Sent(DraftFrame* frame, ZmqPeer* peer) {
  return Until([&] { return frame->Send(peer); });
}

bool Sent(std::string_view text, ZmqPeer* peer) {
  DraftFrame frame(text);
  return Sent(&frame, peer);
}

bool Received(DraftFrame* frame, ZmqPeer* peer) {
  return Until([&] { return frame->Receive(peer); });
}

}  // namespace monocoque::testing
