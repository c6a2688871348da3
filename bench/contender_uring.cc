#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/sodium/crypto.h"
#include "adapters/uring/loop.h"
#include "bench/contender.h"
#include "protocol/mechanism/options.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::bench {
namespace {

using uring::Loop;
using uring::LoopOptions;
using uring::Socket;

void Check(const absl::Status& status) {
  if (!status.ok()) Die(std::string(status.message()));
}

LoopOptions NoSpin() {
  LoopOptions options;
  options.spin = absl::ZeroDuration();
  return options;
}

// Who consumes is the security server, and lets in whoever knows its key.
SocketOptions OptionsOf(const Setting& setting, bool as_server) {
  SocketOptions options;
  if (setting.curve == nullptr) return options;
  const auto crypto = sodium::MakeCrypto();
  if (as_server) {
    options.link.mechanism = CurveServer{
        .keys = setting.curve->server, .crypto = crypto, .domain = {}, .allow_any_key = true};
  } else {
    options.link.mechanism = CurveClient{.server_key = setting.curve->server.public_key,
                                         .keys = setting.curve->client,
                                         .crypto = crypto};
  }
  return options;
}

double Consume(const Setting& setting, const Announce& announce) {
  Loop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull, OptionsOf(setting, true));
  const auto bound = pull.Bind(BindEndpoint(setting));
  Check(bound.status());
  announce(*bound);
  Message message;
  return CountFor(setting, [&] {
    Check(pull.Receive(&message));
    return std::size_t{1};
  });
}

void Produce(const Setting& setting, const std::string& endpoint) {
  Loop loop;
  Socket push = loop.MakeSocket(SocketType::kPush, OptionsOf(setting, false));
  Check(push.Connect(endpoint));
  const std::string payload(setting.payload_bytes, 'x');
  for (;;) Check(push.Send(payload));
}

void Echo(const Setting& setting, const Announce& announce, const LoopOptions& options) {
  Loop loop(options);
  Socket rep = loop.MakeSocket(SocketType::kRep);
  const auto bound = rep.Bind(BindEndpoint(setting));
  Check(bound.status());
  announce(*bound);
  for (Message message;;) {
    Check(rep.Receive(&message));
    Check(rep.Send(&message));
  }
}

std::vector<std::int64_t> Trips(const Setting& setting, const std::string& endpoint,
                                const LoopOptions& options) {
  Loop loop(options);
  Socket req = loop.MakeSocket(SocketType::kReq);
  Check(req.Connect(endpoint));
  const std::string payload(setting.payload_bytes, 'x');
  Message reply;
  return TimeTrips(setting, [&] {
    Check(req.Send(payload));
    Check(req.Receive(&reply));
  });
}

void Publish(const Setting& setting, const Announce& announce) {
  Loop loop;
  Socket pub = loop.MakeSocket(SocketType::kPub);
  const auto bound = pub.Bind(BindEndpoint(setting));
  Check(bound.status());
  announce(*bound);
  Check(pub.WaitReady(setting.subscribers));
  const std::string payload(setting.payload_bytes, 'x');
  for (;;) Check(pub.Send(payload));
}

double Subscribe(const Setting& setting, const std::string& endpoint) {
  Loop loop;
  std::vector<Socket> subs;
  for (std::size_t i = 0; i < setting.subscribers; ++i) {
    subs.push_back(loop.MakeSocket(SocketType::kSub));
    Check(subs.back().Subscribe(""));
    Check(subs.back().Connect(endpoint));
  }
  Message message;
  return CountFor(setting, [&] {
    std::size_t count = 0;
    for (Socket& sub : subs) {
      while (sub.TryReceive(&message)) ++count;
    }
    if (count == 0) loop.RunOnce(absl::Seconds(1));
    return count;
  });
}

}  // namespace

Broadcaster UringPublisher() { return {"uring", Publish, Subscribe}; }

Contender Uring() {
  return {"uring", Consume, Produce,
          [](const Setting& s, const Announce& announce) { Echo(s, announce, {}); },
          [](const Setting& s, const std::string& endpoint) { return Trips(s, endpoint, {}); }};
}

Contender UringNoSpin() {
  return {
      "uring, no spin", nullptr, nullptr,
      [](const Setting& s, const Announce& announce) { Echo(s, announce, NoSpin()); },
      [](const Setting& s, const std::string& endpoint) { return Trips(s, endpoint, NoSpin()); }};
}

}  // namespace monocoque::bench
