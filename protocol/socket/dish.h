#ifndef MONOCOQUE_PROTOCOL_SOCKET_DISH_H_
#define MONOCOQUE_PROTOCOL_SOCKET_DISH_H_

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "protocol/socket/pattern.h"

namespace monocoque {

// DISH (RFC 48): receives the messages of the groups it joined, each with its group. Radios hear of
// each group joined or left, and of all of them on each new link, before anything else (J-7). What
// comes is filtered once more (J-6). That a message is a group and a body is the connection's to
// see (J-4).
class DishPattern final : public Pattern {
 public:
  using Pattern::Pattern;

  void OnPeerReady(Peer* peer, Link* link, Instant now) override;

  bool CanSend() const override { return false; }
  absl::Status SendStatus() const override { return OnlyReceives(); }
  absl::Status Send(Message*, Instant) override { return OnlyReceives(); }
  absl::Status SendTo(Peer*, Message*, Instant) override { return OnlyReceives(); }
  bool Receive(Message* out, Instant now) override;

  // Once each: what is joined already exists, what is not is not found (DISH-5).
  absl::Status Join(std::string_view group, Instant now) override;
  absl::Status Leave(std::string_view group, Instant now) override;
  std::size_t topics() const override { return groups_.size(); }

 private:
  void Tell(bool join, std::string_view group, Instant now);
  // False: the link has no memory for it.
  bool TellOne(Link* link, bool join, std::string_view group);

  std::set<std::string, std::less<>> groups_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_DISH_H_
