#include "cli/proxy.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/ending.h"
#include "cli/host.h"
#include "cli/join.h"
#include "cli/output.h"
#include "cli/pick.h"
#include "cli/tasks.h"
#include "cli/troubles.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/proxy.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {
namespace {

// A proxy at work: its two sockets, and the one that gets a copy of everything, if there is one.
class ProxySession {
 public:
  explicit ProxySession(const Args& args)
      : args_(args), tasks_(PickHost(args.adapter)), ending_(&tasks_, args.timeout) {}

  int Run();

 private:
  struct Side {
    std::unique_ptr<HostSocket> socket;
    Troubles troubles;
  };

  absl::Status Open(SocketType type, const std::vector<Args::Place>& places);
  absl::Status OpenAll();
  bool CanPass() const;
  void Pass();
  void PassWith(std::size_t side, Instant now);
  void WatchEvents();
  int Close();

  const Args& args_;
  Tasks tasks_;
  Ending ending_;
  std::vector<Side> sides_;  // front, back, and who captures
  std::optional<Proxy> proxy_;
};

absl::Status ProxySession::Open(SocketType type, const std::vector<Args::Place>& places) {
  SocketOptions options = OptionsOf(args_, type);
  // Somebody who does not take his replies holds up nobody else's.
  options.router_mandatory = false;
  absl::StatusOr<std::unique_ptr<HostSocket>> socket = tasks_.host().MakeSocket(type, options);
  if (!socket.ok()) return socket.status();
  sides_.push_back({*std::move(socket), Troubles(places.size())});
  return Join(sides_.back().socket.get(), places);
}

absl::Status ProxySession::OpenAll() {
  absl::Status opened = Open(args_.frontend.type, args_.frontend.places);
  if (opened.ok()) opened = Open(args_.backend.type, args_.backend.places);
  if (opened.ok() && !args_.capture.empty()) opened = Open(SocketType::kPub, args_.capture);
  if (!opened.ok()) return opened;
  // The proxy is there for as long as the sockets are; it is only let run while they are asked.
  std::vector<monocoque::Socket*> cores;
  for (const Side& side : sides_) {
    side.socket->Ask([&cores](monocoque::Socket* core, Instant) { cores.push_back(core); });
  }
  proxy_.emplace(cores[0], cores[1], cores.size() > 2 ? cores[2] : nullptr);
  return absl::OkStatus();
}

// Asking the sockets gives them a turn: that is for when there is something to do.
bool ProxySession::CanPass() const {
  HostSocket& front = *sides_[0].socket;
  HostSocket& back = *sides_[1].socket;
  return (back.core().CanSend() && front.CanReceive()) ||
         (front.core().CanSend() && back.CanReceive());
}

void ProxySession::Pass() {
  while (!ending_.ended() && CanPass()) {
    PassWith(0, Instant());
    if (!proxy_->status().ok()) ending_.Fail(proxy_->status().message());
  }
}

// Once all sockets are asked, from `side` on; at the time of the first, which is none's future.
void ProxySession::PassWith(std::size_t side, Instant now) {
  if (side == sides_.size()) {
    proxy_->Run(now);
    return;
  }
  sides_[side].socket->Ask([this, side, now](monocoque::Socket*, Instant its) {
    PassWith(side + 1, side == 0 ? its : now);
  });
}

// A peer that refuses us for good is told, and ends us if nobody else can come to its side.
void ProxySession::WatchEvents() {
  SocketEvent event;
  for (Side& side : sides_) {
    while (side.socket->NextEvent(&event)) {
      const std::string why = side.troubles.OnEvent(event);
      if (why.empty()) continue;
      if (side.troubles.nobody_can_come()) {
        ending_.Fail(why);
      } else {
        Complain(why);
      }
    }
  }
}

int ProxySession::Close() {
  std::vector<HostSocket*> sockets;
  for (const Side& side : sides_) sockets.push_back(side.socket.get());
  return ending_.Close(sockets, {.linger = args_.linger, .forgives = true});
}

int ProxySession::Run() {
  absl::Status opened = tasks_.host().status();
  if (opened.ok()) opened = ending_.status();
  if (opened.ok()) opened = OpenAll();
  if (!opened.ok()) {
    Complain(opened.message());
    return kFailed;
  }
  const bool in_time = ending_.Run([this] {
    Pass();
    WatchEvents();
  });
  const int code = in_time ? Close() : kTimedOut;
  for (const Side& side : sides_) {
    side.troubles.TellSums();
    if (code == kTimedOut) side.troubles.TellTimeout();
  }
  return code;
}

}  // namespace

int RunProxy(const Args& args) {
  ProxySession session(args);
  return session.Run();
}

}  // namespace monocoque::cli
