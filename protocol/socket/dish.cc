#include "protocol/socket/dish.h"

#include "protocol/drive/cause.h"
#include "protocol/socket/radio.h"

namespace monocoque {
namespace {

// A radio that does not know what we want is worse than none: its link begins anew.
absl::Status NoMemory() { return TerminalStatus(Cause::kTransport, "no memory for a group"); }

}  // namespace

void DishPattern::OnPeerReady(Peer* /*peer*/, Link* link, Instant now) {
  for (const std::string& group : groups_) {
    // The link's events are being drawn: its end is one of them.
    if (!TellOne(link, /*join=*/true, group)) link->connection->Fail(NoMemory(), "", now);
  }
}

bool DishPattern::TellOne(Link* link, bool join, std::string_view group) {
  if (link->connection->SendGroup(join, group).ok()) {
    core_.MarkDirty(link);
    return true;
  }
  return !link->connection->status().ok();
}

void DishPattern::Tell(bool join, std::string_view group, Instant now) {
  core_.ForEachReady([&](Peer* peer) {
    Link* link = peer->ready_link();
    if (!TellOne(link, join, group)) core_.FailPeer(peer, NoMemory(), "", now);
  });
}

absl::Status DishPattern::Join(std::string_view group, Instant now) {
  if (absl::Status fits = CheckGroup(group); !fits.ok()) return fits;
  if (!groups_.emplace(group).second) {
    return absl::AlreadyExistsError("join: this group is joined already");
  }
  Tell(/*join=*/true, group, now);
  return absl::OkStatus();
}

absl::Status DishPattern::Leave(std::string_view group, Instant now) {
  const auto it = groups_.find(group);
  if (it == groups_.end()) return absl::NotFoundError("leave: this group is not joined");
  groups_.erase(it);
  Tell(/*join=*/false, group, now);
  return absl::OkStatus();
}

bool DishPattern::Receive(Message* out, Instant now) {
  while (core_.ReceiveFair(out, now)) {
    if (out->FrontToGroup() && groups_.contains(AsText(out->group()))) return true;
    core_.CountDropped();
    out->Clear();
  }
  return false;
}

}  // namespace monocoque
