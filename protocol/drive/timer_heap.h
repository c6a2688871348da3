#ifndef MONOCOQUE_PROTOCOL_DRIVE_TIMER_HEAP_H_
#define MONOCOQUE_PROTOCOL_DRIVE_TIMER_HEAP_H_

#include <cstddef>
#include <vector>

#include "protocol/drive/instant.h"

namespace monocoque {

// A deadline that lives inside its owner. Remove it from its heap before it dies.
template <typename Owner>
struct TimerNode {
  Instant deadline = Instant::Never();
  Owner* owner = nullptr;
  std::size_t place = static_cast<std::size_t>(-1);  // in the heap; -1: not armed

  bool armed() const { return place != static_cast<std::size_t>(-1); }
};

// Deadlines in order: the next one in constant time, a change in logarithmic time, nothing
// allocated for a deadline once the heap has its size.
//
// Thread-compatible. Invariant: no node's deadline is before its parent's.
template <typename Owner>
class TimerHeap {
 public:
  using Node = TimerNode<Owner>;

  Instant next() const { return nodes_.empty() ? Instant::Never() : nodes_[0]->deadline; }

  // Arms, moves or, with Never(), disarms.
  void Set(Node* node, Instant deadline) {
    if (node->armed() && node->deadline == deadline) return;
    if (deadline.is_never()) {
      Remove(node);
      return;
    }
    if (!node->armed()) {
      node->place = nodes_.size();
      nodes_.push_back(node);
    }
    node->deadline = deadline;
    Down(Up(node->place));
  }

  void Remove(Node* node) {
    if (!node->armed()) return;
    const std::size_t place = node->place;
    node->place = static_cast<std::size_t>(-1);
    node->deadline = Instant::Never();
    Node* last = nodes_.back();
    nodes_.pop_back();
    if (last == node) return;
    nodes_[place] = last;
    last->place = place;
    Down(Up(place));
  }

  // Takes one owner whose deadline is not after `now` out of the heap; null if there is none.
  Owner* PopDue(Instant now) {
    if (nodes_.empty() || nodes_[0]->deadline > now) return nullptr;
    Node* node = nodes_[0];
    Remove(node);
    return node->owner;
  }

 private:
  std::size_t Up(std::size_t at) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (nodes_[parent]->deadline <= nodes_[at]->deadline) break;
      Swap(at, parent);
      at = parent;
    }
    return at;
  }
  void Down(std::size_t at) {
    for (;;) {
      std::size_t least = at;
      for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < nodes_.size(); ++child) {
        if (nodes_[child]->deadline < nodes_[least]->deadline) least = child;
      }
      if (least == at) return;
      Swap(at, least);
      at = least;
    }
  }
  void Swap(std::size_t a, std::size_t b) {
    Node* node = nodes_[a];
    nodes_[a] = nodes_[b];
    nodes_[b] = node;
    nodes_[a]->place = a;
    nodes_[b]->place = b;
  }

  std::vector<Node*> nodes_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_TIMER_HEAP_H_
