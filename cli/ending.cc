#include "cli/ending.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "adapters/net/host.h"
#include "cli/output.h"

namespace monocoque::cli {
namespace {

// What is left to send when a signal asks us to end.
constexpr absl::Duration kLastMoment = absl::Seconds(1);

}  // namespace

Ending::Ending(Tasks* tasks, absl::Duration timeout)
    : tasks_(*tasks), deadline_(net::Now() + timeout) {}

void Ending::End(int code) {
  if (!ended_) code_ = code;
  ended_ = true;
}

bool Ending::Fail(std::string_view why) {
  if (!ended_) Complain(why);
  End(kFailed);
  return false;
}

Task<void> Ending::WatchSignals() {
  co_await tasks_.Readable(signals_.fd());
  interrupted_ = net::Now();
  End(kDone);
}

bool Ending::Run(const std::function<void()>& each_turn) {
  tasks_.Spawn(WatchSignals());
  while (!ended_) {
    const Instant now = net::Now();
    if (now >= deadline_) return false;
    tasks_.RunOnce(deadline_ - now);
    each_turn();
  }
  return true;
}

int Ending::Close(const std::vector<HostSocket*>& sockets, absl::Duration linger,
                  const std::function<std::string()>& refusal) {
  tasks_.RunOnce(absl::ZeroDuration());
  for (HostSocket* socket : sockets) socket->StartClose(linger);
  std::string refused = refusal();
  while (!std::ranges::all_of(sockets, &HostSocket::closed)) {
    const Instant now = net::Now();
    if (now >= deadline_) return kTimedOut;
    const Instant end = std::min(deadline_, interrupted_ + kLastMoment);
    if (now >= end) {
      Complain("interrupted before everything was sent");
      return kFailed;
    }
    tasks_.RunOnce(end - now);
    refused = refusal();
  }
  std::uint64_t lost = 0;
  for (const HostSocket* socket : sockets) lost += socket->stats().lost;
  if (lost == 0) return code_;
  if (code_ == kDone && !refused.empty()) {
    Complain(refused);
  } else if (code_ == kDone) {
    Complain(absl::StrCat(lost, lost == 1 ? " message was" : " messages were", " not sent"));
  }
  return kFailed;
}

}  // namespace monocoque::cli
