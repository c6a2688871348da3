#include "cli/pick.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/output.h"

namespace monocoque::cli {

std::unique_ptr<Host> PickHost(const std::optional<std::string>& adapter) {
  std::unique_ptr<Host> host = MakeHost(adapter.value_or("uring"));
  const absl::Status refused = host->status();
  if (adapter || refused.ok()) return host;
  std::unique_ptr<Host> other = MakeHost("uv");
  // Then its own reason, descriptors that are out say, is the better one.
  if (!other->status().ok()) return host;
  Complain(absl::StrCat(WithoutAdvice(refused.message()),
                        ": libuv is used instead, as with --adapter=uv"));
  return other;
}

}  // namespace monocoque::cli
