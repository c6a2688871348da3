#ifndef MONOCOQUE_TESTS_SUPPORT_SECURITY_H_
#define MONOCOQUE_TESTS_SUPPORT_SECURITY_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "alloc/bytes.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/entropy.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/mechanism/curve_keys.h"
#include "protocol/mechanism/options.h"
#include "tests/support/pair.h"

namespace monocoque::testing {

const std::shared_ptr<const Crypto>& TestCrypto();

// Keys whose secret octets count up from `first`: 0x00 is the server of the recordings, 0x20 the
// client, 0x40 and 0x60 their short-term keys.
CurveKeyPair CountedKeys(int first);

// A server that lets in whom `allow_any_key` says, and a client that knows it.
CurveServer TestCurveServer(bool allow_any_key = true);
CurveClient TestCurveClient();

// Gives out what was put in, in order, to whoever asks for just so many octets; else octets from a
// seed.
class QueuedEntropy final : public Entropy {
 public:
  explicit QueuedEntropy(std::deque<std::string> octets) : octets_(std::move(octets)) {}
  void Fill(MutableBytes out) override;
  bool empty() const { return octets_.empty(); }

 private:
  std::deque<std::string> octets_;
  SeededEntropy rest_{1};
};

// Answers the last kAuthenticate of `end`, if there is one; false otherwise.
bool Answer(End* end, const AuthVerdict& verdict, Instant now);
// What it asked; null if it asked nothing.
std::shared_ptr<const AuthRequest> Asked(const End& end);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_SECURITY_H_
