#ifndef MONOCOQUE_CLI_TROUBLES_H_
#define MONOCOQUE_CLI_TROUBLES_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "cli/output.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"

namespace monocoque::cli {

// What goes wrong between a socket and its peers, from its events. Said on stderr once for each
// endpoint that is dialed, or once of all that come, and kept for the last word.
class Troubles {
 public:
  // Peers may come in so many ways: listeners, and dialers that have not given up. `hint`: see
  // Security::hint.
  explicit Troubles(std::size_t ways, std::string hint = "")
      : ways_(ways), hint_(std::move(hint)) {}

  // Of a dialer that gives up, the peer having refused us for good: a sentence, which is the
  // caller's to say. Empty: the event is another one.
  std::string OnEvent(const SocketEvent& event);
  // Says nothing any more: there is something worse.
  void Hush() { hushed_ = true; }
  // No peer can come any more.
  bool nobody_can_come() const { return ways_ == 0; }

  // A peer was at its mark, and what was for it was dropped.
  bool dropped() const { return dropped_; }

  // Why somebody who is dialed, or who came, is not there; empty: nothing is known.
  std::string why_nobody() const { return absent_.empty() ? "" : absent_.rbegin()->second; }
  // Why what was sent did not arrive, as far as is known.
  std::string why_not_sent() const { return absent_.empty() ? cut_ : why_nobody(); }

  // At the end, of what was said once.
  void TellSums() const;
  // That the time is over, if that may be because nobody was there.
  void TellTimeout() const;

 private:
  void OnClosed(const SocketEvent& closed);
  void OnDrops(const SocketEvent& began);
  void OnAttemptFailed(DialerId dialer, Cause cause, const std::string& why);

  std::size_t ways_;
  const std::string hint_;
  std::map<DialerId, std::string> absent_;  // no dialer: of those that come
  std::string cut_;                         // the last end that cost messages
  bool hushed_ = false;
  bool dropped_ = false;
  std::set<std::pair<DialerId, Cause>> told_;
  Recurring kept_out_{" peers did not get in"};
  Recurring ended_{" connections were ended"};
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_TROUBLES_H_
