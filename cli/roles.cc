#include "cli/roles.h"

#include <algorithm>
#include <iterator>
#include <vector>

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
};

const Role* FoundOrNull(const Role* role) { return role == std::end(kRoles) ? nullptr : role; }

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

}  // namespace monocoque::cli
