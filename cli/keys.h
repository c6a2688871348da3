#ifndef MONOCOQUE_CLI_KEYS_H_
#define MONOCOQUE_CLI_KEYS_H_

#include <string_view>
#include <vector>

namespace monocoque::cli {

// monocoque keygen, monocoque passwd: commands of their own beside the roles.
bool IsKeysCommand(const std::vector<std::string_view>& words);
// Runs it: the exit code.
int RunKeysCommand(const std::vector<std::string_view>& words);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_KEYS_H_
