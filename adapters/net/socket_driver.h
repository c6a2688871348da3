#ifndef MONOCOQUE_ADAPTERS_NET_SOCKET_DRIVER_H_
#define MONOCOQUE_ADAPTERS_NET_SOCKET_DRIVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/admission.h"
#include "adapters/inproc.h"
#include "adapters/inproc_links.h"
#include "adapters/net/endpoint_wishes.h"
#include "adapters/net/link.h"
#include "adapters/net/listener.h"
#include "adapters/net/reactor.h"
#include "adapters/net/timed.h"
#include "adapters/net/turn_clock.h"
#include "adapters/pump.h"
#include "adapters/zap.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/timer_heap.h"
#include "protocol/socket/event.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"

namespace monocoque::net {

class Acceptor;
class Dial;

// A socket of the core on a runtime that tells when descriptors are ready: what the adapters share.
// Moves octets, unless the runtime has links that do (Reactor::MakeLink); runs actions, arms one
// timer; holds no octet of memory for a link that has nothing to read.
//
// The adapter calls Turn when the reactor was woken and OnTimer when its timer is due; in between,
// and never from within them, its user's code calls the wishes. What is sent is written at the next
// Turn, or earlier if it is much.
//
// Thread rule: one call at a time. Destroying it closes every descriptor at once, and lets go of
// the links, which may have to outlive it.
class SocketDriver final : public PumpDriver {
 public:
  // `hub`: the names of inproc:// endpoints.
  SocketDriver(Reactor* reactor, monocoque::Socket machine,
               std::shared_ptr<InprocHub> hub = InprocHub::OfProcess());
  SocketDriver(const SocketDriver&) = delete;
  SocketDriver& operator=(const SocketDriver&) = delete;
  ~SocketDriver() override;

  monocoque::Socket& machine() { return machine_; }
  const monocoque::Socket& machine() const { return machine_; }
  Reactor& reactor() { return reactor_; }
  // Descriptors of streams, those that are closing included.
  std::size_t links() const { return links_.size(); }
  // The turn's time; a wish sets it anew.
  Instant now() const { return clock_.now(); }

  // ---- Wishes ----------------------------------------------------------------------------------

  // Listens before it returns: the bound endpoint, with the port that the system chose.
  absl::StatusOr<std::string> Bind(std::string_view endpoint, const LinkOptions* options = nullptr);
  // Connects in the background, again and again, until LinkOptions::retry has it give up: kGaveUp.
  absl::Status Connect(std::string_view endpoint, const LinkOptions* options = nullptr);
  // The way back: with the text that Bind gave, and that Connect got.
  absl::Status Unbind(std::string_view bound);
  absl::Status Disconnect(std::string_view endpoint);
  // Takes the message or leaves it untouched. Unavailable: not now; see CanSend after a later turn.
  absl::Status Send(Message* message);
  // The same by the machine alone: nothing is flushed to make room, and no turn is asked for what
  // it took.
  absl::Status TrySend(Message* message) {
    absl::Status sent = machine_.Send(message, now());
    if (!sent.ok()) [[unlikely]]
      Rearm();
    return sent;
  }
  // The next message; false: none is there.
  bool Receive(Message* out) {
    const bool got = machine_.Receive(out, nullptr, now());
    // Taking may set reading going again: an action for the next turn.
    if (machine_.has_outputs()) [[unlikely]]
      Touch();
    if (!got) Rearm();
    return got;
  }
  // Is one there?
  bool CanReceive() {
    const bool can = machine_.CanReceive(now());
    // Looking may take, too.
    if (machine_.has_outputs()) Touch();
    if (!can) Rearm();
    return can;
  }
  // Any other wish of the core socket, with the time it is made at.
  template <typename Wish>
  auto Ask(Wish&& wish) {
    Tick();
    auto result = std::forward<Wish>(wish)(&machine_, now());
    Touch();
    return result;
  }
  // SUB, XSUB: messages that begin so; DISH: messages of this group.
  absl::Status Subscribe(std::string_view prefix);
  absl::Status Unsubscribe(std::string_view prefix);
  absl::Status Join(std::string_view group);
  absl::Status Leave(std::string_view group);
  // Hands to the kernel, and to peers in this process, what they take now.
  void Flush();
  // Ends the socket: what was sent is written for at most `linger`. Goes on while turns are made,
  // and is over when closed() says so.
  void StartClose(absl::Duration linger);
  bool closed() const { return machine_.drained() && !open(); }
  // Then: deadline exceeded if something that should have been sent was not.
  absl::Status CloseResult() const { return wishes_.CloseResult(); }

  // Decides who may come in, from now on; null: the ZAP handler at inproc://zeromq.zap.01 does, and
  // where there is none, whoever has to be asked about is refused.
  void SetAuthenticator(std::shared_ptr<Authenticator> authenticator) {
    admission_.SetAuthenticator(std::move(authenticator));
  }
  // Who is told what happens to the socket, from the next turn on, what happened before first;
  // null: nobody. Without one events wait in the machine.
  void OnEvent(std::function<void(const SocketEvent&)> callback);

  // ---- For the adapter -------------------------------------------------------------------------

  // One turn, of `max_frames` frames about. What waits in the socket may have changed; if work is
  // left, the reactor is woken again.
  void Turn() {
    Tick();
    Turn(Pump<monocoque::Socket>::kFramesATurn);
  }
  // The same, at the time that the clock was read last.
  void Turn(std::size_t max_frames);
  void OnTimer();
  // Asks the authenticator about one peer, if one waits. It is user code, which may do anything:
  // called between turns, and the driver may be gone afterwards.
  bool ServeAuthenticator() { return admission_.ServeOne(); }
  // Tells the oldest event, if there is one and who wants to hear it: user code, as that is.
  bool ServeEvent();
  // An event waits for who wants to hear it.
  bool has_event() const { return on_event_ != nullptr && machine_.has_event(); }
  // There may be something for either.
  bool serves() const { return admission_.waiting() || on_event_ != nullptr; }

  // ---- For acceptors, dials and links ----------------------------------------------------------

  // Something happened: a turn is due.
  void Touch();
  // Reads the clock.
  void Tick() { clock_.Tick(); }
  void SetTimer(Timed* timed, Instant when) { timers_.Set(&timed->timer, when); }
  // What the listener let in, and what it did not.
  // False: the machine cannot serve it now, which is told, and it is closed.
  bool OnAccepted(ListenerId listener, int fd, const TransportInfo& info);
  void OnAcceptFailed(ListenerId listener, const absl::Status& why);
  void OnDialed(LinkId link, int fd, const TransportInfo& info);
  void OnDialFailed(LinkId link, const absl::Status& why);
  // Its stream ended: the core is told.
  void OnLinkOver(LinkId link, const absl::Status& why);
  // Its descriptor is closed: it goes at the next turn.
  void Retire(LinkId link);

  // ---- PumpDriver ------------------------------------------------------------------------------

  void Do(const action::Dial& dial) override;
  void Do(const action::Listen& listen) override;
  void Do(const action::Unlisten& unlisten) override;
  void Do(const action::Accepting& accepting) override;
  void Do(const action::Read& read) override;
  void Do(const action::CloseLink& close) override;
  bool Authenticate(const action::Authenticate& ask) override { return admission_.Take(ask); }
  void Write(LinkId link, TransmitBatch batch) override;

 private:
  void AddLink(LinkId link, int fd);
  InprocLinks* Inproc();
  absl::StatusOr<Endpoint> Listen(const action::Listen& listen);
  void ReadAhead();
  void ArmTimer();
  // A wish was refused. For want of memory it is asked for again in time: the timer is a turn's to
  // arm.
  void Rearm() {
    if (machine_.NextDeadline() < armed_) [[unlikely]]
      Touch();
  }
  // It listens, is connected or dials.
  bool open() const {
    return !links_.empty() || !dials_.empty() || !acceptors_.empty() ||
           (inproc_ != nullptr && !inproc_->idle());
  }
  void Hold();
  Link* FindLink(LinkId link);

  Reactor& reactor_;
  TurnClock& clock_;
  monocoque::Socket machine_;
  Pump<monocoque::Socket> pump_;
  EndpointWishes wishes_;
  const std::shared_ptr<InprocHub> hub_;
  std::unique_ptr<InprocLinks> inproc_;  // once there is an inproc:// endpoint
  bool touched_ = false;
  bool held_ = false;                 // what the reactor was told
  Instant armed_ = Instant::Never();  // what the reactor's timer is set to
  TimerHeap<Timed> timers_;
  absl::flat_hash_map<LinkId, LinkPtr> links_;
  absl::flat_hash_map<LinkId, std::unique_ptr<Dial>> dials_;
  absl::flat_hash_map<ListenerId, std::unique_ptr<Acceptor>> acceptors_;
  // Over, but perhaps still on the stack: destroyed at the next turn.
  std::vector<std::unique_ptr<WatchHandler>> retired_;
  std::vector<LinkPtr> retired_links_;
  monocoque::Admission admission_;
  // Lives as long as it runs, even if it replaces itself.
  std::shared_ptr<const std::function<void(const SocketEvent&)>> on_event_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_SOCKET_DRIVER_H_
