#include "alloc/budget.h"

namespace monocoque {

BudgetPtr Budget::Create(std::int64_t limit_bytes, const BudgetPtr& parent) {
  return BudgetPtr(new Budget(limit_bytes, parent));
}

bool Budget::TryCharge(std::int64_t bytes) {
  for (Budget* node = this; node != nullptr; node = node->parent_.get()) {
    // Charged first and taken back if it was too much: no other thread can slip in between. The
    // comparison is written so that a huge charge cannot wrap around.
    const std::int64_t before = node->used_.fetch_add(bytes, std::memory_order_relaxed);
    const std::int64_t limit = node->limit();
    if (bytes <= limit && before <= limit - bytes) continue;
    node->used_.fetch_sub(bytes, std::memory_order_relaxed);
    for (Budget* undo = this; undo != node; undo = undo->parent_.get()) {
      undo->used_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    return false;
  }
  return true;
}

bool Budget::limited() const {
  const Budget* node = this;
  while (node != nullptr && node->limit() == kUnlimited) node = node->parent_.get();
  return node != nullptr;
}

void Budget::Charge(std::int64_t bytes) {
  for (Budget* node = this; node != nullptr; node = node->parent_.get()) {
    node->used_.fetch_add(bytes, std::memory_order_relaxed);
  }
}

void Budget::Release(std::int64_t bytes) {
  for (Budget* node = this; node != nullptr; node = node->parent_.get()) {
    node->used_.fetch_sub(bytes, std::memory_order_relaxed);
  }
}

}  // namespace monocoque
