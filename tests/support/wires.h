#ifndef MONOCOQUE_TESTS_SUPPORT_WIRES_H_
#define MONOCOQUE_TESTS_SUPPORT_WIRES_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"

namespace monocoque::testing {

// A socket at one end of wires whose other ends are octets, written by hand. Time stands unless it
// is moved.
class Wires {
 public:
  explicit Wires(SocketType type, const SocketOptions& options = {});

  // A peer that comes, if it is let.
  absl::StatusOr<LinkId> TryCome() { return socket.OnAccepted(listener_, {"sim", "sim"}, now); }
  // A peer that comes and says `hello`.
  LinkId Come(std::string_view hello);
  // The same; what it was told so far is thrown away.
  LinkId Accept(std::string_view hello);
  void Say(LinkId link, std::string_view octets);
  // What the peer was told since: octets, in hexadecimal.
  std::string Told(LinkId link);
  absl::Status Unbind() { return socket.Unbind(listener_, now); }
  // The peer closes; or says something and closes, which is there in one turn.
  void HangUp(LinkId link, std::string_view last = {});
  // Nothing that is written gets any further.
  void Stall(bool on) { stalled_ = on; }
  // Nothing more is written to this peer.
  void Stop(LinkId link) { stopped_.insert(link); }
  absl::Status Send(Message message) { return socket.Send(&message, now); }
  std::vector<std::string> Received();
  bool closed(LinkId link) const { return closed_.contains(link); }
  // Each Accepting action so far.
  const std::vector<bool>& accepting() const { return accepting_; }

  void Turn();

 private:
  void Bring(LinkId link, std::string_view octets);

  const Host host_;
  ListenerId listener_;
  std::map<LinkId, std::string> told_;
  std::set<LinkId> closed_;
  std::set<LinkId> stopped_;
  std::vector<bool> accepting_;
  bool stalled_ = false;

 public:
  Socket socket;
  Instant now;
  LinkId dialed;  // by the newest Dial
  std::vector<SocketEvent> events;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_WIRES_H_
