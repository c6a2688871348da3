#ifndef MONOCOQUE_TESTS_SUPPORT_NET_H_
#define MONOCOQUE_TESTS_SUPPORT_NET_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "alloc/budget.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"
#include "tests/support/pair.h"

namespace monocoque::testing {

// Sockets joined by wires of memory under a virtual clock: binds, dials, octets and closes happen
// when Run is called, at once and in a fixed order. No descriptor, no thread.
class Net {
 public:
  explicit Net(std::uint64_t seed = 1) : host_(TestHost(seed)), now(host_.now) {}

  Socket& Make(SocketType type, const SocketOptions& options = {});
  void Bind(Socket& socket, std::string_view name);
  DialerId Connect(Socket& socket, std::string_view name);
  DialerId Connect(Socket& socket, std::string_view name, const LinkOptions& options);
  void Unbind(Socket& socket);

  absl::Status Send(Socket& socket, Message message) { return socket.Send(&message, now); }
  // Everything happens that can, and then the texts of all that can be received.
  std::vector<std::string> Received(Socket& socket);

  // Everything that can happen now happens.
  void Run();
  void Advance(absl::Duration by);
  // Cuts all wires: both ends hear of it. Octets on the way are lost.
  void CutAll();
  // From now on each write on a wire passes only `bytes` octets, and then the wire is cut.
  void CutAfter(std::size_t bytes) { cut_after_ = bytes; }
  // Batches that were filled, of more than `above` octets, are not given back before this is called
  // again with false.
  void HoldBatches(bool hold, std::size_t above = 0) {
    hold_ = hold;
    hold_above_ = above;
  }

  // All events of a socket so far.
  std::vector<SocketEvent>& events(Socket& socket) { return *Find(socket).events; }
  bool saw(Socket& socket, SocketEvent::Kind kind);
  std::size_t wires() const { return wires_.size() / 2; }
  // Octets of the blocks that were delivered and that some socket still keeps.
  std::int64_t held_octets() const { return delivered_->used(); }

 private:
  struct Node {
    std::unique_ptr<Socket> socket;
    std::unique_ptr<std::vector<SocketEvent>> events;
    std::map<ListenerId, std::string> listening;
  };
  struct End {
    std::size_t node;
    LinkId link;
    friend auto operator<=>(const End&, const End&) = default;
  };

  Node& Find(Socket& socket);
  bool Actions(std::size_t node);
  bool Transmit(std::size_t node);
  void Dial(std::size_t node, const action::Dial& dial);
  void Close(End end, bool tell_this_side);

  Host host_;
  BudgetPtr delivered_ = Budget::Create(Budget::kUnlimited);
  std::vector<Node> nodes_;
  std::map<End, End> wires_;
  std::vector<std::pair<End, TransmitBatch>> held_;
  std::size_t cut_after_ = static_cast<std::size_t>(-1);
  bool hold_ = false;
  std::size_t hold_above_ = 0;

 public:
  Instant now;
};

// Texts of all messages that can be received now: parts joined by "|".
std::vector<std::string> ReceiveAll(Socket& socket, Instant now);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_NET_H_
