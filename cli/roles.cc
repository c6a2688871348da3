#include "cli/roles.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace monocoque::cli {
namespace {

using enum SocketType;

// Name, type; reads, prints, answers; single part; front.
constexpr Role kRoles[] = {
    {"pair", kPair, true, true},
    {"push", kPush, true, false},
    {"pull", kPull, false, true},
    {"req", kReq, true, true},
    {"rep", kRep, false, true, true},
    {"dealer", kDealer, true, true},
    {"router", kRouter, true, true, true, false, Front::kRoutingId},
    {"pub", kPub, true, false},
    {"sub", kSub, false, true},
    {"xpub", kXPub, true, true},
    {"xsub", kXSub, true, true},
    {"client", kClient, true, true, false, true},
    {"server", kServer, true, true, true, true, Front::kRoutingNumber},
    {"radio", kRadio, true, false, false, true, Front::kGroup},
    {"dish", kDish, false, true, false, true, Front::kGroup},
    {"scatter", kScatter, true, false, false, true},
    {"gather", kGather, false, true, false, true},
    {"peer", kPeer, true, true, true, true, Front::kRoutingNumber},
    {"channel", kChannel, true, true, false, true},
    {"stream", kStream, true, true, true, false, Front::kRoutingId},
};

const Role* FoundOrNull(const Role* role) { return role == std::end(kRoles) ? nullptr : role; }

// What a proxy may stand between: each has somebody on either side to whom it is the other.
constexpr std::pair<SocketType, SocketType> kJoined[] = {
    {kRouter, kDealer}, {kXSub, kXPub}, {kPull, kPush},       {kGather, kScatter},
    {kDealer, kDealer}, {kPair, kPair}, {kChannel, kChannel},
};

}  // namespace

const Role* FindRole(std::string_view name) {
  return FoundOrNull(std::ranges::find(kRoles, name, &Role::name));
}

const Role* RoleOf(SocketType type) {
  return FoundOrNull(std::ranges::find(kRoles, type, &Role::type));
}

std::string RoleNames(std::string_view separator) {
  return absl::StrJoin(kRoles, separator,
                       [](std::string* out, const Role& role) { out->append(role.name); });
}

bool CanBeJoined(SocketType front, SocketType back) {
  return std::ranges::any_of(kJoined, [&](const auto& pair) {
    return pair == std::pair(front, back) || pair == std::pair(back, front);
  });
}

std::string JoinedPairs() {
  return absl::StrJoin(kJoined, ", ", [](std::string* out, const auto& pair) {
    absl::StrAppend(out, RoleOf(pair.first)->name, " and ", RoleOf(pair.second)->name);
  });
}

}  // namespace monocoque::cli
