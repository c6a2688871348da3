// What a Connection does where its budget refuses memory.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/time/time.h"
#include "alloc/block.h"
#include "alloc/read_window.h"
#include "protocol/connection/connection.h"

namespace monocoque {
namespace {

// When memory was refused, the next try.
constexpr absl::Duration kStarvedPause = absl::Milliseconds(10);
// What a link that waits for the beginning of something reads to. Messages that lie in so little
// are copied: no application keeps it.
constexpr std::size_t kAwaitingBytes = 48;
static_assert(kAwaitingBytes + Slice::kInlineBytes <= Message::kInlineBytes);

}  // namespace

// Beyond the budget a link gets a little to wait with, and what is set aside for the rest of what
// it has begun to read, and no further: the beginning of the next message would keep that memory,
// from this link, too. With a whole message stored there is something to take, which gives memory
// back.
ReadWindow Connection::AcquireWindow() {
  std::size_t size = pool_->slab_bytes();
  BlockPtr block = pool_->Acquire(budget_.get());
  if (!block && !MayHaveWhole()) {
    if (stored_bytes() == 0) {
      size = kAwaitingBytes;
      block = pool_->AcquireAtLeast(size, nullptr);
    } else if (const std::size_t wanted = WantedBytes(); wanted > 0 && BorrowToRead()) {
      size = std::min(size, wanted);
      block = pool_->Acquire(reserves_->receiving.budget());
    }
  }
  return block ? ReadWindow(std::move(block), 0, size) : ReadWindow();
}

// A whole message is here, or may be, in what was opened and not looked at: it comes first, and may
// need what is set aside.
bool Connection::MayHaveWhole() const {
  if (reader_.ahead() > 0) return true;
  return boxes_ != nullptr && !reader_.input().empty() && !reader_.saw_all();
}

std::size_t Connection::WantedBytes() const {
  if (boxes_ != nullptr) return boxes_->wanted();
  // What the handshake knows of the next octet is not asked for: few of those behind it come.
  return state_ == ConnectionState::kHandshake ? kAwaitingBytes : reader_.wanted();
}

// The budget refused memory for it. With nothing else to write the message may have what is set
// aside; or else none is tried for a while.
bool Connection::SendStarved(const Message& message, Bytes prefix) {
  bool sent = false;
  if (BorrowToSend()) {
    sent = Encode(message, prefix);
    ReturnToSend();
  }
  if (!sent) Starve(&send_starved_);
  return sent;
}

bool Connection::BorrowToSend() {
  // Returned before anybody else may ask.
  const auto settle = [](void*) {};
  if (reserves_ == nullptr || !writer_.drained() || !reserves_->sending.Lend(this, settle)) {
    return false;
  }
  writer_.set_reserve(reserves_->sending.budget());
  return true;
}

void Connection::ReturnToSend() {
  writer_.set_reserve(nullptr);
  reserves_->sending.Return(this);
}

// What is set aside for one message, until it was taken.
bool Connection::BorrowToRead() {
  SettleReserve();
  const auto settle = [](void* self) { static_cast<Connection*>(self)->SettleReserve(); };
  if (reserves_ == nullptr || !reserves_->receiving.Lend(this, settle)) return false;
  borrowing_ = true;
  reader_.set_reserve(reserves_->receiving.budget());
  return true;
}

// It is over with the message; or there was none, but a command or a piece of the handshake.
void Connection::SettleReserve() {
  if (!borrowing_) return;
  if (!reader_.reserved() || (stored_bytes() == 0 && !window_out_)) ReturnToRead();
}

void Connection::ReturnToRead() {
  if (!std::exchange(borrowing_, false)) return;
  reader_.set_reserve(nullptr);
  reserves_->receiving.Return(this);
}

void Connection::Starve(bool* way) {
  *way = true;
  starved_until_ = clock_ + kStarvedPause;
}

}  // namespace monocoque
