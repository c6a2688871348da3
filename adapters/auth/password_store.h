#ifndef MONOCOQUE_ADAPTERS_AUTH_PASSWORD_STORE_H_
#define MONOCOQUE_ADAPTERS_AUTH_PASSWORD_STORE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/auth/password_hash.h"
#include "adapters/net/host.h"
#include "adapters/zap.h"
#include "protocol/drive/instant.h"

namespace monocoque {

struct PasswordStoreOptions {
  // Verifications in a second, over a longer time; and in one go, after a pause. Each takes tens of
  // milliseconds and much memory, and anybody who can connect may ask for one: who comes beyond is
  // told to try again later (RFC 27, 300).
  double verifications_a_second = 10;
  std::size_t verifications_at_once = 32;
  // Those that wait for the thread, and how long one may: who comes beyond, or waited longer, is
  // told to try again later. The default time is that of a handshake
  // (LinkOptions::handshake_timeout).
  std::size_t max_waiting = 64;
  absl::Duration patience = absl::Seconds(30);
  std::function<Instant()> now = net::Now;
};

// Lets in the PLAIN clients whose names and passwords it knows; the user id is the name. Other
// mechanisms are refused.
//
// Passwords are verified one at a time, on a thread of its own which takes no signals and is made
// when the first one is asked about: no socket's loop waits for it. Who was let in before is let in
// again without that, by a hash of name and password under a key that is drawn anew for each store.
// An unknown name costs what a known one does: its password is held against the hash of some user,
// and refused whatever comes of it. What is said of either is the same. Where there is no memory
// for a verification, whoever asks is told to try again later.
//
// Thread rule: any thread; may serve any number of sockets. Destroying it waits for the
// verification that is under way; who still waits is told to try again.
class PasswordStore final : public Authenticator {
 public:
  // Internal if libsodium cannot be used on this machine.
  static absl::StatusOr<std::shared_ptr<PasswordStore>> Create(
      std::vector<PasswordUser> users, const PasswordStoreOptions& options = {});
  ~PasswordStore() override;

  void Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) override;

  // Made so far; those that were answered from memory are none.
  std::size_t verifications() const;

 private:
  class State;

  explicit PasswordStore(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_AUTH_PASSWORD_STORE_H_
