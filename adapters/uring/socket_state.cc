#include "adapters/uring/socket_state.h"

#include <unistd.h>

#include <utility>

#include "adapters/net/listener.h"
#include "adapters/uring/link_io.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/mailbox.h"
#include "protocol/drive/endpoint.h"

namespace monocoque::uring {

SocketState::SocketState(Loop* loop, absl::Status why)
    : touched(this), loop_(*loop), status_(std::move(why)) {}

SocketState::SocketState(Loop* loop, monocoque::Socket machine)
    : touched(this), loop_(*loop), machine_(std::move(machine)) {
  pump_.emplace(&*machine_, this);
  wishes_.emplace(&*machine_, &*pump_);
  admission_.emplace(&*machine_, loop_.inproc_hub(),
                     [this] { return loop_.mailbox().MakeWaker(weak_from_this()); });
}

SocketState::~SocketState() {
  Shutdown();
  loop_.SetTimer(this, Instant::Never());
  loop_.Forget(&touched);
}

Instant SocketState::turn_time() const { return loop_.now(); }

void SocketState::Shutdown() {
  for (const auto& [id, acceptor] : std::exchange(acceptors_, {})) acceptor->Close();
  for (const auto& [id, dial] : std::exchange(dials_, {})) dial->Close();
  links_.clear();
  while (LinkIo* link = links_alive.front()) link->Orphan();
  inproc_.reset();
  FailWaiters();
}

void SocketState::FailWaiters() {
  for (Rotation<Waiter>* queue : {&receivers, &senders, &watchers}) {
    while (Waiter* waiter = queue->Pop()) {
      waiter->Fail(absl::CancelledError("the socket was closed"));
      loop_.ResumeLater(waiter->handle_);
    }
  }
}

absl::Status SocketState::SendInTurn(Message* message) {
  absl::Status sent = machine_->Send(message, loop_.now());
  if (sent.ok()) Touch();
  return sent;
}

void SocketState::Exchange() {
  loop_.Exchange();
  flush_policy_.Wrote();
}

void SocketState::WriteNow() {
  flush_policy_.Reset();
  Touch();
  loop_.Exchange();
}

void SocketState::Tick() { loop_.Tick(); }

void SocketState::Touch() { loop_.Touch(&touched); }

bool SocketState::Turn(Instant now, std::size_t max_frames) {
  if (inproc_ != nullptr) inproc_->Turn(now);
  admission_->Turn(now);
  const bool more = pump_->Turn(now, max_frames);
  loop_.SetTimer(this, machine_->NextDeadline());
  if (more || machine_->has_outputs()) Touch();
  return more;
}

// Taken and resumed one by one: whoever is resumed may do anything, destroy this socket's handle
// too.
bool SocketState::Serve(Rotation<Waiter>* queue) {
  Waiter* waiter = queue->front();
  if (waiter == nullptr || !waiter->Try()) return false;
  queue->Remove(&waiter->node_);
  waiter->handle_.resume();
  return true;
}

// One of those whose condition holds.
bool SocketState::ServeWatchers() {
  const Waiter* const first = watchers.front();
  while (!watchers.empty()) {
    if (Serve(&watchers)) return true;
    watchers.Rotate();
    if (watchers.front() == first) break;
  }
  return false;
}

void SocketState::ServeWaiters(std::size_t max_resumed) {
  const std::shared_ptr<SocketState> alive = shared_from_this();
  for (std::size_t resumed = 0; resumed < max_resumed; ++resumed) {
    if ((!admission_ || !admission_->ServeOne()) && !Serve(&senders) && !Serve(&receivers) &&
        !ServeWatchers()) {
      return;
    }
  }
  Touch();
}

// Null: the system gave no descriptor to be woken by.
InprocLinks* SocketState::Inproc() {
  if (inproc_ != nullptr) return inproc_.get();
  std::shared_ptr<Waker> waker = loop_.mailbox().MakeWaker(weak_from_this());
  if (waker == nullptr) return nullptr;
  inproc_ = std::make_unique<InprocLinks>(loop_.inproc_hub(), &*machine_, std::move(waker),
                                          [this](LinkId link) { admission_->Forget(link); });
  return inproc_.get();
}

void SocketState::Do(const action::Dial& dial) {
  if (dial.endpoint->transport == Transport::kInproc && Inproc() != nullptr) {
    inproc_->Dial(dial);
    return;
  }
  auto* attempt = new Dial(&loop_, this, dial);
  dials_[dial.link] = attempt;
  attempt->Start();
}

// The bound endpoint.
absl::StatusOr<Endpoint> SocketState::Listen(const action::Listen& listen) {
  if (listen.endpoint->transport == Transport::kInproc && Inproc() != nullptr) {
    if (absl::Status taken = inproc_->Listen(listen); !taken.ok()) return taken;
    return *listen.endpoint;
  }
  absl::StatusOr<net::Listener> socket = net::Listener::Open(listen);
  if (!socket.ok()) return socket.status();
  Endpoint bound = socket->bound();
  acceptors_[listen.listener] = new Acceptor(&loop_, this, listen.listener, *std::move(socket));
  return bound;
}

void SocketState::Do(const action::Listen& listen) {
  wishes_->OnListen(listen.listener, Listen(listen), loop_.now());
}

void SocketState::Do(const action::Unlisten& unlisten) {
  if (inproc_ != nullptr && inproc_->Unlisten(unlisten)) return;
  const auto it = acceptors_.find(unlisten.listener);
  if (it == acceptors_.end()) return;
  it->second->Close();
  acceptors_.erase(it);
}

void SocketState::Do(const action::Accepting& accepting) {
  if (inproc_ != nullptr && inproc_->SetAccepting(accepting)) return;
  const auto it = acceptors_.find(accepting.listener);
  if (it != acceptors_.end()) it->second->SetAccepting(accepting.on);
}

void SocketState::Do(const action::Read& read) {
  if (inproc_ != nullptr && inproc_->SetReading(read)) return;
  const auto it = links_.find(read.link);
  if (it != links_.end()) it->second->SetReading(read.hint.mode);
}

void SocketState::Do(const action::CloseLink& close) {
  admission_->Forget(close.link);
  if (inproc_ != nullptr && inproc_->Close(close, loop_.now())) return;
  if (const auto dial = dials_.find(close.link); dial != dials_.end()) {
    dial->second->Close();
    dials_.erase(dial);
  }
  const auto it = links_.find(close.link);
  if (it == links_.end()) return;
  it->second->Close(close.mode);
  links_.erase(it);
}

void SocketState::Write(LinkId link, TransmitBatch batch) {
  if (inproc_ != nullptr && inproc_->Write(link, &batch, loop_.now())) return;
  const auto it = links_.find(link);
  if (it != links_.end()) {
    it->second->Send(std::move(batch));
  } else {
    machine_->ReturnBatch(link, std::move(batch), 0, absl::UnavailableError("closed"), loop_.now());
  }
}

void SocketState::AddLink(LinkId link, int fd) {
  links_[link] = new LinkIo(&loop_, this, link, fd);
}

void SocketState::OnAccepted(ListenerId listener, int fd,
                             const absl::StatusOr<TransportInfo>& info) {
  if (!info.ok()) {
    OnAcceptFailed(listener, info.status());
    return;
  }
  const absl::StatusOr<LinkId> link = machine_->OnAccepted(listener, *info, loop_.now());
  if (link.ok()) {
    AddLink(*link, fd);
  } else {
    close(fd);
  }
  Touch();
}

void SocketState::OnAcceptFailed(ListenerId listener, const absl::Status& why) {
  machine_->OnAcceptFailed(listener, why, loop_.now());
  Touch();
}

void SocketState::OnDialed(LinkId link, int fd, const TransportInfo& info) {
  dials_.erase(link);
  AddLink(link, fd);
  machine_->OnDialed(link, info, loop_.now());
  Touch();
}

void SocketState::OnDialFailed(LinkId link, const absl::Status& why) {
  dials_.erase(link);
  machine_->OnDialFailed(link, why, loop_.now());
  Touch();
}

void SocketState::OnLinkOver(LinkId link, const absl::Status& why) {
  links_.erase(link);
  admission_->Forget(link);
  machine_->OnTransportClosed(link, why, loop_.now());
  Touch();
}

Waiter::~Waiter() {
  if (loop_ == nullptr) return;
  if (node_.linked()) {
    queue_.Remove(&node_);
  } else {
    loop_->Unresume(handle_);
  }
}

void Waiter::await_suspend(std::coroutine_handle<> awaiting) {
  loop_ = &state_->loop();
  handle_ = awaiting;
  queue_.Add(&node_);
  state_->Touch();
}

std::optional<absl::StatusOr<Message>> ReceiveAwaiter::Attempt() {
  Message message;
  if (state().TryReceive(&message)) return message;
  absl::Status why = state().machine().ReceiveStatus();
  if (absl::IsUnavailable(why)) return std::nullopt;
  return why;
}

std::optional<absl::Status> SendAwaiter::Attempt() {
  absl::Status sent = state().SendInTurn(&message_);
  if (absl::IsUnavailable(sent)) return std::nullopt;
  return sent;
}

}  // namespace monocoque::uring
