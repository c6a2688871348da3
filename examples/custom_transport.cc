// A transport of one's own under a whole socket: packets on a socket pair, scrambled on the way.
// What a TLS library does to its records would stand where Scramble is.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "adapters/net/host.h"
#include "adapters/pump.h"
#include "alloc/slab_pool.h"
#include "protocol/socket/socket.h"

using namespace monocoque;
constexpr std::size_t kPacketBytes = 8192;
std::string Scramble(std::string packet) {
  for (char& octet : packet) octet = static_cast<char>(octet ^ 0x5a);
  return packet;
}
// OK: go on, now or later; anything else: the transport ended.
absl::Status Judge(ssize_t size) {
  if (size >= 0 || errno == EAGAIN || errno == EINTR) return {};
  return absl::ErrnoToStatus(errno, "packets");
}

// One end: a socket with one link, whose octets go in packets.
struct PacketPeer final : PumpDriver {
  PacketPeer(SocketType type, const Host& host, int fd)
      : socket(*Socket::Create(type, {}, host)), pump_(&socket, this), fd_(fd) {}
  ~PacketPeer() override { close(fd_); }
  // What can be done without waiting: what came, what follows from it, what is to be written. True:
  // more is left, come again before you wait.
  bool Turn() {
    now_ = net::Now();
    Read();
    WriteOn();
    return pump_.Turn(now_);
  }
  pollfd wants() const {
    const bool reads = link_ && socket.read_hint(link_).mode != ReadMode::kPaused;
    return {fd_, static_cast<short>((reads ? POLLIN : 0) | (batch_ ? POLLOUT : 0)), 0};
  }
  void Do(const action::Dial& dial) override { socket.OnDialed(link_ = dial.link, {}, now_); }
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
  void WriteOn() {
    absl::Status status;
    for (Bytes span[1]; batch_ && status.ok() && batch_->Spans(span) > 0;) {
      const Bytes next = span[0].first(std::min(span[0].size(), kPacketBytes));
      const std::string packet = Scramble(std::string(AsText(next)));
      const ssize_t size = send(fd_, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      status = Judge(size);
      if (size < 0 && status.ok()) return;
      if (size > 0) batch_->Advance(packet.size());
    }
    if (!batch_) return;
    const std::size_t written = batch_->written();
    socket.ReturnBatch(link_, *std::exchange(batch_, {}), written, status, now_);
  }
  void Read() {
    while (wants().events & POLLIN) {
      std::string packet(kPacketBytes, '\0');
      const ssize_t size = recv(fd_, packet.data(), packet.size(), MSG_DONTWAIT);
      const absl::Status status = Judge(size);
      if (size == 0 || !status.ok()) socket.OnTransportClosed(link_, status, now_);
      if (size <= 0) return;
      packet.resize(static_cast<std::size_t>(size));
      (void)socket.Donate(link_, Slice::Copy(Scramble(std::move(packet))), now_);
    }
  }
  Socket socket;
  Pump<Socket> pump_;
  const int fd_;
  Instant now_ = net::Now();
  LinkId link_;
  std::optional<TransmitBatch> batch_;  // that is being written
};

int main() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0) return 1;
  const Host host = {SlabPool::Create(), {}, std::make_shared<net::OsEntropy>(), net::Now()};
  PacketPeer req(SocketType::kReq, host, fds[0]), rep(SocketType::kRep, host, fds[1]);
  Message message(std::string(1 << 20, '?'));
  if (!rep.socket.Bind(*ParseEndpoint("inproc://here"), net::Now()).ok()) return 1;
  if (!req.socket.Connect(*ParseEndpoint("inproc://here"), net::Now()).ok()) return 1;
  if (!req.socket.Send(&message, net::Now()).ok()) return 1;
  for (int turn = 0; turn < 10'000; ++turn) {
    const bool more[] = {req.Turn(), rep.Turn()};
    if (rep.socket.Receive(&message, nullptr, net::Now())) {
      message = Message("a question of " + std::to_string(message.size()) + " octets");
      if (!rep.socket.Send(&message, net::Now()).ok()) return 1;
      continue;
    }
    if (req.socket.Receive(&message, nullptr, net::Now())) break;
    pollfd both[] = {req.wants(), rep.wants()};
    // A turn looks at the sockets' deadlines, too: none is late by more than such a wait.
    poll(both, 2, more[0] || more[1] ? 0 : 10);
  }
  std::printf("%s\n", std::string(message.text()).c_str());
  return message.text() == "a question of 1048576 octets" ? 0 : 1;
}
