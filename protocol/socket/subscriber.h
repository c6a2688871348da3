#ifndef MONOCOQUE_PROTOCOL_SOCKET_SUBSCRIBER_H_
#define MONOCOQUE_PROTOCOL_SOCKET_SUBSCRIBER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "protocol/socket/prefix_trie.h"

namespace monocoque {

struct Peer;
struct Subscriber;

// The subscribers of one prefix.
struct SubscriberList {
  std::vector<Subscriber*> list;
  bool empty() const { return list.empty(); }
};

// What a publishing socket keeps of one peer: a plain record, part of the Peer. SubscriptionTable
// and Publisher have the rules.
struct Subscriber {
  explicit Subscriber(Peer* of) : peer(of) {}

  Peer* const peer;

  // SubscriptionTable's: where this subscriber stands in each list it is in; null is the list of
  // everything.
  absl::flat_hash_map<PrefixTrie<SubscriberList>::Node*, std::uint32_t> places;
  // Groups joined more than once, and how often more.
  absl::flat_hash_map<PrefixTrie<SubscriberList>::Node*, std::uint64_t> repeats;
  std::size_t bytes = 0;      // that its subscriptions are charged
  bool everything = false;    // it subscribed to the empty prefix
  std::uint64_t matched = 0;  // the number of the last message that it matched

  // Publisher's.
  enum class Stream {
    kOut,     // gets what is sent to it by name
    kInStep,  // reads the shared log from `cursor` on
    kAside,   // wants everything, but cannot take it from the log now: at its mark, or between two
              // links
  };
  Stream stream = Stream::kOut;
  std::size_t place = 0;            // in the publisher's list
  std::size_t cursor = 0;           // octets of the log's slab that its link has
  std::size_t cursor_messages = 0;  // and messages
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_SUBSCRIBER_H_
