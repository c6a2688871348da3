// Messages that change hands as they are, many at once under a lock: what a link of messages within
// a process could come near.
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "protocol/wire/message.h"

namespace monocoque::bench {
namespace {

// As many as a mark lets wait.
constexpr std::size_t kAtOnce = 1000;

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

double Consume(const Setting& setting, const Announce& announce) {
  announce(BindEndpoint(setting));
  std::vector<Message> messages;
  return CountFor(setting, [&] {
    messages.clear();
    TheHandover().Take(&messages);
    return messages.size();
  });
}

void Produce(const Setting& setting, const std::string& /*endpoint*/) {
  const std::string payload(setting.payload_bytes, 'x');
  for (std::vector<Message> messages;;) {
    while (messages.size() < kAtOnce) messages.emplace_back(payload);
    TheHandover().Give(&messages);
  }
}

}  // namespace

Contender BareMessages() { return {"bare messages", Consume, Produce, nullptr, nullptr}; }

}  // namespace monocoque::bench
