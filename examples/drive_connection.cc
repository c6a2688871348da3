// A Connection driven by hand over a transport of one's own: here two ends of a socket pair, each
// in turn. The library sees octets, a clock reading and where to get random octets; nothing else.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "adapters/net/host.h"
#include "alloc/slab_pool.h"
#include "protocol/connection/connection.h"

using namespace monocoque;

namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;

struct Peer {
  std::unique_ptr<Connection> connection;
  int fd;
  std::string heard;
};

// Whatever can be done now without waiting.
void Turn(Peer& peer) {
  Connection& c = *peer.connection;
  const Instant now = net::Now();
  TransmitBatch batch;
  while (c.FillTransmit(&batch, kMaxBytes)) {
    Bytes span[1];
    while (batch.Spans(span) > 0) {
      const ssize_t n = send(peer.fd, span[0].data(), span[0].size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n <= 0) break;
      batch.Advance(static_cast<std::size_t>(n));
    }
    const std::size_t written = batch.written();
    c.ReturnBatch(std::move(batch), written, absl::OkStatus(), now);
  }
  if (auto window = c.PrepareRead(); window.ok()) {
    const ssize_t n = recv(peer.fd, window->span().data(), window->span().size(), MSG_DONTWAIT);
    c.CommitRead(*std::move(window), n > 0 ? static_cast<std::size_t>(n) : 0, now);
    if (n == 0) c.OnTransportClosed(absl::OkStatus(), now);
  }
  c.HandleTimeout(now);
  Message message;
  ConnectionEvent event;
  for (Poll poll; (poll = c.Receive(&message, now)) != Poll::kNeedData;) {
    if (poll == Poll::kMessage) {
      peer.heard = message.text();
    } else {
      while (c.NextEvent(&event)) {
        if (event.kind == ConnectionEvent::Kind::kReady) std::puts("a handshake is done");
      }
    }
  }
  c.Process(1000, now);
}

}  // namespace

int main() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return 1;
  const Host host{.pool = SlabPool::Create(),
                  .budget = {},
                  .entropy = std::make_shared<net::OsEntropy>(),
                  .now = net::Now()};
  Peer dealer{*Connection::Create({.socket_type = SocketType::kDealer}, host), fds[0], {}};
  Peer router{*Connection::Create({.socket_type = SocketType::kRouter}, host), fds[1], {}};
  bool asked = false;
  for (int turn = 0; turn < 1000 && dealer.heard.empty(); ++turn) {
    if (!asked && dealer.connection->CanSend()) {
      Message question("who is there?");
      asked = dealer.connection->Send(&question, net::Now()).ok();
    }
    if (!router.heard.empty() && router.connection->CanSend()) {
      Message answer("you said: " + router.heard);
      router.heard.clear();
      if (!router.connection->Send(&answer, net::Now()).ok()) return 1;
    }
    Turn(dealer);
    Turn(router);
  }
  std::puts(dealer.heard.c_str());
  close(fds[0]);
  close(fds[1]);
  return dealer.heard == "you said: who is there?" ? 0 : 1;
}
