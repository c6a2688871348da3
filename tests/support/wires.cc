#include "tests/support/wires.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "gtest/gtest.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"

namespace monocoque::testing {

Wires::Wires(SocketType type, const SocketOptions& options)
    : host_(TestHost()), socket(*Socket::Create(type, options, host_)), now(host_.now) {
  listener_ = *socket.Bind(*ParseEndpoint("sim://here"), now);
  Turn();
}

LinkId Wires::Come(std::string_view hello) {
  const LinkId link = *TryCome();
  Say(link, hello);
  return link;
}

LinkId Wires::Accept(std::string_view hello) {
  const LinkId link = Come(hello);
  Told(link);
  return link;
}

void Wires::Bring(LinkId link, std::string_view octets) {
  if (octets.empty()) return;
  BlockPtr block = Block::Allocate(octets.size(), nullptr);
  std::ranges::copy(AsBytes(octets), block->data());
  const std::uint8_t* data = block->data();
  EXPECT_TRUE(socket.Donate(link, Slice(std::move(block), data, octets.size()), now).ok());
}

void Wires::Say(LinkId link, std::string_view octets) {
  Bring(link, octets);
  Turn();
}

std::string Wires::Told(LinkId link) {
  Turn();
  return ToHex(std::exchange(told_[link], {}));
}

void Wires::HangUp(LinkId link, std::string_view last) {
  Bring(link, last);
  socket.OnTransportClosed(link, absl::OkStatus(), now);
  Turn();
}

std::vector<std::string> Wires::Received() {
  std::vector<std::string> texts = ReceiveAll(socket, now);
  Turn();
  return texts;
}

void Wires::Turn() {
  if (now >= socket.NextDeadline()) socket.HandleTimeout(now);
  socket.Process(1000, now);
  for (Action action; socket.NextAction(&action);) {
    if (const auto* dial = std::get_if<action::Dial>(&action)) dialed = dial->link;
    if (const auto* close = std::get_if<action::CloseLink>(&action)) closed_.insert(close->link);
    if (const auto* some = std::get_if<action::Accepting>(&action)) accepting_.push_back(some->on);
  }
  for (SocketEvent event; socket.NextEvent(&event);) events.push_back(event);
  LinkId link;
  while (!stalled_ && socket.NextTransmitLink(&link)) {
    TransmitBatch batch;
    if (stopped_.contains(link)) continue;
    if (!socket.FillTransmit(link, &batch, 1 << 20)) continue;
    std::vector<Bytes> spans(batch.slices());
    batch.Spans(spans);
    for (Bytes span : spans) told_[link].append(AsText(span));
    const std::size_t total = batch.remaining();
    socket.ReturnBatch(link, std::move(batch), total, absl::OkStatus(), now);
  }
}

}  // namespace monocoque::testing
