#include "fuzz/partner.h"

#include <array>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "alloc/transmit_batch.h"
#include "fuzz/require.h"
#include "protocol/socket/event.h"
#include "protocol/wire/message.h"

namespace monocoque::fuzz {
namespace {

constexpr std::size_t kWriteBytes = 512 * 1024;
// More than any script can ask of it in one turn.
constexpr int kMaxRounds = 10'000;

std::string OctetsOf(const TransmitBatch& batch) {
  std::vector<Bytes> spans(batch.slices());
  batch.Spans(spans);
  std::string octets;
  for (Bytes span : spans) octets.append(AsText(span));
  return octets;
}

}  // namespace

Partner::Partner(char name, SocketType type, SocketType other, const SocketOptions& options,
                 const Host& host)
    : name_(name), socket_(*Socket::Create(type, options, host)), arrivals_(other) {
  if (SendsSubscriptions(type)) Require(socket_.Subscribe("", host.now).ok(), "it subscribes");
  if (type == SocketType::kDish) {
    Require(socket_.Join(kStampedGroup, host.now).ok(), "it joins the group");
  }
}

bool Partner::answers() const {
  using enum SocketType;
  const SocketType type = socket_.type();
  return type == kRep || type == kRouter || type == kServer || type == kPeer;
}

void Partner::Listen(const Endpoint& endpoint, Instant now) {
  const absl::StatusOr<ListenerId> listener = socket_.Bind(endpoint, now);
  Require(listener.ok(), "a partner listens");
  listener_ = *listener;
}

LinkId Partner::Accept(Instant now) {
  if (!listener_) return LinkId();
  const absl::StatusOr<LinkId> link = socket_.OnAccepted(listener_, {"sim", "sim"}, now);
  return link.ok() ? *link : LinkId();
}

void Partner::Send(Message message, Instant now) {
  const absl::Status sent = socket_.Send(&message, now);
  if (sent.ok()) ++sent_;
}

void Partner::Take(unsigned kind, Instant now) {
  Message message;
  PeerId from;
  while (socket_.Receive(&message, &from, now)) {
    if (IsNotice(socket_.type(), message)) continue;
    arrivals_.Check(from, message);
    if (!answers()) continue;
    Message answer = MakeStampedFor(socket_.type(), name_, sent_, kind);
    answer.set_to(message.routing_id());
    Send(std::move(answer), now);
  }
}

// False if nothing moved.
bool Partner::Drain(const Far& far, Instant now) {
  bool moved = socket_.Process(kWriteBytes, now);
  Action action;
  while (socket_.NextAction(&action)) {
    moved = true;
    if (const auto* dial = std::get_if<action::Dial>(&action)) {
      if (!far.dial(dial->link)) {
        socket_.OnDialFailed(dial->link, absl::UnavailableError("nobody listens"), now);
      }
    } else if (const auto* listen = std::get_if<action::Listen>(&action)) {
      socket_.OnListening(listen->listener, *listen->endpoint, now);
    } else if (const auto* close = std::get_if<action::CloseLink>(&action)) {
      far.close(close->link);
    }
  }
  SocketEvent event;
  while (socket_.NextEvent(&event)) moved = true;
  LinkId link;
  while (socket_.NextTransmitLink(&link)) {
    TransmitBatch batch;
    if (!socket_.FillTransmit(link, &batch, kWriteBytes)) continue;
    moved = true;
    const std::string octets = OctetsOf(batch);
    const bool delivered = far.deliver(link, AsBytes(octets));
    socket_.ReturnBatch(link, std::move(batch), delivered ? octets.size() : 0,
                        delivered ? absl::OkStatus() : absl::UnavailableError("reset"), now);
  }
  return moved;
}

void Partner::Turn(bool sends, unsigned kind, const Far& far, Instant now) {
  if (now >= socket_.NextDeadline()) socket_.HandleTimeout(now);
  if (sends && socket_.CanSend() && !answers()) {
    Send(MakeStampedFor(socket_.type(), name_, sent_, kind), now);
  }
  for (int round = 0;; ++round) {
    Require(round < kMaxRounds, "a partner comes to rest");
    Take(kind, now);
    if (!Drain(far, now)) return;
  }
}

}  // namespace monocoque::fuzz
