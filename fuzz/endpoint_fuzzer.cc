// What is modelled: an endpoint that a user typed, any octets.
//
// What must hold: what parses has a canonical text, which parses to the same endpoint and has
// itself as canonical text; ports and paths keep their bounds; every refusal is one printable
// sentence of bounded length, whatever the endpoint held.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/bytes.h"
#include "fuzz/require.h"
#include "protocol/drive/endpoint.h"

namespace {

using monocoque::Endpoint;
using monocoque::Transport;
using monocoque::fuzz::Require;

void CheckRefusal(const absl::Status& status) {
  if (status.ok()) return;
  Require(status.code() == absl::StatusCode::kInvalidArgument ||
              status.code() == absl::StatusCode::kUnimplemented,
          "a refusal blames the endpoint");
  Require(status.message().starts_with("endpoint \""), "a refusal quotes the endpoint");
  Require(status.message().size() < 2000, "a refusal can be read");
  Require(std::ranges::all_of(status.message(), [](char c) { return c >= 0x20 && c < 0x7f; }),
          "a refusal is printable");
}

void CheckFields(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::kTcp) {
    Require(!endpoint.host.empty(), "tcp has a host");
    Require(endpoint.any_port == (endpoint.port == 0), "port 0 is any port");
    Require(!endpoint.source_host.empty() || endpoint.source_port == 0,
            "a source port has a source host");
  } else {
    Require(!endpoint.path.empty(), "the others have a name");
  }
  if (endpoint.transport == Transport::kIpc) {
    Require(endpoint.path.size() + (endpoint.abstract ? 1 : 0) <= 107, "ipc fits its address");
    Require(endpoint.abstract || endpoint.path.find('\0') == std::string::npos,
            "a path has no zero octet");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = monocoque::AsText(monocoque::Bytes(data, size));
  const absl::StatusOr<Endpoint> endpoint = monocoque::ParseEndpoint(text);
  CheckRefusal(endpoint.status());
  if (!endpoint.ok()) return 0;
  CheckFields(*endpoint);
  CheckRefusal(monocoque::CheckForBind(*endpoint));
  CheckRefusal(monocoque::CheckForConnect(*endpoint));
  const std::string canonical = endpoint->ToString();
  const absl::StatusOr<Endpoint> back = monocoque::ParseEndpoint(canonical);
  Require(back.ok() && *back == *endpoint, "the canonical text means the same");
  Require(back->ToString() == canonical, "the canonical text is canonical");
  return 0;
}
