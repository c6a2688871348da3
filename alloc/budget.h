#ifndef MONOCOQUE_ALLOC_BUDGET_H_
#define MONOCOQUE_ALLOC_BUDGET_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <utility>

namespace monocoque {

class Budget;

// Shared ownership of a Budget. Copying is one atomic increment.
class BudgetPtr {
 public:
  BudgetPtr() = default;
  explicit BudgetPtr(Budget* adopt) : node_(adopt) {}
  BudgetPtr(const BudgetPtr& other);
  BudgetPtr(BudgetPtr&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  BudgetPtr& operator=(BudgetPtr other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~BudgetPtr();

  Budget* get() const { return node_; }
  Budget* operator->() const { return node_; }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  Budget* node_ = nullptr;
};

// A node in a tree of byte accounts: process, socket, link. What a node is charged, all its
// ancestors are charged too; a charge that any of them cannot bear is refused and changes nothing.
//
// Whole blocks are charged, until their last slice dies. Nodes are reference-counted, because a
// slice may outlive the socket it came from.
//
// Thread rule: every method may be called from any thread.
// Invariant: 0 <= used() at any time; used() <= limit() unless Charge() was called.
class Budget {
 public:
  static constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  // A node below `parent` (may be null: a root). `limit_bytes` is a count of bytes, kUnlimited for
  // none.
  static BudgetPtr Create(std::int64_t limit_bytes, const BudgetPtr& parent = BudgetPtr());

  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // True if this node and all above it had room; false leaves every account as it was.
  bool TryCharge(std::int64_t bytes);
  // Charges without asking: for memory that already exists.
  void Charge(std::int64_t bytes);
  void Release(std::int64_t bytes);

  // Has this node, or one above it, a limit?
  bool limited() const;
  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  // Live; a limit below what is used refuses charges until enough was released.
  void set_limit(std::int64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }

 private:
  friend class BudgetPtr;
  friend class Block;
  friend class SlabPool;

  Budget(std::int64_t limit_bytes, BudgetPtr parent)
      : limit_(limit_bytes), parent_(std::move(parent)) {}
  ~Budget() = default;

  void Ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  std::atomic<std::int64_t> refs_{1};
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> limit_;
  BudgetPtr parent_;
};

inline BudgetPtr::BudgetPtr(const BudgetPtr& other) : node_(other.node_) {
  if (node_ != nullptr) node_->Ref();
}

inline BudgetPtr::~BudgetPtr() {
  if (node_ != nullptr) node_->Unref();
}

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_BUDGET_H_
