#include "adapters/auth/password_store.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/auth/password_hash.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/instant.h"
#include "tests/support/scarce_memory.h"

namespace monocoque {
namespace {

constexpr PasswordCost kCheap = {.passes = 1, .memory_bytes = 8192};

std::shared_ptr<const AuthRequest> Request(std::string name, std::string password,
                                           std::string mechanism = "PLAIN") {
  auto request = std::make_shared<AuthRequest>();
  request->mechanism = std::move(mechanism);
  request->username = std::move(name);
  request->password = std::move(password);
  return request;
}

// Verdicts as they come, on whatever thread.
class Verdicts {
 public:
  Authenticator::Reply Reply() {
    return [this](const AuthVerdict& verdict) {
      const std::lock_guard lock(mutex_);
      verdicts_.push_back(verdict);
      came_.notify_all();
    };
  }
  // The first `count` that came.
  std::vector<AuthVerdict> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        came_.wait_for(lock, std::chrono::seconds(20), [&] { return verdicts_.size() >= count; }));
    return verdicts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<AuthVerdict> verdicts_;
};

class PasswordStoreTest : public ::testing::Test {
 protected:
  void Make(const PasswordStoreOptions& options = {}) {
    std::vector<PasswordUser> users;
    for (const char* name : {"ada", "bob"}) {
      users.push_back({name, *HashPassword(absl::StrCat(name, "'s"), kCheap)});
    }
    store_ = *PasswordStore::Create(std::move(users), options);
  }
  // With a clock that stands still, and this much allowed.
  void MakeStrict(std::size_t at_once) {
    PasswordStoreOptions options;
    options.verifications_a_second = 2;
    options.verifications_at_once = at_once;
    options.now = [this] { return now_; };
    Make(options);
  }
  AuthVerdict Ask(std::string name, std::string password, std::string mechanism = "PLAIN") {
    Verdicts verdicts;
    store_->Authenticate(Request(std::move(name), std::move(password), std::move(mechanism)),
                         verdicts.Reply());
    const std::vector<AuthVerdict> got = verdicts.Await(1);
    return got.empty() ? AuthVerdict() : got[0];
  }

  Instant now_ = Instant::FromNanoseconds(1);
  std::shared_ptr<PasswordStore> store_;
};

// P-2, Z-8: names and passwords as they are.
TEST_F(PasswordStoreTest, OnlyTheRightPasswordOfAKnownNameComesIn) {
  Make();
  EXPECT_EQ(Ask("ada", "ada's").status, AuthStatus::kAccepted);
  EXPECT_EQ(Ask("ada", "ada's").user_id, "ada");
  EXPECT_EQ(Ask("bob", "bob's").user_id, "bob");
  const AuthVerdict wrong = Ask("ada", "bob's");
  EXPECT_EQ(wrong.status, AuthStatus::kRefused);
  EXPECT_EQ(wrong.user_id, "");
  EXPECT_EQ(Ask("ada", "").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("", "ada's").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("ad", "aada's").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("ada", "ada's", "CURVE").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("ada", "ada's", "NULL").status, AuthStatus::kRefused);
}

// P-9: an unknown name costs a verification like a known one, is refused although some password of
// somebody fits, and hears the same.
TEST_F(PasswordStoreTest, WhoExistsIsNotTold) {
  Make();
  const AuthVerdict wrong = Ask("ada", "wrong");
  EXPECT_EQ(store_->verifications(), 1u);
  std::size_t made = 1;
  // Whichever user it is held against.
  for (const char* name : {"eve", "mallory", "trent", "victor", "walter", "alice", "carol"}) {
    for (const char* password : {"ada's", "bob's"}) {
      for (int again = 0; again < 2; ++again) {
        const AuthVerdict unknown = Ask(name, password);
        EXPECT_EQ(store_->verifications(), ++made);
        EXPECT_EQ(unknown.status, AuthStatus::kRefused);
        EXPECT_EQ(unknown.text, wrong.text);
        EXPECT_EQ(unknown.user_id, wrong.user_id);
      }
    }
  }
}

TEST_F(PasswordStoreTest, WhoWasLetInIsRemembered) {
  Make();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask("ada", "ada's").status, AuthStatus::kAccepted);
  EXPECT_EQ(store_->verifications(), 1u);
  EXPECT_EQ(Ask("ada", "ada'S").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("bob", "ada's").status, AuthStatus::kRefused);
  EXPECT_EQ(store_->verifications(), 3u);
  EXPECT_EQ(Ask("ada", "ada's").status, AuthStatus::kAccepted);
  EXPECT_EQ(store_->verifications(), 3u);
}

// SEC-2: who guesses is slowed down; who was let in before is not.
TEST_F(PasswordStoreTest, VerificationsAreLimited) {
  MakeStrict(3);
  EXPECT_EQ(Ask("ada", "ada's").status, AuthStatus::kAccepted);
  EXPECT_EQ(Ask("ada", "guess").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kRefused);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Ask("ada", "guess").status, AuthStatus::kTryLater);
    EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kTryLater);
    EXPECT_EQ(Ask("bob", "bob's").status, AuthStatus::kTryLater);
    EXPECT_EQ(Ask("ada", "ada's").status, AuthStatus::kAccepted);
  }
  EXPECT_EQ(store_->verifications(), 3u);
  now_ = now_ + absl::Milliseconds(500);
  EXPECT_EQ(Ask("bob", "bob's").status, AuthStatus::kAccepted);
  EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kTryLater);
  now_ = now_ + absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kTryLater) << "no more saved up than that";
}

// Many clients of one user that come at once cost one verification, and no more allowance.
TEST_F(PasswordStoreTest, TheSameAtOnceIsVerifiedOnce) {
  MakeStrict(10);
  Verdicts verdicts;
  for (int i = 0; i < 10; ++i) {
    store_->Authenticate(Request("ada", "ada's"), verdicts.Reply());
  }
  for (const AuthVerdict& verdict : verdicts.Await(10)) {
    EXPECT_EQ(verdict.status, AuthStatus::kAccepted);
  }
  EXPECT_EQ(store_->verifications(), 1u);
  // The last one's allowance is given back after its reply.
  EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kRefused);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kRefused);
  EXPECT_EQ(Ask("eve", "guess").status, AuthStatus::kTryLater);
}

// Whoever asks from several threads; and who still waits at the end is answered.
TEST_F(PasswordStoreTest, ThreadsAndTheEnd) {
  PasswordStoreOptions options;
  options.verifications_at_once = 1000;
  Make(options);
  Verdicts verdicts;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) {
        store_->Authenticate(Request("ada", k % 2 == 0 ? "ada's" : absl::StrCat(i, k)),
                             verdicts.Reply());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  store_.reset();
  std::size_t refused = 0;
  for (const AuthVerdict& verdict : verdicts.Await(80)) {
    refused += verdict.status == AuthStatus::kRefused ? 1 : 0;
    EXPECT_NE(verdict.status, AuthStatus::kFailed);
  }
  EXPECT_LE(refused, 40u);
}

// A reply may let the store go.
TEST_F(PasswordStoreTest, AReplyMayDestroyTheStore) {
  Make();
  Verdicts verdicts;
  store_->Authenticate(
      Request("ada", "ada's"),
      [store = std::move(store_), reply = verdicts.Reply()](const AuthVerdict& verdict) mutable {
        store.reset();
        reply(verdict);
      });
  EXPECT_EQ(verdicts.Await(1)[0].status, AuthStatus::kAccepted);
}

// Whoever comes while there is no memory is not told that the password is wrong, and no other thing
// if the name is unknown.
TEST(ScarcePasswordStoreTest, WithoutMemoryNobodyIsRefused) {
  const PasswordCost dear = {.passes = 1, .memory_bytes = 64 << 20};
  const auto store = *PasswordStore::Create({{"ada", *HashPassword("right", dear)}});
  const auto ask = [&store](std::string name, std::string password) {
    Verdicts verdicts;
    store->Authenticate(Request(std::move(name), std::move(password)), verdicts.Reply());
    return verdicts.Await(1)[0];
  };
  EXPECT_EQ(ask("ada", "wrong").status, AuthStatus::kRefused) << "and there is a thread";
  {
    const testing::ScarceMemory scarce(16 << 20);
    const AuthVerdict known = ask("ada", "right");
    const AuthVerdict unknown = ask("eve", "right");
    EXPECT_EQ(known.status, AuthStatus::kTryLater);
    EXPECT_EQ(unknown.status, AuthStatus::kTryLater);
    EXPECT_EQ(known.text, unknown.text);
  }
  EXPECT_EQ(ask("eve", "right").status, AuthStatus::kRefused);
  EXPECT_EQ(ask("ada", "right").status, AuthStatus::kAccepted);
}

TEST(EmptyPasswordStoreTest, NobodyComesIn) {
  const auto store = *PasswordStore::Create({});
  Verdicts verdicts;
  store->Authenticate(Request("ada", ""), verdicts.Reply());
  EXPECT_EQ(verdicts.Await(1)[0].status, AuthStatus::kRefused);
}

// Holds the store's thread within a reply until it is let go.
class Gate {
 public:
  Authenticator::Reply Reply() {
    return [this](const AuthVerdict&) {
      std::unique_lock lock(mutex_);
      inside_ = true;
      changed_.notify_all();
      changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
    };
  }
  void AwaitInside() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return inside_; }));
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool inside_ = false;
  bool open_ = false;
};

// SEC-2: what waits is bounded, and what waited too long is not verified any more: whoever asked
// has given up.
TEST(PasswordStoreQueueTest, WhatWaitsIsBounded) {
  Gate gate;
  Verdicts verdicts;
  std::atomic<int> seconds = 1;
  PasswordStoreOptions options;
  options.verifications_at_once = 1000;
  options.max_waiting = 2;
  options.patience = absl::Seconds(30);
  options.now = [&seconds] { return Instant::FromNanoseconds(1) + absl::Seconds(seconds.load()); };
  const auto store = *PasswordStore::Create({{"ada", *HashPassword("right", kCheap)}}, options);
  store->Authenticate(Request("ada", "wrong"), gate.Reply());
  gate.AwaitInside();
  for (int i = 0; i < 3; ++i) store->Authenticate(Request("ada", "wrong"), verdicts.Reply());
  EXPECT_EQ(verdicts.Await(1)[0].status, AuthStatus::kTryLater) << "the third";
  seconds = 32;
  gate.Open();
  for (const AuthVerdict& verdict : verdicts.Await(3)) {
    EXPECT_EQ(verdict.status, AuthStatus::kTryLater);
  }
  EXPECT_EQ(store->verifications(), 1u);
}

// A reply that holds the last reference to the store ends it on the store's own thread.
TEST(PasswordStoreQueueTest, AReplyMayHoldTheLastReference) {
  struct Gone {
    std::mutex mutex;
    std::condition_variable changed;
    bool gone = false;
  };
  const auto gone = std::make_shared<Gone>();
  Gate gate;
  auto store = *PasswordStore::Create({{"ada", *HashPassword("right", kCheap)}});
  {
    std::shared_ptr<void> token(nullptr, [gone](void*) {
      const std::lock_guard lock(gone->mutex);
      gone->gone = true;
      gone->changed.notify_all();
    });
    PasswordStore* const raw = store.get();
    raw->Authenticate(Request("ada", "right"),
                      [token = std::move(token), store = std::move(store),
                       wait = gate.Reply()](const AuthVerdict& verdict) { wait(verdict); });
  }
  gate.AwaitInside();
  gate.Open();
  std::unique_lock lock(gone->mutex);
  EXPECT_TRUE(gone->changed.wait_for(lock, std::chrono::seconds(5), [&] { return gone->gone; }));
}

}  // namespace
}  // namespace monocoque
