#include "cli/stage.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/net/host.h"
#include "cli/text.h"
#include "protocol/drive/instant.h"

namespace monocoque::cli {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

std::string Padded(std::string_view name) {
  return absl::StrCat(name, std::string(8 - std::min<std::size_t>(name.size(), 8), ' '));
}

}  // namespace

absl::Status Stage::Open() {
  absl::Status refused;
  for (std::string_view name : AdapterNames()) {
    std::unique_ptr<Host> host = MakeHost(name);
    const absl::Status usable = host->status();
    if (usable.ok()) {
      hosts_.push_back({std::move(host), name});
      continue;
    }
    left_out_.push_back(absl::StrCat(name, " (", WithoutAdvice(usable.message()), ")"));
    refused.Update(usable);
  }
  return hosts_.empty() ? refused : absl::OkStatus();
}

Actor Stage::Enter(SocketType type, const SocketOptions& options) {
  const Place& place = hosts_[entered_++ % hosts_.size()];
  absl::StatusOr<std::unique_ptr<HostSocket>> socket = place.host->MakeSocket(type, options);
  return {socket.ok() ? *std::move(socket) : nullptr, place.adapter};
}

bool Stage::Join(std::string_view title, const Actor& listens, const Actor& dials,
                 std::string_view endpoint) {
  const absl::StatusOr<std::string> bound = listens->Bind(endpoint);
  absl::Status joined = bound.status();
  if (joined.ok()) joined = dials->Connect(*bound);
  if (!joined.ok()) {
    std::printf("%s: %s\n", std::string(title).c_str(), std::string(joined.message()).c_str());
    return false;
  }
  std::printf("\n%s over %s, %s listens, %s dials\n", std::string(title).c_str(), bound->c_str(),
              std::string(listens.adapter).c_str(), std::string(dials.adapter).c_str());
  return true;
}

bool Stage::Until(const std::function<bool()>& holds) {
  const Instant deadline = net::Now() + kPatience;
  while (!holds()) {
    if (net::Now() > deadline) return false;
    for (const Place& place : hosts_) place.host->RunOnce(absl::Milliseconds(1));
  }
  return true;
}

Message Stage::Pass(std::string_view from, const Actor& sender, std::string_view to,
                    const Actor& receiver, Message message) {
  ++sent_;
  const Message original = message;
  absl::Status status;
  Message came;
  const bool any = Until([&] {
                     status = sender->TrySend(&message);
                     return !absl::IsUnavailable(status);
                   }) &&
                   status.ok() && Until([&] { return receiver->TryReceive(&came); });
  const bool same = any && came == original;
  if (same) {
    ++arrived_;
    octets_ += came.total_bytes();
  }
  std::printf("  %s -> %s %s%s\n", Padded(from).c_str(), Padded(to).c_str(),
              FormatLine(original, Format::kText).c_str(),
              same  ? ""
              : any ? "   CHANGED"
                    : "   LOST");
  std::fflush(stdout);
  return came;
}

}  // namespace monocoque::cli
