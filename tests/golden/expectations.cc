#include "tests/golden/expectations.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace monocoque::golden {
namespace {

// Lines without comments and blanks, none of them empty.
std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

absl::Status Bad(std::string_view line) {
  return absl::InvalidArgumentError(absl::StrCat("cannot read: ", line));
}

// "[frame-reserved-bits] D-11, after 5 steps"
absl::StatusOr<std::pair<std::string, Deviation>> ParseHead(std::string_view line) {
  const std::size_t bracket = line.find("] ");
  const std::size_t comma = line.find(", after ");
  if (bracket == line.npos || comma == line.npos || comma < bracket) return Bad(line);
  std::string_view count = line.substr(comma + 8);
  Deviation deviation{.rule = std::string(line.substr(bracket + 2, comma - bracket - 2))};
  if (!absl::ConsumeSuffix(&count, " steps") || !absl::SimpleAtoi(count, &deviation.steps)) {
    return Bad(line);
  }
  return std::pair(std::string(line.substr(1, bracket - 1)), deviation);
}

}  // namespace

absl::StatusOr<std::map<std::string, Deviation>> ParseDeviations(std::string_view text) {
  std::map<std::string, Deviation> all;
  Deviation* current = nullptr;
  for (std::string_view line : Lines(text)) {
    if (line[0] == '[') {
      auto head = ParseHead(line);
      if (!head.ok()) return head.status();
      const auto [at, is_new] = all.insert(*std::move(head));
      if (!is_new) return Bad(line);
      current = &at->second;
    } else if (current != nullptr) {
      absl::StrAppend(&current->script, line, "\n");
    } else {
      return Bad(line);
    }
  }
  return all;
}

absl::StatusOr<std::map<std::string, std::vector<std::string>>> ParseCites(std::string_view text) {
  std::map<std::string, std::vector<std::string>> all;
  for (std::string_view line : Lines(text)) {
    const std::vector<std::string> halves = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (halves.size() != 2) return Bad(line);
    std::vector<std::string> ids = absl::StrSplit(halves[1], ' ', absl::SkipEmpty());
    if (ids.empty() || !all.emplace(halves[0], std::move(ids)).second) return Bad(line);
  }
  return all;
}

}  // namespace monocoque::golden
