#ifndef MONOCOQUE_TESTS_SIM_CHRONICLE_H_
#define MONOCOQUE_TESTS_SIM_CHRONICLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"

namespace monocoque::testing {

// Reads all events of one socket, and says where they do not fit each other, or its counts:
//
//   * a link that began ends, once, and says truly whether it was ready; a dialer has one attempt
//     at a time, and says what follows each; a listener that listens ends; of one that the
//     application ended nothing more is heard but the end of its links;
//   * drops that began for a peer end;
//   * what is lost has its reason. While a dialer goes on it loses what was cut in the middle, one
//     message a link, and nothing else; and whoever closes loses nothing by its own closing, as
//     long as its linger time is not over; links that were hung up are the oracle's to judge;
//   * all that is lost is told with a link, but for what a dialer still had for nobody when the
//     linger time was over, or when it was disconnected.
//
// The order of calls: OnEvent for each, in order; OnHangUp and OnLingerOver between those of before
// and those of behind; Close once the socket is drained and its last event was given.
class Chronicle {
 public:
  // `keeps`: a dialer's messages wait for its next link.
  explicit Chronicle(bool keeps) : keeps_(keeps) {}

  void OnEvent(const SocketEvent& event);
  // The application ends the listener, or the dialer, that has this endpoint: the links that end
  // with it, and not by themselves, as far as was told.
  std::vector<LinkId> OnHangUp(std::string_view endpoint);
  // With that so many messages were lost that no link had.
  void OnGivenUp(std::uint64_t messages) { lost_ += messages; }
  // The link's dialer was disconnected: what it loses has no next link.
  bool disconnected(LinkId link) const;
  // The dialer that has this endpoint has a link that takes messages at once: nothing of an earlier
  // one can still come back.
  bool attached(std::string_view endpoint) const;
  // All losses that were told so far.
  std::uint64_t lost() const { return lost_; }
  // From now on anything may be lost.
  void OnLingerOver() { over_ = true; }
  bool over() const { return over_; }
  void Close(const SocketStats& stats);

  // What was wrong, in order.
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  enum class Stage { kDialing, kOpen, kReady, kOver };
  struct Link {
    Stage stage = Stage::kDialing;
    DialerId dialer;      // none: accepted
    ListenerId listener;  // none: dialed
    PeerId peer;
    bool hung_up = false;
  };
  struct Dialer {
    std::string endpoint;
    LinkId attempt;
    bool gone = false;  // by a wish
    bool pausing = false;
    bool given_up = false;
    std::size_t ready = 0;
  };

  struct Listener {
    std::string endpoint;
    bool listens = true;
  };

  void Violation(const SocketEvent& event, std::string_view what);
  void OnLinkEvent(const SocketEvent& event);
  void OnAccepted(const SocketEvent& event);
  void OnDialing(const SocketEvent& event);
  void OnNext(const SocketEvent& event);
  void OnClosed(const SocketEvent& event, Link* link);
  void OnDrops(const SocketEvent& event);
  void CheckCount(std::string_view what, std::uint64_t counted, std::uint64_t told);

  const bool keeps_;
  bool over_ = false;
  std::map<ListenerId, Listener> listeners_;
  std::map<LinkId, Link> links_;
  std::map<DialerId, Dialer> dialers_;
  std::set<PeerId> dropping_;
  std::uint64_t lost_ = 0;
  std::uint64_t dropped_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_CHRONICLE_H_
