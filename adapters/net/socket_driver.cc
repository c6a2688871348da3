#include "adapters/net/socket_driver.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "adapters/net/acceptor.h"
#include "adapters/net/address.h"
#include "adapters/net/dial.h"
#include "adapters/net/stream_link.h"
#include "protocol/drive/endpoint.h"

namespace monocoque::net {
namespace {

// A turn so much behind a deadline finds a host that was busy. What its peers said meanwhile came
// in time, perhaps, and is read before the time is judged.
constexpr absl::Duration kLate = absl::Milliseconds(10);

}  // namespace

SocketDriver::SocketDriver(Reactor* reactor, monocoque::Socket machine,
                           std::shared_ptr<InprocHub> hub)
    : reactor_(*reactor),
      clock_(reactor_.clock()),
      machine_(std::move(machine)),
      pump_(&machine_, this),
      wishes_(&machine_, &pump_),
      hub_(std::move(hub)),
      admission_(&machine_, hub_, [this] { return reactor_.MakeWaker(); }) {}

SocketDriver::~SocketDriver() = default;

void SocketDriver::Touch() {
  if (touched_) return;
  touched_ = true;
  reactor_.Wake();
}

absl::StatusOr<std::string> SocketDriver::Bind(std::string_view text, const LinkOptions* options) {
  Tick();
  absl::StatusOr<std::string> bound = wishes_.Bind(text, options, now());
  Touch();
  return bound;
}

absl::Status SocketDriver::Connect(std::string_view text, const LinkOptions* options) {
  Tick();
  Touch();
  return wishes_.Connect(text, options, now());
}

absl::Status SocketDriver::Unbind(std::string_view bound) {
  Tick();
  Touch();
  return wishes_.Unbind(bound, now());
}

absl::Status SocketDriver::Disconnect(std::string_view endpoint) {
  Tick();
  Touch();
  return wishes_.Disconnect(endpoint, now());
}

absl::Status SocketDriver::Send(Message* message) {
  absl::Status sent = TrySend(message);
  if (absl::IsUnavailable(sent) && machine_.has_outputs()) {
    // What waits may be all that is in the way.
    Flush();
    sent = TrySend(message);
  }
  if (!sent.ok()) return sent;
  Touch();
  if (machine_.pending_bytes() >= Pump<monocoque::Socket>::kWriteBytes) Flush();
  return sent;
}

absl::Status SocketDriver::Subscribe(std::string_view prefix) {
  return Ask([&](auto* socket, Instant now) { return socket->Subscribe(prefix, now); });
}

absl::Status SocketDriver::Unsubscribe(std::string_view prefix) {
  return Ask([&](auto* socket, Instant now) { return socket->Unsubscribe(prefix, now); });
}

absl::Status SocketDriver::Join(std::string_view group) {
  return Ask([&](auto* socket, Instant now) { return socket->Join(group, now); });
}

absl::Status SocketDriver::Leave(std::string_view group) {
  return Ask([&](auto* socket, Instant now) { return socket->Leave(group, now); });
}

// A peer within the process may have made room meanwhile. Were that seen in turns alone, who sends
// without end would fill its queue to the mark, and write to memory that no cache has any more.
void SocketDriver::Flush() {
  Tick();
  pump_.RunActions();
  if (inproc_ != nullptr && inproc_->Turn(now())) Touch();
  pump_.Flush();
}

void SocketDriver::StartClose(absl::Duration linger) {
  Tick();
  wishes_.StartClose(linger, now());
  Touch();
}

// What is there already is told at the next turn.
void SocketDriver::OnEvent(std::function<void(const SocketEvent&)> callback) {
  on_event_ = callback ? std::make_shared<decltype(callback)>(std::move(callback)) : nullptr;
  Touch();
}

bool SocketDriver::ServeEvent() {
  if (on_event_ == nullptr) return false;
  SocketEvent event;
  if (!machine_.NextEvent(&event)) return false;
  const auto callback = on_event_;
  (*callback)(event);
  return true;
}

void SocketDriver::Turn(std::size_t max_frames) {
  touched_ = false;
  retired_.clear();
  retired_links_.clear();
  if (now() > machine_.NextDeadline() + kLate) ReadAhead();
  while (Timed* due = timers_.PopDue(now())) due->OnTime(now());
  if (inproc_ != nullptr) inproc_->Turn(now());
  admission_.Turn(now());
  const bool more = pump_.Turn(now(), max_frames);
  if (more || machine_.has_outputs() || !retired_.empty()) Touch();
  ArmTimer();
  Hold();
}

void SocketDriver::Hold() {
  if (open() == held_) return;
  held_ = !held_;
  reactor_.Hold(held_);
  // What the last end left to do is done all the same.
  if (!held_) Touch();
}

// A link may go meanwhile.
void SocketDriver::ReadAhead() {
  for (auto it = links_.begin(); it != links_.end();) (it++)->second->ReadNow();
}

void SocketDriver::OnTimer() {
  armed_ = Instant::Never();
  Touch();
}

// An early timer is left as it is: it costs one turn, less than setting it anew each time.
void SocketDriver::ArmTimer() {
  const Instant next = std::min(machine_.NextDeadline(), timers_.next());
  if (next >= armed_ && !next.is_never()) return;
  if (next == armed_) return;
  armed_ = next;
  reactor_.SetTimer(next);
}

// Null: there is nothing now to be woken by.
InprocLinks* SocketDriver::Inproc() {
  if (inproc_ != nullptr) return inproc_.get();
  std::shared_ptr<Waker> waker = reactor_.MakeWaker();
  if (waker == nullptr) return nullptr;
  inproc_ = std::make_unique<InprocLinks>(hub_, &machine_, std::move(waker),
                                          [this](LinkId link) { admission_.Forget(link); });
  return inproc_.get();
}

void SocketDriver::Do(const action::Dial& dial) {
  if (dial.endpoint->transport == Transport::kInproc) {
    if (Inproc() != nullptr) {
      inproc_->Dial(dial);
    } else {
      OnDialFailed(dial.link, SystemError("connect", *dial.endpoint, EMFILE));
    }
    return;
  }
  auto attempt = std::make_unique<Dial>(this, dial);
  Dial* started = attempt.get();
  dials_[dial.link] = std::move(attempt);
  started->Start();
}

void SocketDriver::Do(const action::Listen& listen) {
  wishes_.OnListen(listen.listener, Listen(listen), now());
}

// The bound endpoint.
absl::StatusOr<Endpoint> SocketDriver::Listen(const action::Listen& listen) {
  if (listen.endpoint->transport == Transport::kInproc) {
    if (Inproc() == nullptr) return SystemError("bind", *listen.endpoint, EMFILE);
    if (absl::Status taken = inproc_->Listen(listen); !taken.ok()) return taken;
    return *listen.endpoint;
  }
  absl::StatusOr<Listener> socket = Listener::Open(listen);
  if (!socket.ok()) return socket.status();
  Endpoint bound = socket->bound();
  absl::StatusOr<std::unique_ptr<Acceptor>> acceptor =
      Acceptor::Create(this, listen.listener, *std::move(socket));
  if (!acceptor.ok()) return acceptor.status();
  acceptors_[listen.listener] = *std::move(acceptor);
  return bound;
}

void SocketDriver::Do(const action::Unlisten& unlisten) {
  if (inproc_ != nullptr && inproc_->Unlisten(unlisten)) return;
  auto acceptor = acceptors_.extract(unlisten.listener);
  if (!acceptor) return;
  acceptor.mapped()->Close();
  retired_.push_back(std::move(acceptor.mapped()));
}

void SocketDriver::Do(const action::Accepting& accepting) {
  if (inproc_ != nullptr && inproc_->SetAccepting(accepting)) return;
  const auto it = acceptors_.find(accepting.listener);
  if (it != acceptors_.end()) it->second->SetAccepting(accepting.on);
}

Link* SocketDriver::FindLink(LinkId link) {
  const auto it = links_.find(link);
  return it == links_.end() || it->second->closing() ? nullptr : it->second.get();
}

void SocketDriver::Do(const action::Read& read) {
  if (inproc_ != nullptr && inproc_->SetReading(read)) return;
  if (Link* link = FindLink(read.link)) link->SetReading(read.hint.mode);
}

void SocketDriver::Do(const action::CloseLink& close) {
  admission_.Forget(close.link);
  if (inproc_ != nullptr && inproc_->Close(close, now())) return;
  dials_.erase(close.link);
  if (Link* link = FindLink(close.link)) link->Close(close.mode);
}

void SocketDriver::Write(LinkId link, TransmitBatch batch) {
  if (inproc_ != nullptr && inproc_->Write(link, &batch, now())) return;
  if (Link* to = FindLink(link)) {
    to->Send(std::move(batch));
  } else {
    machine_.ReturnBatch(link, std::move(batch), 0, absl::UnavailableError("closed"), now());
  }
}

void SocketDriver::AddLink(LinkId link, int fd) {
  LinkPtr made = reactor_.MakeLink(link, fd);
  if (made == nullptr) made.reset(new StreamLink(this, link, fd));
  links_[link] = std::move(made);
}

bool SocketDriver::OnAccepted(ListenerId listener, int fd, const TransportInfo& info) {
  const absl::StatusOr<LinkId> link = machine_.OnAccepted(listener, info, now());
  if (link.ok()) {
    AddLink(*link, fd);
  } else {
    close(fd);
  }
  // Unavailable: nobody listens any more, or it has told already that there are too many.
  const bool served = link.ok() || absl::IsUnavailable(link.status());
  if (!served) machine_.OnAcceptFailed(listener, link.status(), now());
  // The next one may have to wait.
  pump_.RunActions();
  Touch();
  return served;
}

void SocketDriver::OnAcceptFailed(ListenerId listener, const absl::Status& why) {
  machine_.OnAcceptFailed(listener, why, now());
  Touch();
}

void SocketDriver::OnDialed(LinkId link, int fd, const TransportInfo& info) {
  if (auto dial = dials_.extract(link)) retired_.push_back(std::move(dial.mapped()));
  // How the link reads hangs on what the machine makes of it.
  machine_.OnDialed(link, info, now());
  AddLink(link, fd);
  Touch();
}

void SocketDriver::OnDialFailed(LinkId link, const absl::Status& why) {
  if (auto dial = dials_.extract(link)) retired_.push_back(std::move(dial.mapped()));
  machine_.OnDialFailed(link, why, now());
  Touch();
}

void SocketDriver::OnLinkOver(LinkId link, const absl::Status& why) {
  admission_.Forget(link);
  machine_.OnTransportClosed(link, why, now());
  Touch();
}

void SocketDriver::Retire(LinkId link) {
  if (auto over = links_.extract(link)) retired_links_.push_back(std::move(over.mapped()));
  Touch();
}

}  // namespace monocoque::net
