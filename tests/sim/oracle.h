#ifndef MONOCOQUE_TESTS_SIM_ORACLE_H_
#define MONOCOQUE_TESTS_SIM_ORACLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/sim/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/sim/payload.h"

namespace monocoque::testing {

// Knows what was sent, sees every octet that is written and every message that is received, and
// says where the sockets of a simulation broke their word:
//
//   * a message comes whole, as it was sent, or not at all (TR-1), and once (TR-2);
//   * of one peer in the order it was sent (TR-3);
//   * one that was accepted is delivered, or counted as lost or dropped, or had begun on a link
//   that ended
//     before it was read; on a link that stands nothing vanishes;
//   * what had begun on one link never begins on another;
//   * counts say what happened.
//
// The order of calls: OnAccepted, OnOctets and OnReceived during the run; Settle once everything is
// calm and read, with all links; Close with each socket's counts, once all are closed.
class Oracle {
 public:
  void Add(int socket, SocketType type);

  void OnOctets(const sim::TappedOctets& tapped);
  // `message`: as it was given to Send, which took it.
  void OnAccepted(PayloadId id, const Message& message);
  // A message that went to the application. True, and what was in it, if it was in order.
  bool OnReceived(int receiver, const Message& message, Payload* out);
  // A message that the application received and that is no payload: a subscription notice.
  void OnNotice(int receiver) { ++sockets_.at(receiver).received; }

  // Between the two no message of `sender` that it has yet to number may be lost, for whatever
  // reason.
  void ForbidLoss(int sender);
  void AllowLoss(int sender);
  const std::set<int>& delivered_to(PayloadId id) { return FindSent(id)->delivered_to; }
  void Settle(const std::vector<sim::LinkReport>& links);
  void Close(int socket, const SocketStats& stats);

  // So many messages were accepted from, and not begun by, this socket.
  std::size_t waiting(int sender) const;
  std::size_t delivered() const { return delivered_; }
  std::size_t accepted() const { return accepted_; }
  // Messages that had begun on a link that ended, and were not delivered.
  std::size_t gone_with_links() const { return gone_with_links_; }

  void Violation(std::string sentence) { violations_.push_back(std::move(sentence)); }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  // Where a message's mark was seen.
  struct Begun {
    std::uint64_t link = 0;
    int to = 0;
    std::uint64_t offset = 0;  // in the link's stream
  };
  struct Sent {
    bool accepted = false;
    bool loss_forbidden = false;
    std::uint64_t bytes_from_mark = 0;
    std::vector<Begun> begun;
    std::set<int> delivered_to;
  };
  struct SocketRecord {
    SocketType type = SocketType::kPair;
    std::vector<Sent> sent;
    std::size_t accepted = 0;
    std::size_t begun = 0;
    std::size_t received = 0;
    bool loss_forbidden = false;
    // Found by Settle.
    std::size_t never_begun = 0;
    std::size_t cut = 0;          // begun, and not written to its end
    std::size_t passed_over = 0;  // read by this socket and not given out
  };
  // One direction of a link.
  struct Stream {
    std::uint64_t offset = 0;  // of `tail`
    std::string tail;
  };

  bool fans_out(int sender) const;
  Sent* FindSent(PayloadId id);
  void OnMark(PayloadId id, Begun begun);
  void SettleMessage(SocketRecord* sender, PayloadId id, const Sent& sent,
                     const std::vector<sim::LinkReport>& links);

  std::map<int, SocketRecord> sockets_;
  std::map<std::pair<std::uint64_t, int>, Stream> streams_;  // by link and writer
  // The last sequence number by receiver, its peer, and sender.
  std::map<std::pair<std::pair<int, std::uint64_t>, int>, std::uint32_t> last_;
  std::vector<std::string> violations_;
  std::size_t accepted_ = 0;
  std::size_t delivered_ = 0;
  std::size_t gone_with_links_ = 0;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_ORACLE_H_
