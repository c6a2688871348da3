#ifndef MONOCOQUE_PROTOCOL_VERSION_H_
#define MONOCOQUE_PROTOCOL_VERSION_H_

#include <algorithm>
#include <array>
#include <string_view>

namespace monocoque {

// Of the library. Until 1.0 any minor version may change an interface.
inline constexpr int kVersionMajor = 0;
inline constexpr int kVersionMinor = 1;
inline constexpr int kVersionPatch = 0;
inline constexpr std::string_view kVersion = "0.1.0";

// What the protocol part of this build can do: the version it speaks, mechanisms, socket types by
// their names on the wire. What an adapter can do is the adapter's to say.
inline constexpr std::array<std::string_view, 26> kFeatures = {
    "ZMTP/3.1", "ZMTP/2.0", "ZMTP/1.0", "NULL",   "PLAIN",  "CURVE",   "PAIR", "PUB",    "SUB",
    "REQ",      "REP",      "DEALER",   "ROUTER", "PULL",   "PUSH",    "XPUB", "XSUB",   "STREAM",
    "SERVER",   "CLIENT",   "RADIO",    "DISH",   "GATHER", "SCATTER", "PEER", "CHANNEL"};

constexpr bool HasFeature(std::string_view name) {
  return std::ranges::find(kFeatures, name) != kFeatures.end();
}

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_VERSION_H_
