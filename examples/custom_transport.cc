// A transport of one's own under a whole socket: packets on a socket pair, scrambled on the way.
// What a TLS library does to its records would stand where Scramble does.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "adapters/net/host.h"
#include "adapters/pump.h"
#include "alloc/slab_pool.h"
#include "protocol/socket/socket.h"

using namespace monocoque;

namespace {

constexpr std::size_t kPacketBytes = 8192;

std::string Scramble(std::string packet) {
  for (char& octet : packet) octet = static_cast<char>(octet ^ 0x5a);
  return packet;
}

Host MakeHost() {
  return {SlabPool::Create(), {}, std::make_shared<net::OsEntropy>(), net::Now()};
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
  Socket socket;

 private:
  void WriteOn() {
    Bytes span[1];
    while (batch_ && batch_->Spans(span) > 0) {
      const Bytes next = span[0].first(std::min(span[0].size(), kPacketBytes));
      const std::string packet = Scramble(std::string(AsText(next)));
      // Whole or not at all; if not now, then at the next turn.
      if (send(fd_, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return;
      batch_->Advance(packet.size());
    }
    if (!batch_) return;
    const std::size_t written = batch_->written();
    socket.ReturnBatch(link_, *std::exchange(batch_, {}), written, absl::OkStatus(), now_);
  }

  void Read() {
    while (socket.read_hint(link_).mode != ReadMode::kPaused) {
      std::string packet(kPacketBytes, '\0');
      const ssize_t size = recv(fd_, packet.data(), packet.size(), MSG_DONTWAIT);
      if (size == 0) socket.OnTransportClosed(link_, absl::OkStatus(), now_);
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

}  // namespace

int main() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0) return 1;
  PacketPeer req(SocketType::kReq, fds[0]), rep(SocketType::kRep, fds[1]);
  const Endpoint name = *ParseEndpoint("inproc://packets");
  const bool bound = rep.socket.Bind(name, net::Now()).ok();
  Message message(std::string(1 << 20, '?'));
  if (!bound || !req.socket.Connect(name, net::Now()).ok()) return 1;
  if (!req.socket.Send(&message, net::Now()).ok()) return 1;
  for (int turn = 0; turn < 10'000 && !req.socket.Receive(&message, nullptr, net::Now()); ++turn) {
    req.Turn();
    rep.Turn();
    if (!rep.socket.Receive(&message, nullptr, net::Now())) continue;
    message = Message("that was a question of " + std::to_string(message.size()) + " octets");
    if (!rep.socket.Send(&message, net::Now()).ok()) return 1;
  }
  std::printf("%s\n", std::string(message.text()).c_str());
  return message.text() == "that was a question of 1048576 octets" ? 0 : 1;
}
