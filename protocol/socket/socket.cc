#include "protocol/socket/socket.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "protocol/socket/core.h"
#include "protocol/socket/pattern.h"
#include "protocol/wire/routing_number.h"

namespace monocoque {

Socket::Socket(std::unique_ptr<SocketCore> core, std::unique_ptr<Pattern> pattern)
    : core_(std::move(core)), pattern_(std::move(pattern)) {
  core_->set_pattern(pattern_.get());
}
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;
Socket::~Socket() = default;

absl::StatusOr<Socket> Socket::Create(SocketType type, const SocketOptions& options,
                                      const Host& host) {
  if (absl::Status fits = CheckHost(host, "socket"); !fits.ok()) return fits;
  if (absl::Status fits = CheckOptions(type, options); !fits.ok()) return fits;
  auto core = std::make_unique<SocketCore>(type, options, host);
  std::unique_ptr<Pattern> pattern = MakePattern(type, core.get());
  if (pattern == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("socket: ", SocketTypeName(type), " is not built yet"));
  }
  return Socket(std::move(core), std::move(pattern));
}

SocketType Socket::type() const { return core_->type(); }
const SocketOptions& Socket::options() const { return core_->options(); }
const SocketStats& Socket::stats() const { return core_->stats(); }
bool Socket::CanSend() const { return !core_->closing() && pattern_->CanSend(); }

bool Socket::CanSend(PeerId id) const {
  const Peer* peer = core_->FindPeer(id);
  return peer != nullptr && core_->CanTake(*peer);
}

ReadHint Socket::read_hint(LinkId id) const {
  const Link* link = core_->FindLink(id);
  if (link == nullptr || link->connection == nullptr) return {ReadMode::kPaused, 0};
  return link->connection->read_hint();
}

bool Socket::budgeted(LinkId id) const {
  const Link* link = core_->FindLink(id);
  return link != nullptr && link->connection != nullptr && link->connection->budgeted();
}

PeerId Socket::peer(DialerId id) const {
  const Dialer* dialer = core_->FindDialer(id);
  return dialer == nullptr ? PeerId() : dialer->peer;
}

Bytes Socket::routing_id(PeerId id) const {
  const Peer* peer = core_->FindPeer(id);
  return peer == nullptr ? Bytes() : peer->routing_id.bytes();
}

PeerId Socket::FindPeer(Bytes routing_id) const { return pattern_->FindPeer(routing_id); }

std::shared_ptr<const PeerInfo> Socket::peer_info(PeerId id) const {
  const Peer* peer = core_->FindPeer(id);
  return peer == nullptr ? nullptr : peer->info;
}

std::optional<PeerStats> Socket::peer_stats(PeerId id) const {
  const Peer* peer = core_->FindPeer(id);
  if (peer == nullptr) return std::nullopt;
  PeerStats stats;
  stats.messages_sent = peer->sent;
  stats.messages_received = peer->received;
  stats.messages_dropped = peer->dropped;
  const Unsent unsent = core_->UnsentOf(*peer);
  const Unsent ungathered = pattern_->Ungathered(*peer);
  stats.messages_sent += ungathered.messages;
  stats.unsent_messages = unsent.messages + ungathered.messages;
  stats.unsent_bytes = unsent.bytes + ungathered.bytes;
  const Link* link = peer->ready_link();
  stats.ready = link != nullptr;
  const auto add = [&stats](const Link& from) {
    if (!from.connection->delivering()) return;
    stats.unreceived_messages += from.connection->stored_messages();
    stats.unreceived_bytes += from.connection->stored_bytes();
  };
  for (const Link* old : peer->old) add(*old);
  if (link != nullptr) add(*link);
  return stats;
}

std::size_t Socket::topics() const { return pattern_->topics(); }
std::size_t Socket::ready_peers() const { return core_->ready_peers(); }
bool Socket::has_outputs() const { return core_->has_outputs(); }
bool Socket::drained() const { return core_->drained(); }

void Socket::OnListening(ListenerId id, const Endpoint& bound, Instant /*now*/) {
  core_->OnListening(id, bound);
}
void Socket::OnListenFailed(ListenerId id, const absl::Status& why, Instant /*now*/) {
  core_->OnListenFailed(id, why);
}
void Socket::OnAcceptFailed(ListenerId id, const absl::Status& why, Instant /*now*/) {
  core_->OnAcceptFailed(id, why);
}
absl::StatusOr<LinkId> Socket::OnAccepted(ListenerId id, const TransportInfo& transport,
                                          Instant now) {
  return core_->OnAccepted(id, transport, now);
}
void Socket::OnDialed(LinkId id, const TransportInfo& transport, Instant now) {
  core_->OnDialed(id, transport, now);
}
void Socket::OnDialFailed(LinkId id, const absl::Status& why, Instant now) {
  core_->OnDialFailed(id, why, now);
}
void Socket::Authorize(LinkId id, const AuthVerdict& verdict, Instant now) {
  core_->Authorize(id, verdict, now);
}
void Socket::OnTransportClosed(LinkId id, const absl::Status& why, Instant now) {
  core_->OnTransportClosed(id, why, now);
}

absl::StatusOr<ReadWindow> Socket::PrepareRead(LinkId id) { return core_->PrepareRead(id); }

void Socket::CommitRead(LinkId id, ReadWindow window, std::size_t bytes, Instant now) {
  core_->CommitRead(id, std::move(window), bytes, now);
}
absl::Status Socket::Donate(LinkId id, Slice octets, Instant now) {
  return core_->Donate(id, std::move(octets), now);
}
void Socket::OnWritten(LinkId id, std::size_t written, Instant now) {
  core_->OnWritten(id, written, now);
}

void Socket::ReturnBatch(LinkId id, TransmitBatch batch, std::size_t written,
                         const absl::Status& status, Instant now) {
  core_->ReturnBatch(id, std::move(batch), written, status, now);
}
void Socket::HandleTimeout(Instant now) { core_->HandleTimeout(now); }

absl::StatusOr<ListenerId> Socket::Bind(const Endpoint& endpoint, Instant now) {
  return Bind(endpoint, core_->options().link, now);
}
absl::StatusOr<ListenerId> Socket::Bind(const Endpoint& endpoint, const LinkOptions& options,
                                        Instant /*now*/) {
  return core_->Bind(endpoint, options);
}
absl::StatusOr<DialerId> Socket::Connect(const Endpoint& endpoint, Instant now) {
  return Connect(endpoint, core_->options().link, now);
}
absl::StatusOr<DialerId> Socket::Connect(const Endpoint& endpoint, const LinkOptions& options,
                                         Instant now) {
  return core_->Connect(endpoint, options, now);
}
absl::StatusOr<std::uint32_t> Socket::ConnectPeer(const Endpoint& endpoint, Instant now) {
  return ConnectPeer(endpoint, core_->options().link, now);
}
absl::StatusOr<std::uint32_t> Socket::ConnectPeer(const Endpoint& endpoint,
                                                  const LinkOptions& options, Instant now) {
  if (type() != SocketType::kPeer) {
    return absl::FailedPreconditionError(absl::StrCat("connect: PEER gives its peers numbers, ",
                                                      SocketTypeName(type()), " does not"));
  }
  const absl::StatusOr<DialerId> dialer = Connect(endpoint, options, now);
  if (!dialer.ok()) return dialer.status();
  return RoutingNumberOf(routing_id(peer(*dialer)));
}
absl::Status Socket::Unbind(ListenerId id, Instant now) { return core_->Unbind(id, now); }
absl::Status Socket::Disconnect(DialerId id, Instant now) { return core_->Disconnect(id, now); }

absl::Status Socket::Send(Message* message, Instant now) {
  if (core_->closing()) [[unlikely]] {
    return absl::FailedPreconditionError("send: the socket is closed");
  }
  return pattern_->Send(message, now);
}

absl::Status Socket::SendTo(PeerId id, Message* message, Instant now) {
  if (core_->closing()) return absl::FailedPreconditionError("send: the socket is closed");
  Peer* peer = core_->FindPeer(id);
  if (peer == nullptr || !core_->MayReach(*peer)) return absl::NotFoundError("");
  return pattern_->SendTo(peer, message, now);
}

const Message* Socket::Peek(PeerId* from, Instant now) {
  if (!has_peeked_ || !pattern_->KeepsShown()) has_peeked_ = Take(&peeked_, now);
  if (!has_peeked_) return nullptr;
  if (from != nullptr) *from = peeked_.peer();
  return &peeked_;
}

bool Socket::Receive(Message* out, PeerId* from, Instant now) {
  const bool peeked = has_peeked_ && TakePeeked(out);
  if (!peeked && !Take(out, now)) return false;
  pattern_->Taken();
  ++core_->mutable_stats()->messages_received;
  if (from != nullptr) *from = out->peer();
  return true;
}

bool Socket::TakePeeked(Message* out) {
  has_peeked_ = false;
  if (!pattern_->KeepsShown()) return false;
  *out = std::move(peeked_);
  return true;
}

bool Socket::Take(Message* out, Instant now) {
  if (!core_->receives_apart() && pattern_->Receive(out, now)) [[likely]]
    return true;
  // Taking the last message of a link may have brought one.
  return core_->TakeNotice(out);
}

absl::Status Socket::Forsaken() const { return core_->Forsaken(); }
std::uint64_t Socket::forsaken_messages() const { return core_->forsaken_messages(); }

absl::Status Socket::SendStatus() const {
  if (core_->closing()) return absl::FailedPreconditionError("send: the socket is closed");
  return pattern_->SendStatus();
}

absl::Status Socket::ReceiveStatus() const {
  if (core_->closing()) return absl::FailedPreconditionError("receive: the socket is closed");
  return pattern_->ReceiveStatus();
}

absl::Status Socket::Subscribe(Bytes prefix, Instant now) {
  return pattern_->Subscribe(prefix, now);
}
absl::Status Socket::Unsubscribe(Bytes prefix, Instant now) {
  return pattern_->Unsubscribe(prefix, now);
}
absl::Status Socket::Join(std::string_view group, Instant now) {
  return pattern_->Join(group, now);
}
absl::Status Socket::Leave(std::string_view group, Instant now) {
  return pattern_->Leave(group, now);
}
absl::Status Socket::SubscribeFor(PeerId id, Bytes prefix, Instant now) {
  Peer* peer = core_->FindPeer(id);
  if (peer == nullptr) return absl::NotFoundError("");
  return pattern_->SubscribeFor(peer, prefix, now);
}
absl::Status Socket::UnsubscribeFor(PeerId id, Bytes prefix, Instant now) {
  Peer* peer = core_->FindPeer(id);
  if (peer == nullptr) return absl::NotFoundError("");
  return pattern_->UnsubscribeFor(peer, prefix, now);
}

void Socket::Close(absl::Duration linger, Instant now) {
  has_peeked_ = false;
  peeked_.Clear();
  pattern_->OnClose();
  core_->Close(linger, now);
}

bool Socket::Process(std::size_t max_frames, Instant now) {
  return core_->Process(max_frames, now);
}
bool Socket::NextAction(Action* out) { return core_->NextAction(out); }
bool Socket::has_event() const { return core_->has_event(); }
bool Socket::NextEvent(SocketEvent* out) { return core_->NextEvent(out); }
bool Socket::NextWritable(PeerId* out) { return core_->NextWritable(out); }
bool Socket::NextTransmitLink(LinkId* out) { return core_->NextTransmitLink(out); }
bool Socket::FillTransmit(LinkId id, TransmitBatch* batch, std::size_t max_bytes) {
  return core_->FillTransmit(id, batch, max_bytes);
}
std::size_t Socket::pending_bytes() const { return core_->pending_bytes(); }
Instant Socket::NextDeadline() const { return core_->NextDeadline(); }

}  // namespace monocoque
