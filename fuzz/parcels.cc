#include "fuzz/parcels.h"

#include <array>
#include <vector>

#include "absl/types/span.h"

namespace monocoque::fuzz {
namespace {

constexpr std::size_t kKinds = 16;
constexpr std::size_t kVariants = 8;

Parcel Make(std::size_t kind, std::size_t variant) {
  constexpr std::array<std::size_t, 8> kSizes = {0, 1, 80, 81, 255, 256, 2048, 2049};
  // No octet that makes a subscription of a message leads.
  const auto body = [variant](std::size_t size) { return SomeOctets(variant + 1, size); };
  std::vector<std::string_view> parts;
  if (kind < kSizes.size()) {
    parts = {body(kSizes[kind])};
  } else if (kind < 11) {
    parts = {body(kind == 8 ? 6000 : 10)};
  } else {
    parts = {body(variant + 1), "", body(kind < 14 ? 5 : 2100)};
  }
  Parcel parcel;
  parcel.message = Message(absl::MakeConstSpan(parts));
  if (kind == 9 || kind == 12) {
    parcel.prefix.assign("\x01\0", 2);
    parts.insert(parts.begin(), "");
  } else if (kind == 10 || kind == 13 || kind == 15) {
    constexpr std::size_t kBody = 2100;
    parcel.prefix.assign("\x03\0\0\0\0\0\0", 7);
    parcel.prefix.push_back(static_cast<char>(kBody / 256));
    parcel.prefix.push_back(static_cast<char>(kBody % 256));
    parcel.prefix.append(body(kBody));
    parts.insert(parts.begin(), body(kBody));
  }
  parcel.whole = Message(absl::MakeConstSpan(parts));
  return parcel;
}

}  // namespace

std::string_view SomeOctets(std::size_t at, std::size_t size) {
  static const std::string* const octets = [] {
    auto* made = new std::string;
    for (std::size_t i = 0; i < 7000; ++i) made->push_back(static_cast<char>(i * 7 + i / 256));
    return made;
  }();
  return std::string_view(*octets).substr(at % 1000, size);
}

const Parcel& GetParcel(std::size_t kind, std::size_t number) {
  static const auto* const parcels = [] {
    auto* made = new std::vector<Parcel>;
    for (std::size_t i = 0; i < kKinds * kVariants; ++i) {
      made->push_back(Make(i / kVariants, i % kVariants));
    }
    return made;
  }();
  return (*parcels)[kind % kKinds * kVariants + number % kVariants];
}

}  // namespace monocoque::fuzz
