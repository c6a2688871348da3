// The command: monocoque ROLE ..., monocoque demo.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/args.h"
#include "cli/demo.h"
#include "cli/role.h"

int main(int argc, char** argv) {
  using monocoque::cli::Args;
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const absl::StatusOr<Args> args = monocoque::cli::ParseArgs(words);
  if (!args.ok()) {
    std::fprintf(stderr, "monocoque: %s\n", std::string(args.status().message()).c_str());
    return monocoque::cli::kUsage;
  }
  switch (args->mode) {
    case Args::Mode::kHelp:
      std::fputs(std::string(monocoque::cli::HelpText()).c_str(), stdout);
      return 0;
    case Args::Mode::kVersion:
      std::puts("monocoque 0.1.0");
      return 0;
    case Args::Mode::kDemo:
      return monocoque::cli::RunDemo();
    case Args::Mode::kRole:
      break;
  }
  return monocoque::cli::RunRole(*args);
}
