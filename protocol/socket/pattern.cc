#include "protocol/socket/pattern.h"

#include "protocol/socket/pair.h"
#include "protocol/socket/pipeline.h"
#include "protocol/socket/rep.h"
#include "protocol/socket/req.h"
#include "protocol/socket/router.h"

namespace monocoque {

absl::Status Pattern::SendTo(Peer* peer, Message* message, Instant now) {
  return core_.SendToPeer(peer, message, {}, now) ? absl::OkStatus() : absl::UnavailableError("");
}

std::unique_ptr<Pattern> MakePattern(SocketType type, SocketCore* core) {
  switch (type) {
    case SocketType::kPair:
      return std::make_unique<PairPattern>(core);
    case SocketType::kPush:
      return std::make_unique<PushPattern>(core);
    case SocketType::kPull:
      return std::make_unique<PullPattern>(core);
    case SocketType::kDealer:
      return std::make_unique<DealerPattern>(core);
    case SocketType::kReq:
      return std::make_unique<ReqPattern>(core);
    case SocketType::kRep:
      return std::make_unique<RepPattern>(core);
    case SocketType::kRouter:
      return std::make_unique<RouterPattern>(core);
    default:
      return nullptr;
  }
}

}  // namespace monocoque
