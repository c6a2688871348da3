#ifndef MONOCOQUE_EXAMPLES_PACKET_PEER_H_
#define MONOCOQUE_EXAMPLES_PACKET_PEER_H_

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "adapters/net/host.h"
#include "adapters/pump.h"
#include "alloc/slab_pool.h"
#include "protocol/socket/socket.h"

namespace monocoque {

inline constexpr std::size_t kPacketBytes = 8192;

inline std::string Scramble(std::string packet) {
  for (char& octet : packet) octet = static_cast<char>(octet ^ 0x5a);
  return packet;
}

inline Host MakeHost() {
  return {SlabPool::Create(), {}, std::make_shared<net::OsEntropy>(), net::Now()};
}

// What a call's result means. OK: go on, now or later; anything else: the transport ended.
inline absl::Status Judge(ssize_t size) {
  if (size >= 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return absl::ErrnoToStatus(errno, "packets");
}

// One end: a socket with one link, whose octets go in packets. The pump knows in which order all is
// drained; here is what it cannot know.
class PacketPeer final : public PumpDriver {
 public:
  PacketPeer(SocketType type, int fd)
      : socket(*Socket::Create(type, {}, MakeHost())), pump_(&socket, this), fd_(fd) {}
  ~PacketPeer() override { close(fd_); }

  // What can be done without waiting: what came, what follows from it, what is to be written.
  void Turn() {
    now_ = net::Now();
    Read();
    WriteOn();
    pump_.Turn(now_);
  }
  void Do(const action::Dial& dial) override {
    // A pair joins once.
    if (link_) return socket.OnDialFailed(dial.link, absl::UnavailableError("over"), now_);
    link_ = dial.link;
    socket.OnDialed(link_, {}, now_);
  }
  void Do(const action::Listen& listen) override {
    socket.OnListening(listen.listener, *listen.endpoint, now_);
    if (auto link = socket.OnAccepted(listen.listener, {}, now_); link.ok()) link_ = *link;
  }
  void Do(const action::Unlisten&) override {}
  void Do(const action::Accepting&) override {}
  void Do(const action::Read&) override {}
  void Do(const action::CloseLink&) override { shutdown(fd_, SHUT_WR); }
  void Write(LinkId, TransmitBatch batch) override {
    batch_ = std::move(batch);
    WriteOn();
  }
  // The link is over, and nothing of it is left to write.
  bool over() const { return socket.ready_peers() == 0 && !batch_; }
  Socket socket;

 private:
  void WriteOn() {
    Bytes span[1];
    absl::Status status;
    while (batch_ && status.ok() && batch_->Spans(span) > 0) {
      const Bytes next = span[0].first(std::min(span[0].size(), kPacketBytes));
      const std::string packet = Scramble(std::string(AsText(next)));
      const ssize_t size = send(fd_, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      status = Judge(size);
      // Whole or not at all; if not now, then at the next turn.
      if (size < 0 && status.ok()) return;
      if (size >= 0) batch_->Advance(packet.size());
    }
    if (!batch_) return;
    const std::size_t written = batch_->written();
    socket.ReturnBatch(link_, *std::exchange(batch_, {}), written, status, now_);
  }

  void Read() {
    while (socket.read_hint(link_).mode != ReadMode::kPaused) {
      std::string packet(kPacketBytes, '\0');
      const ssize_t size = recv(fd_, packet.data(), packet.size(), MSG_DONTWAIT);
      const absl::Status status = Judge(size);
      if (size == 0 || !status.ok()) socket.OnTransportClosed(link_, status, now_);
      if (size <= 0) return;
      packet.resize(static_cast<std::size_t>(size));
      (void)socket.Donate(link_, Slice::Copy(Scramble(std::move(packet))), now_);
    }
  }

  Pump<Socket> pump_;
  const int fd_;
  Instant now_ = net::Now();
  LinkId link_;
  std::optional<TransmitBatch> batch_;  // that is being written
};

}  // namespace monocoque

#endif  // MONOCOQUE_EXAMPLES_PACKET_PEER_H_
