#ifndef MONOCOQUE_PROTOCOL_SOCKET_PREFIX_TRIE_H_
#define MONOCOQUE_PROTOCOL_SOCKET_PREFIX_TRIE_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace monocoque {

// Memory for more than twice of what is in it: nobody is charged for that.
template <typename List>
void GiveBack(List* list) {
  if (list->size() > list->capacity() / 2) return;
  List smaller;
  smaller.reserve(list->size());
  for (auto& each : *list) smaller.push_back(std::move(each));
  list->swap(smaller);
}

// Values by prefix, found for a topic in one walk over its octets: the value of each prefix that
// the topic begins with. A radix tree: what no value and no branch needs shares one node, so its
// size follows the number of prefixes, not their octets. No hashing, so no prefix that a peer
// chooses makes it slow, and no recursion, so none makes it deep.
//
// `Value` is default-constructible and says by empty() when its prefix is not in use.
//
// Thread-compatible. Invariant: each node but the root has a value in use or at least two children,
// once Prune was called for each that fell out of use.
template <typename Value>
class PrefixTrie {
 public:
  class Node {
   public:
    Value value;

   private:
    friend class PrefixTrie;

    std::string label_;  // the octets between the parent and here
    Node* parent_ = nullptr;
    std::string firsts_;  // first octets of the children's labels, ascending
    std::vector<std::unique_ptr<Node>> children_;
  };

  PrefixTrie() = default;
  PrefixTrie(const PrefixTrie&) = delete;
  PrefixTrie& operator=(const PrefixTrie&) = delete;
  ~PrefixTrie() { Clear(); }

  // The node of `prefix`, made if it is not there. Its address stays until Prune removes it.
  Node* Insert(std::string_view prefix);
  // Null if there is none. A node found may have an empty value.
  Node* Find(std::string_view prefix);
  // Removes the node if its value is empty, as far as no other prefix needs it.
  void Prune(Node* node);
  void Clear();

  // Calls `visit(value)` for each prefix in use that `topic` begins with, the shortest first, until
  // it returns false.
  template <typename Visit>
  void Walk(std::string_view topic, Visit&& visit) {
    Node* node = &root_;
    for (;;) {
      if (!node->value.empty() && !visit(node->value)) return;
      if (topic.empty()) return;
      Node* child = Child(node, topic[0]);
      if (child == nullptr || !Fits(child->label_, topic)) return;
      topic.remove_prefix(child->label_.size());
      node = child;
    }
  }
  // Does `topic` begin with any prefix in use?
  bool Matches(std::string_view topic) {
    bool found = false;
    Walk(topic, [&found](Value&) {
      found = true;
      return false;
    });
    return found;
  }

  // Calls `visit(prefix, value)` for each prefix in use, in ascending order.
  template <typename Visit>
  void ForEach(Visit&& visit);
  // The prefix that leads to the node.
  std::string PrefixOf(const Node* node) const;

 private:
  static Node* Child(const Node* node, char first) {
    const std::size_t at = node->firsts_.find(first);
    return at == std::string::npos ? nullptr : node->children_[at].get();
  }
  // Does the text begin with the label? Their first octets are known to be the same, and most
  // labels among many prefixes have no other: nothing is called for those.
  static bool Fits(std::string_view label, std::string_view text) {
    return text.substr(1).starts_with(label.substr(1));
  }
  // The child in the parent's list, which owns it.
  static std::unique_ptr<Node>& Slot(Node* node) {
    Node* parent = node->parent_;
    return parent->children_[parent->firsts_.find(node->label_[0])];
  }
  static Node* Adopt(Node* parent, std::unique_ptr<Node> child);
  // Puts a node in front of `node` that holds the first `count` octets of its label.
  static Node* Split(Node* node, std::size_t count);

  Node root_;
};

template <typename Value>
typename PrefixTrie<Value>::Node* PrefixTrie<Value>::Adopt(Node* parent,
                                                           std::unique_ptr<Node> child) {
  const char first = child->label_[0];
  const auto less = [](char a, char b) {
    return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
  };
  const auto place = std::upper_bound(parent->firsts_.begin(), parent->firsts_.end(), first, less);
  const auto at = place - parent->firsts_.begin();
  parent->firsts_.insert(place, first);
  child->parent_ = parent;
  return parent->children_.insert(parent->children_.begin() + at, std::move(child))->get();
}

template <typename Value>
typename PrefixTrie<Value>::Node* PrefixTrie<Value>::Split(Node* node, std::size_t count) {
  std::unique_ptr<Node>& slot = Slot(node);
  auto middle = std::make_unique<Node>();
  Node* made = middle.get();
  made->label_ = node->label_.substr(0, count);
  made->parent_ = node->parent_;
  std::unique_ptr<Node> lower = std::exchange(slot, std::move(middle));
  lower->label_.erase(0, count);
  Adopt(made, std::move(lower));
  return made;
}

template <typename Value>
typename PrefixTrie<Value>::Node* PrefixTrie<Value>::Insert(std::string_view prefix) {
  Node* node = &root_;
  while (!prefix.empty()) {
    Node* child = Child(node, prefix[0]);
    if (child == nullptr) {
      auto made = std::make_unique<Node>();
      made->label_ = prefix;
      return Adopt(node, std::move(made));
    }
    const std::string_view label = child->label_;
    const auto split = std::mismatch(label.begin(), label.end(), prefix.begin(), prefix.end());
    const auto common = static_cast<std::size_t>(split.first - label.begin());
    node = common == label.size() ? child : Split(child, common);
    prefix.remove_prefix(common);
  }
  return node;
}

template <typename Value>
typename PrefixTrie<Value>::Node* PrefixTrie<Value>::Find(std::string_view prefix) {
  Node* node = &root_;
  while (!prefix.empty()) {
    node = Child(node, prefix[0]);
    if (node == nullptr || !Fits(node->label_, prefix)) return nullptr;
    prefix.remove_prefix(node->label_.size());
  }
  return node;
}

template <typename Value>
void PrefixTrie<Value>::Prune(Node* node) {
  if (node == &root_ || !node->value.empty()) return;
  Node* parent = node->parent_;
  if (node->children_.empty()) {
    const std::size_t at = parent->firsts_.find(node->label_[0]);
    parent->firsts_.erase(at, 1);
    parent->children_.erase(parent->children_.begin() + static_cast<std::ptrdiff_t>(at));
    GiveBack(&parent->firsts_);
    GiveBack(&parent->children_);
    node = parent;
    if (node == &root_ || !node->value.empty()) return;
  }
  if (node->children_.size() != 1) return;
  // One child and no value: the two become one.
  std::unique_ptr<Node> child = std::move(node->children_[0]);
  child->label_.insert(0, node->label_);
  child->parent_ = node->parent_;
  std::unique_ptr<Node>& slot = Slot(node);
  slot = std::move(child);
}

template <typename Value>
void PrefixTrie<Value>::Clear() {
  std::vector<std::unique_ptr<Node>> rest = std::move(root_.children_);
  while (!rest.empty()) {
    const std::unique_ptr<Node> node = std::move(rest.back());
    rest.pop_back();
    for (std::unique_ptr<Node>& child : node->children_) rest.push_back(std::move(child));
  }
  root_.children_.clear();
  root_.firsts_.clear();
  root_.value = Value();
}

template <typename Value>
template <typename Visit>
void PrefixTrie<Value>::ForEach(Visit&& visit) {
  struct Place {
    Node* node;
    std::size_t parent_bytes;  // of the prefix that leads to the parent
  };
  std::string prefix;
  std::vector<Place> rest = {{&root_, 0}};
  while (!rest.empty()) {
    const Place place = rest.back();
    rest.pop_back();
    prefix.resize(place.parent_bytes);
    prefix.append(place.node->label_);
    if (!place.node->value.empty()) visit(prefix, place.node->value);
    for (auto it = place.node->children_.rbegin(); it != place.node->children_.rend(); ++it) {
      rest.push_back({it->get(), prefix.size()});
    }
  }
}

template <typename Value>
std::string PrefixTrie<Value>::PrefixOf(const Node* node) const {
  std::vector<const Node*> path;
  for (; node != nullptr; node = node->parent_) path.push_back(node);
  std::string prefix;
  for (auto it = path.rbegin(); it != path.rend(); ++it) prefix.append((*it)->label_);
  return prefix;
}

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_PREFIX_TRIE_H_
