#include "protocol/socket/subscription_table.h"

#include <algorithm>
#include <utility>

namespace monocoque {

SubscriptionTable::Result SubscriptionTable::Add(Subscriber* subscriber, std::string_view prefix,
                                                 const Limits& limits) {
  Trie::Node* node = prefix.empty() ? nullptr : trie_.Find(prefix);
  if ((prefix.empty() || node != nullptr) && subscriber->places.contains(node)) {
    return Result::kNothing;
  }
  const std::size_t cost = prefix.size() + kOverheadBytes;
  const std::size_t most = limits.max_subscription_bytes;
  if (prefix.size() > limits.max_prefix_bytes() || cost > most || subscriber->bytes > most - cost) {
    return Result::kRefused;
  }
  if (budget_ && !budget_->TryCharge(static_cast<std::int64_t>(cost))) return Result::kRefused;
  charged_ += static_cast<std::int64_t>(cost);
  subscriber->bytes += cost;
  if (!prefix.empty() && node == nullptr) node = trie_.Insert(prefix);
  std::vector<Subscriber*>& list = node == nullptr ? everything_.list : node->value.list;
  subscriber->places.emplace(node, static_cast<std::uint32_t>(list.size()));
  list.push_back(subscriber);
  if (node == nullptr) subscriber->everything = true;
  if (list.size() > 1) return Result::kChanged;
  ++topics_;
  return Result::kEdge;
}

bool SubscriptionTable::TakeOut(Subscriber* subscriber, Trie::Node* node, std::uint32_t place) {
  std::vector<Subscriber*>& list = node == nullptr ? everything_.list : node->value.list;
  Subscriber* last = list.back();
  list.pop_back();
  if (last != subscriber) {
    list[place] = last;
    last->places[node] = place;
  }
  GiveBack(&list);
  if (node == nullptr) subscriber->everything = false;
  if (!list.empty()) return false;
  --topics_;
  return true;
}

void SubscriptionTable::Discharge(Subscriber* subscriber, std::size_t prefix_bytes) {
  const std::size_t cost = prefix_bytes + kOverheadBytes;
  subscriber->bytes -= cost;
  charged_ -= static_cast<std::int64_t>(cost);
  if (budget_) budget_->Release(static_cast<std::int64_t>(cost));
}

SubscriptionTable::Result SubscriptionTable::Remove(Subscriber* subscriber,
                                                    std::string_view prefix) {
  Trie::Node* node = prefix.empty() ? nullptr : trie_.Find(prefix);
  if (node == nullptr && !prefix.empty()) return Result::kNothing;
  const auto it = subscriber->places.find(node);
  if (it == subscriber->places.end()) return Result::kNothing;
  const std::uint32_t place = it->second;
  subscriber->places.erase(it);
  if (subscriber->places.size() * 3 < subscriber->places.capacity()) subscriber->places.rehash(0);
  const bool last = TakeOut(subscriber, node, place);
  Discharge(subscriber, prefix.size());
  if (node != nullptr) trie_.Prune(node);
  return last ? Result::kEdge : Result::kChanged;
}

SubscriptionTable::Result SubscriptionTable::Join(Subscriber* subscriber, std::string_view group,
                                                  const Limits& limits) {
  const Result result = Add(subscriber, group, limits);
  if (result == Result::kNothing)
    ++subscriber->repeats[group.empty() ? nullptr : trie_.Find(group)];
  return result;
}

SubscriptionTable::Result SubscriptionTable::Leave(Subscriber* subscriber, std::string_view group) {
  const Trie::Node* node = group.empty() ? nullptr : trie_.Find(group);
  if (node == nullptr && !group.empty()) return Result::kNothing;
  const auto it = subscriber->repeats.find(node);
  if (it == subscriber->repeats.end()) return Remove(subscriber, group);
  if (--it->second == 0) subscriber->repeats.erase(it);
  return Result::kNothing;
}

std::vector<SubscriptionTable::Removed> SubscriptionTable::RemoveAll(Subscriber* subscriber) {
  // Sorted, since the places are in no order that a second run would have.
  std::vector<Removed> removed;
  const auto places = std::exchange(subscriber->places, {});
  subscriber->repeats.clear();
  removed.reserve(places.size());
  for (const auto& [node, place] : places) {
    removed.push_back({node == nullptr ? std::string() : trie_.PrefixOf(node), false});
  }
  std::ranges::sort(removed, {}, &Removed::prefix);
  for (Removed& each : removed) {
    Trie::Node* node = each.prefix.empty() ? nullptr : trie_.Find(each.prefix);
    each.last = TakeOut(subscriber, node, places.at(node));
    Discharge(subscriber, each.prefix.size());
    if (node != nullptr) trie_.Prune(node);
  }
  return removed;
}

}  // namespace monocoque
