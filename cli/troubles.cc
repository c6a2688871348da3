#include "cli/troubles.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "protocol/drive/retry.h"

namespace monocoque::cli {
namespace {

struct Refusal {
  std::string_view code;
  std::string_view meaning;
};
// As authenticators say it (ZAP).
constexpr Refusal kRefusals[] = {
    {"300", "a temporary error of its authentication"},
    {"400", "it does not know our name and password, or our key"},
    {"500", "an internal error of its authentication"},
};

std::string Explained(std::string_view sentence) {
  for (const Refusal& refusal : kRefusals) {
    if (absl::EndsWith(sentence, absl::StrCat("refused us: ", refusal.code))) {
      return absl::StrCat(sentence, " (", refusal.meaning, ")");
    }
  }
  return std::string(absl::StripSuffix(sentence, "."));
}

bool IsForGood(Cause cause) { return RetryRules().For(cause) == Retry::kNever; }

// Whoever listens may have to mend it, be it the peer or ours; others come and go.
bool IsToldOfAnybody(Cause cause) { return IsForGood(cause) || cause == Cause::kLimit; }

}  // namespace

std::string Troubles::OnEvent(const SocketEvent& event) {
  switch (event.kind) {
    case SocketEvent::Kind::kReady:
      absent_.erase(event.dialer);
      return "";
    case SocketEvent::Kind::kDialFailed:
      OnAttemptFailed(event.dialer, Cause::kDial, Explained(event.status.message()));
      return "";
    case SocketEvent::Kind::kClosed:
      OnClosed(event);
      return "";
    case SocketEvent::Kind::kGaveUp:
      --ways_;
      absent_[event.dialer] = absl::StrCat(event.endpoint, ": ", Explained(event.status.message()));
      return absl::StrCat(absent_[event.dialer], "; it will not be tried again");
    case SocketEvent::Kind::kDropsBegan:
      OnDrops(event);
      return "";
    default:
      return "";
  }
}

void Troubles::OnClosed(const SocketEvent& closed) {
  const Cause cause = CauseOf(closed.status);
  if (cause == Cause::kLocal) return;
  std::string why = absl::StrCat(closed.endpoint, ": ", Explained(closed.status.message()));
  if (closed.lost_messages > 0) cut_ = why;
  // Servers say nothing to who has the wrong keys: we say where to look.
  const bool mute = !closed.was_ready && cause == Cause::kTransport;
  if (mute && !hint_.empty()) {
    why = absl::StrCat("the peer ended the handshake without a word: ", hint_);
  }
  if (closed.dialer && !closed.was_ready && !IsForGood(cause)) {
    OnAttemptFailed(closed.dialer, cause, why);
  } else if (closed.dialer) {
    absent_[closed.dialer] = why;
  } else if (IsToldOfAnybody(cause)) {
    absent_[closed.dialer] = why;
    (closed.was_ready ? ended_ : kept_out_).Happen(why);
  } else if (mute && !hint_.empty()) {
    OnAttemptFailed(closed.dialer, cause, why);
  }
}

void Troubles::OnDrops(const SocketEvent& began) {
  if (std::exchange(dropped_, true) || hushed_) return;
  Complain(absl::StrCat(began.endpoint,
                        ": it takes messages more slowly than they come, and what is beyond --hwm "
                        "is dropped; raise --hwm (0 is no mark)"));
}

void Troubles::OnAttemptFailed(DialerId dialer, Cause cause, const std::string& why) {
  absent_[dialer] = why;
  if (hushed_ || !told_.emplace(dialer, cause).second) return;
  Complain(absl::StrCat(why, absl::EndsWith(why, "?") ? " We try again" : "; trying again"));
}

void Troubles::TellSums() const {
  kept_out_.TellSum();
  ended_.TellSum();
}

void Troubles::TellTimeout() const {
  if (!absent_.empty()) Complain(absl::StrCat("timed out: ", why_nobody()));
}

}  // namespace monocoque::cli
