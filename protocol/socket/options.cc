#include "protocol/socket/options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "protocol/connection/options.h"
#include "protocol/socket/subscription_table.h"

namespace monocoque {
namespace {

using enum SocketType;

// An option, whether it asks for anything, and whom it is for.
template <typename Options, std::size_t kMost>
struct Rule {
  std::string_view name;
  bool (*set)(const Options&);
  std::array<SocketType, kMost> types;
  std::size_t count;
};

template <typename Options, typename... Types>
constexpr Rule<Options, 6> For(std::string_view name, bool (*set)(const Options&), Types... types) {
  return {name, set, {types...}, sizeof...(types)};
}

using O = SocketOptions;

constexpr std::array kSocketRules = {
    For<O>(
        "req_relaxed", [](const O& o) { return o.req_relaxed; }, kReq),
    For<O>(
        "req_correlate", [](const O& o) { return o.req_correlate; }, kReq),
    For<O>(
        "router_mandatory", [](const O& o) { return o.router_mandatory; }, kRouter),
    For<O>(
        "router_id_clash",
        [](const O& o) { return o.router_id_clash != RoutingIdClash::kRefuseNewcomer; }, kRouter),
    For<O>(
        "router_notify_connect", [](const O& o) { return o.router_notify_connect; }, kRouter),
    For<O>(
        "router_notify_disconnect", [](const O& o) { return o.router_notify_disconnect; }, kRouter),
    For<O>(
        "stream_notify", [](const O& o) { return !o.stream_notify; }, kStream),
    For<O>(
        "probe_router", [](const O& o) { return o.probe_router; }, kReq, kDealer, kRouter),
    For<O>(
        "hello_message", [](const O& o) { return !o.hello_message.empty(); }, kRouter, kDealer,
        kClient, kServer, kPeer),
    For<O>(
        "disconnect_message", [](const O& o) { return !o.disconnect_message.empty(); }, kRouter,
        kServer, kPeer),
    For<O>(
        "hiccup_message", [](const O& o) { return !o.hiccup_message.empty(); }, kDealer, kClient,
        kPeer),
    For<O>(
        "xpub_nodrop", [](const O& o) { return o.xpub_nodrop; }, kPub, kXPub, kRadio),
    For<O>(
        "xpub_verbose", [](const O& o) { return o.xpub_verbose; }, kXPub),
    For<O>(
        "xpub_verboser", [](const O& o) { return o.xpub_verboser; }, kXPub),
    For<O>(
        "xpub_manual", [](const O& o) { return o.xpub_manual; }, kXPub),
    For<O>(
        "xpub_manual_last_value", [](const O& o) { return o.xpub_manual_last_value; }, kXPub),
    For<O>(
        "xpub_welcome_message", [](const O& o) { return !o.xpub_welcome_message.empty(); }, kPub,
        kXPub),
    For<O>(
        "invert_matching", [](const O& o) { return o.invert_matching; }, kPub, kXPub, kSub),
    For<O>(
        "xsub_verbose_unsubscribe", [](const O& o) { return o.xsub_verbose_unsubscribe; }, kXSub),
    For<O>(
        "only_first_subscribe", [](const O& o) { return o.only_first_subscribe; }, kPub, kXPub,
        kXSub),
    For<O>(
        "conflate", [](const O& o) { return o.conflate; }, kPub, kSub, kPush, kPull, kDealer),
};

using L = LinkOptions;

constexpr std::array kLinkRules = {
    For<L>(
        "connect_routing_id", [](const L& o) { return !o.connect_routing_id.empty(); }, kRouter,
        kStream),
};

template <typename Rules, typename Options>
absl::Status Check(const Rules& rules, SocketType type, const Options& options) {
  for (const auto& rule : rules) {
    if (!rule.set(options)) continue;
    const auto end = rule.types.begin() + rule.count;
    if (std::find(rule.types.begin(), end, type) != end) continue;
    std::string whom;
    for (auto it = rule.types.begin(); it != end; ++it) {
      absl::StrAppend(&whom, whom.empty() ? "" : ", ", SocketTypeName(*it));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("socket: ", rule.name, " is for ", whom, ", not ", SocketTypeName(type)));
  }
  return absl::OkStatus();
}

// Empty is no id, and fits.
absl::Status CheckRoutingId(std::string_view id) {
  if (id.size() <= 255 && (id.empty() || id[0] != '\0')) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "socket: a routing id has 1 to 255 octets, the first of them not zero");
}

absl::Status CheckTogether(const SocketOptions& options) {
  if (options.xpub_manual_last_value && !options.xpub_manual) {
    return absl::InvalidArgumentError("socket: xpub_manual_last_value needs xpub_manual");
  }
  if (options.xpub_nodrop && options.conflate) {
    return absl::InvalidArgumentError(
        "socket: xpub_nodrop and conflate exclude each other: what is conflated is dropped");
  }
  return absl::OkStatus();
}

absl::Status CheckPendingLinks(std::size_t most) {
  if (most > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "socket: max_pending_links of 0 would let nobody in; leave room for 1 at least");
}

absl::Status CheckBudget(std::string_view name, std::int64_t bytes) {
  if (bytes > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is at least 1, not ", bytes,
                                                 "; leave it at Budget::kUnlimited for no limit"));
}

absl::Status CheckPause(std::string_view name, absl::Duration pause) {
  if (pause >= absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("reconnect.", name, " is 0 or more, not ",
                                                 absl::FormatDuration(pause),
                                                 "; RetryRules::Never() makes one attempt"));
}

absl::Status CheckSubscriptions(SocketType type, const Limits& limits) {
  if (type != kPub && type != kXPub && type != kRadio) return absl::OkStatus();
  if (limits.max_subscription_bytes >= SubscriptionTable::kOverheadBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("limits.max_subscription_bytes is at least ", SubscriptionTable::kOverheadBytes,
                   " for ", SocketTypeName(type), ", not ", limits.max_subscription_bytes,
                   ": nobody could subscribe, or join"));
}

// In front of a reply are a number of 4 octets and an empty part.
absl::Status CheckReplies(SocketType type, bool correlates, const Limits& limits) {
  if (type != SocketType::kReq || !correlates) return absl::OkStatus();
  const struct {
    std::string_view name;
    std::uint64_t value, least;
  } rows[] = {{"max_parts", limits.max_parts, 3},
              {"max_message_bytes", limits.max_message_bytes, 5}};
  for (const auto& row : rows) {
    if (row.value >= row.least) continue;
    return absl::InvalidArgumentError(absl::StrCat("limits.", row.name, " is at least ", row.least,
                                                   " for REQ with req_correlate, not ", row.value,
                                                   ": no reply could come in"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckOptions(SocketType type, const SocketOptions& options) {
  for (const absl::Status& fits : {
           CheckRoutingId(options.routing_id),
           Check(kSocketRules, type, options),
           CheckTogether(options),
           CheckBudget("socket: budget_bytes", options.budget_bytes),
           CheckOptions(type, options.link, options),
       }) {
    if (!fits.ok()) return fits;
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(SocketType type, const LinkOptions& options,
                          const SocketOptions& socket) {
  for (const absl::Status& fits : {
           CheckRoutingId(options.connect_routing_id),
           CheckPendingLinks(options.max_pending_links),
           CheckCommon({.socket_type = type,
                        .routing_id = socket.routing_id,
                        .mechanism = options.mechanism,
                        .handshake_timeout = options.handshake_timeout,
                        .closing_timeout = options.closing_timeout,
                        .heartbeat = options.heartbeat,
                        .limits = options.limits,
                        .properties = options.properties}),
           CheckSubscriptions(type, options.limits),
           CheckReplies(type, socket.req_correlate, options.limits),
           CheckPause("interval", options.reconnect.interval),
           CheckPause("max_interval", options.reconnect.max_interval),
           CheckBudget("link: budget_bytes", options.budget_bytes),
           CheckMechanismAndKeys(options.mechanism),
           CheckTransportOptions(options.transport),
           Check(kLinkRules, type, options),
       }) {
    if (!fits.ok()) return fits;
  }
  return absl::OkStatus();
}

}  // namespace monocoque
