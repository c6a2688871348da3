// A Connection driven by hand over a transport of one's own: here two ends of a socket pair, each
// in turn. The library sees octets, a clock reading and where to get random octets; nothing else.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "alloc/slab_pool.h"
#include "protocol/connection/connection.h"

using namespace monocoque;

namespace {

struct Peer {
  std::unique_ptr<Connection> connection;
  int fd;
  std::string heard;
};

// What a call's result means. OK: go on, now or later; anything else: the transport ended.
absl::Status Judge(ssize_t n) {
  if (n >= 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return absl::ErrnoToStatus(errno, "transport");
}

void Read(Peer& peer, Instant now) {
  auto window = peer.connection->PrepareRead();
  if (!window.ok()) return;  // paused, or over
  const ssize_t n = recv(peer.fd, window->span().data(), window->span().size(), MSG_DONTWAIT);
  const absl::Status status = Judge(n);
  peer.connection->CommitRead(*std::move(window), n > 0 ? static_cast<std::size_t>(n) : 0, now);
  // Behind a write that failed, what the peer sent before is read, and no more waited for.
  const bool over = n == 0 || (n < 0 && peer.connection->write_failed());
  if (over || !status.ok()) peer.connection->OnTransportClosed(status, now);
}

// As far as the transport takes it; what is left of a batch is in the next that is filled.
void Write(Peer& peer, Instant now) {
  ssize_t n = 0;
  TransmitBatch batch;
  while (n >= 0 && peer.connection->FillTransmit(&batch, /*max_bytes=*/64 * 1024)) {
    Bytes span[1];
    while (n >= 0 && batch.Spans(span) > 0) {
      n = send(peer.fd, span[0].data(), span[0].size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) batch.Advance(static_cast<std::size_t>(n));
    }
    const std::size_t written = batch.written();
    peer.connection->ReturnBatch(std::move(batch), written, Judge(n), now);
  }
}

// Whatever can be done without waiting. True: more is left, come again before you wait.
bool Turn(Peer& peer) {
  const Instant now = net::Now();
  Read(peer, now);
  peer.connection->HandleTimeout(now);
  ConnectionEvent event;
  Message message;
  for (Poll poll; (poll = peer.connection->Receive(&message, now)) != Poll::kNeedData;) {
    if (poll == Poll::kMessage) peer.heard = message.text();
    while (peer.connection->NextEvent(&event)) std::puts(event.status.ToString().c_str());
  }
  const bool more = peer.connection->Process(1000, now);
  Write(peer, now);
  return more;
}

// Turns both until it holds, and waits until one can go on or has something due; false: never.
bool Until(Peer (&peers)[2], const auto& holds) {
  for (int turn = 0; turn < 10'000; ++turn) {
    const bool more[] = {Turn(peers[0]), Turn(peers[1])};
    if (holds()) return true;
    if (more[0] || more[1]) continue;
    pollfd ready[2];
    Instant due = net::Now() + absl::Seconds(1);
    for (int i = 0; i < 2; ++i) {
      short events = peers[i].connection->read_hint().mode != ReadMode::kPaused ? POLLIN : 0;
      if (peers[i].connection->wants_transmit()) events |= POLLOUT;
      ready[i] = {events != 0 ? peers[i].fd : -1, events, 0};
      due = std::min(due, peers[i].connection->NextDeadline());
    }
    const auto left = absl::ToInt64Milliseconds(due - net::Now()) + 1;
    poll(ready, 2, static_cast<int>(std::max<std::int64_t>(left, 0)));
  }
  return false;
}

bool Say(Peer& peer, const std::string& text) {
  Message message(text);
  return peer.connection->Send(&message, net::Now()).ok();
}

}  // namespace

int main() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return 1;
  const Host host{SlabPool::Create(), {}, std::make_shared<net::OsEntropy>(), net::Now()};
  Peer peers[] = {{*Connection::Create({.socket_type = SocketType::kDealer}, host), fds[0], {}},
                  {*Connection::Create({.socket_type = SocketType::kRouter}, host), fds[1], {}}};
  auto& [dealer, router] = peers;
  // More than the kernel takes at once; and who hears no more is found out by a write that fails.
  const bool all = Until(peers, [&] { return Say(dealer, std::string(1 << 20, '?')); }) &&
                   Until(peers, [&] { return !router.heard.empty(); }) &&
                   Say(router, std::to_string(router.heard.size()) + " octets heard") &&
                   Until(peers, [&] { return !dealer.heard.empty(); }) &&
                   shutdown(router.fd, SHUT_RD) == 0 && Say(dealer, "are you there?") &&
                   Until(peers, [&] { return dealer.connection->done(); });
  std::printf("%s; %s\n", dealer.heard.c_str(), dealer.connection->status().ToString().c_str());
  for (const int fd : fds) close(fd);
  return all && dealer.heard == "1048576 octets heard" ? 0 : 1;
}
