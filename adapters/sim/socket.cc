#include "adapters/sim/socket.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/sim/node.h"
#include "adapters/sim/world.h"

namespace monocoque::sim {
namespace {

// Runs the simulation until `done()`; fails if that takes more than `timeout`, or for ever.
absl::Status RunUntil(Node* node, absl::Duration timeout, std::string_view what,
                      const std::function<bool()>& done) {
  World& world = node->world();
  if (world.in_user_code()) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, ": nothing can wait inside a handler; use the call that does not wait"));
  }
  const Instant deadline = world.now() + timeout;
  bool over = false;
  world.RunUntil(
      [&] {
        over = done();
        return over || (deadline.is_never() && world.Idle());
      },
      deadline);
  if (over) return absl::OkStatus();
  return absl::DeadlineExceededError(
      deadline.is_never() ? absl::StrCat(what, ": would wait for ever; the simulation is idle")
                          : absl::StrCat(what, ": not within the time given"));
}

}  // namespace

Socket::~Socket() {
  if (node_ == nullptr || !node_->status().ok()) return;
  node_->SetHandler(nullptr);
  node_->SetAuthenticator(nullptr);
  node_->StartClose(absl::ZeroDuration());
}

const absl::Status& Socket::status() const { return node_->status(); }
const std::string& Socket::name() const { return node_->name(); }
int Socket::number() const { return node_->number(); }

absl::StatusOr<std::string> Socket::Bind(std::string_view endpoint) {
  return node_->Bind(endpoint, nullptr);
}
absl::StatusOr<std::string> Socket::Bind(std::string_view endpoint, const LinkOptions& options) {
  return node_->Bind(endpoint, &options);
}
absl::Status Socket::Connect(std::string_view endpoint) {
  return node_->Connect(endpoint, nullptr).status();
}
absl::Status Socket::Connect(std::string_view endpoint, const LinkOptions& options) {
  return node_->Connect(endpoint, &options).status();
}
absl::Status Socket::Unbind(std::string_view bound) { return node_->Unbind(bound); }
absl::Status Socket::Disconnect(std::string_view endpoint) { return node_->Disconnect(endpoint); }
absl::StatusOr<std::uint32_t> Socket::ConnectPeer(std::string_view endpoint) {
  return node_->ConnectPeer(endpoint);
}

void Socket::SetAuthenticator(std::shared_ptr<Authenticator> authenticator) {
  if (node_->status().ok()) node_->SetAuthenticator(std::move(authenticator));
}

absl::Status Socket::TrySend(Message* message) { return node_->TrySend(message); }

absl::Status Socket::Send(Message* message, absl::Duration timeout) {
  absl::Status sent = TrySend(message);
  if (!absl::IsUnavailable(sent)) return sent;
  absl::Status waited = RunUntil(node_.get(), timeout, "send", [&] {
    sent = TrySend(message);
    return !absl::IsUnavailable(sent);
  });
  return waited.ok() ? sent : waited;
}

bool Socket::TryReceive(Message* out) { return node_->TryReceive(out); }

absl::Status Socket::Receive(Message* out, absl::Duration timeout) {
  if (TryReceive(out)) return absl::OkStatus();
  if (!node_->status().ok()) return node_->status();
  absl::Status why = core().ReceiveStatus();
  if (!absl::IsUnavailable(why)) return why;
  bool got = false;
  absl::Status waited = RunUntil(node_.get(), timeout, "receive", [&] {
    got = TryReceive(out);
    if (!got) why = core().ReceiveStatus();
    return got || !absl::IsUnavailable(why);
  });
  if (!waited.ok()) return waited;
  return got ? absl::OkStatus() : why;
}

absl::StatusOr<Message> Socket::Receive(absl::Duration timeout) {
  Message message;
  if (absl::Status received = Receive(&message, timeout); !received.ok()) return received;
  return message;
}

absl::Status Socket::Subscribe(std::string_view prefix) {
  if (!node_->status().ok()) return node_->status();
  node_->Touch();
  return core().Subscribe(prefix, node_->world().now());
}

absl::Status Socket::Unsubscribe(std::string_view prefix) {
  if (!node_->status().ok()) return node_->status();
  node_->Touch();
  return core().Unsubscribe(prefix, node_->world().now());
}

absl::Status Socket::Join(std::string_view group) {
  if (!node_->status().ok()) return node_->status();
  node_->Touch();
  return core().Join(group, node_->world().now());
}

absl::Status Socket::Leave(std::string_view group) {
  if (!node_->status().ok()) return node_->status();
  node_->Touch();
  return core().Leave(group, node_->world().now());
}

absl::Status Socket::WaitReady(std::size_t peers, absl::Duration timeout) {
  if (!node_->status().ok()) return node_->status();
  return RunUntil(node_.get(), timeout, "wait for peers",
                  [&] { return core().ready_peers() >= peers; });
}

void Socket::OnMessage(std::function<void(Message)> handler) {
  node_->SetHandler(std::move(handler));
}

bool Socket::NextEvent(SocketEvent* out) {
  if (node_->events().empty()) node_->TakeEvents();
  if (node_->events().empty()) return false;
  *out = std::move(node_->events().front());
  node_->events().pop_front();
  return true;
}

const SocketStats& Socket::stats() const { return node_->machine().stats(); }
monocoque::Socket& Socket::core() const { return node_->machine(); }

void Socket::Ask(const std::function<void(monocoque::Socket* core, Instant now)>& wish) {
  wish(&node_->machine(), node_->world().now());
  node_->Touch();
}

void Socket::StartClose(absl::Duration linger) { node_->StartClose(linger); }

bool Socket::closed() const { return !node_->status().ok() || node_->closed(); }

absl::Status Socket::Close(absl::Duration linger) {
  if (!node_->status().ok()) return node_->status();
  const std::uint64_t lost = stats().lost;
  StartClose(linger);
  absl::Status over =
      RunUntil(node_.get(), absl::InfiniteDuration(), "close", [&] { return node_->closed(); });
  if (!over.ok()) return over;
  if (stats().lost > lost) {
    return absl::DeadlineExceededError(
        absl::StrCat("close: ", stats().lost - lost, " messages were not sent in time"));
  }
  return absl::OkStatus();
}

std::vector<std::string> Received(Socket& socket) {
  std::vector<std::string> all;
  for (Message message; socket.TryReceive(&message);) {
    std::string text;
    for (const Slice& part : message) absl::StrAppend(&text, part.text(), "|");
    text.pop_back();
    all.push_back(std::move(text));
  }
  return all;
}

}  // namespace monocoque::sim
