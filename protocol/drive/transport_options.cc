#include "protocol/drive/transport_options.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "protocol/drive/endpoint.h"

namespace monocoque {
namespace {

constexpr int kMaxKeepaliveSeconds = 32767;
constexpr int kMaxKeepaliveCount = 127;
constexpr int kMaxTypeOfService = 255;
constexpr std::size_t kMaxLogin = 255;

absl::Status Bad(std::string_view name, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("transport: ", name, " ", what));
}

absl::Status CheckNumber(std::string_view name, int value, int least, int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return Bad(name, absl::StrCat("is from ", least, " to ", most, ", not ", value));
}

absl::Status CheckTime(std::string_view name, absl::Duration time, absl::Duration most) {
  if (time >= absl::ZeroDuration() && time <= most) return absl::OkStatus();
  return Bad(name, absl::StrCat("is from 0 to ", absl::FormatDuration(most), ", not ",
                                absl::FormatDuration(time)));
}

absl::Status CheckKeepalive(const TransportOptions& options) {
  if (options.keepalive.value_or(false)) return absl::OkStatus();
  const std::string_view set = options.keepalive_idle > absl::ZeroDuration() ? "keepalive_idle"
                               : options.keepalive_interval > absl::ZeroDuration()
                                   ? "keepalive_interval"
                               : options.keepalive_count > 0 ? "keepalive_count"
                                                             : "";
  return set.empty() ? absl::OkStatus() : Bad(set, "needs keepalive = true");
}

absl::Status CheckLogin(const TransportOptions& options) {
  if (options.socks_username.empty() && options.socks_password.empty()) return absl::OkStatus();
  if (options.socks_proxy.empty()) return Bad("socks_username", "needs socks_proxy");
  for (const std::string* each : {&options.socks_username, &options.socks_password}) {
    if (each->empty() || each->size() > kMaxLogin) {
      return Bad("socks_username and socks_password", "have 1 to 255 octets each");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckProxy(const TransportOptions& options) {
  if (absl::Status fits = CheckLogin(options); !fits.ok()) return fits;
  if (options.socks_proxy.empty()) return absl::OkStatus();
  const absl::StatusOr<Endpoint> proxy = ParseEndpoint(absl::StrCat("tcp://", options.socks_proxy));
  const absl::Status fits = proxy.ok() ? CheckForConnect(*proxy) : proxy.status();
  if (fits.ok() && proxy->source_host.empty()) return absl::OkStatus();
  return Bad("socks_proxy", absl::StrCat("is host:port; ", fits.message()));
}

}  // namespace

absl::Status CheckTransportOptions(const TransportOptions& options) {
  constexpr int kAny = 0x7fffffff;
  const absl::Duration seconds = absl::Seconds(kMaxKeepaliveSeconds);
  const absl::Duration millis = absl::Milliseconds(kAny);
  for (const absl::Status& fits : {
           CheckTime("keepalive_idle", options.keepalive_idle, seconds),
           CheckTime("keepalive_interval", options.keepalive_interval, seconds),
           CheckNumber("keepalive_count", options.keepalive_count, 0, kMaxKeepaliveCount),
           CheckKeepalive(options),
           CheckTime("max_retransmit_time", options.max_retransmit_time, millis),
           CheckNumber("type_of_service", options.type_of_service, 0, kMaxTypeOfService),
           CheckNumber("priority", options.priority, 0, kAny),
           CheckNumber("send_buffer_bytes", options.send_buffer_bytes, 0, kAny),
           CheckNumber("receive_buffer_bytes", options.receive_buffer_bytes, 0, kAny),
           CheckNumber("busy_poll", options.busy_poll, 0, kAny),
           CheckNumber("backlog", options.backlog, 1, kAny),
           CheckTime("connect_timeout", options.connect_timeout, absl::InfiniteDuration()),
           CheckNumber("descriptor", options.descriptor, -1, kAny),
           CheckProxy(options),
       }) {
    if (!fits.ok()) return fits;
  }
  return absl::OkStatus();
}

}  // namespace monocoque
