#ifndef MONOCOQUE_ADAPTERS_URING_LINK_IO_H_
#define MONOCOQUE_ADAPTERS_URING_LINK_IO_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "adapters/net/address.h"
#include "adapters/net/dial_steps.h"
#include "adapters/net/listener.h"
#include "adapters/uring/loop.h"
#include "adapters/uring/ring.h"
#include "adapters/uring/send_op.h"
#include "alloc/read_window.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/rotation.h"

namespace monocoque::uring {

class SocketState;

// The descriptor of one link: receives, sends, closes. Deletes itself when it is closed and its
// last completion has come; until then late completions find it and are ignored.
class LinkIo final : public Completion, public Timed {
 public:
  LinkIo(Loop* loop, SocketState* owner, LinkId link, int fd);

  // What the owner wants to read now.
  void SetReading(ReadMode mode);
  void Send(TransmitBatch batch);
  // From now on the owner hears no more, save of the batch it is owed; it is closed with us once
  // the peer has closed too, or had its time.
  void Close(CloseMode mode);
  // The owner is going away.
  void Orphan();

  // Of sending.
  void OnSent(int result);
  // Of receiving, or of waiting until readable.
  void OnCompletion(int result, unsigned flags) override;
  // The peer was given long enough to close, or memory for buffers may be there again.
  void OnTime(Instant now) override;

 private:
  ~LinkIo() override;
  void Arm();
  bool ArmWindow();
  void Cancel();
  void OnReadable(int result);
  void OnWindowFilled(int result);
  void Starve();
  void Received(int result, unsigned flags);
  void Over(const absl::Status& why);
  void CloseNow();
  void DeleteIfOver();
  void Disown();

  Loop& loop_;
  SocketState* owner_;  // null once it does not want to hear of us
  RotationNode<LinkIo> owned_;
  const LinkId link_;
  int fd_;
  bool armed_ = false;  // a receive is with the kernel
  ReadWindow window_;   // what it reads into, if that is no provided buffer
  ReadMode mode_ = ReadMode::kAny;
  bool starved_ = false;   // waits for memory for buffers
  bool draining_ = false;  // closed by us: what comes is thrown away until the end of the stream
  bool handling_ = false;  // within a handler: not deleted before it returns
  std::unique_ptr<SendOp> sending_;
  std::shared_ptr<bool> copies_;  // see SendOp::Submit
};

// Accepts for one listener.
class Acceptor final : public Completion, public Timed {
 public:
  Acceptor(Loop* loop, SocketState* owner, ListenerId listener, net::Listener socket);

  void SetAccepting(bool on);
  void Close();
  void OnCompletion(int result, unsigned flags) override;
  void OnTime(Instant now) override;

 private:
  ~Acceptor() override = default;
  void Arm();

  Loop& loop_;
  SocketState* owner_;
  const ListenerId listener_;
  net::Listener socket_;
  bool armed_ = false;
  bool accepting_ = true;
};

// One attempt to connect. Deletes itself when it is over, or was closed and nothing is under way.
class Dial final : public Completion, public Timed {
 public:
  Dial(Loop* loop, SocketState* owner, const action::Dial& dial);

  // May tell the owner how it ended, and be gone.
  void Start();
  // The owner hears no more.
  void Close();
  void OnCompletion(int result, unsigned flags) override;
  void OnTime(Instant now) override;
  void OnResolved(absl::StatusOr<std::vector<net::Address>> found);

 private:
  ~Dial() override { loop_.SetTimer(this, Instant::Never()); }
  void Go(net::DialSteps::Next next);

  Loop& loop_;
  SocketState* owner_;
  const LinkId link_;
  net::DialSteps steps_;
  net::DialSteps::Next next_ = net::DialSteps::Next::kResolve;
  bool late_ = false;  // the time for this address is over
};

}  // namespace monocoque::uring

#endif  // MONOCOQUE_ADAPTERS_URING_LINK_IO_H_
