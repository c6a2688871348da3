#ifndef MONOCOQUE_PROTOCOL_SOCKET_CONFLATING_H_
#define MONOCOQUE_PROTOCOL_SOCKET_CONFLATING_H_

#include <map>
#include <utility>

#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/rotation.h"
#include "protocol/socket/core.h"
#include "protocol/socket/parts.h"
#include "protocol/wire/message.h"

namespace monocoque {

// A pattern that receives, of which only the newest message of each peer is kept until it is handed
// out; those it takes the place of are dropped and counted. What `Base` would not hand out takes no
// place. Peers take turns.
//
// Nothing waits in a connection for longer than a turn, so no link is paused by its mark.
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
      *out = std::move(slot->message);
      if (slot->gone) slots_.erase(out->peer());
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
    it->second.gone = true;
    if (!it->second.node.linked()) slots_.erase(it);
  }

 private:
  struct Slot {
    Slot() : node(this) {}

    Message message;
    bool gone = false;  // no more come of this peer
    RotationNode<Slot> node;
  };

  void Collect(Instant now) {
    for (Message message; Base::Receive(&message, now);) {
      Slot& slot = slots_[message.peer()];
      if (slot.node.linked()) this->core_.CountDropped();
      slot.message = std::move(message);
      full_.Add(&slot.node);
    }
  }

  void Clear() {
    for (auto& [id, slot] : slots_) full_.Remove(&slot.node);
    slots_.clear();
  }

  std::map<PeerId, Slot> slots_;
  Rotation<Slot> full_;  // those with a message
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_CONFLATING_H_
