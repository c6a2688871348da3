#include "bench/flags.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace monocoque::bench {
namespace {

bool ParseList(std::string_view text, std::vector<std::size_t>* list) {
  list->clear();
  for (const std::string_view number : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    if (!absl::SimpleAtoi(number, &list->emplace_back()) || list->back() == 0) return false;
  }
  return true;
}

}  // namespace

Flags ParseFlags(int argc, char** argv, const ListFlag& list) {
  Flags flags;
  flags.list = list.numbers;
  Setting& setting = flags.setting;
  for (int i = 1; i < argc; ++i) {
    const std::pair<std::string_view, std::string_view> flag =
        absl::StrSplit(argv[i], absl::MaxSplits('=', 1));
    bool ok = false;
    if (flag.first == "--transport") {
      setting.transport = std::string(flag.second);
      ok = flag.second == "tcp" || flag.second == "ipc" || (list.inproc && flag.second == "inproc");
    } else if (flag.first == "--size") {
      ok = absl::SimpleAtoi(flag.second, &setting.payload_bytes);
    } else if (flag.first == "--seconds") {
      ok = absl::SimpleAtod(flag.second, &setting.seconds);
    } else if (flag.first == "--rounds") {
      ok = absl::SimpleAtoi(flag.second, &flags.rounds) && flags.rounds > 0;
    } else if (flag.first == "--trips") {
      ok = absl::SimpleAtoi(flag.second, &setting.round_trips) && setting.round_trips > 0;
    } else if (flag.first == list.name) {
      ok = ParseList(flag.second, &flags.list);
    }
    if (!ok) Die(absl::StrCat("what is ", argv[i], "? See the head of the program's source"));
  }
  return flags;
}

}  // namespace monocoque::bench
