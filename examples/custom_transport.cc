// A transport of one's own under a whole socket: packets on a socket pair, scrambled on the way.
// What a TLS library does to its records would stand where packet_peer.h has Scramble.
#include <sys/socket.h>

#include <cstdio>
#include <memory>
#include <string>

#include "examples/packet_peer.h"

using namespace monocoque;

int main() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0) return 1;
  PacketPeer req(SocketType::kReq, fds[0]);
  auto rep = std::make_unique<PacketPeer>(SocketType::kRep, fds[1]);
  const Endpoint name = *ParseEndpoint("inproc://packets");
  const bool bound = rep->socket.Bind(name, net::Now()).ok();
  Message message(std::string(1 << 20, '?'));
  if (!bound || !req.socket.Connect(name, net::Now()).ok()) return 1;
  if (!req.socket.Send(&message, net::Now()).ok()) return 1;
  for (int turn = 0; turn < 10'000 && !req.socket.Receive(&message, nullptr, net::Now()); ++turn) {
    req.Turn();
    rep->Turn();
    if (!rep->socket.Receive(&message, nullptr, net::Now())) continue;
    message = Message("that was a question of " + std::to_string(message.size()) + " octets");
    if (!rep->socket.Send(&message, net::Now()).ok()) return 1;
  }
  std::printf("%s\n", std::string(message.text()).c_str());
  const bool answered = message.text() == "that was a question of 1048576 octets";
  // The answerer goes while it is asked.
  message = Message(std::string(1 << 20, '?'));
  if (!req.socket.Send(&message, net::Now()).ok()) return 1;
  req.Turn();
  rep.reset();
  for (int turn = 0; turn < 10 && !req.over(); ++turn) req.Turn();
  return answered && req.over() ? 0 : 1;
}
