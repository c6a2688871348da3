#include <zmq.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "alloc/bytes.h"
#include "bench/contender.h"

namespace monocoque::bench {
namespace {

void Check(int result) {
  if (result < 0) Die(std::string("libzmq: ") + zmq_strerror(zmq_errno()));
}

// One context a process: inproc reaches no other.
void* MakeSocket(int type) {
  static void* const context = zmq_ctx_new();
  return zmq_socket(context, type);
}

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

void SetKey(void* socket, int option, Bytes key) {
  Check(zmq_setsockopt(socket, option, key.data(), key.size()));
}

double Consume(const Setting& setting, const Announce& announce) {
  void* pull = MakeSocket(ZMQ_PULL);
  if (setting.curve != nullptr) {
    const int as_server = 1;
    Check(zmq_setsockopt(pull, ZMQ_CURVE_SERVER, &as_server, sizeof(as_server)));
    SetKey(pull, ZMQ_CURVE_SECRETKEY, setting.curve->server.secret_key.bytes());
  }
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
  if (setting.curve != nullptr) {
    SetKey(push, ZMQ_CURVE_SERVERKEY, setting.curve->server.public_key);
    SetKey(push, ZMQ_CURVE_PUBLICKEY, setting.curve->client.public_key);
    SetKey(push, ZMQ_CURVE_SECRETKEY, setting.curve->client.secret_key.bytes());
  }
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

void Publish(const Setting& setting, const Announce& announce) {
  void* pub = MakeSocket(ZMQ_XPUB);
  const int verbose = 1;
  Check(zmq_setsockopt(pub, ZMQ_XPUB_VERBOSE, &verbose, sizeof(verbose)));
  Bind(pub, setting, announce);
  zmq_msg_t subscription;
  zmq_msg_init(&subscription);
  for (std::size_t i = 0; i < setting.subscribers; ++i) Check(zmq_msg_recv(&subscription, pub, 0));
  const std::string payload(setting.payload_bytes, 'x');
  for (;;) Send(pub, payload);
}

double Subscribe(const Setting& setting, const std::string& endpoint) {
  void* context = zmq_ctx_new();
  std::vector<zmq_pollitem_t> subs;
  for (std::size_t i = 0; i < setting.subscribers; ++i) {
    void* sub = zmq_socket(context, ZMQ_SUB);
    Check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0));
    Check(zmq_connect(sub, endpoint.c_str()));
    subs.push_back({sub, 0, ZMQ_POLLIN, 0});
  }
  zmq_msg_t message;
  zmq_msg_init(&message);
  return CountFor(setting, [&] {
    std::size_t count = 0;
    for (const zmq_pollitem_t& sub : subs) {
      while (zmq_msg_recv(&message, sub.socket, ZMQ_DONTWAIT) >= 0) ++count;
    }
    if (count == 0) zmq_poll(subs.data(), static_cast<int>(subs.size()), 1000);
    return count;
  });
}

}  // namespace

Broadcaster LibzmqPublisher() { return {"libzmq", Publish, Subscribe}; }

Contender Libzmq() { return {"libzmq", Consume, Produce, Answer, Ask}; }

}  // namespace monocoque::bench
