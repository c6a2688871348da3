#ifndef MONOCOQUE_PROTOCOL_SOCKET_CONFLATING_H_
#define MONOCOQUE_PROTOCOL_SOCKET_CONFLATING_H_

#include <cstddef>
#include <map>
#include <utility>

#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/mark.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/core.h"
#include "protocol/socket/parts.h"
#include "protocol/wire/message.h"

namespace monocoque {

// A pattern that receives, of which only the newest message of each peer is kept until it is handed
// out; those it takes the place of are dropped and counted. What `Base` would not hand out takes no
// place. Peers take turns.
//
// Nothing waits in a connection for longer than a turn, so no link is paused by its mark. What
// those who are gone left has the mark for itself: beyond it the oldest is dropped.
template <typename Base>
class Conflating final : public Base {
 public:
  using Base::Base;
  ~Conflating() override { Clear(); }

  void Process(Instant now) override {
    Base::Process(now);
    if (!this->core_.closing()) Collect(now);
  }
  void OnClose() override {
    Base::OnClose();
    Clear();
  }

  bool Receive(Message* out, Instant now) override {
    Collect(now);
    while (Slot* slot = full_.Pop()) {
      const bool gone = TakeLeft(slot);
      *out = std::move(slot->message);
      if (gone) slots_.erase(out->peer());
      if (Base::Wants(*out)) return true;
      this->core_.CountDropped();
      out->Clear();
    }
    return false;
  }

  void OnPeerDown(Peer* peer, bool gone) override {
    Base::OnPeerDown(peer, gone);
    const auto it = slots_.find(peer->id);
    if (!gone || it == slots_.end()) return;
    Slot& slot = it->second;
    if (!slot.node.linked()) {
      slots_.erase(it);
    } else if (!slot.left.linked()) {
      MakeRoom();
      left_.Add(&slot.left);
      ++left_count_;
      left_bytes_ += slot.message.wire_bytes();
    }
  }

 private:
  struct Slot {
    Slot() : node(this), left(this) {}

    Message message;
    RotationNode<Slot> node;
    RotationNode<Slot> left;  // no more come of this peer
  };

  // Peers that are gone and left something, where the mark gives no number.
  static constexpr std::size_t kMostLeft = 65536;

  void Collect(Instant now) {
    for (Message message; Base::Receive(&message, now);) {
      Slot& slot = slots_[message.peer()];
      if (slot.node.linked()) this->core_.CountDropped();
      slot.message = std::move(message);
      full_.Add(&slot.node);
    }
  }

  // For one more of those who are gone.
  void MakeRoom() {
    Mark mark = this->core_.options().receive_mark;
    if (mark.messages == 0) mark.messages = kMostLeft;
    while (mark.Reached(left_count_, left_bytes_)) {
      Slot* oldest = left_.front();
      full_.Remove(&oldest->node);
      TakeLeft(oldest);
      slots_.erase(PeerId(oldest->message.peer()));
      this->core_.CountDropped();
    }
  }

  // True: it was one of those who are gone. It is counted no more.
  bool TakeLeft(Slot* slot) {
    if (!slot->left.linked()) return false;
    left_.Remove(&slot->left);
    --left_count_;
    left_bytes_ -= slot->message.wire_bytes();
    return true;
  }

  void Clear() {
    for (auto& [id, slot] : slots_) {
      full_.Remove(&slot.node);
      TakeLeft(&slot);
    }
    slots_.clear();
  }

  std::map<PeerId, Slot> slots_;
  Rotation<Slot> full_;  // those with a message
  Rotation<Slot> left_;  // those of them whose peer is gone, the oldest in front
  std::size_t left_count_ = 0;
  std::size_t left_bytes_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_CONFLATING_H_
