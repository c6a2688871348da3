#include "adapters/net/steps.h"

#include "absl/status/statusor.h"
#include "adapters/net/socket_driver.h"
#include "protocol/socket/socket.h"

namespace monocoque::net {

bool Settled(const WaitQueues& among, absl::Status* status) {
  if (!absl::IsUnavailable(*status)) return true;
  absl::Status why = among.driver()->machine().Forsaken();
  if (why.ok()) return false;
  *status = std::move(why);
  return true;
}

namespace {

// Nothing came: true if nothing will, and `status` says why. Out of turn counts only when no send
// waits that would make it our turn.
bool NeverComes(const WaitQueues& among, absl::Status* status) {
  absl::Status why = among.driver()->machine().ReceiveStatus();
  if (why.ok() || !Settled(among, &why)) return false;
  if (absl::IsFailedPrecondition(why) && among.sends_wait()) return false;
  *status = std::move(why);
  return true;
}

// What was tried: true if that is its result, which is kept then; false: not yet.
bool Keep(absl::Status tried, const WaitQueues& among, absl::Status* status) {
  if (!Settled(among, &tried)) return false;
  *status = std::move(tried);
  return true;
}

// What a watcher waits for.
bool Until(bool holds, const WaitQueues& among, absl::Status* status) {
  if (holds || !among.driver()->closed()) return holds;
  *status = absl::CancelledError("the socket was closed");
  return true;
}

}  // namespace

bool SendStep::Try(const WaitQueues& among) {
  return Keep(among.driver()->Send(&message), among, &status);
}

bool SendItStep::Try(const WaitQueues& among) {
  return Keep(among.driver()->Send(message), among, &status);
}

bool SendManyStep::Try(const WaitQueues& among) {
  while (status.ok() && value < messages.size()) {
    if (!Keep(among.driver()->Send(&messages[value]), among, &status)) return false;
    if (status.ok()) ++value;
  }
  return true;
}

bool WaitSendStep::Try(const WaitQueues& among) {
  return Keep(among.driver()->machine().SendStatus(), among, &status);
}

bool ReceiveStep::Try(const WaitQueues& among) {
  return among.driver()->Receive(&value) || NeverComes(among, &status);
}

bool ReceiveManyStep::Try(const WaitQueues& among) {
  Message message;
  while (value.size() < max && among.driver()->Receive(&message)) {
    value.push_back(std::move(message));
  }
  return value.size() == max || !value.empty() || NeverComes(among, &status);
}

bool WaitReceiveStep::Try(const WaitQueues& among) {
  return among.driver()->CanReceive() || NeverComes(among, &status);
}

bool WaitReadyStep::Try(const WaitQueues& among) {
  if (Until(among.driver()->machine().ready_peers() >= peers, among, &status)) return true;
  return Keep(absl::UnavailableError(""), among, &status);
}

bool WaitEventStep::Try(const WaitQueues& among) {
  return Until(among.driver()->machine().has_event(), among, &status);
}

bool UntilStep::Try(const WaitQueues& among) { return Until(holds(), among, &status); }

bool BindStep::Try(const WaitQueues& among) {
  absl::StatusOr<std::string> bound = among.driver()->Bind(endpoint, options.get());
  status = bound.status();
  if (bound.ok()) value = *std::move(bound);
  return true;
}

bool ConnectStep::Try(const WaitQueues& among) {
  status = among.driver()->Connect(endpoint, options.get());
  return true;
}

bool FlushStep::Try(const WaitQueues& among) {
  among.driver()->Flush();
  return true;
}

bool CloseStep::Try(const WaitQueues& among) {
  if (!among.driver()->closed()) return false;
  status = among.driver()->CloseResult();
  return true;
}

}  // namespace monocoque::net
