#include "protocol/wire/greeting.h"

#include <algorithm>

namespace monocoque {
namespace {

constexpr std::uint8_t kSignatureFirst = 0xff;
constexpr std::uint8_t kSignatureLast = 0x7f;
constexpr std::size_t kFillerBytes = 31;

}  // namespace

void AppendGreetingSignature(std::string* out, std::size_t identity_bytes) {
  out->push_back(static_cast<char>(kSignatureFirst));
  const std::uint64_t length = identity_bytes + 1;
  for (int shift = 56; shift >= 0; shift -= 8) out->push_back(static_cast<char>(length >> shift));
  out->push_back(static_cast<char>(kSignatureLast));
}

void AppendGreetingMajor(std::string* out) { out->push_back(static_cast<char>(greeting::kMajor)); }

void AppendGreetingRest(std::string* out, std::string_view mechanism, bool as_server) {
  out->push_back(static_cast<char>(greeting::kMinor));
  out->append(MechanismField(mechanism));
  out->push_back(as_server ? '\x01' : '\x00');
  out->append(kFillerBytes, '\0');
}

void AppendGreetingZmtp20(std::string* out, std::uint8_t socket_type, std::string_view identity) {
  out->push_back(static_cast<char>(socket_type));
  out->push_back('\0');  // flags: one frame, short
  out->push_back(static_cast<char>(identity.size()));
  out->append(identity);
}

std::string MechanismField(std::string_view name) {
  std::string field(name.substr(0, greeting::kMechanismBytes));
  field.resize(greeting::kMechanismBytes, '\0');
  return field;
}

std::size_t GreetingReader::Consume(Bytes bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !complete()) {
    if (version_ != PeerVersion::kUnknown && version_ != PeerVersion::kZmtp30 &&
        version_ != PeerVersion::kZmtp31) {
      break;
    }
    // Octet by octet while the version is open, then all the rest at once.
    const std::size_t want = version_ == PeerVersion::kUnknown ? 1 : greeting::kBytes - received_;
    const std::size_t count = std::min(want, bytes.size() - taken);
    std::ranges::copy(bytes.subspan(taken, count),
                      octets_.begin() + static_cast<std::ptrdiff_t>(received_));
    received_ += count;
    taken += count;
    if (version_ == PeerVersion::kUnknown) Detect();
  }
  return taken;
}

void GreetingReader::Detect() {
  if (octets_[0] != kSignatureFirst || (received_ >= 10 && (octets_[9] & 1) == 0)) {
    version_ = PeerVersion::kZmtp10;
  } else if (received_ == 11 && major() == 0) {
    version_ = PeerVersion::kRevision0;
  } else if (received_ == 11 && (major() == 1 || major() == 2)) {
    version_ = PeerVersion::kZmtp20;
  } else if (received_ == 12) {
    version_ = major() == 3 && minor() == 0 ? PeerVersion::kZmtp30 : PeerVersion::kZmtp31;
  }
}

}  // namespace monocoque
