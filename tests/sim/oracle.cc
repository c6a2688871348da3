#include "tests/sim/oracle.h"

#include <algorithm>
#include <string_view>

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

// Input that a type throws away by its rules counts as dropped at the receiver; what cannot be
// sent, at the sender.
bool DropsOutput(SocketType type) {
  return type == SocketType::kRouter || type == SocketType::kRep;
}

}  // namespace

void Oracle::Add(int socket, SocketType type) { sockets_[socket].type = type; }

bool Oracle::fans_out(int sender) const {
  const SocketType type = sockets_.at(sender).type;
  return type == SocketType::kPub || type == SocketType::kXPub || type == SocketType::kXSub;
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
  sent.bytes_from_mark = Payload::BytesFromMark(message);
  ++sender.accepted;
  ++accepted_;
}

void Oracle::OnOctets(const sim::TappedOctets& tapped) {
  Stream& stream = streams_[{tapped.link, tapped.from}];
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
    OnMark(Payload::IdIn(all.substr(at, Payload::kHeaderBytes)),
           {tapped.link, tapped.to, stream.offset + at});
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
  if (sent->begun.empty()) ++sockets_.at(id.sender).begun;
  sent->begun.push_back(begun);
}

std::size_t Oracle::waiting(int sender) const {
  const SocketRecord& record = sockets_.at(sender);
  return record.accepted - record.begun;
}

bool Oracle::OnReceived(int receiver, const Message& message, Payload* out) {
  SocketRecord& socket = sockets_.at(receiver);
  ++socket.received;
  const absl::StatusOr<Payload> read = Payload::Read(message);
  if (!read.ok()) {
    Violation(absl::StrCat("socket ", receiver, ": ", read.status().message()));
    return false;
  }
  *out = *read;
  Sent* sent = FindSent(read->id);
  if (sent == nullptr || !sent->accepted) {
    Violation(absl::StrCat(Name(read->id), " was received and never accepted"));
    return false;
  }
  const bool again = !sent->delivered_to.insert(receiver).second;
  if (again || (sent->delivered_to.size() > 1 && !fans_out(read->id.sender))) {
    Violation(absl::StrCat(Name(read->id), " was received twice, now by socket ", receiver));
    return false;
  }
  ++delivered_;
  const auto [last, first] =
      last_.try_emplace({{receiver, message.peer().value()}, read->id.sender}, read->id.sequence);
  if (!first) {
    if (last->second >= read->id.sequence) {
      Violation(absl::StrCat(Name(read->id), " was received by socket ", receiver,
                             " behind message ", last->second, " of the same peer"));
    }
    last->second = read->id.sequence;
  }
  return true;
}

void Oracle::ForbidLoss(int sender) { sockets_.at(sender).loss_forbidden = true; }

void Oracle::AllowLoss(int sender) { sockets_.at(sender).loss_forbidden = false; }

void Oracle::Settle(const std::vector<sim::LinkReport>& links) {
  for (auto& [number, socket] : sockets_) {
    for (std::size_t i = 0; i < socket.sent.size(); ++i) {
      if (!socket.sent[i].accepted) continue;
      SettleMessage(&socket, {number, static_cast<std::uint32_t>(i)}, socket.sent[i], links);
    }
  }
}

void Oracle::SettleMessage(SocketRecord* sender, PayloadId id, const Sent& sent,
                           const std::vector<sim::LinkReport>& links) {
  const bool fans = fans_out(id.sender);
  bool delivered = !sent.delivered_to.empty();
  for (const Begun& begun : sent.begun) {
    if (fans ? sent.delivered_to.contains(begun.to) : delivered) continue;
    const sim::LinkReport* link = Find(links, begun.link);
    if (link == nullptr) {
      Violation(absl::StrCat(Name(id), " began on a link that there is not"));
      continue;
    }
    const bool dialed = link->dialer == id.sender;
    const std::uint64_t written = dialed ? link->dialer_wrote : link->acceptor_wrote;
    const std::uint64_t end = begun.offset + sent.bytes_from_mark;
    const bool whole = written >= end;
    if (!link->until.is_never()) {
      ++gone_with_links_;
      if (!whole) ++sender->cut;
    } else if (!whole) {
      Violation(absl::StrCat(Name(id), " is stuck on link ", begun.link, ", which stands"));
    } else {
      // Its receiver may have thrown it away by rule, and counted it; see Close.
      ++sockets_.at(begun.to).passed_over;
    }
  }
  if (fans || delivered) return;
  if (sent.begun.empty()) ++sender->never_begun;
  if (sent.loss_forbidden) {
    Violation(absl::StrCat(Name(id), " is missing, although nothing went wrong any more"));
  }
}

void Oracle::Close(int number, const SocketStats& stats) {
  const SocketRecord& socket = sockets_.at(number);
  const auto check = [&](std::string_view what, std::uint64_t counted, std::uint64_t seen) {
    if (counted == seen) return;
    Violation(absl::StrCat("socket ", number, " (", SocketTypeName(socket.type), ") counts ",
                           counted, " ", what, ", and it was ", seen));
  };
  check("received", stats.messages_received, socket.received);
  if (DropsOutput(socket.type)) {
    check("sent or dropped", stats.messages_sent + stats.dropped, socket.accepted);
    check("lost or dropped", stats.lost + stats.dropped, socket.never_begun + socket.cut);
  } else {
    check("sent", stats.messages_sent, socket.accepted);
    if (!fans_out(number)) check("lost", stats.lost, socket.never_begun + socket.cut);
    if (socket.passed_over > stats.dropped) {
      Violation(absl::StrCat("socket ", number, " (", SocketTypeName(socket.type), ") was given ",
                             socket.passed_over,
                             " messages on links that stand, which it neither gave out nor counts "
                             "as dropped; it counts ",
                             stats.dropped));
    }
  }
  if (DropsOutput(socket.type) && socket.passed_over > 0) {
    Violation(absl::StrCat("socket ", number, " (", SocketTypeName(socket.type), ") kept ",
                           socket.passed_over, " messages on links that stand"));
  }
}

}  // namespace monocoque::testing
