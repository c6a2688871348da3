#include <zmq.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "bench/contender.h"

namespace monocoque::bench {
namespace {

void Check(int result) {
  if (result < 0) Die(std::string("libzmq: ") + zmq_strerror(zmq_errno()));
}

void* MakeSocket(int type) { return zmq_socket(zmq_ctx_new(), type); }

void Bind(void* socket, const Setting& setting, const Announce& announce) {
  Check(zmq_bind(socket, BindEndpoint(setting).c_str()));
  std::array<char, 256> bound;
  std::size_t size = bound.size();
  Check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound.data(), &size));
  announce(bound.data());
}

void Send(void* socket, const std::string& payload) {
  zmq_msg_t message;
  Check(zmq_msg_init_size(&message, payload.size()));
  std::memcpy(zmq_msg_data(&message), payload.data(), payload.size());
  Check(zmq_msg_send(&message, socket, 0));
}

double Consume(const Setting& setting, const Announce& announce) {
  void* pull = MakeSocket(ZMQ_PULL);
  Bind(pull, setting, announce);
  zmq_msg_t message;
  zmq_msg_init(&message);
  return CountFor(setting, [&] {
    Check(zmq_msg_recv(&message, pull, 0));
    return std::size_t{1};
  });
}

void Produce(const Setting& setting, const std::string& endpoint) {
  void* push = MakeSocket(ZMQ_PUSH);
  Check(zmq_connect(push, endpoint.c_str()));
  const std::string payload(setting.payload_bytes, 'x');
  for (;;) Send(push, payload);
}

void Answer(const Setting& setting, const Announce& announce) {
  void* rep = MakeSocket(ZMQ_REP);
  Bind(rep, setting, announce);
  zmq_msg_t message;
  zmq_msg_init(&message);
  for (;;) {
    Check(zmq_msg_recv(&message, rep, 0));
    Check(zmq_msg_send(&message, rep, 0));
  }
}

std::vector<std::int64_t> Ask(const Setting& setting, const std::string& endpoint) {
  void* req = MakeSocket(ZMQ_REQ);
  Check(zmq_connect(req, endpoint.c_str()));
  const std::string payload(setting.payload_bytes, 'x');
  zmq_msg_t reply;
  zmq_msg_init(&reply);
  return TimeTrips(setting, [&] {
    Send(req, payload);
    Check(zmq_msg_recv(&reply, req, 0));
  });
}

}  // namespace

Contender Libzmq() { return {"libzmq", Consume, Produce, Answer, Ask}; }

}  // namespace monocoque::bench
