#include "adapters/auth/password_store.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "adapters/net/quiet_thread.h"
#include "alloc/bytes.h"
#include "alloc/secret.h"
#include "protocol/drive/auth.h"

namespace monocoque {
namespace {

using Digest = Secret<crypto_generichash_BYTES>;

AuthVerdict Refused() {
  return {.status = AuthStatus::kRefused, .text = "unknown name or wrong password"};
}

AuthVerdict Accepted(const AuthRequest& request) {
  return {.status = AuthStatus::kAccepted, .text = "", .user_id = request.username};
}

AuthVerdict TryLater(const char* why) { return {.status = AuthStatus::kTryLater, .text = why}; }

// What may be done now if so much a second may be done.
class Allowance {
 public:
  Allowance(double a_second, double most, Instant now)
      : a_second_(a_second), most_(most), left_(most), since_(now) {}

  bool Take(Instant now) {
    now = std::max(now, since_);
    left_ = std::min(most_, left_ + absl::ToDoubleSeconds(now - since_) * a_second_);
    since_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }
  void GiveBack() { left_ += 1; }

 private:
  const double a_second_;
  const double most_;
  double left_;
  Instant since_;
};

}  // namespace

// What the store and its thread share.
class PasswordStore::State {
 public:
  struct Job {
    std::shared_ptr<const AuthRequest> request;
    Reply reply;
    Instant asked;
  };

  State(std::vector<PasswordUser> users, const PasswordStoreOptions& options)
      : now_(options.now),
        max_waiting_(options.max_waiting),
        patience_(options.patience),
        allowance_(options.verifications_a_second,
                   static_cast<double>(options.verifications_at_once), now_()) {
    crypto_generichash_keygen(key_.mutable_bytes().data());
    for (PasswordUser& user : users) {
      index_.emplace(std::move(user.name), users_.size());
      users_.push_back({.hash = std::move(user.hash), .digest = {}, .let_in = false});
    }
  }

  void Ask(const std::shared_ptr<State>& self, Job job);
  // False: there can be no thread.
  bool Start(const std::shared_ptr<State>& self);
  void Stop();
  std::size_t verifications() const {
    const std::lock_guard lock(mutex_);
    return verifications_;
  }

 private:
  struct User {
    std::string hash;
    Digest digest;  // of the name and the password that fitted
    bool let_in = false;
  };
  static void Work(const std::shared_ptr<State>& state);

  // Under our key.
  Digest DigestOf(std::string_view name, std::string_view password) const;
  // Null: nobody has this name.
  User* Find(const std::string& name);
  // Whose hash an unknown name is held against: the same each time, as if it were its own.
  const User& Decoy(std::string_view name) const;
  bool LetInBefore(const AuthRequest& request);
  AuthVerdict Verify(const AuthRequest& request);
  // False: it cost no verification. The job dies before it returns, without the lock: its reply may
  // hold the last reference to the store.
  bool Serve(Job job);

  const std::function<Instant()> now_;
  const std::size_t max_waiting_;
  const absl::Duration patience_;
  Secret<crypto_generichash_KEYBYTES> key_;
  absl::flat_hash_map<std::string, std::size_t> index_;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable asked_;
  std::vector<User> users_;  // their hashes never change: they are read without the lock
  Allowance allowance_;
  std::deque<Job> jobs_;
  std::size_t verifications_ = 0;
  bool stopping_ = false;
  const User nobody_;
  std::thread thread_;
};

Digest PasswordStore::State::DigestOf(std::string_view name, std::string_view password) const {
  crypto_generichash_state hashing;
  Digest digest;
  // Where the name ends, no other name and password do.
  const std::array<std::uint8_t, 2> length = {static_cast<std::uint8_t>(name.size() >> 8),
                                              static_cast<std::uint8_t>(name.size())};
  crypto_generichash_init(&hashing, key_.bytes().data(), key_.bytes().size(), Digest::kSize);
  for (const Bytes part : {Bytes(length), AsBytes(name), AsBytes(password)}) {
    crypto_generichash_update(&hashing, part.data(), part.size());
  }
  crypto_generichash_final(&hashing, digest.mutable_bytes().data(), Digest::kSize);
  sodium_memzero(&hashing, sizeof(hashing));
  return digest;
}

PasswordStore::State::User* PasswordStore::State::Find(const std::string& name) {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &users_[it->second];
}

const PasswordStore::State::User& PasswordStore::State::Decoy(std::string_view name) const {
  const Digest digest = DigestOf(name, "");
  std::uint64_t value = 0;
  for (const std::uint8_t octet : digest.bytes().first(sizeof(value))) value = value << 8 | octet;
  return users_[value % users_.size()];
}

bool PasswordStore::State::LetInBefore(const AuthRequest& request) {
  const Digest digest = DigestOf(request.username, request.password);
  const std::lock_guard lock(mutex_);
  const User* const known = Find(request.username);
  const User& user = known == nullptr ? nobody_ : *known;
  return user.digest == digest && user.let_in;
}

AuthVerdict PasswordStore::State::Verify(const AuthRequest& request) {
  User* const known = Find(request.username);
  const User& decoy = Decoy(request.username);
  const PasswordCheck check =
      CheckPassword(known == nullptr ? decoy.hash : known->hash, request.password);
  const Digest digest = DigestOf(request.username, request.password);
  const std::lock_guard lock(mutex_);
  ++verifications_;
  if (check == PasswordCheck::kNoMemory) return TryLater("no memory to verify a password");
  if (known == nullptr || check != PasswordCheck::kFits) return Refused();
  known->digest = digest;
  known->let_in = true;
  return Accepted(request);
}

void PasswordStore::State::Ask(const std::shared_ptr<State>& self, Job job) {
  if (!job.request->by_plain() || users_.empty()) {
    job.reply(Refused());
    return;
  }
  if (LetInBefore(*job.request)) {
    job.reply(Accepted(*job.request));
    return;
  }
  const Instant now = now_();
  const char* trouble = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= max_waiting_ || !allowance_.Take(now)) {
      trouble = "too many passwords to verify";
    } else if (!Start(self)) {
      trouble = "no thread to verify passwords";
    } else {
      job.asked = now;
      jobs_.push_back(std::move(job));
    }
  }
  if (trouble != nullptr) {
    job.reply(TryLater(trouble));
  } else {
    asked_.notify_one();
  }
}

bool PasswordStore::State::Start(const std::shared_ptr<State>& self) {
  if (thread_.joinable()) return true;
  thread_ = net::StartQuietThread([self] { Work(self); });
  return thread_.joinable();
}

bool PasswordStore::State::Serve(Job job) {
  if (now_() - job.asked > patience_) {
    job.reply(TryLater("it waited too long"));
    return false;
  }
  // The one before may have been the same.
  const bool known = LetInBefore(*job.request);
  job.reply(known ? Accepted(*job.request) : Verify(*job.request));
  return !known;
}

void PasswordStore::State::Work(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex_);
  for (;;) {
    state->asked_.wait(lock, [&] { return state->stopping_ || !state->jobs_.empty(); });
    if (state->stopping_) return;
    Job job = std::move(state->jobs_.front());
    state->jobs_.pop_front();
    lock.unlock();
    const bool verified = state->Serve(std::move(job));
    lock.lock();
    if (!verified) state->allowance_.GiveBack();
  }
}

void PasswordStore::State::Stop() {
  std::deque<Job> left;
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(jobs_);
    thread.swap(thread_);
  }
  asked_.notify_all();
  if (thread.get_id() == std::this_thread::get_id()) {
    // A reply destroyed the store.
    thread.detach();
  } else if (thread.joinable()) {
    thread.join();
  }
  for (const Job& job : left) job.reply(TryLater("the store is gone"));
}

absl::StatusOr<std::shared_ptr<PasswordStore>> PasswordStore::Create(
    std::vector<PasswordUser> users, const PasswordStoreOptions& options) {
  if (sodium_init() < 0) return absl::InternalError("libsodium cannot be used on this machine");
  return std::shared_ptr<PasswordStore>(
      new PasswordStore(std::make_shared<State>(std::move(users), options)));
}

PasswordStore::PasswordStore(std::shared_ptr<State> state) : state_(std::move(state)) {}

PasswordStore::~PasswordStore() { state_->Stop(); }

void PasswordStore::Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) {
  state_->Ask(state_, {std::move(request), std::move(reply), Instant()});
}

std::size_t PasswordStore::verifications() const { return state_->verifications(); }

}  // namespace monocoque
