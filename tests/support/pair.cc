#include "tests/support/pair.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "protocol/wire/command.h"
#include "protocol/wire/greeting.h"
#include "protocol/wire/metadata.h"

namespace monocoque::testing {

void SeededEntropy::Fill(MutableBytes out) {
  for (std::uint8_t& octet : out) {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    octet = static_cast<std::uint8_t>(z >> 56);
  }
}

Host TestHost(std::uint64_t seed, const SlabPoolOptions& pool) {
  Host host;
  host.pool = SlabPool::Create(pool);
  host.entropy = std::make_shared<SeededEntropy>(seed);
  host.now = Instant::FromNanoseconds(1'000'000'000);
  return host;
}

std::vector<std::string> End::texts() const {
  std::vector<std::string> all;
  for (const Message& message : received) {
    std::string text;
    for (const Slice& part : message) {
      absl::StrAppend(&text, part.text(), "|");
    }
    text.pop_back();
    all.push_back(std::move(text));
  }
  return all;
}

bool End::saw(ConnectionEvent::Kind kind) const {
  return std::ranges::any_of(events, [&](const auto& event) { return event.kind == kind; });
}

Pair::Pair(const ConnectionOptions& a_options, const ConnectionOptions& b_options, const Host& host)
    : now(host.now) {
  a.connection = *Connection::Create(a_options, host);
  b.connection = *Connection::Create(b_options, host);
}

Pair::Pair(SocketType a, SocketType b)
    : Pair(ConnectionOptions{.socket_type = a}, ConnectionOptions{.socket_type = b}) {}

void Pair::Drain(End* end) {
  Message message;
  ConnectionEvent event;
  for (Poll poll; (poll = end->connection->Receive(&message, now)) != Poll::kNeedData;) {
    if (poll == Poll::kMessage) {
      end->received.push_back(std::move(message));
      message.Clear();
    } else {
      while (end->connection->NextEvent(&event)) end->events.push_back(event);
    }
  }
  end->connection->Process(1000, now);
  while (end->connection->NextEvent(&event)) end->events.push_back(event);
}

bool Pair::Pump(End* from, End* to) {
  TransmitBatch batch;
  if (!from->connection->FillTransmit(&batch, 512 * 1024)) return false;
  const std::size_t total = batch.remaining();
  while (!batch.empty()) {
    Bytes span[1];
    batch.Spans(span);
    const std::size_t count = piece_ == 0 ? span[0].size() : std::min(piece_, span[0].size());
    if (!silent_) Feed(to->connection.get(), AsText(span[0].first(count)), now);
    batch.Advance(count);
    Drain(to);
  }
  from->connection->ReturnBatch(std::move(batch), total, absl::OkStatus(), now);
  return true;
}

void Pair::Run() {
  for (int turn = 0; turn < 100000; ++turn) {
    Drain(&a);
    Drain(&b);
    const bool moved_a = Pump(&a, &b);
    const bool moved_b = Pump(&b, &a);
    if (moved_a || moved_b) continue;
    if (a.connection->done()) b.connection->OnTransportClosed(absl::OkStatus(), now);
    if (b.connection->done()) a.connection->OnTransportClosed(absl::OkStatus(), now);
    Drain(&a);
    Drain(&b);
    return;
  }
}

void Pair::Advance(absl::Duration by) {
  now = now + by;
  a.connection->HandleTimeout(now);
  b.connection->HandleTimeout(now);
  Run();
}

std::string TakeOutput(Connection* connection, Instant now) {
  std::string out;
  TransmitBatch batch;
  while (connection->FillTransmit(&batch, 512 * 1024)) {
    std::vector<Bytes> spans(batch.slices());
    batch.Spans(spans);
    for (Bytes span : spans) out.append(AsText(span));
    const std::size_t total = batch.remaining();
    connection->ReturnBatch(std::move(batch), total, absl::OkStatus(), now);
  }
  return out;
}

void Feed(Connection* connection, std::string_view octets, Instant now) {
  if (octets.empty()) return;
  BlockPtr block = Block::Allocate(octets.size(), nullptr);
  std::ranges::copy(AsBytes(octets), block->data());
  const std::uint8_t* data = block->data();
  (void)connection->Donate(Slice(std::move(block), data, octets.size()), now);
}

std::unique_ptr<Connection> Up(SocketType ours, std::string_view theirs, const Host& host,
                               std::uint8_t minor, ConnectionOptions options) {
  options.socket_type = ours;
  auto c = *Connection::Create(options, host);
  Feed(c.get(), PeerGreeting(3, minor) + PeerReady(theirs), host.now);
  c->Process(10, host.now);
  ConnectionEvent event;
  while (c->NextEvent(&event)) {
  }
  TakeOutput(c.get(), host.now);
  return c;
}

std::string PeerGreeting(std::uint8_t major, std::uint8_t minor, std::string_view mechanism) {
  std::string out;
  AppendGreetingSignature(&out, 0);
  out.push_back(static_cast<char>(major));
  std::string rest;
  AppendGreetingRest(&rest, mechanism, false);
  rest[0] = static_cast<char>(minor);
  return out + rest;
}

std::string PeerReady(std::string_view socket_type, std::string_view identity) {
  std::string properties;
  AppendProperty(&properties, metadata::kSocketType, socket_type);
  if (!identity.empty()) AppendProperty(&properties, metadata::kIdentity, identity);
  std::string out;
  AppendCommand(&out, command::kReady, AsBytes(properties));
  return out;
}

}  // namespace monocoque::testing
