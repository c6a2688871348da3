#ifndef MONOCOQUE_ADAPTERS_URING_LINK_IO_H_
#define MONOCOQUE_ADAPTERS_URING_LINK_IO_H_

#include <memory>

#include "adapters/net/link.h"
#include "adapters/net/socket_driver.h"
#include "adapters/net/timed.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/ring.h"
#include "adapters/uring/send_op.h"
#include "alloc/read_window.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/ids.h"

namespace monocoque::uring {

// The descriptor of one link: receives, sends, closes. Deletes itself when it is released and its
// last completion has come; until then late completions find it and are ignored.
class LinkIo final : public net::Link, public Completion, public net::Timed {
 public:
  LinkIo(Loop* loop, net::SocketDriver* driver, LinkId link, int fd);

  void SetReading(ReadMode mode) override;
  void Send(TransmitBatch batch) override;
  void Close(CloseMode mode) override;
  bool closing() const override { return draining_ || fd_ < 0; }
  // The ring reads by itself.
  void ReadNow() override {}
  void Release() override;

  // Of sending.
  void OnSent(int result);
  // Of receiving, or of waiting until readable.
  void OnCompletion(int result, unsigned flags) override;
  // The peer was given long enough to close, or memory for buffers may be there again.
  void OnTime(Instant now) override;

 private:
  ~LinkIo() override { loop_.SetTimer(this, Instant::Never()); }
  bool donates() const;
  void Arm();
  bool ArmWindow();
  void Cancel();
  void OnReadable(int result);
  void OnWindowFilled(int result);
  void OnRead(ReadWindow window, int result);
  void Starve();
  void Received(int result, unsigned flags);
  void Over(int error);
  void CloseNow();
  void Retire();
  void DeleteIfOver();

  Loop& loop_;
  net::SocketDriver* driver_;  // null once it has let go of us, or we told it that we are over
  const LinkId link_;
  const bool budgeted_;
  int fd_;
  bool armed_ = false;  // a receive is with the kernel
  ReadWindow window_;   // what it reads into, if that is no provided buffer
  ReadMode mode_ = ReadMode::kAny;
  bool starved_ = false;   // waits for memory for buffers
  bool draining_ = false;  // closed by us: what comes is thrown away until the end of the stream
  bool released_ = false;
  std::unique_ptr<SendOp> sending_;
  std::shared_ptr<bool> copies_;  // see SendOp::Submit
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_LINK_IO_H_
