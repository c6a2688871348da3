#ifndef MONOCOQUE_PROTOCOL_SOCKET_SUBSCRIPTION_TABLE_H_
#define MONOCOQUE_PROTOCOL_SOCKET_SUBSCRIPTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "alloc/budget.h"
#include "protocol/socket/prefix_trie.h"
#include "protocol/socket/subscriber.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// Who wants what: a set of prefixes for each subscriber (S-7), in one tree over all of them. Who
// wants everything stands apart, so that matching does not walk over them. Groups of RADIO are
// prefixes that match exactly.
//
// Each subscription is charged to the budget and to its subscriber's limit, its octets and what
// the bookkeeping takes; what is still there goes back with the table.
//
// Thread-compatible. Invariant: topics() is the number of prefixes with at least one subscriber.
class SubscriptionTable {
 public:
  // Octets that one subscription costs at most besides its prefix: two nodes, where it parts one in
  // two, and a place in two lists.
  static constexpr std::size_t kOverheadBytes = 336;

  explicit SubscriptionTable(BudgetPtr budget) : budget_(std::move(budget)) {}
  ~SubscriptionTable() {
    if (budget_) budget_->Release(charged_);
  }
  SubscriptionTable(const SubscriptionTable&) = delete;
  SubscriptionTable& operator=(const SubscriptionTable&) = delete;

  enum class Result {
    kChanged,  // and others have the same prefix
    kEdge,     // the first subscriber of this prefix came, or the last went
    kNothing,  // it had it already, or did not have it
    kRefused,  // beyond the limits, the prefix's own or that of all together; or the budget refuses
  };
  Result Add(Subscriber* subscriber, std::string_view prefix, const Limits& limits);
  Result Remove(Subscriber* subscriber, std::string_view prefix);

  // The same for groups, which are counted: as many Leave as Join (J-5). kNothing: the subscriber
  // is in it as before.
  Result Join(Subscriber* subscriber, std::string_view group, const Limits& limits);
  Result Leave(Subscriber* subscriber, std::string_view group);

  struct Removed {
    std::string prefix;
    bool last;  // nobody has it any more
  };
  // Forgets the subscriber; what it had, in ascending order.
  std::vector<Removed> RemoveAll(Subscriber* subscriber);

  // Calls `found(subscriber)` once for each subscriber with a prefix that `topic` begins with,
  // however many (S-6), those of everything() left out.
  template <typename Found>
  void Match(std::string_view topic, Found&& found) {
    ++publication_;
    trie_.Walk(topic, [&](SubscriberList& at) {
      for (Subscriber* subscriber : at.list) {
        if (subscriber->everything || subscriber->matched == publication_) continue;
        subscriber->matched = publication_;
        found(subscriber);
      }
      return true;
    });
  }
  // Who has exactly this prefix; valid until the next change.
  absl::Span<Subscriber* const> Having(std::string_view prefix) {
    if (prefix.empty()) return everything_.list;
    const Trie::Node* node = trie_.Find(prefix);
    if (node == nullptr) return {};
    return node->value.list;
  }
  const std::vector<Subscriber*>& everything() const { return everything_.list; }
  std::size_t topics() const { return topics_; }

 private:
  using Trie = PrefixTrie<SubscriberList>;

  // Takes the subscriber out of the list; true if it was the last there.
  bool TakeOut(Subscriber* subscriber, Trie::Node* node, std::uint32_t place);
  void Discharge(Subscriber* subscriber, std::size_t prefix_bytes);

  BudgetPtr budget_;
  std::int64_t charged_ = 0;
  Trie trie_;
  SubscriberList everything_;
  std::uint64_t publication_ = 0;
  std::size_t topics_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_SUBSCRIPTION_TABLE_H_
