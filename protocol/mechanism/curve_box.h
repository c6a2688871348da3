#ifndef MONOCOQUE_PROTOCOL_MECHANISM_CURVE_BOX_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_CURVE_BOX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "alloc/bytes.h"
#include "protocol/mechanism/crypto.h"

namespace monocoque {

// What the two sides of CURVE have in common (RFC 26): how large things are, and how nonces begin.
namespace curve {

inline constexpr std::size_t kShortNonceBytes = 8;
inline constexpr std::size_t kLongNonceBytes = 16;
inline constexpr std::size_t kVersionBytes = 2;
inline constexpr std::size_t kPaddingBytes = 72;
inline constexpr std::size_t kSignatureBytes = 64;  // zeros that HELLO's box holds

inline constexpr std::size_t kCookieBytes =
    kLongNonceBytes + crypto::kTagBytes + 2 * crypto::kKeyBytes;
inline constexpr std::size_t kVouchBytes = kCookieBytes;

// Of the commands' data, behind their names.
inline constexpr std::size_t kHelloBytes = kVersionBytes + kPaddingBytes + crypto::kKeyBytes +
                                           kShortNonceBytes + crypto::kTagBytes + kSignatureBytes;
inline constexpr std::size_t kWelcomeBytes =
    kLongNonceBytes + crypto::kTagBytes + crypto::kKeyBytes + kCookieBytes;
inline constexpr std::size_t kMinInitiateBytes =
    kCookieBytes + kShortNonceBytes + crypto::kTagBytes + crypto::kKeyBytes + kVouchBytes;
inline constexpr std::size_t kMinReadyBytes = kShortNonceBytes + crypto::kTagBytes;
static_assert(kHelloBytes == 194 && kWelcomeBytes == 160 && kMinInitiateBytes == 248);

inline constexpr std::string_view kHelloPrefix = "CurveZMQHELLO---";
inline constexpr std::string_view kWelcomePrefix = "WELCOME-";
inline constexpr std::string_view kCookiePrefix = "COOKIE--";
inline constexpr std::string_view kVouchPrefix = "VOUCH---";
inline constexpr std::string_view kInitiatePrefix = "CurveZMQINITIATE";
inline constexpr std::string_view kReadyPrefix = "CurveZMQREADY---";
inline constexpr std::string_view kMessageFromClientPrefix = "CurveZMQMESSAGEC";
inline constexpr std::string_view kMessageFromServerPrefix = "CurveZMQMESSAGES";

}  // namespace curve

using ShortNonce = std::array<std::uint8_t, curve::kShortNonceBytes>;
using LongNonce = std::array<std::uint8_t, curve::kLongNonceBytes>;

// Big-endian, as on the wire.
ShortNonce EncodeShortNonce(std::uint64_t value);
std::uint64_t ReadShortNonce(Bytes octets);

// A box under `key`, whose nonce is `prefix` and behind it `rest`: 24 octets in all.
void AppendBox(const Crypto& crypto, const SecretKey& key, std::string_view prefix, Bytes rest,
               Bytes content, std::string* out);
// Fills `content`, which is as large as what the box holds. False: it does not open.
bool OpenBox(const Crypto& crypto, const SecretKey& key, std::string_view prefix, Bytes rest,
             Bytes box, MutableBytes content);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_CURVE_BOX_H_
