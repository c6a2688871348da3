#ifndef MONOCOQUE_CLI_ROLES_H_
#define MONOCOQUE_CLI_ROLES_H_

#include <string>
#include <string_view>

#include "cli/front.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::cli {

// What the command does with a socket of one type.
struct Role {
  std::string_view name;
  SocketType type;
  bool reads;                     // sends what stdin has, unless it answers
  bool prints;                    // what it receives
  bool answers = false;           // can, with --echo or --reply
  bool single_part = false;       // its messages have one part
  Front front = Front::kNothing;  // of its lines

  bool publishes() const {
    return type == SocketType::kPub || type == SocketType::kXPub || type == SocketType::kRadio;
  }
};

// Null: there is no such role.
const Role* FindRole(std::string_view name);
// There is one for every type.
const Role* RoleOf(SocketType type);
// The names of all roles, with `separator` between them.
std::string RoleNames(std::string_view separator);

// May a proxy stand between these two? Either may be in front.
bool CanBeJoined(SocketType front, SocketType back);
// All of them: "router and dealer, ...".
std::string JoinedPairs();

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_ROLES_H_
