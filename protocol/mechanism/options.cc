#include "protocol/mechanism/options.h"

#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace monocoque {
namespace {

// RFC 24 has one octet for a length; RFC 27 says the same of a domain (Z-11).
constexpr std::size_t kMaxText = 255;

absl::Status CheckText(std::string_view mechanism, std::string_view what, std::string_view text) {
  if (text.size() <= kMaxText) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(mechanism, ": the ", what, " has ", text.size(), " octets, at most 255"));
}

absl::Status CheckKeys(const CurveKeyPair& keys, const std::shared_ptr<const Crypto>& crypto,
                       bool together) {
  if (crypto == nullptr) {
    return absl::InvalidArgumentError(
        "CURVE: this needs cryptography, which the core has none of. Set `crypto` to "
        "sodium::MakeCrypto() from //adapters/sodium.");
  }
  if (keys.secret_key == SecretKey()) {
    return absl::InvalidArgumentError(
        "CURVE: `keys` are not set. Make a pair with CurveKeyPair::Generate, or read one.");
  }
  if (together && crypto->PublicOf(keys.secret_key) != keys.public_key) {
    return absl::InvalidArgumentError(
        "CURVE: the public key in `keys` is not that of the secret key.");
  }
  return absl::OkStatus();
}

struct Check {
  bool together = false;

  absl::Status operator()(const NullMechanism& null) const {
    return CheckText("NULL", "domain", null.domain);
  }
  absl::Status operator()(const PlainClient& plain) const {
    if (absl::Status fits = CheckText("PLAIN", "user name", plain.username); !fits.ok()) {
      return fits;
    }
    return CheckText("PLAIN", "password", plain.password.text());
  }
  absl::Status operator()(const PlainServer& plain) const {
    return CheckText("PLAIN", "domain", plain.domain);
  }
  absl::Status operator()(const CurveClient& curve) const {
    if (absl::Status fits = CheckKeys(curve.keys, curve.crypto, together); !fits.ok()) return fits;
    SecretKey shared;
    if (together && !curve.crypto->Agree(curve.server_key, curve.keys.secret_key, &shared)) {
      return absl::InvalidArgumentError("CURVE: `server_key` is no key that a server can have.");
    }
    return absl::OkStatus();
  }
  absl::Status operator()(const CurveServer& curve) const {
    if (absl::Status fits = CheckKeys(curve.keys, curve.crypto, together); !fits.ok()) return fits;
    if (curve.allow_any_key && !curve.domain.empty()) {
      return absl::InvalidArgumentError(
          "CURVE: `allow_any_key` and `domain` exclude each other: nobody is asked about a domain "
          "where every key is let in.");
    }
    return CheckText("CURVE", "domain", curve.domain);
  }
};

}  // namespace

absl::Status CheckMechanism(const MechanismOptions& options) {
  return VisitMechanism(options, Check{});
}

absl::Status CheckMechanismAndKeys(const MechanismOptions& options) {
  return VisitMechanism(options, Check{.together = true});
}

}  // namespace monocoque
