#ifndef MONOCOQUE_CLI_HELP_H_
#define MONOCOQUE_CLI_HELP_H_

#include <string_view>

namespace monocoque::cli {

// What --help prints.
std::string_view HelpText();

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_HELP_H_
