#include "tests/sim/oracle.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace monocoque::testing {
namespace {

std::string Name(PayloadId id) {
  return absl::StrCat("message ", id.sequence, " of socket ", id.sender);
}

const sim::LinkReport* Find(const std::vector<sim::LinkReport>& links, std::uint64_t number) {
  const auto it = std::ranges::find(links, number, &sim::LinkReport::link);
  return it == links.end() ? nullptr : &*it;
}

// Octets of what `sender` wrote on the link that the other end read.
std::uint64_t ReadOf(const sim::LinkReport& link, int sender) {
  return link.dialer == sender ? link.acceptor_read : link.dialer_read;
}

// What cannot be sent is dropped, and not counted as sent.
bool DropsOutput(SocketType type) {
  return type == SocketType::kRouter || type == SocketType::kRep;
}

}  // namespace

void Oracle::Violation(std::string sentence) {
  if (violations_.size() == kMaxViolations) return;
  if (std::ranges::find(violations_, sentence) != violations_.end()) return;
  violations_.push_back(std::move(sentence));
}

void Oracle::Add(int socket, const OracleRules& rules) { sockets_[socket].rules = rules; }

bool Oracle::fans_out(int sender) const {
  const SocketType type = sockets_.at(sender).rules.type;
  return type == SocketType::kPub || type == SocketType::kXPub || type == SocketType::kXSub ||
         type == SocketType::kRadio;
}

Oracle::Sent* Oracle::FindSent(PayloadId id) {
  const auto it = sockets_.find(id.sender);
  if (it == sockets_.end() || id.sequence >= it->second.sent.size()) return nullptr;
  return &it->second.sent[id.sequence];
}

void Oracle::OnAccepted(PayloadId id, const Message& message) {
  SocketRecord& sender = sockets_.at(id.sender);
  sender.sent.resize(std::max<std::size_t>(sender.sent.size(), id.sequence + 1));
  Sent& sent = sender.sent[id.sequence];
  sent.accepted = true;
  sent.loss_forbidden = sender.loss_forbidden;
  sent.wire_bytes = message.wire_bytes();
  sent.bytes_from_mark = Payload::BytesFromMark(message, sender.rules.boxed);
  sent.plain_bytes = Payload::BytesFromMark(message);
  sender.accepted_bytes += sent.wire_bytes;
  sender.largest_bytes = std::max(sender.largest_bytes, sent.wire_bytes);
  ++sender.accepted;
  ++accepted_;
}

void Oracle::OnPublished(PayloadId id, const Message& message,
                         const std::vector<sim::LinkReport>& links) {
  const std::string_view topic = message.text().substr(0, Payload::kTopicBytes);
  const bool to_all = sockets_.at(id.sender).rules.type == SocketType::kXSub;
  for (const sim::LinkReport& link : links) {
    const bool dialed = link.dialer == id.sender;
    if ((!dialed && link.acceptor != id.sender) || !link.until.is_never()) continue;
    if (!(dialed ? link.dialer_ready : link.acceptor_ready)) continue;
    const int to = dialed ? link.acceptor : link.dialer;
    const std::uint64_t read = dialed ? link.dialer_read : link.acceptor_read;
    if (!to_all && !streams_[{link.link, to}].announced.wants(topic, read)) continue;
    FindSent(id)->owed.push_back({link.link, to});
    ++owed_;
  }
}

void Oracle::OnOctets(const sim::TappedOctets& tapped) {
  Stream& stream = streams_[{tapped.link, tapped.from}];
  if (fans_out(tapped.to)) stream.announced.Feed(AsText(tapped.octets));
  stream.tail.append(AsText(tapped.octets));
  const std::string_view all = stream.tail;
  std::size_t done = 0;
  while (done < all.size()) {
    const std::size_t at = all.find(Payload::kMark, done);
    if (at == std::string_view::npos) {
      // The begin of a mark may be there.
      done = std::max(done, all.size() - std::min(all.size(), Payload::kMark.size() - 1));
      break;
    }
    done = at;
    if (all.size() - at < Payload::kHeaderBytes) break;
    const PayloadId id = Payload::IdIn(all.substr(at, Payload::kHeaderBytes));
    stream.begun.push_back(id);
    OnMark(id, {tapped.link, tapped.to, stream.offset + at});
    done = at + Payload::kHeaderBytes;
  }
  stream.offset += done;
  stream.tail.erase(0, done);
}

void Oracle::OnMark(PayloadId id, Begun begun) {
  Sent* sent = FindSent(id);
  if (sent == nullptr || !sent->accepted) {
    Violation(absl::StrCat(Name(id), " was written and never accepted"));
    return;
  }
  if (!fans_out(id.sender) && !sent->begun.empty()) {
    Violation(absl::StrCat(Name(id), " began on link ", sent->begun.back().link, " and again on ",
                           begun.link));
  }
  CheckOrder(id, begun);
  if (sent->begun.empty()) {
    SocketRecord& sender = sockets_.at(id.sender);
    ++sender.begun;
    sender.begun_bytes += sent->wire_bytes;
  }
  sent->begun.push_back(begun);
}

// Who dialed sends on the next link what it was given later than all that began on those before.
void Oracle::CheckOrder(PayloadId id, const Begun& begun) {
  const SocketRecord& sender = sockets_.at(id.sender);
  const auto check = [&](auto* last, const auto& key, std::string_view where) {
    const auto [it, first] = last->try_emplace(key, id.sequence);
    if (!first && it->second >= id.sequence) {
      Violation(absl::StrCat(Name(id), " began behind message ", it->second, " ", where, " ",
                             begun.link));
    }
    it->second = std::max(it->second, id.sequence);
  };
  check(&begun_on_, std::pair(begun.link, id.sender), "on link");
  if (!sender.rules.dials) return;
  const std::size_t place = sockets_.at(begun.to).rules.place;
  const auto gone = gone_dialers_.find({id.sender, place});
  const auto dialer = gone == gone_dialers_.end()
                          ? 0
                          : std::ranges::count_if(gone->second, [&](std::uint64_t last) {
                              return last < begun.link;
                            });
  check(&begun_for_, std::tuple(id.sender, place, static_cast<std::size_t>(dialer)),
        "for the place at the end of link");
}

// ---- Links that the application ends -----------------------------------------------------------

// `sender` hung up, and nothing kept it from writing all that it had handed to the link, nor its
// peer from reading it.
bool Oracle::MustWriteAll(int sender, const sim::LinkReport& link) const {
  const int receiver = link.dialer == sender ? link.acceptor : link.dialer;
  const bool ready = link.dialer_ready && link.acceptor_ready;
  return hung_up(sender, link.link) && ready && !sockets_.at(sender).closing &&
         !MayEnd(sender, receiver, link, /*whole=*/false);
}

// What a socket lost with a link that it ended by a wish, it lost for a reason.
void Oracle::SettleHungUp(const std::vector<sim::LinkReport>& links) {
  for (const auto& [end, hung_up] : hung_up_) {
    const auto lost = lost_with_.find(end);
    const sim::LinkReport* link = Find(links, end.first);
    if (lost == lost_with_.end() || link == nullptr || !MustWriteAll(end.second, *link)) continue;
    Violation(absl::StrCat("socket ", end.second, " lost ", lost->second, " messages with link ",
                           end.first, ", which it hung up and nobody cut"));
  }
}

void Oracle::OnClosing(int socket, Instant patience) {
  sockets_.at(socket).closing = true;
  sockets_.at(socket).patience = patience;
}

bool Oracle::OnReceived(int receiver, const Message& message, Payload* out) {
  ++sockets_.at(receiver).received;
  return OnRebuilt(receiver, message, out);
}

bool Oracle::OnRebuilt(int receiver, const Message& message, Payload* out) {
  const SocketRecord& socket = sockets_.at(receiver);
  const absl::StatusOr<Payload> read = Payload::Read(message, socket.rules.envelope_parts);
  if (!read.ok()) {
    Violation(absl::StrCat("socket ", receiver, ": ", read.status().message()));
    return false;
  }
  *out = *read;
  const bool subscribes =
      socket.rules.type == SocketType::kSub || socket.rules.type == SocketType::kDish;
  if (subscribes && !wants(receiver, read->topic)) {
    Violation(absl::StrCat("socket ", receiver, " received topic ", read->topic,
                           ", to which it has no subscription"));
  }
  return Deliver(receiver, message, read->id);
}

bool Oracle::Deliver(int receiver, const Message& message, PayloadId id) {
  Sent* sent = FindSent(id);
  if (sent == nullptr || !sent->accepted) {
    Violation(absl::StrCat(Name(id), " was received and never accepted"));
    return false;
  }
  const bool again = !sent->delivered_to.insert(receiver).second;
  if (again || (sent->delivered_to.size() > 1 && !fans_out(id.sender))) {
    Violation(absl::StrCat(Name(id), " was received twice, now by socket ", receiver));
    return false;
  }
  CheckHeard(receiver, id, *sent);
  ++delivered_;
  const auto [last, first] =
      last_.try_emplace({{receiver, message.peer().value()}, id.sender}, id.sequence);
  if (!first) {
    if (last->second >= id.sequence) {
      Violation(absl::StrCat(Name(id), " was received by socket ", receiver, " behind message ",
                             last->second, " of the same peer"));
    }
    last->second = id.sequence;
  }
  return true;
}

// Not by a link that the receiver had hung up; unless it takes messages before it gives them out.
void Oracle::CheckHeard(int receiver, PayloadId id, const Sent& sent) {
  const OracleRules& rules = sockets_.at(receiver).rules;
  if (rules.type == SocketType::kReq || rules.type == SocketType::kXPub || rules.conflates) return;
  for (const Begun& begun : sent.begun) {
    const auto it = hung_up_.find({begun.link, receiver});
    if (begun.to != receiver || it == hung_up_.end() || !it->second.stood) continue;
    Violation(absl::StrCat(Name(id), " was received from link ", begun.link, ", which socket ",
                           receiver, " had hung up"));
  }
}

std::optional<std::uint64_t> Oracle::link_of(PayloadId id) {
  const Sent* sent = FindSent(id);
  if (sent == nullptr || sent->begun.empty()) return std::nullopt;
  return sent->begun.back().link;
}

// ---- Subscriptions -----------------------------------------------------------------------------

void Oracle::OnSubscribed(int subscriber, std::string_view prefix, bool on) {
  auto& prefixes = sockets_.at(subscriber).prefixes;
  if (on) {
    prefixes.emplace(prefix);
  } else if (const auto it = prefixes.find(prefix); it != prefixes.end()) {
    prefixes.erase(it);
  }
}

bool Oracle::wants(int subscriber, std::string_view topic) const {
  const SocketRecord& socket = sockets_.at(subscriber);
  const bool exactly = socket.rules.type == SocketType::kDish;
  return std::ranges::any_of(socket.prefixes, [&](const std::string& prefix) {
    return exactly ? topic == prefix : absl::StartsWith(topic, prefix);
  });
}

void Oracle::CheckReached(PayloadId id, std::string_view topic, int subscriber) {
  const bool got = FindSent(id)->delivered_to.contains(subscriber);
  if (got == wants(subscriber, topic)) return;
  Violation(absl::StrCat("topic ", topic, " of socket ", id.sender,
                         got ? " reached" : " did not reach", " socket ", subscriber));
}

// ---- Marks -------------------------------------------------------------------------------------

// What was accepted and has not begun waits in a queue, in a link's chain, or in the batch that is
// out. The first two together are held by the mark, and so is what the batch took of them.
void Oracle::CheckHeld(int sender, const Mark& mark, std::size_t peers, const SocketStats& stats) {
  const SocketRecord& socket = sockets_.at(sender);
  const std::size_t gone = stats.lost + stats.dropped;
  const std::size_t held = socket.accepted - socket.begun;
  const std::uint64_t held_bytes = socket.accepted_bytes - socket.begun_bytes;
  if (mark.messages != 0 && held > 2 * mark.messages * peers + gone) {
    Violation(absl::StrCat("socket ", sender, " holds ", held, " messages for ", peers,
                           " peers; its mark is ", mark.messages));
  }
  const std::uint64_t most = 2 * (mark.bytes + socket.largest_bytes) * peers;
  if (mark.bytes != 0 && held_bytes > most + gone * socket.largest_bytes) {
    Violation(absl::StrCat("socket ", sender, " holds ", held_bytes, " octets for ", peers,
                           " peers; its mark is ", mark.bytes));
  }
}

void Oracle::CheckOwed(int sender, const Mark& mark, const std::vector<sim::LinkReport>& links,
                       const SocketStats& stats) {
  const SocketRecord& socket = sockets_.at(sender);
  for (const sim::LinkReport& link : links) {
    if ((link.dialer != sender && link.acceptor != sender) || !link.until.is_never()) continue;
    std::uint64_t held = 0;
    std::uint64_t held_bytes = 0;
    for (const Sent& sent : socket.sent) {
      const auto here = std::ranges::find(sent.owed, link.link, &Owed::link);
      if (here == sent.owed.end() || began(sent, *here)) continue;
      ++held;
      held_bytes += sent.wire_bytes;
    }
    const auto over = [&](std::uint64_t have, std::uint64_t most, std::string_view what) {
      if (have <= most) return;
      Violation(absl::StrCat("socket ", sender, " holds ", have, " ", what, " for link ", link.link,
                             " beyond its mark"));
    };
    if (mark.messages != 0) over(held, 2 * mark.messages + stats.dropped, "messages");
    const std::uint64_t most = 2 * (mark.bytes + socket.largest_bytes);
    if (mark.bytes != 0) over(held_bytes, most + stats.dropped * socket.largest_bytes, "octets");
  }
}

// A link with a whole message that waits is not read at its mark. So what waits is within the mark
// but for one read and, of octets, the message that was incomplete before.
void Oracle::CheckUntaken(int receiver, const Mark& mark, std::size_t read_bytes,
                          const std::vector<sim::LinkReport>& links) {
  for (const sim::LinkReport& link : links) {
    if ((link.dialer != receiver && link.acceptor != receiver) || !link.until.is_never()) continue;
    if (hung_up(receiver, link.link)) continue;  // what it brought is dropped
    const int sender = link.dialer == receiver ? link.acceptor : link.dialer;
    const Stream& stream = streams_[{link.link, sender}];
    std::size_t untaken = 0;
    std::uint64_t untaken_bytes = 0;
    std::uint64_t largest = 0;
    for (auto id = stream.begun.rbegin(); id != stream.begun.rend(); ++id) {
      const Sent* sent = FindSent(*id);
      if (sent == nullptr || sent->delivered_to.contains(receiver)) break;
      const std::uint64_t end = sent->begun.back().offset + sent->bytes_from_mark;
      if (end > ReadOf(link, sender)) continue;
      ++untaken;
      untaken_bytes += sent->plain_bytes;
      largest = std::max(largest, sent->plain_bytes);
    }
    const auto over = [&](std::uint64_t have, std::uint64_t most, std::string_view what,
                          std::size_t limit) {
      if (limit == 0 || have <= most) return;
      Violation(absl::StrCat("socket ", receiver, " has read ", have, " ", what, " of link ",
                             link.link, " and given out none of them; its mark is ", limit));
    };
    over(untaken, mark.messages + read_bytes / Payload::kLeastBytes + 1, "messages", mark.messages);
    over(untaken_bytes, mark.bytes + read_bytes + largest, "octets", mark.bytes);
  }
}

// ---- Losses ------------------------------------------------------------------------------------

void Oracle::ForbidLoss(int sender) { sockets_.at(sender).loss_forbidden = true; }

void Oracle::AllowLoss(int sender) { sockets_.at(sender).loss_forbidden = false; }

void Oracle::Settle(const std::vector<sim::LinkReport>& links) {
  for (const sim::LinkReport& link : links) {
    if (link.until.is_never()) continue;
    for (const int end : {link.dialer, link.acceptor}) {
      SocketRecord& socket = sockets_.at(end);
      ++socket.links_over;
      if (WroteOn(link, end)) ++socket.links_cut_early;
    }
  }
  SettleHungUp(links);
  for (auto& [number, socket] : sockets_) {
    for (std::size_t i = 0; i < socket.sent.size(); ++i) {
      if (!socket.sent[i].accepted) continue;
      SettleMessage(&socket, {number, static_cast<std::uint32_t>(i)}, socket.sent[i], links);
    }
  }
}

// Did `sender` write anything behind its handshake and its messages, those whose mark was written?
bool Oracle::WroteOn(const sim::LinkReport& link, int sender) {
  const Stream& stream = streams_[{link.link, sender}];
  if (stream.begun.empty()) return link.dialer == sender ? link.dialer_ready : link.acceptor_ready;
  const Sent& last = *FindSent(stream.begun.back());
  const auto here = std::ranges::find(last.begun, link.link, &Begun::link);
  return stream.offset + stream.tail.size() > here->offset + last.bytes_from_mark;
}

void Oracle::SettleMessage(SocketRecord* sender, PayloadId id, const Sent& sent,
                           const std::vector<sim::LinkReport>& links) {
  const bool fans = fans_out(id.sender);
  const bool delivered = !sent.delivered_to.empty();
  for (const Begun& begun : sent.begun) {
    if (fans ? sent.delivered_to.contains(begun.to) : delivered) continue;
    if (const sim::LinkReport* link = Find(links, begun.link)) {
      SettleBegun(sender, id, sent, begun, *link);
    } else {
      Violation(absl::StrCat(Name(id), " began on a link that there is not"));
    }
  }
  if (fans) SettleOwed(id.sender, sent, links);
  if (fans || delivered) return;
  if (sent.begun.empty()) ++sender->never_begun;
  if (sent.loss_forbidden) {
    Violation(absl::StrCat(Name(id), " is missing, although nothing went wrong any more"));
  }
}

// Did the copy begin, on its link or, if whoever dialed kept it, on the next one to that place?
bool Oracle::began(const Sent& sent, const Owed& owed) const {
  const std::size_t place = sockets_.at(owed.to).rules.place;
  return std::ranges::any_of(sent.begun, [&](const Begun& begun) {
    return begun.link == owed.link ||
           (begun.link > owed.link && sockets_.at(begun.to).rules.place == place);
  });
}

void Oracle::SettleOwed(int number, const Sent& sent, const std::vector<sim::LinkReport>& links) {
  SocketRecord& sender = sockets_.at(number);
  for (const Owed& owed : sent.owed) {
    if (began(sent, owed)) continue;
    ++sender.copies_missing;
    const sim::LinkReport* link = Find(links, owed.link);
    const bool stands = link != nullptr && (link->until.is_never() || MustWriteAll(number, *link));
    if (stands || sent.loss_forbidden) ++sender.copies_withheld;
  }
}

// It began there, and was not given out by whoever is at the other end.
void Oracle::SettleBegun(SocketRecord* sender, PayloadId id, const Sent& sent, const Begun& begun,
                         const sim::LinkReport& link) {
  const bool stands = link.until.is_never();
  const std::uint64_t written = link.dialer == id.sender ? link.dialer_wrote : link.acceptor_wrote;
  const std::uint64_t end = begun.offset + sent.bytes_from_mark;
  SocketRecord& receiver = sockets_.at(begun.to);
  // Before its handshake nobody is received from.
  const bool ready = link.dialer == begun.to ? link.dialer_ready : link.acceptor_ready;
  if (end <= ReadOf(link, id.sender)) {
    // Thrown away by rule, and counted; see Close.
    const bool refused =
        !stands && (receiver.rules.refuses_peers || !ready || hung_up(begun.to, link.link));
    ++(receiver.closing || refused ? receiver.let_go : receiver.passed_over);
  } else if (stands) {
    Violation(absl::StrCat(Name(id), written < end ? " is stuck on" : " was not read from",
                           " link ", begun.link, ", which stands"));
  } else {
    ++gone_with_links_;
    if (written < end) ++sender->cut;
    if (MayEnd(id.sender, begun.to, link, written >= end) || !ready) return;
    Violation(absl::StrCat(Name(id), " was not read from link ", begun.link,
                           ", which nobody cut or gave up"));
  }
}

// Could the link end although not all that its sender took for it was read, or even written
// (`whole`)?
bool Oracle::MayEnd(int sender, int receiver, const sim::LinkReport& link, bool whole) const {
  const SocketRecord& from = sockets_.at(sender);
  const SocketRecord& to = sockets_.at(receiver);
  if (link.cut || to.closing || to.rules.refuses_peers || hung_up(receiver, link.link)) return true;
  if (from.rules.gives_up || to.rules.gives_up) return true;
  const auto here = hung_up_.find({link.link, sender});
  const bool over = (here != hung_up_.end() && link.until >= here->second.patience) ||
                    (from.closing && link.until >= from.patience);
  return !whole && over;
}

bool Oracle::Check(int number, std::string_view what, std::uint64_t counted, std::uint64_t least,
                   std::uint64_t most) {
  if (least <= counted && counted <= most) return true;
  Violation(absl::StrCat("socket ", number, " (", SocketTypeName(sockets_.at(number).rules.type),
                         ") counts ", counted, " ", what, ", and it was ", least,
                         most == least ? "" : absl::StrCat(" to ", most)));
  return false;
}

void Oracle::Close(int number, const SocketStats& stats, bool over) {
  const SocketRecord& socket = sockets_.at(number);
  const SocketType type = socket.rules.type;
  Check(number, "received", stats.messages_received, socket.received, socket.received);
  const std::uint64_t unsent = DropsOutput(type) ? std::min(stats.dropped, socket.accepted) : 0;
  Check(number, "sent", stats.messages_sent, socket.accepted - unsent, socket.accepted);
  if (fans_out(number)) {
    CloseFan(number, socket, stats);
    return;
  }
  CheckLosses(number, socket, stats);
  if (!over) CheckKept(number, socket);
}

void Oracle::CheckAtRest(int number, const SocketStats& stats) {
  const SocketRecord& socket = sockets_.at(number);
  CheckLosses(number, socket, stats);
  CheckKept(number, socket);
}

// Who dials gives up nothing that has not begun.
void Oracle::CheckKept(int number, const SocketRecord& socket) {
  if (!socket.rules.keeps || DropsOutput(socket.rules.type)) return;
  Check(number, "that never began", socket.never_begun, 0,
        socket.links_cut_early + socket.given_up);
}

// A message is lost at its sender or dropped there, or dropped at its receiver.
void Oracle::CheckLosses(int number, const SocketRecord& socket, const SocketStats& stats) {
  const bool drops = DropsOutput(socket.rules.type) || socket.rules.conflates;
  const std::uint64_t unsent = socket.never_begun + socket.cut;
  const std::uint64_t missing = unsent + socket.passed_over;
  const std::uint64_t counted = stats.lost + stats.dropped;
  if (!Check(number, "lost or dropped", counted, missing, missing + socket.let_go)) return;
  Check(number, "lost", stats.lost, drops ? 0 : unsent, unsent);
}

// What it received and passed over is dropped too. Of copies that were not known to be owed, any
// may be lost with its link, or dropped at a mark.
void Oracle::CloseFan(int number, const SocketRecord& socket, const SocketStats& stats) {
  const std::uint64_t dropped = socket.passed_over + socket.copies_withheld;
  Check(number, "dropped", stats.dropped, dropped,
        socket.rules.drops_copies ? std::max(dropped, stats.dropped)
                                  : std::max(dropped, socket.passed_over + socket.let_go));
  // XSUB keeps copies for those it dialed who never came.
  const bool may_lose = socket.links_over > 0 || socket.rules.type == SocketType::kXSub;
  Check(number, "lost", stats.lost, socket.cut,
        may_lose ? std::max(stats.lost, socket.cut) : socket.cut);
  const std::uint64_t missing = socket.passed_over + socket.copies_missing + socket.cut;
  Check(number, "lost or dropped", stats.lost + stats.dropped, missing,
        std::max(missing, stats.lost + stats.dropped));
}

}  // namespace monocoque::testing
