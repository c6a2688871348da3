#include "tests/support/net.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace monocoque::testing {

Socket& Net::Make(SocketType type, const SocketOptions& options) {
  Host host = host_;
  host.now = now;
  absl::StatusOr<Socket> socket = Socket::Create(type, options, host);
  EXPECT_TRUE(socket.ok()) << socket.status();
  Node node;
  node.socket = std::make_unique<Socket>(*std::move(socket));
  node.events = std::make_unique<std::vector<SocketEvent>>();
  nodes_.push_back(std::move(node));
  return *nodes_.back().socket;
}

Net::Node& Net::Find(Socket& socket) {
  return *std::ranges::find_if(nodes_, [&](const Node& n) { return n.socket.get() == &socket; });
}

void Net::Bind(Socket& socket, std::string_view name) {
  EXPECT_TRUE(socket.Bind(*ParseEndpoint(absl::StrCat("sim://", name)), now).ok());
}

DialerId Net::Connect(Socket& socket, std::string_view name) {
  return Connect(socket, name, socket.options().link);
}

DialerId Net::Connect(Socket& socket, std::string_view name, const LinkOptions& options) {
  const auto dialer = socket.Connect(*ParseEndpoint(absl::StrCat("sim://", name)), options, now);
  EXPECT_TRUE(dialer.ok()) << dialer.status();
  return dialer.ok() ? *dialer : DialerId();
}

void Net::Unbind(Socket& socket) {
  for (const auto& [id, name] : std::map(Find(socket).listening)) (void)socket.Unbind(id, now);
}

void Net::Dial(std::size_t node, const action::Dial& dial) {
  Socket& socket = *nodes_[node].socket;
  for (std::size_t other = 0; other < nodes_.size(); ++other) {
    for (const auto& [listener, name] : nodes_[other].listening) {
      if (name != dial.endpoint->path) continue;
      const auto accepted = nodes_[other].socket->OnAccepted(listener, {"sim", "sim"}, now);
      if (!accepted.ok()) continue;
      const End here{node, dial.link}, there{other, *accepted};
      wires_[here] = there;
      wires_[there] = here;
      socket.OnDialed(dial.link, {"sim", absl::StrCat("sim://", name)}, now);
      return;
    }
  }
  socket.OnDialFailed(dial.link, absl::UnavailableError("nobody listens"), now);
}

void Net::Close(End end, bool tell_this_side) {
  const auto it = wires_.find(end);
  if (it == wires_.end()) return;
  const End other = it->second;
  wires_.erase(it);
  wires_.erase(other);
  if (tell_this_side) nodes_[end.node].socket->OnTransportClosed(end.link, absl::OkStatus(), now);
  nodes_[other.node].socket->OnTransportClosed(other.link, absl::OkStatus(), now);
}

void Net::CutAll() {
  while (!wires_.empty()) Close(wires_.begin()->first, true);
}

bool Net::Actions(std::size_t node) {
  bool any = false;
  Action action;
  while (nodes_[node].socket->NextAction(&action)) {
    any = true;
    if (const auto* dial = std::get_if<action::Dial>(&action)) {
      Dial(node, *dial);
    } else if (const auto* listen = std::get_if<action::Listen>(&action)) {
      nodes_[node].listening[listen->listener] = listen->endpoint->path;
      nodes_[node].socket->OnListening(listen->listener, *listen->endpoint, now);
    } else if (const auto* unlisten = std::get_if<action::Unlisten>(&action)) {
      nodes_[node].listening.erase(unlisten->listener);
    } else if (const auto* close = std::get_if<action::CloseLink>(&action)) {
      Close({node, close->link}, false);
    }
  }
  return any;
}

bool Net::Transmit(std::size_t node) {
  bool any = false;
  Socket& socket = *nodes_[node].socket;
  LinkId link;
  while (socket.NextTransmitLink(&link)) {
    TransmitBatch batch;
    if (!socket.FillTransmit(link, &batch, 512 * 1024)) continue;
    any = true;
    if (hold_ && batch.remaining() > hold_above_) {
      held_.emplace_back(End{node, link}, std::move(batch));
      continue;
    }
    const auto wire = wires_.find({node, link});
    std::string octets;
    std::vector<Bytes> spans(batch.slices());
    batch.Spans(spans);
    for (Bytes span : spans) octets.append(AsText(span));
    const std::size_t count = std::min(octets.size(), cut_after_);
    if (wire != wires_.end() && count > 0) {
      BlockPtr block = Block::Allocate(count, delivered_.get());
      std::ranges::copy(AsBytes(octets).first(count), block->data());
      const std::uint8_t* data = block->data();
      const End to = wire->second;
      (void)nodes_[to.node].socket->Donate(to.link, Slice(std::move(block), data, count), now);
    }
    const bool cut = count < octets.size();
    socket.ReturnBatch(link, std::move(batch), count,
                       cut ? absl::UnavailableError("cut") : absl::OkStatus(), now);
    if (cut) {
      cut_after_ = static_cast<std::size_t>(-1);
      Close({node, link}, true);
    }
  }
  return any;
}

void Net::Run() {
  if (!hold_) {
    for (auto& [end, batch] : std::exchange(held_, {})) {
      nodes_[end.node].socket->ReturnBatch(end.link, std::move(batch), 0,
                                           absl::UnavailableError("cut"), now);
      Close(end, true);
    }
  }
  for (int turn = 0; turn < 10000; ++turn) {
    bool any = false;
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      Socket& socket = *nodes_[node].socket;
      if (now >= socket.NextDeadline()) socket.HandleTimeout(now);
      any = socket.Process(1000, now) || any;
      any = Actions(node) || any;
      SocketEvent event;
      while (socket.NextEvent(&event)) nodes_[node].events->push_back(event);
      any = Transmit(node) || any;
    }
    if (!any) return;
  }
  FAIL() << "the sockets never came to rest";
}

void Net::Advance(absl::Duration by) {
  now = now + by;
  Run();
}

bool Net::saw(Socket& socket, SocketEvent::Kind kind) {
  return std::ranges::any_of(events(socket), [&](const SocketEvent& e) { return e.kind == kind; });
}

std::vector<std::string> Net::Received(Socket& socket) {
  Run();
  return ReceiveAll(socket, now);
}

std::vector<std::string> ReceiveAll(Socket& socket, Instant now) {
  std::vector<std::string> all;
  for (Message message; socket.Receive(&message, nullptr, now);) {
    std::string text;
    for (const Slice& part : message) absl::StrAppend(&text, part.text(), "|");
    text.pop_back();
    all.push_back(std::move(text));
  }
  return all;
}

}  // namespace monocoque::testing
