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
//     at a time, and says what follows each; a listener that listens ends;
//   * drops that began for a peer end;
//   * what is lost has its reason. While a dialer goes on it loses what was cut in the middle, one
//     message a link, and nothing else; and whoever closes loses nothing by its own closing, as
//     long as its linger time is not over;
//   * all that is lost is told with a link, but for what a dialer still had for nobody when the
//     linger time was over.
//
// The order of calls: OnEvent for each, in order; OnLingerOver between those of before and those of
// behind; Close once the socket is drained and its last event was given.
class Chronicle {
 public:
  // `keeps`: a dialer's messages wait for its next link.
  explicit Chronicle(bool keeps) : keeps_(keeps) {}

  void OnEvent(const SocketEvent& event);
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
    bool dialed = false;
    PeerId peer;
  };
  struct Dialer {
    LinkId attempt;
    bool pausing = false;
    bool given_up = false;
    std::size_t ready = 0;
  };

  void Violation(const SocketEvent& event, std::string_view what);
  void OnLinkEvent(const SocketEvent& event);
  void OnDialing(const SocketEvent& event);
  void OnNext(const SocketEvent& event);
  void OnClosed(const SocketEvent& event, Link* link);
  void OnDrops(const SocketEvent& event);
  void CheckCount(std::string_view what, std::uint64_t counted, std::uint64_t told);

  const bool keeps_;
  bool over_ = false;
  std::map<ListenerId, bool> listeners_;  // do they still listen?
  std::map<LinkId, Link> links_;
  std::map<DialerId, Dialer> dialers_;
  std::set<PeerId> dropping_;
  std::uint64_t lost_ = 0;
  std::uint64_t dropped_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_CHRONICLE_H_
