#ifndef MONOCOQUE_PROTOCOL_DRIVE_ROTATION_H_
#define MONOCOQUE_PROTOCOL_DRIVE_ROTATION_H_

namespace monocoque {

// A place in a Rotation; lives inside its owner. Remove it before the owner dies.
template <typename Owner>
struct RotationNode {
  explicit RotationNode(Owner* of) : owner(of) {}
  RotationNode(const RotationNode&) = delete;
  RotationNode& operator=(const RotationNode&) = delete;

  Owner* const owner;
  RotationNode* next = nullptr;  // null: not in a rotation
  RotationNode* previous = nullptr;

  bool linked() const { return next != nullptr; }
};

// Owners taking turns: the front is next, Rotate sends it behind the others. Fair queueing, load
// balancing and lists of work are such. Constant time, no allocation.
//
// Thread-compatible. Invariant: a ring of nodes, each once; front_ is in it or null.
template <typename Owner>
class Rotation {
 public:
  using Node = RotationNode<Owner>;

  bool empty() const { return front_ == nullptr; }
  Owner* front() const { return front_ == nullptr ? nullptr : front_->owner; }

  // The front's place; those of who comes behind follow by `next`, and the last one's next is it.
  const Node* front_node() const { return front_; }

  // Joins behind the others; nothing if it is there already.
  void Add(Node* node) {
    if (node->linked()) return;
    if (front_ == nullptr) {
      node->next = node->previous = node;
      front_ = node;
      return;
    }
    node->next = front_;
    node->previous = front_->previous;
    node->previous->next = node;
    front_->previous = node;
  }
  void Remove(Node* node) {
    if (!node->linked()) return;
    if (node->next == node) {
      front_ = nullptr;
    } else {
      node->previous->next = node->next;
      node->next->previous = node->previous;
      if (front_ == node) front_ = node->next;
    }
    node->next = node->previous = nullptr;
  }
  void Rotate() {
    if (front_ != nullptr) front_ = front_->next;
  }
  // The front, taken out; null if there is none.
  Owner* Pop() {
    if (front_ == nullptr) return nullptr;
    Owner* owner = front_->owner;
    Remove(front_);
    return owner;
  }
  // The front, taken out if `can(owner)`; null if not.
  template <typename Can>
  Owner* PopIf(Can&& can) {
    Node* const node = front_;
    if (node == nullptr || !can(node->owner)) return nullptr;
    Remove(node);
    return node->owner;
  }
  // The same of the first who can, each asked once: those before it are behind the others then.
  template <typename Can>
  Owner* PopFirst(Can&& can) {
    const Node* const first = front_;
    while (front_ != nullptr) {
      if (Owner* owner = PopIf(can)) return owner;
      Rotate();
      if (front_ == first) break;
    }
    return nullptr;
  }

 private:
  Node* front_ = nullptr;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_ROTATION_H_
