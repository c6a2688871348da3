#ifndef MONOCOQUE_TESTS_SIM_ORACLE_H_
#define MONOCOQUE_TESTS_SIM_ORACLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "adapters/sim/options.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/mark.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/sim/announced.h"
#include "tests/sim/payload.h"

namespace monocoque::testing {

// What a socket's type and options permit.
struct OracleRules {
  SocketType type = SocketType::kPair;
  // One that sends copies drops those that some peer cannot take; otherwise all peers can, always.
  bool drops_copies = false;
  // Drops some of what it is given to send, whoever is there: it keeps the newest alone.
  bool conflates = false;
  // Refuses peers, and with them what they said already.
  bool refuses_peers = false;
  // Ends links that nobody cut, whatever lies unread on them: for want of a heartbeat, or of
  // memory.
  bool gives_up = false;
  // It dials: what has not begun on one link begins on the next one to that place; unless it keeps
  // nothing for that.
  bool dials = false;
  bool keeps = false;
  // Parts in front of a payload that it receives, the last of them empty.
  std::size_t envelope_parts = 0;
  // What it writes is in boxes, which the octets that are told show in clear.
  bool boxed = false;
  // Sockets that follow each other at one endpoint have the same: who dialed it sends to the next
  // what the one before did not get.
  std::size_t place = 0;
};

// Knows what was sent, sees every octet that is written and every message that is received, and
// says where the sockets of a simulation broke their word:
//
//   * a message comes whole, as it was sent, or not at all (TR-1), and once (TR-2);
//   * of one peer in the order it was sent (TR-3), on one link, and over all that one dialed to a
//     place;
//   * one that was accepted is delivered, or counted, as lost where nothing may be dropped, or had
//     begun on a link that was cut, or given up, before it was read; on a link that stands nothing
//     vanishes, and what was read is given out, or dropped by rule and counted;
//   * who hangs up, by Unbind or Disconnect, hears no more of those links; what it had handed to
//     them is written, read and given out all the same;
//   * what had begun on one link never begins on another; of copies, on another of one dialer's;
//   * no queue grows beyond its mark;
//   * who subscribed gets what it wants and nothing else: of each publication, whoever wants it as
//     far as the publisher was told is owed a copy, and each copy owed began, or is counted;
//   * counts say what happened.
//
// The order of calls: OnAccepted, OnOctets and OnReceived during the run; Settle once everything is
// calm and read, with all links; Close with each socket's counts, once all are closed.
class Oracle {
 public:
  void Add(int socket, const OracleRules& rules);

  void OnOctets(const sim::TappedOctets& tapped);
  // `message`: as it was given to Send, which took it.
  void OnAccepted(PayloadId id, const Message& message);
  // A publication that was accepted by a socket that has dealt with all it read, when links were
  // so: each that stands owes its other end a copy, if that wants it.
  void OnPublished(PayloadId id, const Message& message, const std::vector<sim::LinkReport>& links);
  // A message that went to the application. True, and what was in it, if it was in order.
  bool OnReceived(int receiver, const Message& message, Payload* out);
  // A message that the application received and that is no payload: a subscription notice, or of
  // STREAM a piece, or word that somebody came or went.
  void OnNotice(int receiver) { ++sockets_.at(receiver).received; }
  // STREAM: one that the application put together of pieces. As OnReceived.
  bool OnRebuilt(int receiver, const Message& message, Payload* out);
  // The application closes the socket, and with it gives up what it did not take.
  // What is to be sent has until `patience`; earlier it is not given up.
  void OnClosing(int socket, Instant patience);

  // ---- Links that the application ends ---------------------------------------------------------

  // The socket ends the link by Unbind or Disconnect. The peer has until `patience` to take
  // something. `stood`: the socket knew of no other end, and gives out nothing more of the link.
  void OnHangUp(int socket, std::uint64_t link, Instant patience, bool stood) {
    hung_up_.try_emplace({link, socket}, HungUp{patience, stood});
  }
  // It disconnects from a place: what it sends there by links behind `last` goes by another dialer.
  void OnDisconnect(int socket, std::size_t place, std::uint64_t last) {
    gone_dialers_[{socket, place}].push_back(last);
  }
  // What waited for a dialer that is gone is lost.
  void OnGivenUp(int socket, std::uint64_t messages) { sockets_.at(socket).given_up += messages; }
  // The socket tells that it lost so many messages with a link.
  void OnLost(int socket, std::uint64_t link, std::uint64_t messages) {
    lost_with_[{link, socket}] += messages;
  }

  // ---- Subscriptions ---------------------------------------------------------------------------

  // The subscriber wants what begins with `prefix`, once more or once less.
  void OnSubscribed(int subscriber, std::string_view prefix, bool on);
  bool wants(int subscriber, std::string_view topic) const;
  // Everything is at rest: the message, sent since all subscriptions were known, reached this
  // subscriber if it wants it.
  void CheckReached(PayloadId id, std::string_view topic, int subscriber);

  // ---- Marks -----------------------------------------------------------------------------------

  // What a socket with `mark` holds for its peers, of which there are at most so many. `stats`: its
  // counts now.
  void CheckHeld(int sender, const Mark& mark, std::size_t peers, const SocketStats& stats);
  // The same of a socket that sends copies, on each of its links.
  void CheckOwed(int sender, const Mark& mark, const std::vector<sim::LinkReport>& links,
                 const SocketStats& stats);
  // What was read from one link and not given out is within `mark`, but for what came with one
  // read, which is of at most `read_bytes`.
  void CheckUntaken(int receiver, const Mark& mark, std::size_t read_bytes,
                    const std::vector<sim::LinkReport>& links);

  // ---- Losses ----------------------------------------------------------------------------------

  // Between the two no message of `sender` that it has yet to number may be lost, for whatever
  // reason.
  void ForbidLoss(int sender);
  void AllowLoss(int sender);
  void Settle(const std::vector<sim::LinkReport>& links);
  // Of a socket that is open, and for which nothing waits any more, behind Settle: all that is
  // missing is counted already.
  void CheckAtRest(int socket, const SocketStats& stats);
  // `over`: its linger time was over, or it had none; otherwise all that it kept began.
  void Close(int socket, const SocketStats& stats, bool over = true);

  // The link that the message began on last; nothing if it did not.
  std::optional<std::uint64_t> link_of(PayloadId id);
  std::size_t delivered() const { return delivered_; }
  std::size_t accepted() const { return accepted_; }
  // Copies of publications that were owed.
  std::size_t owed() const { return owed_; }
  // Messages that had begun on a link that ended before they were read.
  std::size_t gone_with_links() const { return gone_with_links_; }

  // The first of a kind says it; a sentence is kept once, and so many of them at most.
  static constexpr std::size_t kMaxViolations = 20;
  void Violation(std::string sentence);
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  // Where a message's mark was seen.
  struct Begun {
    std::uint64_t link = 0;
    int to = 0;
    std::uint64_t offset = 0;  // in the link's stream
  };
  // A copy of a publication, for whoever is at the other end of a link.
  struct Owed {
    std::uint64_t link = 0;
    int to = 0;
  };
  struct Sent {
    bool accepted = false;
    bool loss_forbidden = false;
    std::uint64_t wire_bytes = 0;
    std::uint64_t bytes_from_mark = 0;
    std::uint64_t plain_bytes = 0;  // the same without boxes
    std::vector<Begun> begun;
    std::vector<Owed> owed;
    std::set<int> delivered_to;
  };
  struct HungUp {
    Instant patience;
    bool stood = false;
  };
  struct SocketRecord {
    OracleRules rules;
    std::vector<Sent> sent;
    std::size_t accepted = 0;
    std::uint64_t accepted_bytes = 0;
    std::size_t begun = 0;
    std::uint64_t begun_bytes = 0;
    std::uint64_t largest_bytes = 0;
    std::size_t received = 0;
    bool loss_forbidden = false;
    bool closing = false;
    Instant patience = Instant::Never();
    std::uint64_t given_up = 0;
    std::multiset<std::string, std::less<>> prefixes;
    // Found by Settle.
    std::size_t never_begun = 0;
    std::size_t cut = 0;          // begun, and not written to its end
    std::size_t passed_over = 0;  // read by this socket and not given out
    std::size_t let_go = 0;       // the same, of a socket that may do so without counting
    // Copies that were owed and never began; of those, what nothing but a mark can have stopped.
    std::size_t copies_missing = 0;
    std::size_t copies_withheld = 0;
    std::size_t links_over = 0;
    // Of those, with octets of it behind all messages whose mark was seen: one more may have begun.
    std::size_t links_cut_early = 0;
  };
  // One direction of a link.
  struct Stream {
    std::uint64_t offset = 0;  // of `tail`
    std::string tail;
    std::vector<PayloadId> begun;
    Announced announced;  // to a socket that sends copies
  };

  bool fans_out(int sender) const;
  bool hung_up(int socket, std::uint64_t link) const { return hung_up_.contains({link, socket}); }
  bool MustWriteAll(int sender, const sim::LinkReport& link) const;
  void SettleHungUp(const std::vector<sim::LinkReport>& links);
  bool WroteOn(const sim::LinkReport& link, int sender);
  Sent* FindSent(PayloadId id);
  void OnMark(PayloadId id, Begun begun);
  void CheckOrder(PayloadId id, const Begun& begun);
  void CheckLosses(int number, const SocketRecord& socket, const SocketStats& stats);
  void CheckKept(int number, const SocketRecord& socket);
  bool MayEnd(int sender, int receiver, const sim::LinkReport& link, bool whole) const;
  bool Deliver(int receiver, const Message& message, PayloadId id);
  void CheckHeard(int receiver, PayloadId id, const Sent& sent);
  void SettleMessage(SocketRecord* sender, PayloadId id, const Sent& sent,
                     const std::vector<sim::LinkReport>& links);
  void SettleOwed(int number, const Sent& sent, const std::vector<sim::LinkReport>& links);
  bool began(const Sent& sent, const Owed& owed) const;
  void CloseFan(int number, const SocketRecord& socket, const SocketStats& stats);
  bool Check(int number, std::string_view what, std::uint64_t counted, std::uint64_t least,
             std::uint64_t most);
  void SettleBegun(SocketRecord* sender, PayloadId id, const Sent& sent, const Begun& begun,
                   const sim::LinkReport& link);

  std::map<int, SocketRecord> sockets_;
  std::map<std::pair<std::uint64_t, int>, Stream> streams_;  // by link and writer
  // The last sequence number by receiver, its peer, and sender.
  std::map<std::pair<std::pair<int, std::uint64_t>, int>, std::uint32_t> last_;
  // The last that began, by link and sender; and by sender that dials, place, and which of its
  // dialers there.
  std::map<std::pair<std::uint64_t, int>, std::uint32_t> begun_on_;
  std::map<std::tuple<int, std::size_t, std::size_t>, std::uint32_t> begun_for_;
  // By sender and place: the last link of each dialer that is gone.
  std::map<std::pair<int, std::size_t>, std::vector<std::uint64_t>> gone_dialers_;
  std::map<std::pair<std::uint64_t, int>, HungUp> hung_up_;           // by link and who did
  std::map<std::pair<std::uint64_t, int>, std::uint64_t> lost_with_;  // by link and who told it
  std::vector<std::string> violations_;
  std::size_t accepted_ = 0;
  std::size_t delivered_ = 0;
  std::size_t owed_ = 0;
  std::size_t gone_with_links_ = 0;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_ORACLE_H_
