#ifndef MONOCOQUE_FUZZ_SOCKET_WORLD_H_
#define MONOCOQUE_FUZZ_SOCKET_WORLD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "alloc/transmit_batch.h"
#include "fuzz/input.h"
#include "fuzz/partner.h"
#include "fuzz/stamped.h"
#include "protocol/drive/action.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::fuzz {

// A socket, the subject, between two partners and any number of peers that send anything, with an
// application and a driver that a script moves. See socket_fuzzer.cc for what is modelled and what
// must hold.
class SocketWorld {
 public:
  SocketWorld(SocketType type, SocketType partner, const SocketOptions& options, const Host& host);

  // One step of the script; octets of hostile peers are taken off `stream`.
  void Do(Step step, Input* stream);
  // All that can still happen; then the subject closes, and drains within its linger time.
  void Finish(absl::Duration linger);

 private:
  static constexpr std::size_t kPartners = 2;
  static constexpr std::size_t kHostile = kPartners;

  // A link of the subject, as its driver knows it. Stays here when it is gone: its id is still
  // used.
  struct Wire {
    enum class State { kDialing, kOpen, kClosed };

    LinkId link;
    State state = State::kDialing;
    std::size_t partner = kHostile;  // who is at the other end
    LinkId far;                      // the partner's link
    bool told_closed = false;        // by an event
    bool asked_to_close = false;     // by an action
  };

  // The driver's part.
  Wire* Find(LinkId link);
  Wire* Pick(unsigned which, Wire::State state, bool hostile);
  void Open(Wire* wire, std::size_t partner, LinkId far);
  void ResolveDial(unsigned how);
  void AcceptHostile(unsigned how);
  void FeedHostile(unsigned how, Input* stream);
  void ReadHostile(unsigned how, Input* stream);
  void Fill(std::size_t max_bytes);
  void Return(unsigned how);
  void CloseTransport(Wire* wire, bool failed);
  void Cut(unsigned how);
  void LateFacts(unsigned how);
  void RunActions();
  void PassTime(absl::Duration by);
  void TurnPartner(std::size_t which, bool sends, unsigned kind);
  bool AcceptPartner(std::size_t which, LinkId far);
  Wire* FindFar(std::size_t which, LinkId far);
  void HearOfClose(std::size_t which, LinkId far);
  bool DeliverToSubject(std::size_t which, LinkId far, Bytes octets);
  void DeliverToPartner(const Wire& wire, Bytes octets);

  // The application's part.
  void BindOrConnect(unsigned how);
  void UnbindOrDisconnect(unsigned how);
  bool wants() const;
  void Want(unsigned how);
  bool Receive();
  void Peek();
  void Send(unsigned kind);
  void SendTo(unsigned kind);
  void Addressed(Message* message, unsigned kind) const;
  void TakeEvents();

  void Turn();
  void CheckAlways();

  const Host host_;
  Socket subject_;
  std::array<std::unique_ptr<Partner>, kPartners> partners_;
  Instant now_;

  std::vector<ListenerId> listeners_;
  std::vector<DialerId> dialers_;
  std::vector<Wire> wires_;
  std::vector<std::pair<LinkId, TransmitBatch>> batches_;
  std::optional<std::pair<LinkId, ReadWindow>> window_;

  std::set<PeerId> peers_;
  // Those that were, on one of their links at least, not a partner.
  std::set<PeerId> tainted_;
  std::vector<Message> received_;
  std::uint64_t receipts_ = 0;
  std::uint32_t sent_ = 0;
  bool closed_ = false;
  Arrivals arrivals_;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_SOCKET_WORLD_H_
