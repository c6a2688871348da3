#include "protocol/socket/pattern.h"

#include "absl/strings/str_cat.h"
#include "protocol/socket/conflating.h"
#include "protocol/socket/dish.h"
#include "protocol/socket/pair.h"
#include "protocol/socket/pipeline.h"
#include "protocol/socket/pub.h"
#include "protocol/socket/radio.h"
#include "protocol/socket/rep.h"
#include "protocol/socket/req.h"
#include "protocol/socket/router.h"
#include "protocol/socket/server.h"
#include "protocol/socket/single_part.h"
#include "protocol/socket/stream.h"
#include "protocol/socket/sub.h"
#include "protocol/socket/xpub.h"
#include "protocol/socket/xsub.h"

namespace monocoque {

absl::Status Pattern::SendTo(Peer* peer, Message* message, Instant now) {
  return core_.SendToPeer(peer, message, {}, now) ? absl::OkStatus() : absl::UnavailableError("");
}

namespace {

absl::Status NoSubscriptions(SocketType type) {
  return absl::FailedPreconditionError(
      absl::StrCat("subscribe: ", SocketTypeName(type), " has no subscriptions"));
}

absl::Status NoGroups(SocketType type) {
  return absl::FailedPreconditionError(
      absl::StrCat("join: ", SocketTypeName(type), " joins no groups"));
}

}  // namespace

absl::Status Pattern::OnlySends() const {
  return absl::FailedPreconditionError(
      absl::StrCat("receive: ", SocketTypeName(core_.type()), " only sends"));
}

absl::Status Pattern::OnlyReceives() const {
  return absl::FailedPreconditionError(
      absl::StrCat("send: ", SocketTypeName(core_.type()), " only receives"));
}

absl::Status CheckSinglePart(SocketType type, const Message& message) {
  if (!message.multipart()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("send: ", SocketTypeName(type),
                                                 " sends messages of one part, not of ",
                                                 message.part_count()));
}

absl::Status Pattern::Join(std::string_view, Instant) { return NoGroups(core_.type()); }
absl::Status Pattern::Leave(std::string_view, Instant) { return NoGroups(core_.type()); }
absl::Status Pattern::Subscribe(Bytes, Instant) { return NoSubscriptions(core_.type()); }
absl::Status Pattern::Unsubscribe(Bytes, Instant) { return NoSubscriptions(core_.type()); }
absl::Status Pattern::SubscribeFor(Peer*, Bytes, Instant) { return NoSubscriptions(core_.type()); }
absl::Status Pattern::UnsubscribeFor(Peer*, Bytes, Instant) {
  return NoSubscriptions(core_.type());
}

namespace {

// With the option, one that keeps the newest messages alone of those received.
template <typename P>
std::unique_ptr<Pattern> MakeConflating(SocketCore* core) {
  if (core->options().conflate) return std::make_unique<Conflating<P>>(core);
  return std::make_unique<P>(core);
}

}  // namespace

std::unique_ptr<Pattern> MakePattern(SocketType type, SocketCore* core) {
  switch (type) {
    case SocketType::kPair:
      return std::make_unique<PairPattern>(core);
    case SocketType::kPush:
      return std::make_unique<PushPattern>(core);
    case SocketType::kPull:
      return MakeConflating<PullPattern>(core);
    case SocketType::kDealer:
      return MakeConflating<DealerPattern>(core);
    case SocketType::kReq:
      return std::make_unique<ReqPattern>(core);
    case SocketType::kRep:
      return std::make_unique<RepPattern>(core);
    case SocketType::kRouter:
      return std::make_unique<RouterPattern>(core);
    case SocketType::kPub:
      return std::make_unique<PubPattern>(core);
    case SocketType::kXPub:
      return std::make_unique<XPubPattern>(core);
    case SocketType::kSub:
      return MakeConflating<SubPattern>(core);
    case SocketType::kXSub:
      return std::make_unique<XSubPattern>(core);
    case SocketType::kClient:
      return std::make_unique<ClientPattern>(core);
    case SocketType::kServer:
      return std::make_unique<ServerPattern>(core);
    case SocketType::kRadio:
      return std::make_unique<RadioPattern>(core);
    case SocketType::kDish:
      return std::make_unique<DishPattern>(core);
    case SocketType::kScatter:
      return std::make_unique<ScatterPattern>(core);
    case SocketType::kGather:
      return std::make_unique<GatherPattern>(core);
    case SocketType::kPeer:
      return std::make_unique<PeerPattern>(core);
    case SocketType::kChannel:
      return std::make_unique<ChannelPattern>(core);
    case SocketType::kStream:
      return std::make_unique<StreamPattern>(core);
  }
  return nullptr;
}

}  // namespace monocoque
