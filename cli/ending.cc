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

bool SomebodyIsThere(const HostSocket* socket) {
  return !socket->closed() && socket->core().ready_peers() > 0;
}

// What may be left is that peers end their side.
bool HasSentAll(const HostSocket* socket) { return socket->closed() || socket->core().drained(); }

std::uint64_t Lost(const std::vector<HostSocket*>& sockets) {
  std::uint64_t lost = 0;
  for (const HostSocket* socket : sockets) lost += socket->stats().lost;
  return lost;
}

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

// The exit code so far: what did not go out is not in it.
int Ending::CloseAll(const std::vector<HostSocket*>& sockets, const Remains& remains,
                     std::string* why) {
  for (HostSocket* socket : sockets) socket->StartClose(remains.linger);
  *why = remains.why();
  Instant seen = net::Now();  // a peer, or the begin
  while (!std::ranges::all_of(sockets, &HostSocket::closed)) {
    const Instant now = net::Now();
    if (std::ranges::any_of(sockets, SomebodyIsThere)) seen = now;
    if (now >= deadline_) return code_ == kFailed ? kFailed : kTimedOut;
    Instant end = std::min(deadline_, interrupted_ + kLastMoment);
    if (now >= end) {
      if (std::ranges::all_of(sockets, HasSentAll)) return code_;
      if (code_ != kFailed) Complain("interrupted before everything was sent");
      return kFailed;
    }
    if (code_ == kFailed) end = std::min(end, seen + kLastMoment);
    if (now >= end) return kFailed;
    tasks_.RunOnce(end - now);
    *why = remains.why();
  }
  return code_;
}

int Ending::Close(const std::vector<HostSocket*>& sockets, const Remains& remains) {
  tasks_.RunOnce(absl::ZeroDuration());
  const std::uint64_t before = remains.forgives ? Lost(sockets) : 0;
  std::string why;
  const int code = CloseAll(sockets, remains, &why);
  if (code != kDone) return code;
  const std::uint64_t lost = Lost(sockets) - before + remains.unsent;
  if (lost == 0) return kDone;
  Complain(absl::StrCat(lost, lost == 1 ? " message was" : " messages were", " not sent",
                        why.empty() ? "" : ": ", why));
  return kFailed;
}

}  // namespace monocoque::cli
