#include "protocol/socket/pattern.h"

#include "absl/strings/str_cat.h"
#include "protocol/socket/conflating.h"
#include "protocol/socket/pair.h"
#include "protocol/socket/pipeline.h"
#include "protocol/socket/pub.h"
#include "protocol/socket/rep.h"
#include "protocol/socket/req.h"
#include "protocol/socket/router.h"
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

}  // namespace

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
    default:
      return nullptr;
  }
}

}  // namespace monocoque
