// STREAM in a run: what the applications make of octets that know no messages.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sim/run.h"

namespace monocoque::testing {
namespace {

// In front of each payload: how many octets it has, the least first.
constexpr std::size_t kSizeBytes = 4;

std::string SizeOf(std::string_view payload) {
  std::string size;
  for (std::size_t i = 0; i < kSizeBytes; ++i) {
    size += static_cast<char>(payload.size() >> (8 * i));
  }
  return size;
}

std::size_t SizeIn(std::string_view octets) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kSizeBytes; ++i) {
    size |= std::size_t{static_cast<unsigned char>(octets[i])} << (8 * i);
  }
  return size;
}

}  // namespace

// Two parts, which go out behind each other.
Message Run::Delimited(const Message& payload) const {
  const std::string size = SizeOf(payload.text());
  Message message(size);
  message.AddPart(payload.bytes());
  return message;
}

// To whom it may send. A dialer's peer keeps its id; once it is calm those count who are there.
std::vector<std::string> Run::StreamsOf(const Actor& actor) const {
  std::vector<std::string> ids;
  for (const auto& [peer, stream] : actor.streams) {
    // Word that somebody came may be older than our leave.
    const bool known = static_cast<bool>(actor.socket.core().FindPeer(AsBytes(stream.id)));
    if (!stream.left && (!calm_ || (stream.here && known))) ids.push_back(stream.id);
  }
  return ids;
}

// Somebody came or went, or sent octets.
void Run::HandlePiece(Actor* actor, const Message& piece) {
  oracle_.OnNotice(actor->socket.number());
  Stream& stream = actor->streams[piece.peer().value()];
  stream.id = std::string(AsText(piece.routing_id()));
  if (piece.size() > 0) {
    TakeMessages(actor, piece, &stream);
    return;
  }
  stream.here = !stream.here;
  stream.octets.clear();
  if (!stream.here && actor->plan->binds) actor->streams.erase(piece.peer().value());
}

void Run::TakeMessages(Actor* actor, const Message& piece, Stream* stream) {
  if (!stream->here) {
    oracle_.Violation(absl::StrCat("socket ", actor->socket.number(),
                                   " received octets of a peer that had not come"));
  }
  stream->octets.append(piece.text());
  std::string_view left = stream->octets;
  while (left.size() >= kSizeBytes && left.size() - kSizeBytes >= SizeIn(left)) {
    Message message(left.substr(kSizeBytes, SizeIn(left)));
    message.set_peer(piece.peer());
    Payload payload;
    oracle_.OnRebuilt(actor->socket.number(), message, &payload);
    left.remove_prefix(kSizeBytes + SizeIn(left));
  }
  stream->octets.erase(0, stream->octets.size() - left.size());
}

// The peers with a link now.
std::vector<std::uint64_t> Run::StreamsThatAre(const Actor& actor) const {
  std::vector<std::uint64_t> are;
  for (const auto& [peer, stream] : actor.streams) {
    const std::optional<PeerStats> stats = actor.socket.core().peer_stats(PeerId::FromValue(peer));
    if (stats && stats->ready) are.push_back(peer);
  }
  return are;
}

// We ended links of some who `were` there. What an earlier one of a peer had brought may still
// come.
void Run::LeaveStreams(Actor* actor, const std::vector<std::uint64_t>& were) {
  const std::vector<std::uint64_t> are = StreamsThatAre(*actor);
  for (const std::uint64_t peer : were) {
    if (std::ranges::find(are, peer) == are.end()) actor->streams[peer].left = true;
  }
}

// All is at rest: no message is half here on a link that stands.
void Run::CheckStreams(const Actor& actor) {
  for (const auto& [peer, stream] : actor.streams) {
    if (actor.closed || !stream.here || stream.left || stream.octets.empty()) continue;
    oracle_.Violation(absl::StrCat("socket ", actor.socket.number(), " has ", stream.octets.size(),
                                   " octets of a message that never ends"));
  }
}

}  // namespace monocoque::testing
