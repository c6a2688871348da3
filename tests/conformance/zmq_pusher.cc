// A process with a PUSH of libzmq: connects to an endpoint and sends messages of a size for ever,
// or none at all if that is 0. To be killed, or stopped and continued.
#include <unistd.h>
#include <zmq.h>

#include <cstddef>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string large(std::strtoul(argv[2], nullptr, 10), 'k');
  void* const context = zmq_ctx_new();
  void* const push = zmq_socket(context, ZMQ_PUSH);
  const int soon = 5;
  zmq_setsockopt(push, ZMQ_RECONNECT_IVL, &soon, sizeof(soon));
  if (zmq_connect(push, argv[1]) != 0) return 1;
  for (;;) large.empty() ? pause() : zmq_send(push, large.data(), large.size(), 0);
}
