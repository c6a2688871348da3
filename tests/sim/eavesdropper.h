#ifndef MONOCOQUE_TESTS_SIM_EAVESDROPPER_H_
#define MONOCOQUE_TESTS_SIM_EAVESDROPPER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/sim/options.h"
#include "alloc/bytes.h"
#include "alloc/secret.h"
#include "protocol/mechanism/crypto.h"
#include "tests/support/forwarding_crypto.h"

namespace monocoque::testing {

// The cryptography of all sockets of a simulation, which remembers what it sealed: so that whoever
// looks at encrypted links sees through their boxes. Thread-compatible.
class Eavesdropper final : public ForwardingCrypto {
 public:
  using ForwardingCrypto::ForwardingCrypto;

  // The octets, in place of those that are sealed what they were before. All octets of a link have
  // to come by here, in order, in whatever pieces.
  std::string SeeThrough(const sim::TappedOctets& tapped);

  void Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
            MutableBytes out) const override;

 private:
  // One direction of a link: where in a frame it is.
  struct Stream {
    std::uint64_t greeting = kGreetingBytes;  // octets of it to come
    std::string head;                         // of a frame, until it is known what it is
    std::uint64_t rest = 0;                   // octets of the frame behind its head
    std::string content;                      // of its box
  };
  static constexpr std::uint64_t kGreetingBytes = 64;

  // Takes octets off the front of `octets`, and appends what they were.
  void Take(Stream* stream, std::string_view* octets, std::string* out);
  void TakeHead(Stream* stream, std::string_view* octets, std::string* out);

  mutable std::map<std::string, std::string, std::less<>> sealed_;  // what was, by tag
  std::map<std::pair<std::uint64_t, int>, Stream> streams_;         // by link and writer
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_EAVESDROPPER_H_
