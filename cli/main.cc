// The command: monocoque ROLE ..., monocoque proxy ..., monocoque demo.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/args.h"
#include "cli/demo.h"
#include "cli/ending.h"
#include "cli/help.h"
#include "cli/keys.h"
#include "cli/output.h"
#include "cli/proxy.h"
#include "cli/role.h"
#include "protocol/version.h"

namespace {

bool AsksForHelp(std::string_view word) {
  return word == "--help" || word == "-h" || word == "--version";
}

int Print(std::string_view text) {
  // What does not fit into stdio's buffer may fail before it is flushed.
  const bool all = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (std::fflush(stdout) == 0 && all) return monocoque::cli::kDone;
  monocoque::cli::Complain("stdout takes nothing");
  return monocoque::cli::kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  using monocoque::cli::Args;
  monocoque::cli::OccupyStandardDescriptors();
  signal(SIGPIPE, SIG_IGN);
  std::vector<std::string_view> words(argv + 1, argv + argc);
  if (monocoque::cli::IsKeysCommand(words)) {
    // Whoever asks for help gets it, whatever else stands there.
    const auto asks = std::ranges::find_if(words, AsksForHelp);
    if (asks == words.end()) return monocoque::cli::RunKeysCommand(words);
    words = {*asks};
  }
  const absl::StatusOr<Args> args = monocoque::cli::ParseArgs(words);
  if (!args.ok()) {
    monocoque::cli::Complain(args.status().message());
    return monocoque::cli::kUsage;
  }
  switch (args->mode) {
    case Args::Mode::kHelp:
      return Print(monocoque::cli::HelpText());
    case Args::Mode::kVersion:
      return Print(absl::StrCat("monocoque ", monocoque::kVersion, "\n"));
    case Args::Mode::kDemo:
      return monocoque::cli::RunDemo();
    case Args::Mode::kProxy:
      return monocoque::cli::RunProxy(*args);
    case Args::Mode::kRole:
      break;
  }
  return monocoque::cli::RunRole(*args);
}
