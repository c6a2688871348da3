#include "bench/tcp_pair.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/contender.h"

namespace monocoque::bench {

TcpPair MakeTcpPair(const TcpPairOptions& options) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  // What is accepted has it from the listener.
  if (options.receive_bytes != 0) {
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &options.receive_bytes, sizeof(int));
  }
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  TcpPair pair{.one = socket(AF_INET, SOCK_STREAM, 0), .other = -1};
  if (options.send_bytes != 0 &&
      setsockopt(pair.one, SOL_SOCKET, SO_SNDBUFFORCE, &options.send_bytes, sizeof(int)) != 0) {
    Die("no connection: large buffers need CAP_NET_ADMIN");
  }
  if (bind(listener, generic, size) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, generic, &size) != 0 || connect(pair.one, generic, size) != 0 ||
      (pair.other = accept(listener, nullptr, nullptr)) < 0) {
    Die("no connection over loopback");
  }
  close(listener);
  for (const int fd : {pair.one, pair.other}) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  return pair;
}

}  // namespace monocoque::bench
