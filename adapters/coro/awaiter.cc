#include "adapters/coro/awaiter.h"

#include "absl/strings/str_cat.h"

namespace monocoque::coro {

absl::Status NotInTime(std::string_view what) {
  return absl::DeadlineExceededError(absl::StrCat(what, ": not within the time given"));
}

}  // namespace monocoque::coro
