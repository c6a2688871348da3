// Messages that change hands as they are, many at once under a lock: what a link of messages within
// a process could come near. Large bodies have a block of their own each, of the heap (bare) or,
// as a library would have it, a place in a slab of a pool (packed).
#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alloc/block.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "bench/contender.h"
#include "protocol/wire/message.h"

namespace monocoque::bench {
namespace {

// As many as a mark lets wait, and no more octets than caches hold.
constexpr std::size_t kMessagesAtOnce = 1000;
constexpr std::size_t kBytesAtOnce = 512 * 1024;

// One side's full vector for the other's empty one, in turn.
class Handover {
 public:
  void Give(std::vector<Message>* messages) { Swap(messages, false); }
  void Take(std::vector<Message>* messages) { Swap(messages, true); }

 private:
  void Swap(std::vector<Message>* messages, bool full) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.empty() != full; });
    waiting_.swap(*messages);
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> waiting_;
};

// Of the process, whose one producer outlives everything.
Handover& TheHandover() {
  static auto* const handover = new Handover;
  return *handover;
}

// Bodies one behind the other in slabs, whose references are taken in bulk.
class Slabs {
 public:
  Message Pack(std::string_view body) {
    if (body.size() <= Message::kInlineBytes) return Message(body);
    if (!slab_.has_value() || slab_->block()->capacity() - used_ < body.size()) {
      slab_.reset();
      slab_.emplace(pool_->AcquireAtLeast(std::max(body.size(), pool_->slab_bytes()), nullptr));
      used_ = 0;
    }
    std::uint8_t* const at = slab_->block()->data() + used_;
    std::memcpy(at, body.data(), body.size());
    used_ += body.size();
    return Message(Slice(BlockPtr(slab_->Take()), at, body.size()));
  }

 private:
  const std::shared_ptr<SlabPool> pool_ = SlabPool::Create();
  std::optional<BlockLease> slab_;
  std::size_t used_ = 0;
};

double Consume(const Setting& setting, const Announce& announce) {
  announce(BindEndpoint(setting));
  std::vector<Message> messages;
  return CountFor(setting, [&] {
    messages.clear();
    TheHandover().Take(&messages);
    return messages.size();
  });
}

template <typename Make>
void Produce(const Setting& setting, Make make) {
  const std::string payload(setting.payload_bytes, 'x');
  const std::size_t at_once =
      std::clamp(kBytesAtOnce / payload.size(), std::size_t{1}, kMessagesAtOnce);
  for (std::vector<Message> messages;;) {
    while (messages.size() < at_once) messages.push_back(make(payload));
    TheHandover().Give(&messages);
  }
}

void ProduceBare(const Setting& setting, const std::string& /*endpoint*/) {
  Produce(setting, [](std::string_view body) { return Message(body); });
}

void ProducePacked(const Setting& setting, const std::string& /*endpoint*/) {
  Slabs slabs;
  Produce(setting, [&](std::string_view body) { return slabs.Pack(body); });
}

}  // namespace

Contender BareMessages() { return {"bare messages", Consume, ProduceBare, nullptr, nullptr}; }
Contender PackedMessages() { return {"packed messages", Consume, ProducePacked, nullptr, nullptr}; }

}  // namespace monocoque::bench
