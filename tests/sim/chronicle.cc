#include "tests/sim/chronicle.h"

#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"

namespace monocoque::testing {

using Kind = SocketEvent::Kind;

void Chronicle::Violation(const SocketEvent& event, std::string_view what) {
  violations_.push_back(absl::StrCat("tells \"", event.ToString(), "\" ", what));
}

void Chronicle::OnEvent(const SocketEvent& event) {
  switch (event.kind) {
    case Kind::kListening:
      if (!listeners_.try_emplace(event.listener, Listener{event.endpoint}).second) {
        Violation(event, "twice");
      }
      return;
    case Kind::kUnlistened:
      if (const auto it = listeners_.find(event.listener); it != listeners_.end()) {
        if (!it->second.listens) Violation(event, "twice");
        it->second.listens = false;
      }
      return;
    case Kind::kListenFailed:
    case Kind::kAcceptFailed:
    case Kind::kSubscriptionRefused:
      return;
    case Kind::kDialing:
      OnDialing(event);
      return;
    case Kind::kAccepted:
      OnAccepted(event);
      return;
    case Kind::kDialFailed:
    case Kind::kConnected:
    case Kind::kReady:
    case Kind::kClosed:
      OnLinkEvent(event);
      return;
    case Kind::kRetry:
    case Kind::kGaveUp:
      OnNext(event);
      return;
    case Kind::kDropsBegan:
    case Kind::kDropsEnded:
      OnDrops(event);
      return;
  }
}

std::vector<LinkId> Chronicle::OnHangUp(std::string_view endpoint) {
  std::vector<LinkId> ended;
  for (auto& [id, link] : links_) {
    const auto dialer = dialers_.find(link.dialer);
    const auto listener = listeners_.find(link.listener);
    const bool dialed = dialer != dialers_.end() && dialer->second.endpoint == endpoint;
    const bool here =
        dialed || (listener != listeners_.end() && listener->second.endpoint == endpoint);
    if (!here || link.hung_up || link.stage == Stage::kOver) continue;
    link.hung_up = true;
    if (!dialed || dialer->second.attempt == id) ended.push_back(id);
  }
  for (auto& [id, dialer] : dialers_) {
    if (dialer.endpoint == endpoint) dialer.gone = true;
  }
  return ended;
}

bool Chronicle::disconnected(LinkId link) const {
  const auto it = links_.find(link);
  return it != links_.end() && it->second.dialer && it->second.hung_up;
}

bool Chronicle::attached(std::string_view endpoint) const {
  bool ready = false;
  for (const auto& [id, link] : links_) {
    const auto dialer = dialers_.find(link.dialer);
    if (dialer == dialers_.end() || dialer->second.endpoint != endpoint) continue;
    if (dialer->second.gone || link.stage == Stage::kOver) continue;
    // Its attempt, and no earlier link.
    if (id != dialer->second.attempt || link.stage != Stage::kReady) return false;
    ready = true;
  }
  return ready;
}

void Chronicle::OnAccepted(const SocketEvent& event) {
  const auto listener = listeners_.find(event.listener);
  if (listener != listeners_.end() && !listener->second.listens) {
    Violation(event, "although it listens no more");
  }
  Link link{.stage = Stage::kOpen};
  link.listener = event.listener;
  if (!links_.try_emplace(event.link, link).second) Violation(event, "of a link that there was");
}

void Chronicle::OnDialing(const SocketEvent& event) {
  Dialer& dialer = dialers_[event.dialer];
  if (dialer.attempt || dialer.given_up || dialer.gone) {
    Violation(event, "although it need not dial");
  }
  dialer.endpoint = event.endpoint;
  dialer.attempt = event.link;
  dialer.pausing = false;
  Link link;
  link.dialer = event.dialer;
  if (!links_.try_emplace(event.link, link).second) {
    Violation(event, "of a link that there was");
  }
}

void Chronicle::OnLinkEvent(const SocketEvent& event) {
  const auto it = links_.find(event.link);
  if (it == links_.end()) {
    Violation(event, "of a link that had not begun");
    return;
  }
  Link& link = it->second;
  const Stage before = link.stage;
  if (link.hung_up && event.kind != Kind::kClosed) Violation(event, "although it was hung up");
  switch (event.kind) {
    case Kind::kConnected:
      link.stage = Stage::kOpen;
      if (before != Stage::kDialing) Violation(event, "out of turn");
      return;
    case Kind::kReady:
      link.stage = Stage::kReady;
      link.peer = event.peer;
      if (before != Stage::kOpen) Violation(event, "out of turn");
      if (link.dialer) ++dialers_[event.dialer].ready;
      return;
    case Kind::kDialFailed:
      // A transport may stand, and find no memory.
      link.stage = Stage::kOver;
      if (before != Stage::kDialing && before != Stage::kOpen) Violation(event, "out of turn");
      return;
    default:
      if (before != Stage::kOpen && before != Stage::kReady) Violation(event, "out of turn");
      OnClosed(event, &link);
      return;
  }
}

void Chronicle::OnClosed(const SocketEvent& event, Link* link) {
  if (event.was_ready != (link->stage == Stage::kReady)) {
    Violation(event, "and not truly whether it was ready");
  }
  if (link->stage == Stage::kReady && event.peer != link->peer) Violation(event, "of another peer");
  link->stage = Stage::kOver;
  lost_ += event.lost_messages;
  if (over_ || event.lost_messages == 0 || link->hung_up) return;
  if (CauseOf(event.status) == Cause::kLocal) Violation(event, "and closed it by itself");
  if (link->dialer && keeps_ && event.lost_messages > 1) {
    Violation(event, "and its dialer keeps what had not begun");
  }
}

// The attempt is over, or about to be.
void Chronicle::OnNext(const SocketEvent& event) {
  Dialer& dialer = dialers_[event.dialer];
  if (!dialer.attempt || dialer.pausing || dialer.gone) Violation(event, "out of turn");
  dialer.attempt = LinkId();
  dialer.pausing = event.kind == Kind::kRetry;
  dialer.given_up = event.kind == Kind::kGaveUp;
}

void Chronicle::OnDrops(const SocketEvent& event) {
  if (event.kind == Kind::kDropsBegan) {
    if (!dropping_.insert(event.peer).second) Violation(event, "twice");
    return;
  }
  if (dropping_.erase(event.peer) == 0) Violation(event, "without a begin");
  if (event.dropped_messages == 0) Violation(event, "of none");
  dropped_ += event.dropped_messages;
}

void Chronicle::CheckCount(std::string_view what, std::uint64_t counted, std::uint64_t told) {
  if (counted == told) return;
  violations_.push_back(
      absl::StrCat("counts ", counted, " ", what, ", and its events tell ", told));
}

void Chronicle::Close(const SocketStats& stats) {
  for (const auto& [id, listener] : listeners_) {
    if (listener.listens) violations_.push_back("never tells that it listens no more");
  }
  for (const auto& [id, link] : links_) {
    // A dial that the close ends is told of by nothing.
    if (link.stage == Stage::kOver || link.stage == Stage::kDialing) continue;
    violations_.push_back(absl::StrCat("never tells that link ", id.value(), " ended"));
  }
  if (!dropping_.empty()) violations_.push_back("never tells that drops ended");
  std::uint64_t reconnects = 0;
  for (const auto& [id, dialer] : dialers_) {
    if (dialer.ready > 1) reconnects += dialer.ready - 1;
  }
  CheckCount("reconnects", stats.reconnects, reconnects);
  CheckCount("events that were lost", stats.events_lost, 0);
  if (!over_ || stats.lost < lost_) CheckCount("lost", stats.lost, lost_);
  if (stats.dropped < dropped_) CheckCount("dropped", stats.dropped, dropped_);
}

}  // namespace monocoque::testing
