#include "tests/support/courier.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/socket/event.h"

namespace monocoque::testing {
namespace {

// One write, and one read: so that messages are cut anywhere.
constexpr std::size_t kWriteBytes = 512 * 1024;
constexpr std::size_t kReadBytes = 48 * 1024;
constexpr int kMaxTurns = 1000;

// The calls that Socket and Connection share, on one link.
struct SocketEnd {
  Socket& socket;
  LinkId link;
  Instant now;

  auto PrepareRead() { return socket.PrepareRead(link); }
  void CommitRead(ReadWindow window, std::size_t bytes) {
    socket.CommitRead(link, std::move(window), bytes, now);
  }
  absl::Status Donate(Slice octets) { return socket.Donate(link, std::move(octets), now); }
  bool Fill(TransmitBatch* batch) { return socket.FillTransmit(link, batch, kWriteBytes); }
  void Return(TransmitBatch batch, std::size_t written) {
    socket.ReturnBatch(link, std::move(batch), written, absl::OkStatus(), now);
  }
};

struct ConnectionEnd {
  Connection& connection;
  Instant now;

  auto PrepareRead() { return connection.PrepareRead(); }
  void CommitRead(ReadWindow window, std::size_t bytes) {
    connection.CommitRead(std::move(window), bytes, now);
  }
  absl::Status Donate(Slice octets) { return connection.Donate(std::move(octets), now); }
  bool Fill(TransmitBatch* batch) { return connection.FillTransmit(batch, kWriteBytes); }
  void Return(TransmitBatch batch, std::size_t written) {
    connection.ReturnBatch(std::move(batch), written, absl::OkStatus(), now);
  }
};

// Copies from the front of the batch what fits, over the bounds of its slices.
std::size_t TakeOctets(TransmitBatch* batch, MutableBytes room) {
  std::size_t taken = 0;
  while (taken < room.size() && !batch->empty()) {
    std::array<Bytes, 1> front;
    batch->Spans(front);
    const std::size_t size = std::min(front[0].size(), room.size() - taken);
    std::memcpy(room.data() + taken, front[0].data(), size);
    batch->Advance(size);
    taken += size;
  }
  return taken;
}

// One read; false if the link takes nothing more.
template <typename To>
bool Read(TransmitBatch* batch, To to, DonatedSlabs* slabs, Delivery delivery) {
  if (delivery == Delivery::kDonation) {
    const MutableBytes room = slabs->room();
    return to.Donate(slabs->Take(TakeOctets(batch, room.first(std::min(room.size(), kReadBytes)))))
        .ok();
  }
  absl::StatusOr<ReadWindow> window = to.PrepareRead();
  if (!window.ok()) return false;
  const MutableBytes room = window->span();
  const std::size_t size = TakeOctets(batch, room.first(std::min(room.size(), kReadBytes)));
  to.CommitRead(*std::move(window), size);
  return true;
}

template <typename From, typename To>
bool CarryOver(From from, To to, DonatedSlabs* slabs, Delivery delivery) {
  TransmitBatch batch;
  if (!from.Fill(&batch)) return false;
  const std::size_t total = batch.remaining();
  while (!batch.empty()) {
    if (Read(&batch, to, slabs, delivery)) continue;
    ADD_FAILURE() << "the link reads nothing more";
    break;
  }
  from.Return(std::move(batch), total);
  return true;
}

}  // namespace

MutableBytes DonatedSlabs::room() {
  if (slab_.block() == nullptr || used_ == slab_.block()->capacity()) {
    slab_ = BlockLease(pool_->Acquire(nullptr));
    used_ = 0;
  }
  return MutableBytes(slab_.block()->data(), slab_.block()->capacity()).subspan(used_);
}

Slice DonatedSlabs::Take(std::size_t size) {
  Block* block = slab_.Take();
  return Slice(BlockPtr(block), block->data() + std::exchange(used_, used_ + size), size);
}

Courier::Courier(Socket* a, Socket* b, Delivery delivery, Instant now)
    : a_{a, {}, {}}, b_{b, {}, {}}, delivery_(delivery), now_(now) {
  EXPECT_TRUE(a->Bind(*ParseEndpoint("sim://courier"), now).ok());
  Carry();
  EXPECT_TRUE(b->Connect(*ParseEndpoint("sim://courier"), now).ok());
  Carry();
  EXPECT_EQ(a->ready_peers(), 1u);
  EXPECT_EQ(b->ready_peers(), 1u);
}

void Courier::Act(Side* side, Side* other) {
  Action action;
  while (side->socket->NextAction(&action)) {
    if (const auto* listen = std::get_if<action::Listen>(&action)) {
      listener_ = listen->listener;
      side->socket->OnListening(listen->listener, *listen->endpoint, now_);
    } else if (const auto* dial = std::get_if<action::Dial>(&action)) {
      const auto accepted = other->socket->OnAccepted(listener_, {"sim", "sim"}, now_);
      ASSERT_TRUE(accepted.ok()) << accepted.status();
      side->link = dial->link;
      other->link = *accepted;
      side->socket->OnDialed(dial->link, {"sim", "sim"}, now_);
    } else {
      EXPECT_FALSE(std::holds_alternative<action::CloseLink>(action)) << "the link is over";
    }
  }
}

bool Courier::Turn(Side* side, Side* other) {
  bool any = side->socket->Process(1000, now_);
  Act(side, other);
  SocketEvent event;
  while (side->socket->NextEvent(&event)) any = true;
  LinkId link;
  while (side->socket->NextTransmitLink(&link)) {
    any = CarryOver(SocketEnd{*side->socket, side->link, now_},
                    SocketEnd{*other->socket, other->link, now_}, &other->slabs, delivery_) ||
          any;
  }
  return any;
}

void Courier::Carry() {
  for (int turn = 0; turn < kMaxTurns; ++turn) {
    const bool a = Turn(&a_, &b_);
    const bool b = Turn(&b_, &a_);
    if (!a && !b) return;
  }
  FAIL() << "the sockets never came to rest";
}

bool Carry(Connection* from, Connection* to, DonatedSlabs* slabs, Delivery delivery, Instant now) {
  return CarryOver(ConnectionEnd{*from, now}, ConnectionEnd{*to, now}, slabs, delivery);
}

}  // namespace monocoque::testing
