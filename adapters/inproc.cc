#include "adapters/inproc.h"

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace monocoque {
namespace {

// Octets under way in one direction: beyond, the writer waits.
constexpr std::size_t kCapacityBytes = 1024 * 1024;

}  // namespace

struct InprocEnd::Stream {
  // What goes to one side, and who is told there.
  struct Side {
    std::vector<Slice> slices;
    std::size_t bytes = 0;
    bool writer_waits = false;
    bool closed = false;  // by this side
    std::shared_ptr<InprocInbox> inbox;
    LinkId link;
  };

  // To be called without the lock.
  static void Tell(const std::shared_ptr<InprocInbox>& inbox, LinkId link) {
    if (inbox != nullptr) inbox->Push({ListenerId(), link, InprocEnd()});
  }

  std::mutex mutex;
  std::array<Side, 2> sides;
};

std::pair<InprocEnd, InprocEnd> InprocEnd::MakePair() {
  auto stream = std::make_shared<Stream>();
  return {InprocEnd(stream, 0), InprocEnd(stream, 1)};
}

InprocEnd::~InprocEnd() {
  if (stream_ == nullptr) return;
  std::shared_ptr<InprocInbox> own;
  std::vector<Slice> unread;
  std::shared_ptr<InprocInbox> inbox;
  LinkId link;
  {
    const std::lock_guard lock(stream_->mutex);
    Stream::Side& mine = stream_->sides[side_];
    mine.closed = true;
    own = std::move(mine.inbox);
    unread = std::move(mine.slices);
    const Stream::Side& peer = stream_->sides[1 - side_];
    inbox = peer.inbox;
    link = peer.link;
  }
  Stream::Tell(inbox, link);
}

void InprocEnd::Attach(std::shared_ptr<InprocInbox> inbox, LinkId link) {
  {
    const std::lock_guard lock(stream_->mutex);
    stream_->sides[side_].inbox = inbox;
    stream_->sides[side_].link = link;
  }
  Stream::Tell(inbox, link);
}

bool InprocEnd::Write(TransmitBatch* batch, bool all) {
  std::shared_ptr<InprocInbox> inbox;
  LinkId link;
  {
    const std::lock_guard lock(stream_->mutex);
    Stream::Side& peer = stream_->sides[1 - side_];
    if (peer.closed) return false;
    const bool was_empty = peer.slices.empty();
    while (!batch->empty() && (all || peer.bytes < kCapacityBytes)) {
      Slice slice = batch->Take();
      peer.bytes += slice.size();
      peer.slices.push_back(std::move(slice));
    }
    peer.writer_waits = !batch->empty();
    if (was_empty && !peer.slices.empty()) {
      inbox = peer.inbox;
      link = peer.link;
    }
  }
  Stream::Tell(inbox, link);
  return true;
}

bool InprocEnd::Read(std::vector<Slice>* out) {
  std::shared_ptr<InprocInbox> inbox;
  LinkId link;
  bool more_may_come = false;
  {
    const std::lock_guard lock(stream_->mutex);
    Stream::Side& mine = stream_->sides[side_];
    const Stream::Side& peer = stream_->sides[1 - side_];
    for (Slice& slice : mine.slices) out->push_back(std::move(slice));
    mine.slices.clear();
    mine.bytes = 0;
    if (std::exchange(mine.writer_waits, false)) {
      inbox = peer.inbox;
      link = peer.link;
    }
    more_may_come = !peer.closed;
  }
  Stream::Tell(inbox, link);
  return more_may_come;
}

void InprocInbox::Push(Notice notice) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    notices_.push_back(std::move(notice));
    any_.store(true, std::memory_order_relaxed);
    // Whoever has not taken the first one yet was woken for it.
    if (notices_.size() > 1) return;
  }
  waker_->Wake();
}

// Whoever was woken for a notice sees it: the waker is called after it was left.
std::vector<InprocInbox::Notice> InprocInbox::Take() {
  if (!any_.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(mutex_);
  any_.store(false, std::memory_order_relaxed);
  return std::exchange(notices_, {});
}

void InprocInbox::Close() {
  std::vector<Notice> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  any_.store(false, std::memory_order_relaxed);
  dropped = std::exchange(notices_, {});
}

const std::shared_ptr<InprocHub>& InprocHub::OfProcess() {
  static const auto* const hub = new std::shared_ptr<InprocHub>(std::make_shared<InprocHub>());
  return *hub;
}

absl::Status InprocHub::Listen(const std::string& name, std::shared_ptr<InprocInbox> inbox,
                               ListenerId id) {
  const std::lock_guard lock(mutex_);
  Name& entry = names_[name];
  if (entry.inbox != nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("bind inproc://", absl::CHexEscape(name),
                     ": the name is in use; another socket of this process listens there. Use "
                     "another name, or end the other."));
  }
  entry.inbox = std::move(inbox);
  entry.listener = id;
  entry.accepting = true;
  Connect(&entry);
  return absl::OkStatus();
}

// Nobody listens at the name, and nobody waits for it.
void InprocHub::ForgetIfUnused(const std::string& name) {
  const auto it = names_.find(name);
  if (it->second.inbox == nullptr && it->second.waiting.empty()) names_.erase(it);
}

void InprocHub::Unlisten(const std::string& name) {
  const std::lock_guard lock(mutex_);
  names_[name].inbox = nullptr;
  ForgetIfUnused(name);
}

bool InprocHub::IsListening(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = names_.find(name);
  return it != names_.end() && it->second.inbox != nullptr;
}

void InprocHub::SetAccepting(const std::string& name, bool on) {
  const std::lock_guard lock(mutex_);
  names_[name].accepting = on;
  Connect(&names_[name]);
}

void InprocHub::Dial(const std::string& name, std::shared_ptr<InprocInbox> inbox, LinkId link) {
  const std::lock_guard lock(mutex_);
  Name& entry = names_[name];
  entry.waiting.push_back({std::move(inbox), link});
  Connect(&entry);
}

void InprocHub::Cancel(const std::string& name, const InprocInbox* inbox, LinkId link) {
  const std::lock_guard lock(mutex_);
  std::erase_if(names_[name].waiting, [&](const Waiting& waiting) {
    return waiting.inbox.get() == inbox && waiting.link == link;
  });
  ForgetIfUnused(name);
}

void InprocHub::Connect(Name* name) {
  while (name->inbox != nullptr && name->accepting && !name->waiting.empty()) {
    const Waiting dialer = std::move(name->waiting.front());
    name->waiting.pop_front();
    auto [near, far] = InprocEnd::MakePair();
    name->inbox->Push({name->listener, LinkId(), std::move(near)});
    dialer.inbox->Push({ListenerId(), dialer.link, std::move(far)});
  }
}

}  // namespace monocoque
