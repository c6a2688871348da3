// What is modelled: a file of keys that anybody may have written.
//
// What must hold: it is read, or refused for a line that is numbered or for the one that lacks, and
// nothing of the text is in the refusal; what is read, written out again in the form of the
// documentation, reads back the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/auth/key_file.h"
#include "alloc/bytes.h"
#include "fuzz/require.h"
#include "protocol/mechanism/curve_keys.h"

namespace {

using monocoque::KeyFile;
using monocoque::fuzz::Require;

// Words so long may be keys.
constexpr std::size_t kLong = 20;

void ShowsNothing(std::string_view error, std::string_view text) {
  for (std::string_view word : absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"))) {
    if (word.size() < kLong) continue;
    Require(!absl::StrContains(error, word), "a refusal does not show what may be a key");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = monocoque::AsText(monocoque::Bytes(data, size));
  const absl::StatusOr<KeyFile> file = monocoque::ParseKeyFile(text);
  if (!file.ok()) {
    const std::string_view why = file.status().message();
    Require(absl::StartsWith(why, "line ") || why == "no line \"public KEY\"",
            "a refusal says where");
    ShowsNothing(why, text);
    return 0;
  }
  std::string again = absl::StrCat("public ", monocoque::FormatKey(file->public_key), "\n");
  if (file->secret_key) {
    absl::StrAppend(&again, "secret ", monocoque::RevealKey(*file->secret_key), "\n");
  }
  const absl::StatusOr<KeyFile> back = monocoque::ParseKeyFile(again);
  Require(back.ok(), "what was read and written out is a key file");
  Require(back->public_key == file->public_key, "the public key is the same");
  Require(back->secret_key.has_value() == file->secret_key.has_value(), "a secret stays one");
  if (file->secret_key) {
    Require(monocoque::RevealKey(*back->secret_key) == monocoque::RevealKey(*file->secret_key),
            "the secret key is the same");
  }
  return 0;
}
