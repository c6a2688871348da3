#include "adapters/inproc_links.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace monocoque {
namespace {

TransportInfo Described(const std::string& name) {
  const std::string endpoint = absl::StrCat("inproc://", name);
  return {endpoint, endpoint};
}

}  // namespace

InprocLinks::InprocLinks(std::shared_ptr<InprocHub> hub, Socket* machine,
                         std::shared_ptr<Waker> waker, std::function<void(LinkId)> on_over)
    : hub_(std::move(hub)),
      machine_(*machine),
      inbox_(std::make_shared<InprocInbox>(std::move(waker))),
      on_over_(std::move(on_over)) {}

InprocLinks::~InprocLinks() {
  for (const auto& [id, name] : listeners_) hub_->Unlisten(name);
  for (const auto& [id, name] : dials_) hub_->Cancel(name, inbox_.get(), id);
  inbox_->Close();
}

absl::Status InprocLinks::Listen(const action::Listen& listen) {
  const std::string& name = listen.endpoint->path;
  absl::Status taken = hub_->Listen(name, inbox_, listen.listener);
  if (taken.ok()) listeners_[listen.listener] = name;
  return taken;
}

void InprocLinks::Dial(const action::Dial& dial) {
  dials_[dial.link] = dial.endpoint->path;
  hub_->Dial(dial.endpoint->path, inbox_, dial.link);
}

bool InprocLinks::Unlisten(const action::Unlisten& unlisten) {
  const auto listener = listeners_.extract(unlisten.listener);
  if (!listener) return false;
  hub_->Unlisten(listener.mapped());
  return true;
}

bool InprocLinks::SetAccepting(const action::Accepting& accepting) {
  const auto listener = listeners_.find(accepting.listener);
  if (listener == listeners_.end()) return false;
  hub_->SetAccepting(listener->second, accepting.on);
  return true;
}

bool InprocLinks::SetReading(const action::Read& read) {
  const auto it = links_.find(read.link);
  if (it == links_.end()) return false;
  it->second.paused = read.hint.mode == ReadMode::kPaused;
  // Octets are facts: they come at the beginning of a turn.
  if (!it->second.paused) ComeBack(read.link);
  return true;
}

bool InprocLinks::Close(const action::CloseLink& close, Instant now) {
  if (const auto dial = dials_.extract(close.link)) {
    hub_->Cancel(dial.mapped(), inbox_.get(), close.link);
    return true;
  }
  auto node = links_.extract(close.link);
  if (!node) return false;
  ComeBack(close.link);
  Link& link = node.mapped();
  if (!link.writing) return true;
  // What is under way is in memory already: there is no waiting for room at the end.
  const bool written = close.mode == CloseMode::kGraceful && link.end.Write(&link.batch, true);
  const std::size_t bytes = link.batch.written();
  machine_.ReturnBatch(close.link, std::move(link.batch), bytes,
                       written ? absl::OkStatus() : absl::UnavailableError("closed"), now);
  return true;
}

bool InprocLinks::Write(LinkId id, TransmitBatch* batch, Instant now) {
  const auto it = links_.find(id);
  if (it == links_.end()) return false;
  it->second.batch = std::move(*batch);
  it->second.writing = true;
  Write(id, &it->second, now);
  return true;
}

void InprocLinks::Write(LinkId id, Link* link, Instant now) {
  if (!link->end.Write(&link->batch)) {
    End(id, link, now);
  } else if (link->batch.empty()) {
    link->writing = false;
    const std::size_t bytes = link->batch.written();
    machine_.ReturnBatch(id, std::move(link->batch), bytes, absl::OkStatus(), now);
  } else {
    machine_.OnWritten(id, link->batch.written(), now);
  }
}

void InprocLinks::ComeBack(LinkId id) { inbox_->Push({ListenerId(), id, InprocEnd()}); }

bool InprocLinks::Turn(Instant now) {
  std::vector<InprocInbox::Notice> notices = inbox_->Take();
  for (InprocInbox::Notice& notice : notices) OnNotice(std::move(notice), now);
  return !notices.empty();
}

void InprocLinks::Open(LinkId id, InprocEnd end) {
  Link& link = links_[id];
  link.end = std::move(end);
  link.end.Attach(inbox_, id);
}

void InprocLinks::OnNotice(InprocInbox::Notice notice, Instant now) {
  if (notice.listener) {
    const auto listener = listeners_.find(notice.listener);
    if (listener == listeners_.end()) return;
    const absl::StatusOr<LinkId> link =
        machine_.OnAccepted(notice.listener, Described(listener->second), now);
    if (link.ok()) {
      Open(*link, std::move(notice.end));
    } else if (!absl::IsUnavailable(link.status())) {
      machine_.OnAcceptFailed(notice.listener, link.status(), now);
    }
    return;
  }
  if (notice.end) {
    auto dial = dials_.extract(notice.link);
    if (!dial) return;
    machine_.OnDialed(notice.link, Described(dial.mapped()), now);
    Open(notice.link, std::move(notice.end));
    return;
  }
  const auto it = links_.find(notice.link);
  if (it == links_.end()) return;
  if (it->second.writing) Write(notice.link, &it->second, now);
  // It may have ended.
  if (const auto link = links_.find(notice.link); link != links_.end()) {
    Read(notice.link, &link->second, now);
  }
}

void InprocLinks::Read(LinkId id, Link* link, Instant now) {
  if (!link->paused && !Donate(id, link, now)) End(id, link, now);
}

// False: the peer is gone, and nothing more comes.
bool InprocLinks::Donate(LinkId id, Link* link, Instant now) {
  const bool open = link->end.Read(&slices_);
  for (Slice& slice : slices_) (void)machine_.Donate(id, std::move(slice), now);
  slices_.clear();
  return open;
}

// What it sent before is read, paused or not: whole messages are delivered.
void InprocLinks::End(LinkId id, Link* link, Instant now) {
  Donate(id, link, now);
  if (link->writing) {
    const std::size_t bytes = link->batch.written();
    machine_.ReturnBatch(id, std::move(link->batch), bytes, absl::OkStatus(), now);
  }
  links_.erase(id);
  if (on_over_) on_over_(id);
  machine_.OnTransportClosed(id, absl::OkStatus(), now);
  ComeBack(id);
}

}  // namespace monocoque
