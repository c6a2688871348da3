#ifndef MONOCOQUE_ADAPTERS_NET_STREAM_LINK_H_
#define MONOCOQUE_ADAPTERS_NET_STREAM_LINK_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "adapters/net/link.h"
#include "adapters/net/reactor.h"
#include "adapters/net/timed.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/ids.h"

namespace monocoque::net {

class SocketDriver;

// The descriptor of one link: reads, writes, closes.
//
// Invariant: at most one batch is with us, and then the kernel took all it wanted; a read window is
// out only within one call.
class StreamLink final : public Link, public WatchHandler, public Timed {
 public:
  StreamLink(SocketDriver* driver, LinkId link, int fd);

  void SetReading(ReadMode mode) override;
  // Writes what the kernel takes now, and the rest when it takes more.
  void Send(TransmitBatch batch) override;
  void Close(CloseMode mode) override;
  bool closing() const override { return closing_; }
  void ReadNow() override;
  void Release() override { delete this; }

  void OnReady(bool readable, bool writable) override;
  // The peer was given long enough to close, or that there is no watch is told.
  void OnTime(Instant now) override;

 private:
  ~StreamLink() override;
  void Read();
  void Write();
  void GiveBack(const absl::Status& status);
  void Over(const absl::Status& why);
  void CloseNow();
  void Want();

  SocketDriver& driver_;
  const LinkId link_;
  int fd_;
  std::unique_ptr<Watch> watch_;
  ReadMode mode_ = ReadMode::kAny;
  bool wants_read_ = false;
  bool wants_write_ = false;
  bool closing_ = false;
  bool sending_ = false;
  TransmitBatch batch_;
  std::size_t written_ = 0;  // of the batch
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_STREAM_LINK_H_
