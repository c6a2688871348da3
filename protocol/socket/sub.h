#ifndef MONOCOQUE_PROTOCOL_SOCKET_SUB_H_
#define MONOCOQUE_PROTOCOL_SOCKET_SUB_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "protocol/socket/pattern.h"
#include "protocol/socket/prefix_trie.h"

namespace monocoque {

// SUB (RFC 29): receives what it subscribed to. Subscriptions are counted here: publishers hear of
// the first and of the last alike (S-7), and of all of them on each new link, before anything else
// (S-8). What comes is filtered once more (SUB-4): a publisher may be behind with a cancellation,
// or not filter at all. XSUB builds on it.
class SubPattern : public Pattern {
 public:
  using Pattern::Pattern;

  void OnPeerReady(Peer* peer, Link* link, Instant now) override;

  bool CanSend() const override { return false; }
  absl::Status SendStatus() const override { return OnlyReceives(); }
  absl::Status Send(Message* message, Instant now) override;
  absl::Status SendTo(Peer* peer, Message* message, Instant now) override;
  bool Receive(Message* out, Instant now) override;
  bool Wants(const Message& message) override;

  absl::Status Subscribe(Bytes prefix, Instant now) override;
  // Not found if there is no such subscription.
  absl::Status Unsubscribe(Bytes prefix, Instant now) override;
  std::size_t topics() const override { return topics_; }

 protected:
  // Invalid argument if it is too long to be told to a publisher.
  absl::Status CheckPrefix(Bytes prefix) const;
  // To all publishers, and to those that come.
  void Add(std::string_view prefix, Instant now);
  // False: there was none. `always`: publishers hear of it although others of the same prefix are
  // left.
  bool Remove(std::string_view prefix, bool always, Instant now);

 private:
  struct Count {
    std::size_t count = 0;
    bool empty() const { return count == 0; }
  };

  void Tell(bool subscribe, std::string_view prefix, Instant now);
  // False: there is no memory to tell it.
  bool TellOne(Link* link, bool subscribe, std::string_view prefix, Instant now);

  PrefixTrie<Count> subscriptions_;
  std::size_t topics_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_SUB_H_
