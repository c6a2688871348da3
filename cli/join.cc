#include "cli/join.h"

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/output.h"
#include "cli/text.h"
#include "protocol/drive/mark.h"

namespace monocoque::cli {
namespace {

// Somebody waits at a shell: pauses between attempts stay short.
constexpr absl::Duration kLongestPause = absl::Milliseconds(500);

}  // namespace

SocketOptions OptionsOf(const Args& args, SocketType type) {
  SocketOptions options;
  options.routing_id = args.identity;
  options.router_mandatory = type == SocketType::kRouter;
  options.link.reconnect.max_interval = kLongestPause;
  if (args.hwm) {
    for (Mark* mark : {&options.send_mark, &options.receive_mark}) {
      mark->messages = static_cast<std::size_t>(*args.hwm);
      if (*args.hwm == 0) mark->bytes = 0;
    }
  }
  return options;
}

absl::Status Join(HostSocket* socket, const std::vector<Args::Place>& places) {
  for (const Args::Place& place : places) {
    if (!place.bind) {
      if (absl::Status connected = socket->Connect(place.endpoint); !connected.ok()) {
        return connected;
      }
      continue;
    }
    const absl::StatusOr<std::string> bound = socket->Bind(place.endpoint);
    if (!bound.ok()) return bound.status();
    Note(absl::StrCat("bound ", Escape(*bound)));
  }
  return absl::OkStatus();
}

}  // namespace monocoque::cli
