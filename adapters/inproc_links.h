#ifndef MONOCOQUE_ADAPTERS_INPROC_LINKS_H_
#define MONOCOQUE_ADAPTERS_INPROC_LINKS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "adapters/inproc.h"
#include "adapters/waker.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"

namespace monocoque {

// The inproc:// listeners, dials and links of one socket: what every adapter does for them. The
// adapter hands over the actions that concern them, and calls Turn when its waker was called.
//
// Thread rule: the socket's thread. Destroying it closes all its ends.
class InprocLinks {
 public:
  // `on_over`, if there is one, hears of each link that the other end ended.
  InprocLinks(std::shared_ptr<InprocHub> hub, Socket* machine, std::shared_ptr<Waker> waker,
              std::function<void(LinkId)> on_over = nullptr);
  InprocLinks(const InprocLinks&) = delete;
  InprocLinks& operator=(const InprocLinks&) = delete;
  ~InprocLinks();

  bool idle() const { return links_.empty() && dials_.empty() && listeners_.empty(); }

  // Takes the name, or says why not; the machine is told by the caller.
  absl::Status Listen(const action::Listen& listen);
  void Dial(const action::Dial& dial);
  // Each true if it was about one of ours.
  bool Unlisten(const action::Unlisten& unlisten);
  bool SetAccepting(const action::Accepting& accepting);
  bool SetReading(const action::Read& read);
  bool Close(const action::CloseLink& close, Instant now);
  // The batch is taken if it is for one of ours.
  bool Write(LinkId link, TransmitBatch* batch, Instant now);

  // What happened since: new links, octets, room, ends. True if there was something.
  bool Turn(Instant now);

 private:
  struct Link {
    InprocEnd end;
    bool paused = false;
    bool writing = false;
    TransmitBatch batch;  // while writing: what the peer has no room for yet
  };

  void Open(LinkId id, InprocEnd end);
  void OnNotice(InprocInbox::Notice notice, Instant now);
  bool Donate(LinkId id, Link* link, Instant now);
  void Read(LinkId id, Link* link, Instant now);
  void Write(LinkId id, Link* link, Instant now);
  // Another turn looks at the link, and at what followed if it is gone by then.
  void ComeBack(LinkId id);
  // The peer is gone.
  void End(LinkId id, Link* link, Instant now);

  const std::shared_ptr<InprocHub> hub_;
  Socket& machine_;
  const std::shared_ptr<InprocInbox> inbox_;
  const std::function<void(LinkId)> on_over_;
  absl::flat_hash_map<ListenerId, std::string> listeners_;
  absl::flat_hash_map<LinkId, std::string> dials_;
  absl::flat_hash_map<LinkId, Link> links_;
  std::vector<Slice> slices_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_INPROC_LINKS_H_
