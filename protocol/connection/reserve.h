#ifndef MONOCOQUE_PROTOCOL_CONNECTION_RESERVE_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_RESERVE_H_

#include "alloc/budget.h"

namespace monocoque {

// Memory beyond a spent budget, for one connection at a time and as much as one message takes:
// else connections that each hold a part of a message could wait for each other for ever, and a
// message larger than the budget could never come.
//
// Thread-compatible; what was lent may be released from any thread. Invariant: there is at most one
// holder, and none gets anything before what the one before it had is back.
class Reserve {
 public:
  // To `holder`, if nobody else has it, from now until Return. It asks for one message. `settle` is
  // called, with the holder, when another wants it: to Return it if the message is over.
  bool Lend(void* holder, void (*settle)(void* holder)) {
    if (holder_ == holder) return true;
    if (holder_ != nullptr) settle_(holder_);
    if (holder_ != nullptr || budget_->used() > 0) return false;
    holder_ = holder;
    settle_ = settle;
    return true;
  }
  // It asks for no more; what it got stays its own. Nothing happens if it is not the holder.
  void Return(const void* holder) {
    if (holder_ == holder) holder_ = nullptr;
  }
  // Where the holder's blocks are charged.
  Budget* budget() const { return budget_.get(); }

 private:
  const BudgetPtr budget_ = Budget::Create(Budget::kUnlimited);
  void* holder_ = nullptr;
  void (*settle_)(void* holder) = nullptr;
};

// Those of a socket, for each way of its own.
struct Reserves {
  Reserve receiving;
  Reserve sending;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_RESERVE_H_
