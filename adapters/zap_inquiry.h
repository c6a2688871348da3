#ifndef MONOCOQUE_ADAPTERS_ZAP_INQUIRY_H_
#define MONOCOQUE_ADAPTERS_ZAP_INQUIRY_H_

#include <memory>
#include <optional>

#include "adapters/inproc.h"
#include "adapters/inproc_links.h"
#include "adapters/pump.h"
#include "adapters/waker.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"

namespace monocoque {

// One question to the process's ZAP handler, at inproc://zeromq.zap.01 (RFC 27): a DEALER asks it
// on a link of its own, as libzmq does, so that whatever comes back on it is meant for this
// question, and no handler holds up another's.
//
// Thread rule: the asking socket's thread; the handler may be on any. Destroying it withdraws the
// question.
class ZapInquiry final : public PumpDriver {
 public:
  // Whether somebody listens there.
  static bool CanAsk(InprocHub* hub);

  // `waker`: asks for the next Turn.
  ZapInquiry(const Host& host, std::shared_ptr<InprocHub> hub, std::shared_ptr<Waker> waker,
             const AuthRequest& request);
  ~ZapInquiry() override;

  // Goes on with it. What the handler decided, once it did; that the peer may try later, if the
  // handler is gone, or what it said is no reply (Z-3).
  std::optional<AuthVerdict> Turn(Instant now);

  // PumpDriver.
  void Do(const action::Dial& dial) override;
  void Do(const action::Listen& listen) override;
  void Do(const action::Unlisten& unlisten) override;
  void Do(const action::Accepting& accepting) override;
  void Do(const action::Read& read) override;
  void Do(const action::CloseLink& close) override;
  void Write(LinkId link, TransmitBatch batch) override;

 private:
  const std::shared_ptr<Waker> waker_;
  Instant now_;
  std::optional<Socket> machine_;  // none: it could not be made
  std::optional<Pump<Socket>> pump_;
  std::optional<InprocLinks> inproc_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_ZAP_INQUIRY_H_
