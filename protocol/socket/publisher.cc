#include "protocol/socket/publisher.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "protocol/connection/writer.h"
#include "protocol/socket/core.h"
#include "protocol/wire/message_encoding.h"

namespace monocoque {

Publisher::Publisher(SocketCore* core) : core_(*core), log_(core->pool(), core->budget()) {}

void Publisher::Enter(List* list, Subscriber* subscriber) {
  subscriber->place = list->size();
  list->push_back(subscriber);
}

void Publisher::Exit(List* list, Subscriber* subscriber) {
  Subscriber* last = list->back();
  list->pop_back();
  if (last == subscriber) return;
  last->place = subscriber->place;
  (*list)[last->place] = last;
}

bool Publisher::FitsInStep(const Subscriber& subscriber) const {
  const Peer& peer = *subscriber.peer;
  return peer.link != nullptr && peer.queue.empty() && core_.CanTake(peer) &&
         !core_.options().conflate && peer.link->connection->shares_encoding();
}

void Publisher::StepIn(Subscriber* subscriber) {
  subscriber->stream = Subscriber::Stream::kInStep;
  subscriber->cursor = log_.end();
  subscriber->cursor_messages = log_messages_;
  Enter(&in_step_, subscriber);
  // Measured anew with the next message, and told to write.
  room_messages_ = 0;
  dirty_ = false;
}

void Publisher::StepAside(Subscriber* subscriber) {
  Gather(subscriber);
  Exit(&in_step_, subscriber);
  subscriber->stream = Subscriber::Stream::kAside;
  Enter(&aside_, subscriber);
}

void Publisher::Join(Subscriber* subscriber) {
  if (subscriber->stream != Subscriber::Stream::kOut) return;
  if (FitsInStep(*subscriber)) {
    StepIn(subscriber);
  } else {
    subscriber->stream = Subscriber::Stream::kAside;
    Enter(&aside_, subscriber);
  }
}

void Publisher::Leave(Subscriber* subscriber) {
  if (subscriber->stream == Subscriber::Stream::kInStep) {
    Gather(subscriber);
    Exit(&in_step_, subscriber);
  } else if (subscriber->stream == Subscriber::Stream::kAside) {
    Exit(&aside_, subscriber);
  }
  subscriber->stream = Subscriber::Stream::kOut;
  if (in_step_.empty()) {
    log_.Rest();
    log_messages_ = 0;
    dirty_ = false;
  }
}

void Publisher::Gather(Subscriber* subscriber) {
  if (subscriber->stream != Subscriber::Stream::kInStep || subscriber->cursor == log_.end()) return;
  Link* link = subscriber->peer->link;
  if (link == nullptr) return;
  link->connection->SendEncoded(log_.Range(subscriber->cursor, log_.end()),
                                log_messages_ - subscriber->cursor_messages);
  subscriber->peer->sent += log_messages_ - subscriber->cursor_messages;
  subscriber->cursor = log_.end();
  subscriber->cursor_messages = log_messages_;
  // It is not among those told to write any more, once it has written.
  dirty_ = false;
}

Unsent Publisher::Ungathered(const Subscriber& subscriber) const {
  if (subscriber.stream != Subscriber::Stream::kInStep) return {};
  return {log_messages_ - subscriber.cursor_messages, log_.end() - subscriber.cursor};
}

void Publisher::OnRoom(Subscriber* subscriber) {
  if (subscriber->stream != Subscriber::Stream::kAside || !FitsInStep(*subscriber)) return;
  Exit(&aside_, subscriber);
  StepIn(subscriber);
}

void Publisher::MeasureRoom() {
  const Mark& mark = core_.options().send_mark;
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  room_messages_ = room_bytes_ = kNoLimit;
  for (std::size_t i = 0; i < in_step_.size();) {
    Subscriber* subscriber = in_step_[i];
    const Connection& connection = *subscriber->peer->link->connection;
    const Unsent ungathered = Ungathered(*subscriber);
    const std::size_t messages = connection.unsent_messages() + ungathered.messages;
    const std::size_t bytes = connection.unsent_bytes() + ungathered.bytes;
    if (mark.Reached(messages, bytes)) {
      StepAside(subscriber);  // another has its place now
      continue;
    }
    if (mark.messages != 0) room_messages_ = std::min(room_messages_, mark.messages - messages);
    if (mark.bytes != 0) room_bytes_ = std::min(room_bytes_, mark.bytes - bytes);
    ++i;
  }
}

bool Publisher::AllCanTake(const Message& message) {
  // A large one goes to each link by itself, where commands count as well.
  const bool each = message.payload().size() > Writer::kCopyBytes;
  if ((each || !room()) && !in_step_.empty()) MeasureRoom();
  return std::ranges::all_of(aside_,
                             [this](const Subscriber* each) { return core_.AskRoom(each->peer); });
}

void Publisher::SendTo(Subscriber* subscriber, const Message& message, Bytes prefix) {
  Gather(subscriber);
  if (!core_.SendCopy(subscriber->peer, message, prefix)) core_.DropFor(subscriber->peer);
}

void Publisher::PublishAside(const Message& message, Bytes prefix) {
  for (Subscriber* subscriber : aside_) {
    if (!core_.SendCopy(subscriber->peer, message, prefix)) core_.DropFor(subscriber->peer);
  }
}

absl::Status Publisher::Keep(Message* message) {
  if (message->payload().size() <= Writer::kCopyBytes || message->Own()) return absl::OkStatus();
  return absl::ResourceExhaustedError("send: there is no memory for the message");
}

void Publisher::Publish(const Message& message, Bytes prefix) {
  // First, so that nobody who steps aside now gets it twice.
  if (!aside_.empty()) PublishAside(message, prefix);
  if (in_step_.empty()) return;
  if (!room()) [[unlikely]] {
    const std::size_t aside = aside_.size();
    MeasureRoom();
    for (std::size_t i = aside; i < aside_.size(); ++i) core_.DropFor(aside_[i]->peer);
    if (in_step_.empty()) return;
  }
  const std::size_t bytes = message.wire_bytes() + prefix.size();
  --room_messages_;
  room_bytes_ -= std::min(room_bytes_, bytes);
  if (message.payload().size() > Writer::kCopyBytes || !Append(message, prefix, bytes)) {
    // A large body is referenced by each link; it costs no copy either.
    for (Subscriber* subscriber : in_step_) SendTo(subscriber, message, prefix);
    return;
  }
  if (dirty_) [[likely]]
    return;
  for (Subscriber* subscriber : in_step_) core_.MarkDirty(subscriber->peer->link);
  dirty_ = true;
}

std::size_t Publisher::pending_bytes() const {
  if (in_step_.empty()) return 0;
  const Subscriber& first = *in_step_.front();
  const Connection& connection = *first.peer->link->connection;
  return connection.in_flight() ? 0 : connection.unsent_bytes() + log_.end() - first.cursor;
}

// False if memory is refused; then nothing was appended.
bool Publisher::Append(const Message& message, Bytes prefix, std::size_t bytes) {
  if (log_.room() < bytes + kEncodeSlackBytes) {
    for (Subscriber* subscriber : in_step_) Gather(subscriber);
    if (bytes + kEncodeSlackBytes > log_.slab_bytes() || !log_.Roll()) return false;
    log_messages_ = 0;
    for (Subscriber* subscriber : in_step_) {
      subscriber->cursor = 0;
      subscriber->cursor_messages = 0;
    }
  }
  EncodeMessage(message, prefix, log_.Prepare());
  log_.Commit(bytes);
  ++log_messages_;
  return true;
}

}  // namespace monocoque
