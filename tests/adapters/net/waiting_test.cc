#include "adapters/net/waiting.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Notes in a log that it was told, and how it ended.
class Someone final : public Waiter {
 public:
  Someone(std::string name, std::vector<std::string>* log) : name_(std::move(name)), log_(*log) {}

  bool Try(const WaitQueues& /*among*/) override {
    ++tries;
    if (on_try) on_try();
    return can;
  }
  void Finish(absl::Status result) override { status = std::move(result); }
  void Complete() override {
    log_.push_back(name_ + (status.ok() ? "" : " " + std::string(status.message())));
    // It may destroy this.
    if (const auto call = on_complete) call();
  }

  bool can = true;
  int tries = 0;
  absl::Status status;
  std::function<void()> on_try;
  std::function<void()> on_complete;

 private:
  const std::string name_;
  std::vector<std::string>& log_;
};

class WaitQueuesTest : public ::testing::Test {
 protected:
  std::unique_ptr<Someone> Make(std::string name) {
    return std::make_unique<Someone>(std::move(name), &log_);
  }
  std::unique_ptr<Someone> Wait(std::string name, Place place) {
    auto someone = Make(std::move(name));
    queues_.Add(someone.get(), place);
    return someone;
  }
  // Rounds until nobody can go on; fails if that does not come.
  void ServeAll() {
    for (int rounds = 0; queues_.Serve(); ++rounds) ASSERT_LT(rounds, 100);
  }

  std::vector<std::string> log_;
  WaitQueues queues_;
};

TEST_F(WaitQueuesTest, SendersAndReceiversAreServedInOrder) {
  for (const Place place : {Place::kSenders, Place::kReceivers}) {
    log_.clear();
    const auto first = Wait("first", place);
    const auto second = Wait("second", place);
    first->can = false;
    ServeAll();
    EXPECT_THAT(log_, IsEmpty());
    EXPECT_EQ(second->tries, 0) << "it is not its turn";
    first->can = true;
    ServeAll();
    EXPECT_THAT(log_, ElementsAre("first", "second"));
    EXPECT_TRUE(queues_.empty());
  }
}

TEST_F(WaitQueuesTest, NobodyPassesThoseWhoWaitInOrder) {
  const auto later = Make("later");
  EXPECT_TRUE(queues_.TryNow(later.get(), Place::kSenders));
  const auto waits = Wait("waits", Place::kSenders);
  EXPECT_TRUE(queues_.sends_wait());
  EXPECT_FALSE(queues_.TryNow(later.get(), Place::kSenders));
  EXPECT_EQ(later->tries, 1);
  EXPECT_TRUE(queues_.TryNow(later.get(), Place::kReceivers));
  // What watchers wait for, and what is done at once, nobody takes from them.
  const auto watches = Wait("watches", Place::kWatchers);
  const auto ready = Wait("ready", Place::kReady);
  EXPECT_TRUE(queues_.TryNow(later.get(), Place::kWatchers));
  EXPECT_TRUE(queues_.TryNow(later.get(), Place::kReady));
  later->can = false;
  EXPECT_FALSE(queues_.TryNow(later.get(), Place::kWatchers));
}

// Whoever has something to do again each time does not keep the others from it.
// Of senders and receivers the first is next, of watchers each one.
TEST_F(WaitQueuesTest, WhoIsNext) {
  const auto alone = Make("in no queue");
  EXPECT_FALSE(queues_.IsNext(alone.get()));
  for (const Place place : {Place::kSenders, Place::kReceivers, Place::kWatchers}) {
    auto first = Wait("first", place);
    const auto second = Wait("second", place);
    EXPECT_TRUE(queues_.IsNext(first.get()));
    EXPECT_EQ(queues_.IsNext(second.get()), place == Place::kWatchers);
    first.reset();
    EXPECT_TRUE(queues_.IsNext(second.get()));
  }
}

TEST_F(WaitQueuesTest, OneOfEachKindARound) {
  const auto sender = Wait("send", Place::kSenders);
  sender->on_complete = [&] { queues_.Add(sender.get(), Place::kSenders); };
  const auto receiver = Wait("receive", Place::kReceivers);
  receiver->on_complete = [&] { queues_.Add(receiver.get(), Place::kReceivers); };
  const auto first = Wait("watch", Place::kWatchers);
  const auto second = Wait("watch too", Place::kWatchers);
  const auto done = Wait("done", Place::kReady);
  for (int rounds = 0; rounds < 3; ++rounds) EXPECT_TRUE(queues_.Serve());
  EXPECT_THAT(log_, ElementsAre("done", "send", "receive", "watch", "send", "receive", "watch too",
                                "send", "receive"));
}

TEST_F(WaitQueuesTest, WatchersAreServedInAnyOrderEachAskedOnceARound) {
  std::vector<std::unique_ptr<Someone>> watchers;
  for (const char* name : {"a", "b", "c", "d"}) watchers.push_back(Wait(name, Place::kWatchers));
  for (const auto& each : watchers) each->can = false;
  EXPECT_FALSE(queues_.Serve());
  for (const auto& each : watchers) EXPECT_EQ(each->tries, 1);
  watchers[2]->can = true;
  ServeAll();
  EXPECT_THAT(log_, ElementsAre("c"));
  EXPECT_FALSE(queues_.empty());
}

// A condition is user code: it may end other waits, and begin some.
TEST_F(WaitQueuesTest, WatchersComeAndGoWhileOneIsAsked) {
  auto first = Wait("first", Place::kWatchers);
  auto second = Wait("second", Place::kWatchers);
  auto third = Wait("third", Place::kWatchers);
  for (const auto* each : {&first, &second, &third}) (*each)->can = false;
  std::vector<std::unique_ptr<Someone>> more;
  second->on_try = [&] {
    first.reset();
    third.reset();
    more.push_back(Wait("more", Place::kWatchers));
    more.back()->can = false;
    more.back()->on_try = second->on_try;  // and so on, without end
  };
  EXPECT_FALSE(queues_.Serve());
  ASSERT_EQ(more.size(), 1u);
  EXPECT_EQ(more[0]->tries, 0) << "the next round's";
  more[0]->on_try = second->on_try = nullptr;
  EXPECT_FALSE(queues_.Serve());
  EXPECT_EQ(more[0]->tries, 1);
  queues_.FinishAll(absl::CancelledError("over"));
  ServeAll();
  EXPECT_THAT(log_, UnorderedElementsAre("second over", "more over"));
}

// Nobody is passed over for one that goes, or comes.
TEST_F(WaitQueuesTest, AllAreAskedAlthoughOneEndsItself) {
  const auto first = Wait("first", Place::kWatchers);
  const auto second = Wait("second", Place::kWatchers);
  second->can = first->can = false;
  std::unique_ptr<Someone> late;
  first->on_try = [&] {
    queues_.Finish(first.get(), absl::CancelledError("over"));
    late = Wait("late", Place::kWatchers);
  };
  EXPECT_TRUE(queues_.Serve());
  EXPECT_EQ(second->tries, 1);
  second->can = true;
  ServeAll();
  EXPECT_THAT(log_, UnorderedElementsAre("first over", "second", "late"));
}

TEST_F(WaitQueuesTest, AResultIsKept) {
  const auto done = Wait("done", Place::kReady);
  const auto closer = Wait("close", Place::kClosers);
  const auto sender = Wait("send", Place::kSenders);
  sender->can = false;
  const auto nowhere = Make("nowhere");
  for (const auto* each : {&done, &closer, &nowhere}) {
    queues_.Finish(each->get(), absl::CancelledError("aborted"));
  }
  queues_.Finish(closer.get(), absl::CancelledError("again"));
  ServeAll();
  EXPECT_THAT(log_, ElementsAre("done", "close aborted"));
  EXPECT_EQ(closer->tries, 0);
  queues_.FinishAll(absl::OkStatus());
  ServeAll();
  EXPECT_EQ(log_.back(), "send");
  EXPECT_TRUE(queues_.empty());
}

// Told once, and with what it got if it got something.
TEST_F(WaitQueuesTest, FinishedWhileItIsTried) {
  for (const Place place : {Place::kSenders, Place::kReceivers, Place::kWatchers}) {
    for (const bool gets : {false, true}) {
      log_.clear();
      const auto tried = Wait("tried", place);
      const auto other = Wait("other", place);
      tried->can = gets;
      tried->on_try = [&] {
        queues_.Finish(other.get(), absl::CancelledError("aborted"));
        queues_.Finish(tried.get(), absl::CancelledError("aborted"));
        if (gets) tried->status = absl::OkStatus();
      };
      ServeAll();
      EXPECT_EQ(tried->tries, 1);
      EXPECT_TRUE(queues_.empty());
      EXPECT_THAT(log_, UnorderedElementsAre(gets ? "tried" : "tried aborted", "other aborted"));
    }
  }
}

TEST_F(WaitQueuesTest, WhoeverIsDestroyedWaitsNoMore) {
  auto sender = Wait("send", Place::kSenders);
  auto ready = Wait("ready", Place::kReady);
  const auto watcher = Wait("watch", Place::kWatchers);
  sender.reset();
  ready.reset();
  EXPECT_FALSE(queues_.sends_wait());
  ServeAll();
  EXPECT_THAT(log_, ElementsAre("watch"));
}

// In any place: itself, those beside it, and the socket.
TEST_F(WaitQueuesTest, ACompletionThatDestroysEverything) {
  constexpr Place kAll[] = {Place::kReady, Place::kSenders, Place::kReceivers, Place::kWatchers};
  for (const Place place : kAll) {
    log_.clear();
    std::vector<std::unique_ptr<Someone>> all;
    for (const Place each : kAll) {
      all.push_back(Wait("told", each));
      all.back()->can = each == place || each == Place::kReady;
      if (each == place) all.back()->on_complete = [&all] { std::exchange(all, {}).clear(); };
    }
    EXPECT_TRUE(queues_.Serve());
    EXPECT_TRUE(queues_.empty());
    EXPECT_FALSE(queues_.Serve());
    EXPECT_EQ(log_.size(), place == Place::kReady ? 1u : 2u);
  }
}

TEST_F(WaitQueuesTest, ACompletionThatEndsAllWaits) {
  std::vector<std::unique_ptr<Someone>> others;
  const auto sender = Wait("first", Place::kSenders);
  sender->on_complete = [&] {
    queues_.FinishAll(absl::CancelledError("over"));
    queues_.FinishClosers(absl::DeadlineExceededError("closed"));
  };
  others.push_back(Wait("send", Place::kSenders));
  others.push_back(Wait("receive", Place::kReceivers));
  others.push_back(Wait("watch", Place::kWatchers));
  others.push_back(Wait("close", Place::kClosers));
  ServeAll();
  EXPECT_THAT(log_,
              ElementsAre("first", "send over", "receive over", "watch over", "close closed"));
}

TEST_F(WaitQueuesTest, ACompletionMayThrow) {
  const auto sender = Wait("send", Place::kSenders);
  const auto receiver = Wait("receive", Place::kReceivers);
  sender->on_complete = [] { throw std::runtime_error("no"); };
  EXPECT_THROW(queues_.Serve(), std::runtime_error);
  ServeAll();
  EXPECT_THAT(log_, ElementsAre("send", "receive"));
}

TEST_F(WaitQueuesTest, AllCanBeTakenOutUntold) {
  std::vector<std::unique_ptr<Someone>> all;
  for (const Place place : {Place::kClosers, Place::kWatchers, Place::kReceivers, Place::kSenders,
                            Place::kReady, Place::kReady}) {
    all.push_back(Wait("x", place));
  }
  std::size_t taken = 0;
  while (queues_.Take() != nullptr) ASSERT_LE(++taken, all.size());
  EXPECT_EQ(taken, all.size());
  EXPECT_TRUE(queues_.empty());
  EXPECT_THAT(log_, IsEmpty());
}

}  // namespace
}  // namespace monocoque::net
