#include "tests/golden/options.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "alloc/bytes.h"
#include "protocol/mechanism/curve_keys.h"
#include "protocol/mechanism/options.h"
#include "tests/support/security.h"

namespace monocoque::golden {
namespace {

using Value = const OptionValue&;
using Out = SubjectOptions&;

absl::Duration Milliseconds(Value value) { return absl::Milliseconds(value.number.value_or(0)); }

// "X-Name:value". libzmq sends them sorted by name, whatever their order here.
void AddProperty(Value value, Out out) {
  auto& properties = out.socket.link.properties;
  const std::size_t colon = value.octets.find(':');
  std::pair property(value.octets.substr(0, colon), value.octets.substr(colon + 1));
  properties.insert(std::ranges::upper_bound(properties, property), std::move(property));
}

struct Row {
  std::string_view name;
  void (*apply)(Value value, Out out);
};

// One row an option of libzmq; a capture with another one waits in pending.txt.
constexpr Row kRows[] = {
    {"CURVE_PUBLICKEY", [](Value v, Out o) { o.public_key = v.octets; }},
    {"CURVE_SECRETKEY", [](Value v, Out o) { o.secret_key = v.octets; }},
    {"CURVE_SERVER", [](Value v, Out o) { o.curve_server = v.number == 1; }},
    {"CURVE_SERVERKEY", [](Value v, Out o) { o.server_key = v.octets; }},
    {"HANDSHAKE_IVL", [](Value v, Out o) { o.socket.link.handshake_timeout = Milliseconds(v); }},
    {"HEARTBEAT_IVL", [](Value v, Out o) { o.socket.link.heartbeat.interval = Milliseconds(v); }},
    {"HEARTBEAT_TIMEOUT",
     [](Value v, Out o) { o.socket.link.heartbeat.timeout = Milliseconds(v); }},
    {"HEARTBEAT_TTL", [](Value v, Out o) { o.socket.link.heartbeat.ttl = Milliseconds(v); }},
    {"HELLO_MSG", [](Value v, Out o) { o.socket.hello_message = v.octets; }},
    {"LINGER", [](Value v, Out o) { o.linger = Milliseconds(v); }},
    {"MAXMSGSIZE",
     [](Value v, Out o) {
       o.socket.link.limits.max_frame_bytes = static_cast<std::uint64_t>(v.number.value_or(0));
     }},
    {"METADATA", AddProperty},
    {"PLAIN_PASSWORD", [](Value v, Out o) { o.password = v.octets; }},
    {"PLAIN_SERVER", [](Value v, Out o) { o.plain_server = v.number == 1; }},
    {"PLAIN_USERNAME", [](Value v, Out o) { o.username = v.octets; }},
    {"PROBE_ROUTER", [](Value v, Out o) { o.socket.probe_router = v.number == 1; }},
    {"RECONNECT_IVL", [](Value v, Out o) { o.socket.link.reconnect.interval = Milliseconds(v); }},
    {"REQ_CORRELATE", [](Value v, Out o) { o.socket.req_correlate = v.number == 1; }},
    {"ROUTER_HANDOVER",
     [](Value v, Out o) {
       o.socket.router_id_clash =
           v.number == 1 ? RoutingIdClash::kHandOver : RoutingIdClash::kRefuseNewcomer;
     }},
    {"ROUTER_MANDATORY", [](Value v, Out o) { o.socket.router_mandatory = v.number == 1; }},
    {"ROUTER_NOTIFY",
     [](Value v, Out o) {
       o.socket.router_notify_connect = (v.number.value_or(0) & 1) != 0;
       o.socket.router_notify_disconnect = (v.number.value_or(0) & 2) != 0;
     }},
    {"ROUTING_ID", [](Value v, Out o) { o.socket.routing_id = v.octets; }},
    {"SUBSCRIBE", [](Value v, Out o) { o.subscriptions.push_back(v.octets); }},
    {"XPUB_VERBOSE", [](Value v, Out o) { o.socket.xpub_verbose = v.number == 1; }},
    {"XPUB_WELCOME_MSG", [](Value v, Out o) { o.socket.xpub_welcome_message = v.octets; }},
    {"ZAP_DOMAIN", [](Value v, Out o) { o.zap_domain = v.octets; }},
};

}  // namespace

void SetMechanism(bool zap_handler, SubjectOptions* out) {
  MechanismOptions& mechanism = out->socket.link.mechanism;
  const auto crypto = testing::TestCrypto();
  const auto keys = [&] {
    return CurveKeyPair::FromSecret(*crypto, SecretKey(AsBytes(out->secret_key)));
  };
  if (out->plain_server) {
    mechanism = PlainServer{.domain = out->zap_domain};
  } else if (out->username) {
    mechanism = PlainClient{.username = *out->username, .password = out->password.value_or("")};
  } else if (out->curve_server) {
    mechanism = CurveServer{.keys = keys(),
                            .crypto = crypto,
                            .domain = zap_handler ? out->zap_domain : "",
                            .allow_any_key = !zap_handler};
  } else if (!out->server_key.empty()) {
    CurveClient client{.keys = keys(), .crypto = crypto};
    std::ranges::copy(AsBytes(out->server_key), client.server_key.begin());
    mechanism = client;
  } else {
    mechanism = NullMechanism{.domain = out->zap_domain};
  }
}

bool ApplyOption(const OptionSetting& option, SubjectOptions* out) {
  const auto row = std::ranges::find(kRows, option.name, &Row::name);
  if (row == std::end(kRows)) return false;
  row->apply(option.value, *out);
  return true;
}

}  // namespace monocoque::golden
