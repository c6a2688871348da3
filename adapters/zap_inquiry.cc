#include "adapters/zap_inquiry.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/retry.h"
#include "protocol/mechanism/zap.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {
namespace {

// Each question has a link of its own, and needs no more than libzmq's.
constexpr std::string_view kId = "1";

// RFC 27's endpoint as the hub knows it.
const std::string& HandlerName() {
  static const auto* const name = new std::string(ParseEndpoint(kZapEndpoint)->path);
  return *name;
}

AuthVerdict TryLater(std::string_view why) {
  return {.status = AuthStatus::kTryLater, .text = std::string(why)};
}

// A DEALER has no delimiter of its own accord.
Message WithDelimiter(const Message& message) {
  Message whole("");
  for (const Slice& part : message) whole.AddPart(part.bytes());
  return whole;
}

AuthVerdict Judge(const Message& reply) {
  if (!reply[0].empty()) return TryLater("malformed ZAP reply: its delimiter");
  if (reply.part_count() < 2) return TryLater("malformed ZAP reply: its number of frames");
  Message bare(reply[1].bytes());
  for (std::size_t i = 2; i < reply.part_count(); ++i) bare.AddPart(reply[i].bytes());
  return ZapVerdict(bare, kId);
}

}  // namespace

bool ZapInquiry::CanAsk(InprocHub* hub) { return hub->IsListening(HandlerName()); }

ZapInquiry::ZapInquiry(const Host& host, std::shared_ptr<InprocHub> hub,
                       std::shared_ptr<Waker> waker, const AuthRequest& request)
    : waker_(std::move(waker)), now_(host.now) {
  SocketOptions options;
  // The deadline is that of the handshake that waits for the answer.
  options.link.handshake_timeout = absl::ZeroDuration();
  options.link.retry = RetryRules::Never();
  absl::StatusOr<Socket> machine = Socket::Create(SocketType::kDealer, options, host);
  if (!machine.ok()) return;
  machine_.emplace(*std::move(machine));
  pump_.emplace(&*machine_, this);
  inproc_.emplace(std::move(hub), &*machine_, waker_);
  Message question = WithDelimiter(ZapRequest(request, kId));
  if (!machine_->Connect(*ParseEndpoint(kZapEndpoint), now_).ok() ||
      !machine_->Send(&question, now_).ok()) {
    machine_.reset();
  }
}

ZapInquiry::~ZapInquiry() = default;

std::optional<AuthVerdict> ZapInquiry::Turn(Instant now) {
  if (!machine_) return TryLater("the ZAP handler cannot be asked");
  now_ = now;
  inproc_->Turn(now_);
  if (pump_->Turn(now_) || machine_->has_outputs()) waker_->Wake();
  if (Message reply; machine_->Receive(&reply, nullptr, now_)) return Judge(reply);
  for (SocketEvent event; machine_->NextEvent(&event);) {
    if (event.kind == SocketEvent::Kind::kClosed || event.kind == SocketEvent::Kind::kGaveUp) {
      return TryLater("the ZAP handler is gone");
    }
  }
  return std::nullopt;
}

void ZapInquiry::Do(const action::Dial& dial) { inproc_->Dial(dial); }
// It never listens.
void ZapInquiry::Do(const action::Listen& /*listen*/) {}
void ZapInquiry::Do(const action::Unlisten& /*unlisten*/) {}
void ZapInquiry::Do(const action::Accepting& /*accepting*/) {}
void ZapInquiry::Do(const action::Read& read) { inproc_->SetReading(read); }
void ZapInquiry::Do(const action::CloseLink& close) { inproc_->Close(close, now_); }

void ZapInquiry::Write(LinkId link, TransmitBatch batch) {
  if (inproc_->Write(link, &batch, now_)) return;
  machine_->ReturnBatch(link, std::move(batch), 0, absl::UnavailableError("closed"), now_);
}

}  // namespace monocoque
